"""A histogram of a measure, thumbnails along it, and the bound that is drawn over it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from AnyQt.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from AnyQt.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from AnyQt.QtWidgets import QSizePolicy, QToolTip, QWidget
from numpy.typing import NDArray

from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps

HISTOGRAM_PX, THUMBNAIL_PX, GAP_PX, MARGIN_PX = 64, 48, 4, 8
N_BINS = 80
STEP, LARGE_STEP = 0.005, 0.05  # of the axis, by a key
HANDLE_PX = 6
KEYS = {
    Qt.Key_Left: -STEP, Qt.Key_Right: STEP, Qt.Key_Down: -STEP, Qt.Key_Up: STEP,
    Qt.Key_PageDown: -LARGE_STEP, Qt.Key_PageUp: LARGE_STEP,
}  # fmt: skip


class ThresholdBar(QWidget):
    """Moves the bound of a check; images beyond it are told.

    Below the histogram stand images that have the values there.
    """

    bound_changed = pyqtSignal(float)
    opened = pyqtSignal(int)
    """The row of a thumbnail that was double-clicked."""

    def __init__(self, pixmaps: Pixmaps) -> None:
        super().__init__()
        self._pixmaps = pixmaps
        self._locations: Sequence[str] = ()
        self._rows: NDArray[np.intp] = np.arange(0)  # in the order of their values
        self._values: NDArray[np.float64] = np.empty(0)  # sorted
        self._counts: NDArray[np.intp] = np.zeros(N_BINS, dtype=int)
        self._low, self._high, self._is_low = 0.0, 1.0, False
        self.bound = float("nan")
        self.setFocusPolicy(Qt.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setAccessibleName("Threshold")
        pixmaps.ready.connect(lambda _: self.update())

    def sizeHint(self) -> QSize:
        """Get the usual size."""
        return QSize(400, HISTOGRAM_PX + THUMBNAIL_PX + 2 * GAP_PX + MARGIN_PX)

    def minimumSizeHint(self) -> QSize:
        """Get the least size."""
        return self.sizeHint()

    def set_values(
        self, values: NDArray[np.float64], is_low: bool, locations: Sequence[str], bound: float
    ) -> None:
        """Show a measure.

        Parameters
        ----------
        values : ndarray of shape (n,), dtype float64
            Of all images; NaN where it is missing.
        is_low : bool
            Whether low values are told.
        locations : sequence of str
            Of all images.
        bound : float
            From where on images are told.
        """
        order = np.argsort(values, kind="stable")[: np.isfinite(values).sum()]
        self._rows, self._values, self._is_low = order, values[order], is_low
        self._locations = locations
        ends = [*self._values[[0, -1]].tolist()] if len(order) else [0.0, 1.0]
        if np.isfinite(bound):
            ends.append(bound)
        self._low, self._high = min(ends), max(ends)
        if self._high <= self._low:
            self._high = self._low + 1
        self._counts = np.histogram(self._values, N_BINS, (self._low, self._high))[0]
        self.set_bound(bound)

    def set_bound(self, bound: float) -> None:
        """Show another bound."""
        self.bound = bound
        self.setAccessibleDescription(f"{'below' if self._is_low else 'above'} {bound:.3g}")
        self.update()

    # Where things are

    @property
    def _axis(self) -> QRectF:
        return QRectF(MARGIN_PX, MARGIN_PX / 2, self.width() - 2 * MARGIN_PX, HISTOGRAM_PX)

    def x_of(self, value: float) -> float:
        """Get where a value is; a bound beyond all values is at an end."""
        part = (value - self._low) / (self._high - self._low)
        return self._axis.left() + min(max(part, 0.0), 1.0) * self._axis.width()

    def value_at(self, x: float) -> float:
        """Get the value at a place."""
        part = (x - self._axis.left()) / max(self._axis.width(), 1)
        return self._low + min(max(part, 0.0), 1.0) * (self._high - self._low)

    def slots(self) -> list[tuple[QRect, int]]:
        """Get the places of thumbnails, and the row that stands in each: the nearest to its middle.

        Where no image has such a value, the place stays empty.
        """
        found = []
        top = round(self._axis.bottom()) + GAP_PX
        n_slots = max(int(self._axis.width()) // (THUMBNAIL_PX + GAP_PX), 1)
        pitch = self._axis.width() / n_slots
        for start in self._axis.left() + pitch * np.arange(n_slots):
            low, middle, high = (self.value_at(start + part * pitch) for part in (0.0, 0.5, 1.0))
            first = np.searchsorted(self._values, low, side="left")
            last = np.searchsorted(self._values, high, side="right")
            if last > first:
                inside = self._values[first:last]
                nearest = int(first + np.abs(inside - middle).argmin())
                left = round(start + (pitch - THUMBNAIL_PX) / 2)
                rect = QRect(left, top, THUMBNAIL_PX, THUMBNAIL_PX)
                found.append((rect, int(self._rows[nearest])))
        return found

    def row_at(self, point: QPoint) -> int:
        """Get the row of the thumbnail at a point; -1 if there is none."""
        return next((row for rect, row in self.slots() if rect.contains(point)), -1)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw bars, bound and thumbnails."""
        painter = QPainter(self)
        colors = self.palette()
        axis, x = self._axis, self.x_of(self.bound) if np.isfinite(self.bound) else -1.0
        painter.fillRect(axis, colors.color(QPalette.Base))
        if len(self._values):
            self._paint_bars(painter, axis)
        for rect, row in self.slots():
            self._paint_thumbnail(painter, rect, row)
        if np.isfinite(self.bound):
            painter.setPen(QPen(colors.color(QPalette.Text), 2))
            painter.drawLine(QPointF(x, axis.top()), QPointF(x, axis.bottom()))
            painter.setBrush(colors.color(QPalette.Highlight))
            painter.setPen(QPen(colors.color(QPalette.Text), 2 if self.hasFocus() else 1))
            middle = QPointF(x, axis.center().y())
            painter.drawRoundedRect(
                QRectF(middle.x() - HANDLE_PX, middle.y() - 12, 2 * HANDLE_PX, 24), 4, 4
            )
        painter.end()

    def _paint_bars(self, painter: QPainter, axis: QRectF) -> None:
        usual = self.palette().color(QPalette.Text)
        usual.setAlpha(90)
        told = self.palette().color(QPalette.Highlight)
        # The square root, so that few beside very many are seen.
        heights = np.sqrt(self._counts / max(self._counts.max(), 1)) * (axis.height() - 4)
        width = axis.width() / N_BINS
        for i in np.flatnonzero(heights):
            left = axis.left() + i * width
            middle = self.value_at(left + width / 2)
            is_told = middle < self.bound if self._is_low else middle > self.bound
            bar = QRectF(left, axis.bottom() - heights[i], max(width - 1, 1), heights[i])
            painter.fillRect(bar, told if is_told else usual)

    def _paint_thumbnail(self, painter: QPainter, rect: QRect, row: int) -> None:
        scale = self.devicePixelRatioF()
        pixmap = self._pixmaps.pixmap(self._locations[row], round(THUMBNAIL_PX * scale))
        if pixmap is not None:
            size = pixmap.size() / scale
            place = QRect(QPoint(), size)
            place.moveCenter(rect.center())
            painter.drawPixmap(place, pixmap)

    # What the user does

    def _move_to(self, value: float) -> None:
        self.set_bound(value)
        self.bound_changed.emit(value)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the handle, or let it jump to the mouse."""
        if event.button() == Qt.LeftButton and event.pos().y() <= self._axis.bottom():
            self._move_to(self.value_at(event.pos().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the bound with the mouse."""
        is_over = event.pos().y() <= self._axis.bottom()
        self.setCursor(Qt.SplitHCursor if is_over else Qt.ArrowCursor)
        if event.buttons() & Qt.LeftButton and len(self._values):
            self._move_to(self.value_at(event.pos().x()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show a thumbnail large."""
        row = self.row_at(event.pos())
        if row >= 0:
            self.opened.emit(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the bound with the arrow keys, Page Up and Down, Home and End."""
        ends = {Qt.Key_Home: self._low, Qt.Key_End: self._high}
        if event.key() in ends:
            self._move_to(ends[event.key()])
        elif event.key() in KEYS:
            x = self.x_of(self.bound if np.isfinite(self.bound) else self._high)
            self._move_to(self.value_at(x + KEYS[event.key()] * self._axis.width()))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that keys go here."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that keys go elsewhere."""
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        """Tell value and file under the mouse."""
        if event.type() == QEvent.ToolTip and isinstance(event, QHelpEvent):
            row = self.row_at(event.pos())
            text = self._locations[row] if row >= 0 else f"{self.value_at(event.pos().x()):.3g}"
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return bool(super().event(event))
