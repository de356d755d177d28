"""Where the parts of a dendrogram lie, and what is at a place; `painting` draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from AnyQt.QtCore import QPointF, QRectF
from AnyQt.QtGui import QColor, QFont, QFontMetricsF, QPalette
from AnyQt.QtWidgets import QGraphicsObject
from numpy.typing import NDArray

from orangecontrib.imageembedding.clusters.outline import Outline
from orangecontrib.imageembedding.clusters.slots import make_slots
from orangecontrib.imageembedding.widgets.tree.collage import ReadPixmap
from orangecontrib.imageembedding.widgets.tree.heightscale import Heights, HeightScale
from orangecontrib.imageembedding.widgets.tree.staggered import columns_in, slot_at
from orangecontrib.imageembedding.widgets.tree.strips import Strip, strips_width

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
N_MEASURED = 200  # labels, whose width is taken for that of all
SPARE_PART, LARGEST_PART = 0.1, 0.3  # of the width, for larger pictures beside labels; in all
# Of clusters, in turn: apart for every eye by their lightness, and of no palette of classes.
TINTS = ((72, 84, 98), (158, 146, 128))
MIN_NAMED_PX = 12.0  # branches that are thinner have no room for their name
MAX_NAME_PX = 160.0

Typical = Callable[[int, int], Sequence[int]]


class TreeItem(QGraphicsObject):
    """Root on the left, one row for each leaf or collapsed branch on the right.

    Parameters
    ----------
    shape : Outline
        Where the nodes lie.
    labels, locations : sequence of str
        Text and image of each leaf; "" where there is no image.
    typical : callable
        Gives, for a node and a number, that many typical leaves.
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
        self.shows_focus = False  # of the keyboard
        self.marked: NDArray[np.bool_] | None = None
        self.palette = QPalette()
        self._typical = typical or (lambda node, n: self._leaves_of(node)[:n])
        self._typical_of: dict[int, Sequence[int]] = {}
        self._width = MIN_TREE_WIDTH + LABEL_WIDTH
        self.names: Sequence[str] = ()
        self.chosen: set[int] | None = None
        self.tops: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._color_of = np.full(len(shape.height), -1)
        self.has_images = any(locations)
        self._measured: tuple[Sequence[str] | None, float] = (None, LABEL_WIDTH)
        self._pixmap: ReadPixmap = lambda location, side_px: None

    # What is shown

    def set_pixmaps(self, read: ReadPixmap) -> None:
        """Show the images that `read(location, side_px)` gives."""
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

    def set_branches(
        self, nodes: Sequence[int], names: Sequence[str], chosen: Sequence[int] | None = None
    ) -> None:
        """Shade the branches under some nodes, two tints in turn, and name them.

        The tints of all, or of those at the positions `chosen`, are strong.
        """
        shape = self.shape_of_tree
        self.tops = np.asarray(nodes, dtype=np.intp)
        self.names = list(names)
        self.chosen = None if chosen is None else {int(self.tops[i]) for i in chosen}
        first, size = shape.first_leaf[self.tops], shape.n_leaves[self.tops]
        leaves = np.repeat(first - np.cumsum(size) + size, size) + np.arange(size.sum())
        number = np.full(len(shape.leaf_order), -1)
        largest = np.zeros(len(shape.leaf_order), dtype=np.intp)
        number[leaves] = np.repeat(np.arange(len(size)) % len(TINTS), size)
        largest[leaves] = np.repeat(size, size)
        inside = shape.n_leaves <= largest[shape.first_leaf]
        self._color_of = np.where(inside, number[shape.first_leaf], -1)
        self.update()

    def tops_in_sight(self, top: float, bottom: float, row: float) -> list[tuple[int, QColor]]:
        """Get the colored branches between two heights that are at least half a pixel high."""
        slots, tops = self.slots, self.tops
        first, size = slots.first[tops] * row, slots.size[tops] * row
        chosen = (first <= bottom) & (first + size >= top) & (size >= MIN_FILL_PX)
        return [(int(tops[i]), QColor(*TINTS[i % len(TINTS)])) for i in np.flatnonzero(chosen)]

    def copy_of(self) -> TreeItem:
        """Get another item that shows the same, the whole of it, for a picture."""
        other = type(self)(self.shape_of_tree, self.labels, self.locations, self._typical)
        other.counts, other.strips, other.slots = self.counts, self.strips, self.slots
        other.scale = HeightScale(self.shape_of_tree.height, self.scale.kind)
        other.cut_height, other.marked, other.palette = self.cut_height, self.marked, self.palette
        other.set_branches(self.tops.tolist(), self.names)
        other.chosen = self.chosen
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
    def n_columns(self) -> int:
        """Get in how many columns the pictures of the rows lie: as the room allows."""
        is_plain = len(self.slots.node) == len(self.labels) and self.row_height >= MIN_READABLE_ROW
        if not (is_plain and self.has_images):
            return 1
        room = self.row_height + LABEL_WIDTH - self._label_width() + SPARE_PART * self._width
        return columns_in(min(room, LARGEST_PART * self._width), self.row_height)

    @property
    def picture_side(self) -> float:
        """Get the height of the picture of a row."""
        return self.n_columns * self.row_height

    def _label_width(self) -> float:
        """Get the width that labels need, as far as a look at some of them tells."""
        if self._measured[0] is not self.labels:
            font = QFont()
            font.setPixelSize(int(MAX_LABEL_ROW))
            metrics, step = QFontMetricsF(font), max(len(self.labels) // N_MEASURED, 1)
            some = [self.labels[i] for i in range(0, len(self.labels), step)]
            widest = max(map(metrics.horizontalAdvance, some), default=0.0) + 4 * MARGIN
            self._measured = self.labels, min(widest, LABEL_WIDTH)
        return self._measured[1]

    @property
    def pictures_width(self) -> float:
        """Get the width of all columns of pictures; 0 where rows are too thin for any."""
        return self.n_columns * self.picture_side if self.picture_side >= MIN_PICTURE_ROW else 0.0

    @property
    def left(self) -> float:
        """Get x of the root."""
        return MARGIN

    @property
    def tree_right(self) -> float:
        """Get x of height 0, where the leaves begin."""
        label = self._label_width() if self.n_columns > 1 else LABEL_WIDTH
        used = self.pictures_width + strips_width(self.strips) + label + 2 * MARGIN
        return max(self._width - used, MIN_TREE_WIDTH / 2)

    @property
    def leaves_left(self) -> float:
        """Get x of pictures and labels, right of the strips."""
        return self.tree_right + MARGIN + strips_width(self.strips)

    def x_at(self, height: Heights) -> Heights:
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
        slot = slot_at(
            point.x() - self.leaves_left, point.y(), self.n_columns, self.row_height,
            len(self.slots.node),
        )  # fmt: skip
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

    def names_in_sight(self, top: float, bottom: float) -> list[tuple[int, str]]:
        """Get the clusters between two heights that have room for it, and what they are called."""
        first, size = self.slots.first[self.tops], self.slots.size[self.tops]
        row = self.row_height
        shown = (
            (first * row <= bottom) & ((first + size) * row >= top) & (size * row > MIN_NAMED_PX)
        )
        return [(int(self.tops[i]), f"{self.names[i]} · {int(self.counts[self.tops[i]]):,}")
                for i in np.flatnonzero(shown)]  # fmt: skip

    def name_rect(self, node: int, text: str, metrics: QFontMetricsF) -> QRectF:
        """Get where the name of a cluster stands: on the line that leads to its branch."""
        width = min(metrics.horizontalAdvance(text), MAX_NAME_PX) + MARGIN
        x = min(max(float(self.x_at(self.shape_of_tree.height[node])), 0.0), self.tree_right)
        y = (self.slots.position[node] + 0.5) * self.row_height
        height = metrics.height()
        return QRectF(max(x - width - 2, 1.0), y - height / 2, width, height)

    def _lines(self) -> NDArray[np.bool_]:
        """Mark the merges that are high enough to be drawn with their branches."""
        return self.slots.is_open & (self.slots.size * self.row_height > MIN_LINE_PX)

    def _leaves_of(self, node: int) -> list[int]:
        shape = self.shape_of_tree
        first = shape.first_leaf[node]
        return shape.leaf_order[first : first + shape.n_leaves[node]].tolist()

    def nodes_with_content(self, top: float, bottom: float) -> list[int]:
        """Get the nodes that have pictures or text of their own between two heights."""
        slots, row = self.slots, self.row_height
        if row >= MIN_READABLE_ROW:
            around = self.n_columns // 2
            return slots.node[
                max(int(top / row) - around, 0) : int(bottom / row) + 1 + around
            ].tolist()
        fringe = slots.fringe(TILE_PX / row)
        fringe &= (slots.first * row <= bottom) & ((slots.first + slots.size) * row >= top)
        return np.flatnonzero(fringe & (slots.size * row >= MIN_PICTURE_ROW)).tolist()

    def locations_of(self, node: int) -> list[str]:
        """Get the images that are shown for a node."""
        leaves = [node] if node < len(self.locations) else self.typical(node)
        return [self.locations[leaf] for leaf in leaves]
