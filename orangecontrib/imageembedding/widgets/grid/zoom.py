"""A window onto square cells: how large they are, and which part of them is in it."""

from __future__ import annotations

import numpy as np
from AnyQt.QtCore import QPointF, QRectF, QSize, pyqtSignal
from AnyQt.QtGui import QResizeEvent
from AnyQt.QtWidgets import QAbstractScrollArea
from numpy.typing import NDArray

from orangecontrib.imageembedding.widgets.grid.geometry import GridGeometry

MAX_SIDE = 512.0
MAX_FIT_SIDE = 192.0  # few cells are not blown up


class CellArea(QAbstractScrollArea):
    """Zooms and scrolls over a grid of cells; what is in them, it does not know."""

    zoomed = pyqtSignal(float)
    """The side of a cell, in pixels, has changed."""

    def __init__(self) -> None:
        super().__init__()
        self.shape = 0, 0
        self.side = 1.0
        self.is_whole = True  # zooms with the window, so that the whole grid is in sight

    def sizeHint(self) -> QSize:
        return QSize(720, 600)

    def set_shape(self, n_rows: int, n_columns: int) -> None:
        """Show a number of cells; as large as before, unless all are to be in sight."""
        self.shape = n_rows, n_columns
        self._lay_out()

    @property
    def geometry_of_cells(self) -> GridGeometry:
        """Get where the cells lie now."""
        n_rows, n_columns = self.shape
        area, bars = self.viewport().size(), (self.horizontalScrollBar(), self.verticalScrollBar())
        spaces = area.width() - n_columns * self.side, area.height() - n_rows * self.side
        starts = (s / 2 if s > 0 else -b.value() for s, b in zip(spaces, bars, strict=True))
        return GridGeometry(n_rows, n_columns, self.side, QPointF(*starts))

    def cells_in_sight(self) -> NDArray[np.intp]:
        """Get the cells that are in the window: shape (n_cells,), dtype int."""
        area = QRectF(self.viewport().rect())
        return self.geometry_of_cells.cells_in(area.adjusted(0, 0, -1, -1))

    def whole_side(self) -> float:
        """Get the side of cells at which the whole grid is in the window."""
        n_rows, n_columns = self.shape
        area = self.viewport().size()
        side = min(area.width() / max(n_columns, 1), area.height() / max(n_rows, 1))
        return min(max(side, 0.5), MAX_FIT_SIDE)

    def show_whole(self) -> None:
        """Zoom so that the whole grid is in the window, and stays so."""
        self.is_whole = True
        self._lay_out()

    def set_side(self, side: float, at: QPointF | None = None) -> None:
        """Show cells of another size; what is at a point of the window stays there."""
        if not all(self.shape):
            return
        at = QPointF(self.viewport().rect().center()) if at is None else at
        geometry = self.geometry_of_cells
        place = (at - geometry.origin) / geometry.side
        whole = self.whole_side()
        side = min(max(side, whole), MAX_SIDE)
        self.is_whole = side <= whole
        self._set_side(side)
        self.horizontalScrollBar().setValue(round(place.x() * side - at.x()))
        self.verticalScrollBar().setValue(round(place.y() * side - at.y()))

    def show_cell(self, cell: int) -> None:
        """Scroll until a cell is in the window."""
        rect, area = self.geometry_of_cells.rect_of(cell), QRectF(self.viewport().rect())
        for bar, low, high in (
            (self.horizontalScrollBar(), rect.left(), rect.right() - area.width()),
            (self.verticalScrollBar(), rect.top(), rect.bottom() - area.height()),
        ):
            bar.setValue(bar.value() + round(min(low, 0) if low < 0 else max(high, 0)))

    def _lay_out(self) -> None:
        if not all(self.shape):  # the size is that of the cells that come next
            self.horizontalScrollBar().setRange(0, 0)
            self.verticalScrollBar().setRange(0, 0)
            return
        self._set_side(self.whole_side() if self.is_whole else max(self.side, self.whole_side()))

    def _set_side(self, side: float) -> None:
        self.side = side
        n_rows, n_columns = self.shape
        for bar, n, extent in (
            (self.horizontalScrollBar(), n_columns, self.viewport().width()),
            (self.verticalScrollBar(), n_rows, self.viewport().height()),
        ):
            bar.setRange(0, max(round(n * side) - extent, 0))
            bar.setPageStep(extent)
            bar.setSingleStep(max(round(side / 2), 8))
        self.viewport().update()
        self.zoomed.emit(side)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()
