"""A few images, and the nearest ones of each as several embedders see them, as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from AnyQt.QtCore import QAbstractTableModel, QModelIndex, Qt
from AnyQt.QtGui import QColor
from numpy.typing import NDArray

from orangecontrib.imageembedding.pipeline import ComparedEmbedder, ComparedEmbedders

N_NEAREST = 5
BLOCK = N_NEAREST + 1  # columns of one image: its nearest, and how many are of its class
LocationRole = Qt.UserRole
RowRole = Qt.UserRole + 1
ColorRole = Qt.UserRole + 2
SameRole = Qt.UserRole + 3

NONE = -1


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of the rows of the table of images.

    Attributes
    ----------
    locations : sequence of str
        Paths or URLs.
    classes : ndarray of shape (n,)
        NaN where there is none.
    color : callable
        Row → its color, or None.
    """

    locations: Sequence[str]
    classes: NDArray[np.float64]
    color: Callable[[int], QColor | None]

    def name(self, row: int) -> str:
        """Get the name of an image's file."""
        return self.locations[row].replace("\\", "/").rpartition("/")[2]


class NeighborModel(QAbstractTableModel):
    """The first line holds the images that were clicked, each other one an embedder's answers."""

    def __init__(self) -> None:
        super().__init__()
        self._compared: ComparedEmbedders | None = None
        self._told: Told | None = None
        self._queries: Sequence[int] = ()

    def show_neighbors(
        self, compared: ComparedEmbedders | None, told: Told | None, queries: Sequence[int]
    ) -> None:
        """Show the nearest of some rows of the table, which are in the sample."""
        self.beginResetModel()
        self._compared, self._told, self._queries = compared, told, list(queries)
        self.endResetModel()

    @property
    def n_queries(self) -> int:
        """How many images were clicked."""
        return len(self._queries)

    def row_at(self, line: int, column: int) -> int:
        """Get the row of the table of images at a cell; -1 where there is none."""
        block, place = divmod(column, BLOCK)
        if self._compared is None or block >= len(self._queries) or place == N_NEAREST:
            return NONE
        query = self._queries[block]
        if line == 0:
            return query if place == 0 else NONE
        position = int(np.searchsorted(self._compared.rows, query))
        return int(self._shown()[line - 1].neighbors[position, place])

    def is_same(self, line: int, column: int) -> bool:
        """Tell whether an image is of the class of the one that was clicked."""
        row = self.row_at(line, column)
        if row == NONE or self._told is None:
            return False
        classes = self._told.classes
        return bool(classes[row] == classes[self._queries[column // BLOCK]])

    def _count(self, line: int, column: int) -> str | None:
        """Tell behind the nearest how many are of the class of the one that was clicked."""
        block, place = divmod(column, BLOCK)
        is_behind = place == N_NEAREST and line > 0 and self._told is not None
        if not is_behind or np.isnan(self._told.classes[self._queries[block]]):  # type: ignore[union-attr]
            return None
        places = range(block * BLOCK, column)
        there = [other for other in places if self.row_at(line, other) != NONE]
        return f"{sum(self.is_same(line, other) for other in there)}/{len(there)}"

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() or not self._queries else len(self._shown()) + 1

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else BLOCK * len(self._queries)

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> object:
        if not index.isValid() or self._told is None:
            return None
        line, column = index.row(), index.column()
        row = self.row_at(line, column)
        if role == RowRole:
            return row
        if role == Qt.DisplayRole:
            return self._count(line, column)
        return None if row == NONE else self._of_row(row, index, role)

    def _of_row(self, row: int, index: QModelIndex, role: int) -> object:
        assert self._told is not None  # noqa: S101 - for the type checker
        if role == LocationRole:
            return self._told.locations[row]
        if role == ColorRole:
            return self._told.color(row)
        if role == SameRole:
            return self.is_same(index.row(), index.column())
        return self._text(index, row) if role in (Qt.ToolTipRole, Qt.AccessibleTextRole) else None

    def _text(self, index: QModelIndex, row: int) -> str:
        assert self._told is not None  # noqa: S101 - for the type checker
        name = self._told.name(row)
        if index.row() == 0:
            return f"{name}\n{self._told.locations[row]}"
        same = ", of the same class" if self.is_same(index.row(), index.column()) else ""
        title = self._shown()[index.row() - 1].title
        place = index.column() % BLOCK + 1
        return f"{name}\n{title}: nearest no. {place}{same}\n{self._told.locations[row]}"

    def headerData(self, section: int, side: Qt.Orientation, role: int = Qt.DisplayRole) -> object:
        if side != Qt.Vertical or role not in (Qt.DisplayRole, Qt.ToolTipRole):
            return None
        return "Image" if section == 0 else self._shown()[section - 1].title

    def _shown(self) -> list[ComparedEmbedder]:
        """Get the embedders that have answers."""
        if self._compared is None:
            return []
        return [one for one in self._compared.embedders if not one.reason]
