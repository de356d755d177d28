"""A dendrogram whose leaves are images, in a window: scroll, zoom, point, collapse, choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from AnyQt.QtCore import QPoint, Qt, QTimer, pyqtSignal
from AnyQt.QtGui import QColor, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from AnyQt.QtWidgets import QGraphicsScene, QGraphicsView, QMenu

from orangecontrib.imageembedding.clusters.outline import Outline
from orangecontrib.imageembedding.widgets.parts.dendrogramitem import (
    DEFAULT_ROW,
    LABEL_WIDTH,
    MIN_TREE_WIDTH,
    DendrogramItem,
    Typical,
)
from orangecontrib.imageembedding.widgets.parts.dendrogramkeys import next_node
from orangecontrib.imageembedding.widgets.parts.heightscale import AXIS_HEIGHT, HeightAxis
from orangecontrib.imageembedding.widgets.parts.hovercard import HoverCard
from orangecontrib.imageembedding.widgets.parts.minimap import MINIMAP_WIDTH, Minimap
from orangecontrib.imageembedding.widgets.parts.pixmaps import Pixmaps
from orangecontrib.imageembedding.widgets.parts.strips import Strip

MAX_ROW = 192.0
MAX_READABLE_LEAVES = 400  # a larger tree is first shown whole
ZOOM_STEP = 1.2
WHEEL_STEP = 120
GRAB_PX = 4
FREE_PX = 20  # below a tree that fits: a click there selects nothing
HOVER_MS = 120


class DendrogramView(QGraphicsView):
    """Shows a tree; keeps no data but what it paints."""

    node_clicked = pyqtSignal(object, object)
    """The node, None beside the tree, and the keyboard modifiers."""
    cut_moved = pyqtSignal(float)
    """The height to which the cut is dragged; `cut_released` when that ends."""
    cut_released = pyqtSignal()
    rotate_requested = pyqtSignal(int)
    preview_requested = pyqtSignal(int)
    """A leaf whose image is to be shown large."""

    def __init__(self) -> None:
        super().__init__()
        self.setScene(QGraphicsScene(self))
        self.setAlignment(Qt.AlignTop | Qt.AlignLeft)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarAlwaysOn)  # else its coming would re-lay out
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAsNeeded)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAccessibleName("Dendrogram")
        self.setAccessibleDescription(
            "Arrows go through the tree, Enter selects, Ctrl and Shift add, Space shows the image, "
            "C collapses, R rotates, plus and minus zoom, 0 shows all."
        )
        self.item: DendrogramItem | None = None
        self.row = DEFAULT_ROW
        self.collapsed: list[int] = []
        self.describe: Callable[[int], str] = lambda node: ""
        self._pixmaps = Pixmaps(self)
        self._pixmaps.ready.connect(self._pixmap_ready)
        self._axis = HeightAxis(self)
        self._minimap = Minimap(self)
        self._card = HoverCard(self.viewport(), self._pixmaps.pixmap)
        self._hover = QTimer(self, singleShot=True, interval=HOVER_MS)
        self._hover.timeout.connect(self._show_card)
        self._pressed: QPoint | None = None
        self._drags = ""
        self._is_whole = False
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

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
        self.item.set_pixmaps(self._pixmaps.pixmap)
        self.scene().addItem(self.item)
        self.row = DEFAULT_ROW if len(labels) <= MAX_READABLE_LEAVES else 0.0
        self._lay_out()
        self.verticalScrollBar().setValue(0)

    def set_shape(self, shape: Outline) -> None:
        """Show the same tree with its branches turned another way."""
        self.item.shape_of_tree = shape
        self.set_collapsed(self.collapsed)

    def clear(self) -> None:
        """Show nothing."""
        self._pixmaps.forget()
        self._card.hide()
        self.scene().clear()
        self.item = None
        self.collapsed = []
        self._axis.update()
        self._minimap.hide()

    def set_labels(self, labels: Sequence[str]) -> None:
        """Write other text beside the leaves."""
        if self.item is not None:
            self.item.labels = labels
            self.item.update()

    def set_strips(self, strips: Sequence[Strip]) -> None:
        """Show colours beside the leaves."""
        self.item.strips = strips
        self._changed()

    def set_branches(self, nodes: Sequence[int], colours: Sequence[QColor]) -> None:
        """Colour the branches under some nodes."""
        self.item.set_branches(nodes, colours)
        self._minimap.refresh()

    def set_cut(self, height: float | None) -> None:
        """Show the line at which the tree is cut."""
        self.item.cut_height = height
        self._changed()

    def set_scale(self, kind: str) -> None:
        """Draw heights linear or logarithmic."""
        self.item.scale.kind = kind
        self._minimap.refresh()
        self._changed()

    def set_collapsed(self, nodes: Sequence[int]) -> None:
        """Show some branches in one row each."""
        self.collapsed = list(nodes)
        self.item.set_collapsed(self.collapsed)
        self._lay_out()
        self._minimap.refresh()

    def toggle_collapsed(self, node: int) -> None:
        """Collapse a branch, or expand it."""
        if node in self.collapsed:
            self.set_collapsed([other for other in self.collapsed if other != node])
        elif node >= len(self.item.labels):
            self.set_collapsed([*self.collapsed, node])

    def pixmaps(self) -> Pixmaps:
        """Get what decodes the images."""
        return self._pixmaps

    def close_threads(self) -> None:
        """Stop decoding for good."""
        self._pixmaps.close()

    def _scrolled(self, _: int) -> None:
        self._minimap.update()

    def _pixmap_ready(self, _: str) -> None:
        self.viewport().update()
        self._card.update()

    def _changed(self) -> None:
        self.item.update()
        self._axis.update()

    # Places

    def part_in_sight(self) -> tuple[float, float]:
        """Get which part of the rows is in the window, both ends from 0 to 1."""
        bar = self.verticalScrollBar()
        whole = max(bar.maximum() - bar.minimum() + self.viewport().height(), 1)
        return bar.value() / whole, (bar.value() + self.viewport().height()) / whole

    def scroll_to_part(self, part: float) -> None:
        """Bring a part of the rows, 0 to 1, to the middle of the window."""
        bar, page = self.verticalScrollBar(), self.viewport().height()
        bar.setValue(round(part * (bar.maximum() + page) - page / 2))

    def zoom_rows(self, factor: float, at: float | None = None) -> None:
        """Make rows higher or thinner; the row at y stays in place."""
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
        self.row = 0.0
        if self.item is not None:
            self.item.scale.low, self.item.scale.high = 0.0, 1.0
        self._lay_out()

    def state(self) -> tuple[float, int, float, float]:
        """Get row height (0 if all fit), first leaf, and the part of the heights in sight."""
        scale, bar = self.item.scale, self.verticalScrollBar()
        slot = min(int(bar.value() / self.row), len(self.item.slots.node) - 1)
        first = int(self.item.shape_of_tree.leaf_order[self.item.slots.first_leaf[slot]])
        return (self.row if bar.maximum() else 0.0), first, scale.low, scale.high

    def restore(self, row: float, first: int, low: float, high: float) -> None:
        """Show what `state` told."""
        self.row = row
        self.item.scale.low, self.item.scale.high = low, high
        self._lay_out()
        self.verticalScrollBar().setValue(int(self.item.slots.first[first] * self.row))

    def show_node(self, node: int) -> None:
        """Scroll until a branch is in the window."""
        rect = self.item.rect_of(node)
        self.ensureVisible(0, rect.center().y(), 1, min(rect.height(), 100) / 2, 0, 10)

    def _lay_out(self) -> None:
        if self.item is None:
            return
        n = len(self.item.slots.node)
        whole = min((self.viewport().height() - FREE_PX) / n, MAX_ROW / 2)
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

    def _place_margins(self) -> None:
        frame = self.frameWidth()
        right = MINIMAP_WIDTH if self._minimap.isVisibleTo(self) else 0
        self.setViewportMargins(0, AXIS_HEIGHT, right, 0)
        area = self.viewport().geometry()
        self._axis.setGeometry(area.left(), frame, area.width(), AXIS_HEIGHT)
        self._minimap.setGeometry(area.right() + 1, area.top(), right, area.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_margins()
        if self._is_whole:
            self.row = 0.0
        self._lay_out()

    def changeEvent(self, event) -> None:
        super().changeEvent(event)
        if self.item is not None:
            self.item.palette = self.palette()
            self._minimap.refresh()
            self._changed()

    # Mouse and keys

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta().y() or event.angleDelta().x()
        if self.item is None or not turn:
            return
        self._card.hide()
        if event.modifiers() & Qt.ControlModifier:
            self.zoom_rows(ZOOM_STEP ** (turn / WHEEL_STEP), event.position().y())
        elif event.modifiers() & Qt.ShiftModifier:
            self.zoom_heights(turn, event.position().x())
        else:
            super().wheelEvent(event)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.LeftButton or self.item is None:
            super().mousePressEvent(event)
            return
        self._card.hide()
        self._pressed = self._last = event.pos()
        self._drags = "cut" if self._is_at_cut(event.pos()) else ""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.item is None:
            return
        if self._pressed is None:
            self.setCursor(Qt.SplitHCursor if self._is_at_cut(event.pos()) else Qt.ArrowCursor)
            self._pointer = event.pos()
            self._card.hide()
            self._hover.start()
            return
        moved = event.pos() - self._last
        if not self._drags and (event.pos() - self._pressed).manhattanLength() > GRAB_PX:
            self._drags = "view"
        if self._drags == "cut":
            self.cut_moved.emit(self.item.height_at(event.pos().x()))
        elif self._drags == "view":
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() - moved.y())
            scale = self.item.scale
            scale.pan(moved.x() / (self.item.tree_right - self.item.left))
            self._changed()
        self._last = event.pos()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or self.item is None:
            super().mouseReleaseEvent(event)
            return
        drags, self._drags, self._pressed = self._drags, "", None
        if drags == "cut":
            self.cut_released.emit()
        elif not drags:
            node = self.item.node_at(self.mapToScene(event.pos()))
            self._focus(node)
            self.node_clicked.emit(node, event.modifiers())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        node = self.item.node_at(self.mapToScene(event.pos())) if self.item is not None else None
        if node is not None:
            self.toggle_collapsed(node)

    def leaveEvent(self, event) -> None:
        self._hover.stop()
        self._card.hide()
        super().leaveEvent(event)

    def _is_at_cut(self, point: QPoint) -> bool:
        item = self.item
        return item.cut_height is not None and point.x() <= item.tree_right and (
            abs(point.x() - float(item.x_at(item.cut_height))) <= GRAB_PX
        )  # fmt: skip

    def _show_card(self) -> None:
        node = None if self.item is None else self.item.node_at(self.mapToScene(self._pointer))
        if node is not None:
            locations = [self.item.locations[leaf] for leaf in self.item.typical(node)]
            self._card.show_at(self._pointer, self.describe(node), locations)

    def contextMenuEvent(self, event) -> None:
        if self.item is None:
            return
        node = self.item.node_at(self.mapToScene(event.pos()))
        menu = QMenu(self)
        if node is not None and node >= len(self.item.labels):
            name = "Expand branch" if node in self.collapsed else "Collapse branch"
            menu.addAction(name).triggered.connect(lambda: self.toggle_collapsed(node))
            menu.addAction("Rotate branch").triggered.connect(
                lambda: self.rotate_requested.emit(node)
            )
        menu.addAction("Expand all").triggered.connect(lambda: self.set_collapsed([]))
        menu.addAction("Show whole tree").triggered.connect(self.fit)
        menu.setAttribute(Qt.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.item is None or not self._handled(event):
            super().keyPressEvent(event)

    def _handled(self, event: QKeyEvent) -> bool:
        node = self.item.focus_node
        going = next_node(self.item, node, event.key())
        actions: dict[int, Callable[[], object]] = {
            Qt.Key_Plus: lambda: self.zoom_rows(ZOOM_STEP),
            Qt.Key_Equal: lambda: self.zoom_rows(ZOOM_STEP),
            Qt.Key_Minus: lambda: self.zoom_rows(1 / ZOOM_STEP),
            Qt.Key_0: self.fit,
            Qt.Key_Escape: lambda: self.node_clicked.emit(None, Qt.NoModifier),
        }
        if node is not None:
            actions |= {
                Qt.Key_Return: lambda: self.node_clicked.emit(node, event.modifiers()),
                Qt.Key_Enter: lambda: self.node_clicked.emit(node, event.modifiers()),
                Qt.Key_Space: lambda: self.preview_requested.emit(int(self.item.typical(node)[0])),
                Qt.Key_C: lambda: self.toggle_collapsed(node),
                Qt.Key_R: lambda: self.rotate_requested.emit(node),
            }
        if going is not None:
            self._focus(going)
            self.show_node(going)
        elif event.key() in actions:
            actions[event.key()]()
        else:
            return False
        return True

    def _focus(self, node: int | None) -> None:
        self.item.focus_node = node
        self.item.update()
