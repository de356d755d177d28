"""A dendrogram whose leaves are images; the whole tree is one item, painted from arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from AnyQt.QtCore import QPointF, QRect, QRectF, QSize, QSizeF, Qt, pyqtSignal
from AnyQt.QtGui import (
    QColor,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPalette,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from AnyQt.QtWidgets import (
    QGraphicsObject,
    QGraphicsScene,
    QGraphicsView,
    QStyleOptionGraphicsItem,
    QWidget,
)
from pyqtgraph import arrayToQPath

from orangecontrib.imageembedding.clusters.outline import Outline
from orangecontrib.imageembedding.widgets.parts.pixmaps import Pixmaps

MARGIN = 6.0
LABEL_WIDTH = 160.0
MIN_TREE_WIDTH = 200.0
MIN_ROW, MAX_ROW, DEFAULT_ROW = 1.0, 128.0, 36.0
MIN_READABLE_ROW = 9.0
MIN_PICTURE_ROW = 14.0
MAX_LABEL_ROW = 14.0  # a label is not written larger than this
AXIS_HEIGHT = 26


class DendrogramItem(QGraphicsObject):
    """Root on the left, one row for each leaf on the right; only exposed rows are painted."""

    def __init__(self, shape: Outline, labels: Sequence[str], locations: Sequence[str]) -> None:
        super().__init__()
        self.setFlag(QGraphicsObject.ItemUsesExtendedStyleOption)
        self.shape_of_tree = shape
        self.labels = labels
        self._locations = locations
        self._n = len(shape.leaf_order)
        self._row = DEFAULT_ROW
        self._width = MIN_TREE_WIDTH + LABEL_WIDTH
        self.max_height = float(shape.height.max()) or 1.0
        self._branches: list[tuple[int, QColor]] = []
        self._pixmap: Callable[[str, int], object] = lambda location, side_px: None
        self.palette = QPalette()

    def set_pixmaps(self, pixmaps: Pixmaps) -> None:
        """Show images at the leaves as far as they are ready."""
        self._pixmap = pixmaps.pixmap

    def set_size(self, width: float, row: float) -> None:
        """Lay out in a width, with rows of a height, both in scene units."""
        self.prepareGeometryChange()
        self._width, self._row = width, row
        self.update()

    def set_branches(self, branches: Sequence[tuple[int, QColor]]) -> None:
        """Colour the branches under some nodes."""
        self._branches = list(branches)
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, self._width, self._n * self._row)

    @property
    def tree_right(self) -> float:
        """Get x of height 0, where the leaves begin."""
        picture = self._row if self._row >= MIN_PICTURE_ROW else 0
        label = LABEL_WIDTH if self._row >= MIN_READABLE_ROW else 0
        return max(self._width - picture - label - 2 * MARGIN, MIN_TREE_WIDTH / 2)

    def x_at(self, height: np.ndarray | float) -> np.ndarray | float:
        """Get x of a distance; the largest lies at the left margin."""
        return MARGIN + (1 - height / self.max_height) * (self.tree_right - MARGIN)

    def node_at(self, point: QPointF) -> int | None:
        """Get the node whose branch is under a point: the smallest that begins left of it."""
        row = int(point.y() // self._row)
        if not (0 <= row < self._n and 0 <= point.x() <= self._width):
            return None
        shape = self.shape_of_tree
        holds = (shape.first_leaf <= row) & (row < shape.first_leaf + shape.n_leaves)
        left = self.x_at(shape.height) <= max(point.x(), MARGIN)
        nodes = np.flatnonzero(holds & left)
        return int(nodes[np.argmin(shape.n_leaves[nodes])]) if len(nodes) else None

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        exposed = option.exposedRect
        first = max(int(exposed.top() / self._row) - 1, 0)
        last = min(int(exposed.bottom() / self._row) + 2, self._n)
        for node, colour in self._branches:
            self._fill(painter, node, colour)
        self._paint_merges(painter, exposed)
        if self._row >= MIN_READABLE_ROW:
            for place in range(first, last):
                self._paint_leaf(painter, place)

    def _fill(self, painter: QPainter, node: int, colour: QColor) -> None:
        shape = self.shape_of_tree
        left = float(self.x_at(shape.height[node])) if node >= self._n else self.tree_right
        top = shape.first_leaf[node] * self._row
        tint = QColor(colour)
        tint.setAlphaF(0.25)
        height = shape.n_leaves[node] * self._row
        painter.fillRect(QRectF(left, top, self._width - left, height), tint)
        painter.fillRect(QRectF(self._width - 4, top + 1, 4, max(height - 2, 1)), colour)

    def _paint_merges(self, painter: QPainter, exposed: QRectF) -> None:
        shape = self.shape_of_tree
        a, b = shape.children.T
        y_a, y_b = (shape.position[a] + 0.5) * self._row, (shape.position[b] + 0.5) * self._row
        visible = (y_b >= exposed.top() - self._row) & (y_a <= exposed.bottom() + self._row)
        scale = abs(painter.worldTransform().m22())
        if scale * self._row < 1:
            visible &= (y_b - y_a) * scale >= 0.5  # of what is thinner nothing would be seen
        k = np.flatnonzero(visible)
        x_merge = self.x_at(shape.height[self._n + k])
        x = np.column_stack([self.x_at(shape.height[a[k]]), x_merge, x_merge,
                             self.x_at(shape.height[b[k]])])  # fmt: skip
        # Long lines are cut a little outside: Qt is slow and coarse far from what is shown.
        low, high = exposed.top() - self._row, exposed.bottom() + self._row
        y = np.clip(np.column_stack([y_a[k], y_a[k], y_b[k], y_b[k]]), low, high)
        connect = np.ones(x.shape, dtype=bool)
        connect[:, 0] = y_a[k] >= low
        connect[:, 2] = y_b[k] <= high
        connect[:, 3] = False
        painter.setPen(QPen(self.palette.color(QPalette.Text), 0))
        painter.drawPath(arrayToQPath(x.ravel(), y.ravel(), connect.ravel()))

    def _paint_leaf(self, painter: QPainter, place: int) -> None:
        leaf = int(self.shape_of_tree.leaf_order[place])
        x = self.tree_right + MARGIN
        top = place * self._row
        if self._row >= MIN_PICTURE_ROW:
            self._paint_picture(painter, QRectF(x, top + 1, self._row - 2, self._row - 2), leaf)
            x += self._row + MARGIN / 2
        font = painter.font()
        font.setPixelSize(int(min(self._row * 0.9, MAX_LABEL_ROW)))
        painter.setFont(font)
        rect = QRectF(x, top, self._width - x - 2 * MARGIN, self._row)
        text = QFontMetricsF(font).elidedText(self.labels[leaf], Qt.ElideMiddle, rect.width())
        painter.setPen(self.palette.color(QPalette.Text))
        painter.drawText(rect, Qt.AlignVCenter | Qt.AlignLeft, text)

    def _paint_picture(self, painter: QPainter, rect: QRectF, leaf: int) -> None:
        ratio = painter.device().devicePixelRatioF()
        location = self._locations[leaf]
        pixmap = self._pixmap(location, round(rect.width() * ratio)) if location else None
        if pixmap is not None:
            place = QRectF(QPointF(), QSizeF(pixmap.size()) / ratio)
            place.moveCenter(rect.center())
            painter.drawPixmap(place, pixmap, QRectF(pixmap.rect()))


class HeightAxis(QWidget):
    """The scale of distances above the tree."""

    def __init__(self, view: DendrogramView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self) -> QSize:
        return QSize(100, AXIS_HEIGHT)

    def paintEvent(self, _) -> None:
        item = self._view.item
        if item is None:
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.Text))
        baseline = self.height() - 1
        largest = item.max_height
        painter.drawLine(round(item.x_at(largest)), baseline, round(item.x_at(0.0)), baseline)
        for tick in _round_ticks(largest):
            x = round(item.x_at(tick))
            painter.drawLine(x, baseline - 4, x, baseline)
            rect = QRect(x - 40, 0, 80, baseline - 4)
            painter.drawText(rect, Qt.AlignHCenter | Qt.AlignBottom, f"{tick:g}")


def _round_ticks(largest: float, n: int = 6) -> list[float]:
    """Get about `n` round numbers from 0 to `largest`."""
    step = 10.0 ** np.floor(np.log10(largest / n))
    step *= min((m for m in (1, 2, 5, 10) if m * step * n >= largest), default=10)
    return [round(i * step, 12) for i in range(int(largest / step + 1e-9) + 1)]


class DendrogramView(QGraphicsView):
    """Shows a tree, scrolls over its leaves, zooms with Ctrl and the wheel, tells clicks."""

    node_clicked = pyqtSignal(object, bool)
    """The node, None beside the tree, and whether Ctrl (or Cmd) was held."""

    def __init__(self) -> None:
        super().__init__()
        self.setScene(QGraphicsScene(self))
        self.setAlignment(Qt.AlignTop | Qt.AlignLeft)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarAlwaysOn)  # else its coming would re-lay out
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAsNeeded)
        self.setMouseTracking(True)
        self.setAccessibleName("Dendrogram")
        self.setViewportMargins(0, AXIS_HEIGHT, 0, 0)
        self.item: DendrogramItem | None = None
        self.row = DEFAULT_ROW
        self._pixmaps = Pixmaps(self)
        self._pixmaps.ready.connect(lambda _: self.viewport().update())
        self._axis = HeightAxis(self)

    def set_tree(self, shape: Outline, labels: Sequence[str], locations: Sequence[str]) -> None:
        """Show another tree.

        Parameters
        ----------
        shape : Outline
            Where its nodes lie.
        labels : sequence of str
            Text of each leaf.
        locations : sequence of str
            Image of each leaf; "" where there is none.
        """
        self.clear()
        self.item = DendrogramItem(shape, labels, locations)
        self.item.palette = self.palette()
        self.item.set_pixmaps(self._pixmaps)
        self.scene().addItem(self.item)
        self._lay_out()
        self.verticalScrollBar().setValue(0)

    def clear(self) -> None:
        """Show nothing."""
        self._pixmaps.forget()
        self.scene().clear()
        self.item = None
        self._axis.update()

    def set_labels(self, labels: Sequence[str]) -> None:
        """Write other text beside the leaves."""
        if self.item is not None:
            self.item.labels = labels
            self.item.update()

    def close_threads(self) -> None:
        """Stop decoding for good."""
        self._pixmaps.close()

    def _lay_out(self) -> None:
        if self.item is None:
            return
        width = max(self.viewport().width(), MIN_TREE_WIDTH + LABEL_WIDTH)
        self.item.set_size(width, self.row)
        self.setSceneRect(self.item.boundingRect())
        self._axis.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        frame = self.frameWidth()
        self._axis.setGeometry(frame, frame, self.viewport().width(), AXIS_HEIGHT)
        self._lay_out()

    def changeEvent(self, event) -> None:
        super().changeEvent(event)
        if self.item is not None:
            self.item.palette = self.palette()
            self.item.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta().y()
        if not (event.modifiers() & Qt.ControlModifier and turn):
            super().wheelEvent(event)
            return
        at = event.position().y()
        row = (self.verticalScrollBar().value() + at) / self.row
        self.row = min(max(self.row * (1.2 if turn > 0 else 1 / 1.2), MIN_ROW), MAX_ROW)
        self._lay_out()
        self.verticalScrollBar().setValue(round(row * self.row - at))  # the row stays in place
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.LeftButton and self.item is not None:
            node = self.item.node_at(self.mapToScene(event.pos()))
            self.node_clicked.emit(node, bool(event.modifiers() & Qt.ControlModifier))
            event.accept()
        else:
            super().mousePressEvent(event)
