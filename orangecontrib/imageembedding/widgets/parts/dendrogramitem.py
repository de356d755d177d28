"""A whole dendrogram as one item of a scene, painted from arrays: only what can be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from AnyQt.QtCore import QPointF, QRectF, Qt
from AnyQt.QtGui import QColor, QFontMetricsF, QPainter, QPalette, QPen, QPolygonF
from AnyQt.QtWidgets import QGraphicsObject, QStyleOptionGraphicsItem, QWidget
from pyqtgraph import arrayToQPath

from orangecontrib.imageembedding.clusters.outline import Outline
from orangecontrib.imageembedding.clusters.slots import make_slots
from orangecontrib.imageembedding.widgets.parts.collage import paint_collage
from orangecontrib.imageembedding.widgets.parts.heightscale import HeightScale
from orangecontrib.imageembedding.widgets.parts.strips import Strip, paint_strips, strips_width

MARGIN = 6.0
LABEL_WIDTH = 160.0
MIN_TREE_WIDTH = 200.0
DEFAULT_ROW = 36.0
MIN_READABLE_ROW = 9.0
MIN_PICTURE_ROW = 14.0
MAX_LABEL_ROW = 14.0  # a label is not written larger than this
MIN_FILL_PX = 0.5
MIN_LINE_PX = 6.0  # branches that are thinner are drawn as one wedge
TILE_PX = 72.0  # of rows too thin for pictures, branches up to this height share a collage
MAX_PICTURES = 3
FILL_ALPHA, WEDGE_ALPHA, GRID_ALPHA = 0.16, 0.55, 0.12

ReadPixmap = Callable[[str, int], object]
Typical = Callable[[int, int], Sequence[int]]


class DendrogramItem(QGraphicsObject):
    """Root on the left, one row for each leaf or collapsed branch on the right.

    Parameters
    ----------
    shape : Outline
        Where the nodes lie.
    labels, locations : sequence of str
        Text and image of each leaf; "" where there is no image.
    typical : callable
        Gives, for a node and a number, so many leaves that are typical of it.
    """

    def __init__(
        self,
        shape: Outline,
        labels: Sequence[str],
        locations: Sequence[str],
        typical: Typical | None = None,
    ) -> None:
        super().__init__()
        self.setFlag(QGraphicsObject.ItemUsesExtendedStyleOption)
        self.shape_of_tree = shape
        self.labels = labels
        self.locations = locations
        self.counts = shape.n_leaves
        self.strips: Sequence[Strip] = ()
        self.scale = HeightScale(shape.height)
        self.slots = make_slots(shape)
        self.row_height = DEFAULT_ROW
        self.cut_height: float | None = None
        self.focus_node: int | None = None
        self.marked: np.ndarray | None = None
        self.palette = QPalette()
        self._typical = typical or (lambda node, n: self._leaves_of(node)[:n])
        self._typical_of: dict[int, Sequence[int]] = {}
        self._width = MIN_TREE_WIDTH + LABEL_WIDTH
        self.colours: list[QColor] = []
        self.tops = np.empty(0, dtype=np.intp)
        self._colour_of = np.full(len(shape.height), -1)
        self._pixmap: ReadPixmap = lambda location, side_px: None

    # What is shown

    def set_pixmaps(self, read: ReadPixmap) -> None:
        """Show images as far as `read(location, side_px)` has them."""
        self._pixmap = read

    def set_size(self, width: float, row: float) -> None:
        """Lay out in a width, with rows of a height, both in scene units."""
        self.prepareGeometryChange()
        self._width, self.row_height = width, row
        self.update()

    def set_collapsed(self, nodes: Sequence[int]) -> None:
        """Show some branches in one row each."""
        self.prepareGeometryChange()
        self.slots = make_slots(self.shape_of_tree, nodes)
        self.update()

    def set_branches(self, nodes: Sequence[int], colours: Sequence[QColor]) -> None:
        """Colour the branches under some nodes; of more branches than colours, some share one."""
        shape = self.shape_of_tree
        self.tops = np.asarray(nodes, dtype=np.intp)
        self.colours = list(colours)
        first, size = shape.first_leaf[self.tops], shape.n_leaves[self.tops]
        leaves = np.repeat(first - np.cumsum(size) + size, size) + np.arange(size.sum())
        number = np.full(len(shape.leaf_order), -1)
        largest = np.zeros(len(shape.leaf_order), dtype=np.intp)
        number[leaves] = np.repeat(np.arange(len(size)) % max(len(colours), 1), size)
        largest[leaves] = np.repeat(size, size)
        inside = shape.n_leaves <= largest[shape.first_leaf]
        self._colour_of = np.where(inside, number[shape.first_leaf], -1)
        self.update()

    def tops_in_sight(self, top: float, bottom: float, row: float) -> list[tuple[int, QColor]]:
        """Get the coloured branches between two heights that are at least half a pixel high."""
        slots, tops = self.slots, self.tops
        first, size = slots.first[tops] * row, slots.size[tops] * row
        chosen = (first <= bottom) & (first + size >= top) & (size >= MIN_FILL_PX)
        return [(int(tops[i]), self.colours[i % len(self.colours)]) for i in np.flatnonzero(chosen)]

    def copy_of(self) -> DendrogramItem:
        """Get another item that shows the same, the whole of it, for a picture."""
        other = DendrogramItem(self.shape_of_tree, self.labels, self.locations, self._typical)
        other.counts, other.strips, other.slots = self.counts, self.strips, self.slots
        other.scale = HeightScale(self.shape_of_tree.height, self.scale.kind)
        other.cut_height, other.marked, other.palette = self.cut_height, self.marked, self.palette
        other.set_branches(self.tops, self.colours)
        return other

    def typical(self, node: int) -> Sequence[int]:
        """Get a few leaves that are typical of a node; remembered."""
        if node not in self._typical_of:
            self._typical_of[node] = self._typical(node, MAX_PICTURES)
        return self._typical_of[node]

    # Places

    @property
    def max_height(self) -> float:
        """Get the height of the root, or of the highest merge."""
        return self.scale.largest

    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, self._width, len(self.slots.node) * self.row_height)

    @property
    def has_pictures(self) -> bool:
        """Get whether each row is high enough for a picture."""
        return self.row_height >= MIN_PICTURE_ROW

    @property
    def left(self) -> float:
        """Get x of the root."""
        return MARGIN

    @property
    def tree_right(self) -> float:
        """Get x of height 0, where the leaves begin."""
        picture = self.row_height if self.has_pictures else 0
        used = picture + strips_width(self.strips) + LABEL_WIDTH + 2 * MARGIN
        return max(self._width - used, MIN_TREE_WIDTH / 2)

    @property
    def leaves_left(self) -> float:
        """Get x of pictures and labels, right of the strips."""
        return self.tree_right + MARGIN + strips_width(self.strips)

    def x_at(self, height):
        """Get x of a distance; the largest in sight lies at the left margin."""
        scale = self.scale
        part = (scale.part(height) - scale.low) / (scale.high - scale.low)
        return self.left + (1 - part) * (self.tree_right - self.left)

    def height_at(self, x: float) -> float:
        """Get the distance at an x."""
        scale = self.scale
        part = 1 - (x - self.left) / (self.tree_right - self.left)
        return scale.height(min(max(scale.low + part * (scale.high - scale.low), 0), 1))

    def node_at(self, point: QPointF) -> int | None:
        """Get the smallest branch that can be seen and begins left of a point."""
        slot = int(point.y() // self.row_height)
        if not (0 <= slot < len(self.slots.node) and 0 <= point.x() <= self._width):
            return None
        slots = self.slots
        if point.x() > self.tree_right:
            visible = slots.fringe(1 if self.row_height >= MIN_READABLE_ROW else
                                   TILE_PX / self.row_height)  # fmt: skip
            left = True
        else:
            visible = self._lines() | slots.fringe(MIN_LINE_PX / self.row_height)
            left = self.x_at(self.shape_of_tree.height) <= max(point.x(), self.left)
        holds = (slots.first <= slot) & (slot < slots.first + slots.size)
        nodes = np.flatnonzero(visible & holds & left)
        return int(nodes[np.argmin(slots.size[nodes])]) if len(nodes) else None

    def rect_of(self, node: int) -> QRectF:
        """Get where a branch lies, to the right edge."""
        left = max(float(self.x_at(self.shape_of_tree.height[node])), 0.0)
        top = self.slots.first[node] * self.row_height
        height = self.slots.size[node] * self.row_height
        return QRectF(left, top, self._width - left, height)

    def _lines(self) -> np.ndarray:
        """Mark the merges that are high enough to be drawn with their branches."""
        return self.slots.is_open & (self.slots.size * self.row_height > MIN_LINE_PX)

    def _leaves_of(self, node: int) -> np.ndarray:
        shape = self.shape_of_tree
        first = shape.first_leaf[node]
        return shape.leaf_order[first : first + shape.n_leaves[node]]

    def nodes_with_content(self, top: float, bottom: float) -> list[int]:
        """Get the nodes that have pictures or text of their own between two heights."""
        slots, row = self.slots, self.row_height
        if row >= MIN_READABLE_ROW:
            return slots.node[int(top / row) : int(bottom / row) + 1].tolist()
        fringe = slots.fringe(TILE_PX / row)
        fringe &= (slots.first * row <= bottom) & ((slots.first + slots.size) * row >= top)
        return np.flatnonzero(fringe & (slots.size * row >= MIN_PICTURE_ROW)).tolist()

    def locations_of(self, node: int) -> list[str]:
        """Get the images that are shown for a node."""
        leaves = [node] if node < len(self.locations) else self.typical(node)
        return [self.locations[leaf] for leaf in leaves]

    # Painting

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
        painter.restore()
        paint_strips(painter, self.strips, self, self.tree_right + MARGIN, np.floor(top), bottom)
        self._paint_leaves(painter, top, bottom)
        if self.focus_node is not None:
            painter.setPen(QPen(self.palette.color(QPalette.Highlight), 2))
            painter.setBrush(Qt.NoBrush)
            painter.drawRect(self.rect_of(self.focus_node).adjusted(1, 1, -2, -1))

    def ink(self, alpha: float = 1.0) -> QColor:
        """Get the colour of text, more or less transparent."""
        colour = QColor(self.palette.color(QPalette.Text))
        colour.setAlphaF(alpha)
        return colour

    def _paint_grid(self, painter: QPainter, top: float, bottom: float) -> None:
        painter.setPen(QPen(self.ink(GRID_ALPHA), 0))
        for tick in self.scale.ticks(self.tree_right - self.left):
            x = float(self.x_at(tick))
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))

    def _paint_fills(self, painter: QPainter, top: float, bottom: float) -> None:
        for node, colour in self.tops_in_sight(top, bottom, self.row_height):
            tint = QColor(colour)
            tint.setAlphaF(FILL_ALPHA)
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
        colours = self._colour_of[merges]
        for number in np.unique(colours):
            pen = QPen(self.ink() if number < 0 else _strong(self.colours[number], self.palette))
            pen.setWidthF(1.0 if number < 0 else 1.6)
            painter.setPen(pen)
            painter.drawPath(self._path(merges[colours == number], top - row, bottom + row))

    def _path(self, merges: np.ndarray, low: float, high: float):
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

    def _paint_wedges(self, painter: QPainter, nodes: np.ndarray) -> None:
        """Draw thin or collapsed branches as triangles from their merge to their leaves."""
        slots, row = self.slots, self.row_height
        apex = self.x_at(self.shape_of_tree.height[nodes])
        middle = (slots.position[nodes] + 0.5) * row
        first, last = slots.first[nodes] * row, (slots.first[nodes] + slots.size[nodes]) * row
        inset = np.minimum((last - first) * 0.1, 3)
        painter.setPen(Qt.NoPen)
        for i, number in enumerate(self._colour_of[nodes]):
            colour = self.ink(WEDGE_ALPHA)
            if number >= 0:
                colour = _strong(self.colours[number], self.palette)
            painter.setBrush(colour)
            corners = (
                QPointF(float(apex[i]), float(middle[i])),
                QPointF(self.tree_right, float(first[i] + inset[i])),
                QPointF(self.tree_right, float(last[i] - inset[i])),
            )
            painter.drawPolygon(QPolygonF(corners))

    def _paint_leaves(self, painter: QPainter, top: float, bottom: float) -> None:
        for node in self.nodes_with_content(top, bottom):
            self._paint_row(painter, node)
        for node, colour in self.tops_in_sight(top, bottom, self.row_height):
            rect = self.rect_of(node)
            gap = 1.0 if rect.height() > MIN_LINE_PX else 0.0
            painter.fillRect(QRectF(self._width - 5, rect.top() + gap, 4, rect.height() - 2 * gap),
                             colour)  # fmt: skip

    def _paint_row(self, painter: QPainter, node: int) -> None:
        rect = self.rect_of(node)
        rect.setLeft(self.leaves_left)
        rect.setRight(self._width - MARGIN)
        text = self._text_of(node)
        if node < len(self.locations) and self.marked is not None and self.marked[node]:
            x = self._width - 3 * MARGIN
            painter.fillRect(QRectF(x, rect.top() + 2, MARGIN, rect.height() - 4), self.ink())
        if rect.height() >= MIN_PICTURE_ROW:
            shown = self.locations_of(node)
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


def _strong(colour: QColor, palette: QPalette) -> QColor:
    """Get a colour that stands out from the background."""
    is_dark = palette.color(QPalette.Base).lightness() < 128  # noqa: PLR2004 - the middle
    return colour.lighter(115) if is_dark else colour.darker(125)
