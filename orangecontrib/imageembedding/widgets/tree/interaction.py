"""A dendrogram whose leaves are images: point, collapse, choose, with mouse and keys."""

from __future__ import annotations

from collections.abc import Callable

from AnyQt.QtCore import QEvent, QPoint, QRect, Qt, QTimer, pyqtSignal
from AnyQt.QtGui import QContextMenuEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QWheelEvent
from AnyQt.QtWidgets import QApplication, QMenu

from orangecontrib.imageembedding.widgets.tree.hovercard import HoverCard
from orangecontrib.imageembedding.widgets.tree.keys import next_node
from orangecontrib.imageembedding.widgets.tree.nameedit import NameEdit
from orangecontrib.imageembedding.widgets.tree.painting import name_font
from orangecontrib.imageembedding.widgets.tree.view import WHEEL_STEP, ZOOM_STEP, TreeView

GRAB_PX = 4
HOVER_MS = 120


class DendrogramView(TreeView):
    """Lets the user walk through a tree and say which branches are meant."""

    node_clicked = pyqtSignal(object, object)
    """The node, None outside the tree, and the keyboard modifiers."""
    cut_moved = pyqtSignal(float)
    """The height to which the cut is dragged; `cut_released` when that ends."""
    cut_released = pyqtSignal()
    rotate_requested = pyqtSignal(int)
    renamed = pyqtSignal(int, str)
    """A cluster and its new name; "" for that by its place."""
    preview_requested = pyqtSignal(int)
    """A leaf whose image is to be shown large."""

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAccessibleName("Dendrogram")
        self.setAccessibleDescription(
            "Arrows go through the tree, Enter selects, Ctrl and Shift add, Space shows the image, "
            "C collapses, R rotates, F2 renames a cluster, Ctrl+Z undoes, plus and minus zoom, "
            "0 shows all."
        )
        self.describe: Callable[[int], str] = lambda node: ""
        self._card = HoverCard(self.viewport(), self.pixmaps.pixmap)
        self._hover = QTimer(self, singleShot=True, interval=HOVER_MS)
        self._hover.timeout.connect(self._show_card)
        self._pressed: QPoint | None = None
        self._drags = ""

    def clear(self) -> None:
        self._card.hide()
        super().clear()

    def _pixmap_ready(self, location: str) -> None:
        super()._pixmap_ready(location)
        self._card.update()

    # Mouse and keys

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta().y() or event.angleDelta().x()
        if self.item is None or not turn:
            return
        self._card.hide()
        self._leave_place()
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
            self._leave_place()
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
            if self._named_at(event.pos()) is not None:  # a double click may follow
                return
            node = self.item.node_at(self.mapToScene(event.pos()))
            self._focus(node)
            self.node_clicked.emit(node, event.modifiers())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.item is None:
            return
        named = self._named_at(event.pos())
        node = self.item.node_at(self.mapToScene(event.pos()))
        if named is not None:
            self.edit_name(named)
        elif node is not None:
            self.toggle_collapsed(node)

    def _name_places(self) -> dict[int, QRect]:
        """Get where the names of clusters stand in the window."""
        metrics = QFontMetricsF(name_font(self.font()))
        seen = self.mapToScene(self.viewport().rect()).boundingRect()
        return {
            node: self.mapFromScene(self.tree_item.name_rect(node, text, metrics)).boundingRect()
            for node, text in self.tree_item.names_in_sight(seen.top(), seen.bottom())
        }

    def _named_at(self, point: QPoint) -> int | None:
        places = self._name_places().items()
        return next((node for node, place in places if place.contains(point)), None)

    def edit_name(self, node: int) -> None:
        """Let the user type another name for a cluster in sight."""
        place = self._name_places().get(node)
        if place is not None:
            self._card.hide()
            name = self.tree_item.names[self.tree_item.tops.tolist().index(node)]
            NameEdit(self.viewport(), place, name, lambda text: self.renamed.emit(node, text))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover.stop()
        self._card.hide()
        super().leaveEvent(event)

    def _is_at_cut(self, point: QPoint) -> bool:
        item = self.tree_item
        if item.cut_height is None or point.x() > item.tree_right:
            return False
        is_near = abs(point.x() - float(item.x_at(item.cut_height))) <= GRAB_PX
        return is_near and self._named_at(point) is None

    def _show_card(self) -> None:
        is_typing = isinstance(QApplication.focusWidget(), NameEdit)
        if self.item is None or is_typing or QApplication.activePopupWidget() is not None:
            return
        node = self._named_at(self._pointer)
        if node is None:
            node = self.item.node_at(self.mapToScene(self._pointer))
        if node is not None:
            locations = [self.item.locations[leaf] for leaf in self.item.typical(node)]
            self._card.show_at(self._pointer, self.describe(node), locations)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.item is None:
            return
        self._hover.stop()
        self._card.hide()
        node = self.item.node_at(self.mapToScene(event.pos()))
        menu = QMenu(self)
        if node is not None and node >= len(self.item.labels):
            name = "Expand branch" if node in self.collapsed else "Collapse branch"
            menu.addAction(name).triggered.connect(lambda: self.toggle_collapsed(node))
            menu.addAction("Rotate branch").triggered.connect(
                lambda: self.rotate_requested.emit(node)
            )
        if node in self._name_places():
            menu.addAction("Rename cluster").triggered.connect(lambda: self.edit_name(node))
        menu.addAction("Expand all").triggered.connect(lambda: self.set_collapsed([]))
        menu.addAction("Show whole tree").triggered.connect(self.fit)
        menu.setAttribute(Qt.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.item is None or not self._handled(event):
            super().keyPressEvent(event)

    def _handled(self, event: QKeyEvent) -> bool:
        item = self.tree_item
        node = item.focus_node
        going = next_node(item, node, event.key())
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
                Qt.Key_Space: lambda: self.preview_requested.emit(int(item.typical(node)[0])),
                Qt.Key_F2: lambda: self.edit_name(node),
                Qt.Key_C: lambda: self.toggle_collapsed(node),
                Qt.Key_R: lambda: self.rotate_requested.emit(node),
            }
        if going is not None:
            self.set_focus(going)
        elif event.key() in actions:
            actions[event.key()]()
        else:
            return False
        return True

    def set_focus(self, node: int) -> None:
        """Bring a branch into sight and give it the focus of the keyboard."""
        self._focus(node, by_keys=True)
        self.show_node(node)

    def _focus(self, node: int | None, *, by_keys: bool = False) -> None:
        self.tree_item.focus_node = node
        self.tree_item.shows_focus = by_keys
        self.tree_item.update()
