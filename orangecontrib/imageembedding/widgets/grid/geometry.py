"""Where the cells of a grid lie in a window: zoom, scrolling, and what is at a place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from AnyQt.QtCore import QPointF, QRectF, QSizeF
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class GridGeometry:
    """Square cells, row by row from the top left.

    Attributes
    ----------
    n_rows, n_columns : int
        Of the grid.
    side : float
        Of a cell, in pixels.
    origin : QPointF
        The top left corner of the grid, in pixels of the window.
    """

    n_rows: int
    n_columns: int
    side: float
    origin: QPointF

    @property
    def rect(self) -> QRectF:
        """Get the place of the whole grid."""
        return QRectF(self.origin, QSizeF(self.n_columns, self.n_rows) * self.side)

    def rect_of(self, cell: int) -> QRectF:
        """Get the place of a cell."""
        row, column = divmod(cell, self.n_columns)
        corner = self.origin + QPointF(column, row) * self.side
        return QRectF(corner, QSizeF(self.side, self.side))

    def cell_at(self, point: QPointF) -> int:
        """Get the cell at a point; -1 outside the grid."""
        inside = (point - self.origin) / self.side
        row, column = int(inside.y() // 1), int(inside.x() // 1)
        if 0 <= row < self.n_rows and 0 <= column < self.n_columns:
            return row * self.n_columns + column
        return -1

    def cells_in(self, rect: QRectF) -> NDArray[np.intp]:
        """Get the cells that touch a rectangle, row by row: shape (n_cells,), dtype int."""
        top_left = (rect.topLeft() - self.origin) / self.side
        bottom_right = (rect.bottomRight() - self.origin) / self.side
        rows = _between(top_left.y(), bottom_right.y(), self.n_rows)
        columns = _between(top_left.x(), bottom_right.x(), self.n_columns)
        return (rows[:, None] * self.n_columns + columns).ravel()


def _between(low: float, high: float, n: int) -> NDArray[np.intp]:
    return np.arange(max(int(low // 1), 0), min(int(high // 1) + 1, n))
