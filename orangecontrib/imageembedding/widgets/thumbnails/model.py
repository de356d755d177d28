"""The images of a view in the order shown, with the texts of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from AnyQt.QtCore import QAbstractListModel, QModelIndex, Qt
from AnyQt.QtGui import QColor
from numpy.typing import NDArray

LocationRole = Qt.UserRole
ColorRole = Qt.UserRole + 1
FadedRole = Qt.UserRole + 2

Group = tuple[str, int]
"""Heading and number of images."""


class ThumbnailModel(QAbstractListModel):
    """Images in the order in which they are shown.

    *Row* is the number of an image as it was given, *position* its place in the order shown;
    images that are filtered out have none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.locations: Sequence[str] = ()
        self.titles: Sequence[str] = ()
        self.rows: NDArray[np.intp] = np.arange(0)
        self.groups: Sequence[Group] = ()
        self._color: Callable[[int], QColor | None] = lambda row: None
        self._in_subset: NDArray[np.bool_] | None = None
        self._position_of_row: NDArray[np.intp] = np.arange(0)

    def set_images(self, locations: Sequence[str], titles: Sequence[str]) -> None:
        """Show other images.

        Parameters
        ----------
        locations : sequence of str
            Paths or URLs; "" where there is none.
        titles : sequence of str
            As many; a title may have several lines.
        """
        self.beginResetModel()
        self.locations, self.titles = locations, titles
        self._color, self._in_subset = lambda row: None, None
        self._set_order(np.arange(len(locations)), ())
        self.endResetModel()

    def arrange(self, rows: NDArray[np.intp], groups: Sequence[Group] = ()) -> None:
        """Show only these rows, in this order.

        Parameters
        ----------
        rows : ndarray of shape (n_shown,), dtype int
            Numbers of images, each at most once.
        groups : sequence of (str, int), optional
            Headings, and how many of `rows` follow under each.
        """
        self.beginResetModel()
        self._set_order(rows, groups)
        self.endResetModel()

    def _set_order(self, rows: NDArray[np.intp], groups: Sequence[Group]) -> None:
        self.rows, self.groups = rows, groups
        self._position_of_row = np.full(len(self.locations), -1)
        self._position_of_row[rows] = np.arange(len(rows))

    def set_titles(self, titles: Sequence[str]) -> None:
        """Show other titles under the same images."""
        self.titles = titles
        self._all_changed()

    def set_colors(self, color: Callable[[int], QColor | None]) -> None:
        """Frame the image of each row in its color; None for no frame."""
        self._color = color
        self._all_changed()

    def set_subset(self, in_subset: NDArray[np.bool_] | None) -> None:
        """Fade the rows outside a subset of shape (n_rows,), dtype bool; None for no subset."""
        self._in_subset = in_subset
        self._all_changed()

    def _all_changed(self) -> None:
        if len(self.rows):
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))

    def positions_of(self, rows: Iterable[int]) -> NDArray[np.intp]:
        """Get the positions of the rows that are shown, sorted: shape (n_found,), dtype int."""
        positions = self._position_of_row[np.asarray(list(rows), dtype=int)]
        return np.sort(positions[positions >= 0])

    def is_faded(self, row: int) -> bool:
        """Tell whether a row is outside the subset."""
        return self._in_subset is not None and not self._in_subset[row]

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = int(self.rows[index.row()])
        if role in (Qt.DisplayRole, Qt.AccessibleTextRole):
            return self.titles[row]
        if role in (LocationRole, Qt.AccessibleDescriptionRole):
            return self.locations[row]
        if role == ColorRole:
            return self._color(row)
        return self.is_faded(row) if role == FadedRole else None

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        usual = Qt.ItemIsEnabled | Qt.ItemIsSelectable | Qt.ItemNeverHasChildren
        return usual | Qt.ItemIsDragEnabled if index.isValid() else Qt.NoItemFlags
