"""A rectangle drawn with the mouse over a view that scrolls."""

from __future__ import annotations

from collections.abc import Callable

from AnyQt.QtCore import QItemSelection, QPoint, QRect, QTimer
from AnyQt.QtWidgets import QAbstractItemView, QRubberBand

SCROLL_MS = 30


class RubberBand:
    """Selects while it is drawn; scrolls where it is drawn out of sight.

    Parameters
    ----------
    view : QAbstractItemView
        Scrolls vertically.
    select : callable
        Called with the rectangle, in pixels of all that the view can show, and with the
        selection that was given to `begin`.
    """

    def __init__(
        self, view: QAbstractItemView, select: Callable[[QRect, QItemSelection], None]
    ) -> None:
        self.active = False
        self._view = view
        self._select = select
        self._band = QRubberBand(QRubberBand.Rectangle, view.viewport())
        self._start = self._mouse = QPoint()
        self._base = QItemSelection()
        self._timer = QTimer(view, interval=SCROLL_MS)
        self._timer.timeout.connect(self._scroll)

    def begin(self, mouse: QPoint, base: QItemSelection) -> None:
        """Begin at a point of the viewport; what is selected in `base` stays so."""
        self.active = True
        self._base = QItemSelection(base)
        self._mouse = mouse
        self._start = mouse + QPoint(0, self._offset())
        self._select(QRect(), self._base)
        self._band.setGeometry(QRect(mouse, mouse))
        self._band.show()
        self._timer.start()

    def drag_to(self, mouse: QPoint) -> None:
        """Draw the rectangle to a point of the viewport, or outside it."""
        self._mouse = mouse
        rect = QRect(self._start, mouse + QPoint(0, self._offset())).normalized()
        self._select(rect, self._base)
        self.follow()

    def follow(self) -> None:
        """Show the rectangle where it is after the view has scrolled."""
        if self.active:
            start = self._start - QPoint(0, self._offset())
            self._band.setGeometry(QRect(start, self._mouse).normalized())

    def end(self) -> None:
        """Leave the selection as it is."""
        self.active = False
        self._timer.stop()
        self._band.hide()

    def _offset(self) -> int:
        return self._view.verticalScrollBar().value()

    def _scroll(self) -> None:
        height, y = self._view.viewport().height(), self._mouse.y()
        beyond = y if y < 0 else max(y - height, 0)
        if beyond:
            bar = self._view.verticalScrollBar()
            bar.setValue(bar.value() + beyond)
            self.drag_to(self._mouse)
