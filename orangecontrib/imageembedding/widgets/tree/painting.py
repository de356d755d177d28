"""A whole dendrogram as one item of a scene, painted from arrays: only what can be seen."""

from __future__ import annotations

import numpy as np
from AnyQt.QtCore import QPointF, QRectF, Qt
from AnyQt.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPalette,
    QPen,
    QPolygonF,
)
from AnyQt.QtWidgets import QStyleOptionGraphicsItem, QWidget
from numpy.typing import NDArray
from pyqtgraph import arrayToQPath

from orangecontrib.imageembedding.widgets.tree.collage import paint_collage
from orangecontrib.imageembedding.widgets.tree.geometry import (
    MARGIN,
    MAX_LABEL_ROW,
    MIN_LINE_PX,
    MIN_PICTURE_ROW,
    TINTS,
    TreeItem,
)
from orangecontrib.imageembedding.widgets.tree.staggered import picture_rect
from orangecontrib.imageembedding.widgets.tree.strips import paint_strips

NAME_PX = 11
FILL_ALPHA, WEAK_ALPHA, WEDGE_ALPHA, GRID_ALPHA = 0.22, 0.06, 0.55, 0.12


class DendrogramItem(TreeItem):
    """Paints the tree, its clusters, the cut, and pictures and labels of the leaves."""

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        exposed = option.exposedRect & self.boundingRect()
        top, bottom = exposed.top(), exposed.bottom()
        painter.save()
        painter.setClipRect(QRectF(0, top, self.tree_right, bottom - top), Qt.IntersectClip)
        self._paint_grid(painter, top, bottom)
        self._paint_fills(painter, top, bottom)
        self._paint_tree(painter, top, bottom)
        if self.cut_height is not None:
            painter.setPen(QPen(self.palette.color(QPalette.Highlight), 0, Qt.DashLine))
            x = float(self.x_at(self.cut_height))
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))
        self._paint_names(painter, top, bottom)
        painter.restore()
        paint_strips(painter, self.strips, self, self.tree_right + MARGIN, np.floor(top), bottom)
        self._paint_leaves(painter, top, bottom)
        if self.focus_node is not None and self.shows_focus:
            painter.setPen(QPen(self.ink(), 1, Qt.DotLine))
            painter.setBrush(Qt.NoBrush)
            painter.drawRect(self.rect_of(self.focus_node).adjusted(1, 1, -2, -1))

    def _paint_names(self, painter: QPainter, top: float, bottom: float) -> None:
        font = name_font(painter.font())
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        for node, text in self.names_in_sight(top, bottom):
            rect = self.name_rect(node, text, metrics)
            painter.fillRect(rect, self.palette.color(QPalette.Base))
            painter.setPen(self.ink())
            shown = metrics.elidedText(text, Qt.ElideMiddle, rect.width())
            painter.drawText(rect, Qt.AlignCenter, shown)

    def ink(self, alpha: float = 1.0) -> QColor:
        """Get the color of text, more or less transparent."""
        color = QColor(self.palette.color(QPalette.Text))
        color.setAlphaF(alpha)
        return color

    def _paint_grid(self, painter: QPainter, top: float, bottom: float) -> None:
        painter.setPen(QPen(self.ink(GRID_ALPHA), 0))
        for tick in self.scale.ticks(self.tree_right - self.left):
            x = float(self.x_at(tick))
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))

    def _paint_fills(self, painter: QPainter, top: float, bottom: float) -> None:
        for node, color in self.tops_in_sight(top, bottom, self.row_height):
            tint = QColor(color)
            is_weak = self.chosen is not None and node not in self.chosen
            tint.setAlphaF(WEAK_ALPHA if is_weak else FILL_ALPHA)
            painter.fillRect(self.rect_of(node), tint)

    def _paint_tree(self, painter: QPainter, top: float, bottom: float) -> None:
        slots, row = self.slots, self.row_height
        lines = self._lines()
        in_sight = (slots.first * row <= bottom) & ((slots.first + slots.size) * row >= top)
        wedges = slots.is_shown & ~lines & lines[slots.parent] & in_sight
        wedges[: len(self.shape_of_tree.leaf_order)] = False
        if not lines.any():  # the whole tree is thinner than a line
            wedges[-1] = True
        self._paint_wedges(painter, np.flatnonzero(wedges))
        painter.setBrush(Qt.NoBrush)
        merges = np.flatnonzero(lines & in_sight)
        colors = self._color_of[merges]
        for number in np.unique(colors):
            pen = QPen(self.ink() if number < 0 else _strong(QColor(*TINTS[number]), self.palette))
            pen.setWidthF(1.0 if number < 0 else 1.6)
            painter.setPen(pen)
            painter.drawPath(self._path(merges[colors == number], top - row, bottom + row))

    def _path(self, merges: NDArray[np.intp], low: float, high: float) -> QPainterPath:
        """Get the lines of merges, cut off outside: Qt is slow and coarse far from what shows."""
        shape, position = self.shape_of_tree, self.slots.position
        a, b = shape.children[merges - len(shape.leaf_order)].T
        y_a, y_b = ((position[node] + 0.5) * self.row_height for node in (a, b))
        x_merge = self.x_at(shape.height[merges])
        x = np.column_stack([self.x_at(shape.height[a]), x_merge, x_merge,
                             self.x_at(shape.height[b])])  # fmt: skip
        y = np.clip(np.column_stack([y_a, y_a, y_b, y_b]), low, high)
        connect = np.ones(x.shape, dtype=bool)
        connect[:, 0] = (y_a >= low) & (y_a <= high)
        connect[:, 2] = (y_b >= low) & (y_b <= high)
        connect[:, 3] = False
        return arrayToQPath(x.ravel(), y.ravel(), connect.ravel())

    def _paint_wedges(self, painter: QPainter, nodes: NDArray[np.intp]) -> None:
        """Draw thin or collapsed branches as triangles from their merge to their leaves."""
        slots, row = self.slots, self.row_height
        apex = self.x_at(self.shape_of_tree.height[nodes])
        middle = (slots.position[nodes] + 0.5) * row
        first, last = slots.first[nodes] * row, (slots.first[nodes] + slots.size[nodes]) * row
        inset = np.minimum((last - first) * 0.1, 3)
        right, numbers = self.tree_right, self._color_of[nodes]
        colors = {-1: self.ink(WEDGE_ALPHA)}
        for number in np.unique(numbers[numbers >= 0]).tolist():
            colors[number] = _strong(QColor(*TINTS[number]), self.palette)
        painter.setPen(Qt.NoPen)
        places = np.column_stack([apex, middle, first + inset, last - inset]).tolist()
        for number, (x, y, top, bottom) in zip(numbers.tolist(), places, strict=True):
            painter.setBrush(colors[number])
            painter.drawPolygon(
                QPolygonF([QPointF(x, y), QPointF(right, top), QPointF(right, bottom)])
            )

    def _paint_leaves(self, painter: QPainter, top: float, bottom: float) -> None:
        for node in self.nodes_with_content(top, bottom):
            self._paint_row(painter, node)
        for node, color in self.tops_in_sight(top, bottom, self.row_height):
            rect = self.rect_of(node)
            gap = 1.0 if rect.height() > MIN_LINE_PX else 0.0
            painter.fillRect(QRectF(self._width - 5, rect.top() + gap, 4, rect.height() - 2 * gap),
                             color)  # fmt: skip

    def _paint_row(self, painter: QPainter, node: int) -> None:
        rect = self.rect_of(node)
        rect.setLeft(self.leaves_left)
        rect.setRight(self._width - MARGIN)
        text = self._text_of(node)
        if node < len(self.locations) and self.marked is not None and self.marked[node]:
            x = self._width - 3 * MARGIN
            painter.fillRect(QRectF(x, rect.top() + 2, MARGIN, rect.height() - 4), self.ink())
        n_columns, shown = self.n_columns, self.locations_of(node)
        if n_columns > 1:
            slot = int(self.slots.first[node])
            place = picture_rect(
                slot, n_columns, self.row_height, rect.left(), len(self.slots.node)
            )
            if place.height() >= MIN_PICTURE_ROW:
                paint_collage(painter, place, shown, self._pixmap)
            rect.setLeft(rect.left() + self.pictures_width + MARGIN / 2)
        elif rect.height() >= MIN_PICTURE_ROW:
            rect.setLeft(paint_collage(painter, rect, shown, self._pixmap) + MARGIN / 2)
        self._paint_text(painter, rect, text)

    def _text_of(self, node: int) -> str:
        count = int(self.counts[node])
        if node < len(self.labels):
            return self.labels[node] + (f" (+{count - 1:,})" if count > 1 else "")
        return f"×{count:,}"

    def _paint_text(self, painter: QPainter, rect: QRectF, text: str) -> None:
        font = painter.font()
        font.setPixelSize(max(int(min(rect.height() * 0.9, MAX_LABEL_ROW)), 1))
        painter.setFont(font)
        text = QFontMetricsF(font).elidedText(text, Qt.ElideMiddle, max(rect.width(), 0))
        painter.setPen(self.ink())
        painter.drawText(rect, Qt.AlignVCenter | Qt.AlignLeft, text)


def name_font(font: QFont) -> QFont:
    """Get the font of the clusters' names."""
    small = QFont(font)
    small.setPixelSize(NAME_PX)
    return small


def _strong(color: QColor, palette: QPalette) -> QColor:
    """Get a color that stands out from the background: neither as dark nor as light as it."""
    hue, saturation, lightness, _ = color.getHsl()
    is_dark = palette.color(QPalette.Base).lightness() < 128  # the middle
    lightness = max(lightness * 1.15, 130) if is_dark else min(lightness * 0.8, 120)
    return QColor.fromHsl(hue, saturation, min(round(lightness), 255))
