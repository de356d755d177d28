"""A tree in a window: what is shown of it, how large, and which part of it."""

from __future__ import annotations

from collections.abc import Sequence

from AnyQt.QtCore import QEvent, Qt, pyqtSignal
from AnyQt.QtGui import QPaintEvent, QResizeEvent
from AnyQt.QtWidgets import QGraphicsScene, QGraphicsView

from orangecontrib.imageembedding.clusters.outline import Outline
from orangecontrib.imageembedding.widgets.shared.hint import paint_hint
from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps
from orangecontrib.imageembedding.widgets.tree.geometry import (
    DEFAULT_ROW,
    LABEL_WIDTH,
    MIN_TREE_WIDTH,
    Typical,
)
from orangecontrib.imageembedding.widgets.tree.heightscale import AXIS_HEIGHT, HeightAxis
from orangecontrib.imageembedding.widgets.tree.minimap import MINIMAP_WIDTH, Minimap
from orangecontrib.imageembedding.widgets.tree.painting import DendrogramItem
from orangecontrib.imageembedding.widgets.tree.strips import Strip

MAX_ROW, MIN_ROW = 192.0, 1e-3
MIN_WHOLE_ROW = 16.0  # a tree whose rows would be thinner is first shown from its top
ZOOM_STEP = 1.2
WHEEL_STEP = 120
FREE_PX = 20  # below a tree that fits: a click there selects nothing


KeptPlace = tuple[float, int, float, float]
"""Row height (0 if all fit), first leaf, and the part of the heights in sight."""
FIRST_PLACE: KeptPlace = (-1.0, -1, 0.0, 1.0)


class TreeView(QGraphicsView):
    """Shows a tree; keeps no data but what it paints."""

    laid_out = pyqtSignal()
    """The height of the rows, or the tree itself, may have changed."""
    collapse_changed = pyqtSignal(list)
    """The branches that were collapsed until now."""

    def __init__(self) -> None:
        super().__init__()
        self.setScene(QGraphicsScene(self))
        self.setAlignment(Qt.AlignTop | Qt.AlignLeft)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarAlwaysOn)  # else its coming would re-lay out
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAsNeeded)
        self.item: DendrogramItem | None = None
        self.row = DEFAULT_ROW
        self.collapsed: list[int] = []
        self.pixmaps = Pixmaps(self)
        self.pixmaps.ready.connect(self._pixmap_ready)
        self._axis = HeightAxis(self)
        self._minimap = Minimap(self)
        self._minimap.hide()
        self._is_whole = False
        self._place: KeptPlace | None = None
        """What is shown until the user goes elsewhere, whatever size the window gets."""
        self.hint = ""  # what is written where there is no tree
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.verticalScrollBar().actionTriggered.connect(self._leave_place)

    @property
    def tree_item(self) -> DendrogramItem:
        """What is painted; `item` where there may be none."""
        if self.item is None:
            raise LookupError("no tree is shown")
        return self.item

    # What is shown

    def set_tree(
        self,
        shape: Outline,
        labels: Sequence[str],
        locations: Sequence[str],
        typical: Typical | None = None,
    ) -> None:
        """Show another tree; see `DendrogramItem`."""
        self.clear()
        self.item = DendrogramItem(shape, labels, locations, typical)
        self.item.palette = self.palette()
        self.item.set_pixmaps(self.pixmaps.pixmap)
        self.scene().addItem(self.item)
        self._place_margins()
        self._place = FIRST_PLACE
        self._go_to_place()

    def set_shape(self, shape: Outline) -> None:
        """Show the same tree with its branches turned another way."""
        self.tree_item.shape_of_tree = shape
        self.set_collapsed(self.collapsed)

    def clear(self) -> None:
        """Show nothing."""
        self.pixmaps.forget()
        self.scene().clear()
        self.item = self._place = None
        self.collapsed = []
        self._axis.update()
        self._minimap.hide()
        self._place_margins()
        self.viewport().update()
        self.laid_out.emit()

    def set_labels(self, labels: Sequence[str]) -> None:
        """Write other text beside the leaves."""
        if self.item is not None:
            self.item.labels = labels
            self.item.update()

    def set_strips(self, strips: Sequence[Strip]) -> None:
        """Show colors beside the leaves."""
        self.tree_item.strips = strips
        self._changed()

    def set_branches(
        self, nodes: Sequence[int], names: Sequence[str], chosen: Sequence[int] | None = None
    ) -> None:
        """Show the branches under some nodes as clusters; of all, or `chosen` ones, as selected."""
        self.tree_item.set_branches(nodes, names, chosen)
        self._minimap.refresh()

    def set_cut(self, height: float | None) -> None:
        """Show the line at which the tree is cut."""
        self.tree_item.cut_height = height
        self._changed()

    def set_scale(self, kind: str) -> None:
        """Draw heights linear or logarithmic."""
        self.tree_item.scale.kind = kind
        self._minimap.refresh()
        self._changed()

    def set_collapsed(self, nodes: Sequence[int]) -> None:
        """Show some branches in one row each."""
        if self.collapsed != list(nodes):
            self.collapse_changed.emit(self.collapsed)
            self._place = None
        self.collapsed = list(nodes)
        self.tree_item.set_collapsed(self.collapsed)
        self._lay_out()
        self._minimap.refresh()

    def toggle_collapsed(self, node: int) -> None:
        """Collapse a branch, or expand it."""
        if node in self.collapsed:
            self.set_collapsed([other for other in self.collapsed if other != node])
        elif node >= len(self.tree_item.labels):
            self.set_collapsed([*self.collapsed, node])

    def close_threads(self) -> None:
        """Stop decoding for good."""
        self.pixmaps.close()

    def _leave_place(self, _: int = 0) -> None:
        self._place = None

    def _scrolled(self, _: int) -> None:
        self._minimap.update()

    def _pixmap_ready(self, _: str) -> None:
        self.viewport().update()

    def _changed(self) -> None:
        self.tree_item.update()
        self._axis.update()

    # Places

    def part_in_sight(self) -> tuple[float, float]:
        """Get which part of the rows is in the window, both ends from 0 to 1."""
        bar = self.verticalScrollBar()
        whole = max(bar.maximum() - bar.minimum() + self.viewport().height(), 1)
        return bar.value() / whole, (bar.value() + self.viewport().height()) / whole

    def scroll_to_part(self, part: float) -> None:
        """Bring a part of the rows, 0 to 1, to the middle of the window."""
        self._place = None
        bar, page = self.verticalScrollBar(), self.viewport().height()
        bar.setValue(round(part * (bar.maximum() + page) - page / 2))

    def zoom_rows(self, factor: float, at: float | None = None) -> None:
        """Make rows higher or thinner; the row at y stays in place."""
        self._place = None
        at = self.viewport().height() / 2 if at is None else at
        slot = (self.verticalScrollBar().value() + at) / self.row
        self.row = min(self.row * factor, MAX_ROW)
        self._lay_out()
        self.verticalScrollBar().setValue(round(slot * self.row - at))

    def zoom_heights(self, turn: int, x: float) -> None:
        """Zoom the scale of heights; what is at x stays in place."""
        item = self.item
        if item is not None and turn:
            part = 1 - (x - item.left) / (item.tree_right - item.left)
            item.scale.zoom(ZOOM_STEP ** (turn / WHEEL_STEP), min(max(part, 0.0), 1.0))
            self._changed()

    def fit(self) -> None:
        """Show the whole tree."""
        self._place = None
        self.row = 0.0
        if self.item is not None:
            self.item.scale.low, self.item.scale.high = 0.0, 1.0
        self._lay_out()

    def state(self) -> KeptPlace | None:
        """Get the place in the tree; None if the user has not gone anywhere."""
        if self._place is not None:
            return None if self._place == FIRST_PLACE else self._place
        scale, bar = self.tree_item.scale, self.verticalScrollBar()
        slot = min(int(bar.value() / self.row), len(self.tree_item.slots.node) - 1)
        first = int(self.tree_item.shape_of_tree.leaf_order[self.tree_item.slots.first_leaf[slot]])
        return (self.row if bar.maximum() else 0.0), first, scale.low, scale.high

    def restore(self, row: float, first: int, low: float, high: float) -> None:
        """Restore a `state`."""
        self._place = (row, first, low, high)
        self._go_to_place()

    def _go_to_place(self) -> None:
        """Show the place to be restored; again, whenever the size changes."""
        row, first, low, high = self._place or FIRST_PLACE
        if self._place == FIRST_PLACE:
            row = 0.0 if self.whole_row() >= MIN_WHOLE_ROW else DEFAULT_ROW
        self.row = row
        self.tree_item.scale.low, self.tree_item.scale.high = low, high
        self._lay_out()
        top = self.tree_item.slots.first[first] * self.row if first >= 0 else 0
        self.verticalScrollBar().setValue(int(top))

    def show_node(self, node: int) -> None:
        """Scroll until a branch is in the window."""
        self._place = None
        rect = self.tree_item.rect_of(node)
        self.ensureVisible(0, rect.center().y(), 1, min(rect.height(), 100) / 2, 0, 10)

    def whole_row(self) -> float:
        """Get the height of a row with which all are in the window."""
        n = len(self.tree_item.slots.node)
        return max(min((self.viewport().height() - FREE_PX) / n, MAX_ROW / 2), MIN_ROW)

    def _lay_out(self) -> None:
        if self.item is None:
            return
        n, whole = len(self.item.slots.node), self.whole_row()
        self._is_whole = self.row <= whole
        self.row = max(self.row, whole)
        width = max(self.viewport().width(), MIN_TREE_WIDTH + LABEL_WIDTH)
        self.item.set_size(width, self.row)
        self.setSceneRect(self.item.boundingRect())
        is_deep = n * self.row > 1.5 * self.viewport().height()
        if is_deep != self._minimap.isVisibleTo(self):
            self._minimap.setVisible(is_deep)
            self._place_margins()
        self._axis.update()
        self._minimap.update()
        self.laid_out.emit()

    def _place_margins(self) -> None:
        frame = self.frameWidth()
        right = MINIMAP_WIDTH if self._minimap.isVisibleTo(self) else 0
        self._axis.setVisible(self.item is not None)
        self.setViewportMargins(0, AXIS_HEIGHT if self.item is not None else 0, right, 0)
        area = self.viewport().geometry()
        self._axis.setGeometry(area.left(), frame, area.width(), AXIS_HEIGHT)
        self._minimap.setGeometry(area.right() + 1, area.top(), right, area.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        with self.pixmaps.held():
            super().paintEvent(event)
        if self.item is None:
            paint_hint(self.viewport(), self.hint)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_margins()
        if self._place is not None:
            self._go_to_place()
            return
        if self._is_whole:
            self.row = 0.0
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if self.item is not None:
            self.item.palette = self.palette()
            self._minimap.refresh()
            self._changed()
