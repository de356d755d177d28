"""Heights of a tree → places on a line, linear or logarithmic; the scale above the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
from AnyQt.QtCore import QRectF, QSize, Qt
from AnyQt.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QWheelEvent
from AnyQt.QtWidgets import QWidget
from numpy.typing import NDArray

if TYPE_CHECKING:
    from orangecontrib.imageembedding.widgets.tree.geometry import TreeItem
    from orangecontrib.imageembedding.widgets.tree.view import TreeView

LINEAR, LOG = "linear", "log"
AXIS_HEIGHT = 26
MIN_SPAN = 1e-3
LOG_RANGE = 1e-4  # of the largest height: what is lower is drawn there
TICK_GAP_PX = 70.0

Heights = TypeVar("Heights", float, NDArray[np.float64])


class HeightScale:
    """Maps heights to parts of the width, 0 at the leaves and 1 at the root.

    Parameters
    ----------
    heights : ndarray of shape (n_nodes,), dtype float64
        Of all nodes.
    kind : str
        `LINEAR` or `LOG`.
    """

    def __init__(self, heights: NDArray[np.float64], kind: str = LINEAR) -> None:
        self.largest = float(heights.max()) or 1.0
        positive = heights[heights > 0]
        smallest = float(positive.min()) if len(positive) else self.largest
        self.floor = min(max(smallest / 2, self.largest * LOG_RANGE), self.largest / 2)
        self.kind = kind
        self.low, self.high = 0.0, 1.0

    def part(self, height: Heights) -> Heights:
        """Get the part of the whole scale below a height, 0 to 1."""
        if self.kind == LINEAR:
            return height / self.largest
        return np.log(np.maximum(height, self.floor) / self.floor) / self._decades

    def height(self, part: float) -> float:
        """Get the height at a part of the whole scale."""
        if self.kind == LINEAR:
            return part * self.largest
        return self.floor * float(np.exp(part * self._decades)) if part > 0 else 0.0

    @property
    def _decades(self) -> float:
        return float(np.log(self.largest / self.floor))

    def zoom(self, factor: float, at: float) -> None:
        """Show a smaller part of the scale, or a larger; what lies at a part of it stays."""
        span = self.high - self.low
        new = min(max(span / factor, MIN_SPAN), 1.0)
        fixed = self.low + at * span
        self.low = min(max(fixed - at * new, 0.0), 1.0 - new)
        self.high = self.low + new

    def pan(self, part: float) -> None:
        """Move what is shown by a part of it, towards the root."""
        span = self.high - self.low
        self.low = min(max(self.low + part * span, 0.0), 1.0 - span)
        self.high = self.low + span

    def ticks(self, width_px: float) -> list[float]:
        """Get round heights in sight, not too many for a width."""
        n = max(int(width_px / TICK_GAP_PX), 2)
        low, high = self.height(self.low), self.height(self.high)
        if self.kind == LOG:
            ticks = _log_ticks(max(low, self.floor), high, n)
            if len(ticks) > 2:  # else round numbers between tell more
                return ticks
        return _round_ticks(low, high, n)


def _log_ticks(low: float, high: float, n: int) -> list[float]:
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = [step * 10.0**e for e in decades for step in steps if low <= step * 10.0**e <= high]
        if len(ticks) <= n:
            return ticks
    return ticks


def _round_ticks(low: float, high: float, n: int) -> list[float]:
    """Get at most about `n` round numbers from `low` to `high`."""
    span = high - low
    step = 10.0 ** np.floor(np.log10(span / n))
    step *= next((m for m in (1, 2, 5) if m * step * n >= span), 10)
    first = int(np.ceil(low / step - 1e-9))
    last = int(np.floor(high / step + 1e-9))
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def paint_axis(painter: QPainter, rect: QRectF, item: TreeItem, palette: QPalette) -> None:
    """Draw the scale of an item above it; `rect` has its left edge and its width."""
    text = palette.color(QPalette.Text)
    painter.setPen(QPen(text, 0))
    baseline = rect.bottom() - 1
    left = rect.left()
    painter.drawLine(round(left + item.left), round(baseline),
                     round(left + item.tree_right), round(baseline))  # fmt: skip
    for tick in item.scale.ticks(item.tree_right - item.left):
        x = round(left + item.x_at(tick))
        painter.drawLine(x, round(baseline - 4), x, round(baseline))
        width = painter.fontMetrics().horizontalAdvance(f"{tick:g}") + 2
        left_end = max(x - width / 2, rect.left())
        place = QRectF(left_end, rect.top(), width, rect.height() - 6)
        painter.drawText(place, Qt.AlignHCenter | Qt.AlignBottom, f"{tick:g}")


class HeightAxis(QWidget):
    """The scale of distances above the tree, with the place of the cut."""

    def __init__(self, view: TreeView) -> None:
        super().__init__(view)
        self._view = view
        self.setAccessibleName("Scale of distances")
        self.setToolTip("Drag here to cut the tree; Shift and the wheel zoom the scale.")

    def sizeHint(self) -> QSize:
        return QSize(100, AXIS_HEIGHT)

    def paintEvent(self, _: QPaintEvent) -> None:
        item = self._view.item
        if item is None:
            return
        painter = QPainter(self)
        paint_axis(painter, QRectF(self.rect()), item, self.palette())
        if item.cut_height is not None:
            x = item.x_at(item.cut_height)
            color = QColor(self.palette().color(QPalette.Highlight))
            painter.setPen(Qt.NoPen)
            painter.setBrush(color)
            painter.drawEllipse(QRectF(x - 4, self.height() - 10, 8, 8))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._cut(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.LeftButton:
            self._cut(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._view.cut_released.emit()

    def _cut(self, event: QMouseEvent) -> None:
        if self._view.item is not None:
            self._view.cut_moved.emit(self._view.item.height_at(event.pos().x()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._view.zoom_heights(event.angleDelta().y() or event.angleDelta().x(),
                                event.position().x())  # fmt: skip
