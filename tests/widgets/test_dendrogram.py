"""The view of the tree by itself: what the mouse does, the menu, the card, the overview."""

import time

import numpy as np
import pytest
from AnyQt.QtCore import QEvent, QPoint, QPointF, Qt
from AnyQt.QtGui import QContextMenuEvent, QMouseEvent
from AnyQt.QtTest import QTest
from AnyQt.QtWidgets import QApplication, QMenu
from orangewidget.tests.base import GuiTest
from pictures import write_images

from orangecontrib.imageembedding.clusters.link import tree_of_vectors
from orangecontrib.imageembedding.widgets.tree.heightscale import LOG
from orangecontrib.imageembedding.widgets.tree.interaction import DendrogramView

N = 40
TOP = 2 * N - 2  # the node that holds all


def wait_until(is_so):
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        QTest.qWait(5)


class TestDendrogramView(GuiTest):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path, monkeypatch):
        self.folder = tmp_path
        self.monkeypatch = monkeypatch

    def setUp(self):
        self.tree = tree_of_vectors(np.random.default_rng(0).normal(size=(N, 5)), "euclidean")
        self.view = DendrogramView()
        self.view.resize(600, 400)
        self.view.show()
        self.heard = []
        for signal in ("node_clicked", "cut_moved", "cut_released", "rotate_requested"):
            getattr(self.view, signal).connect(
                lambda *values, name=signal: self.heard.append((name, *values))
            )

    def tearDown(self):
        self.view.pixmaps.close()
        self.view.deleteLater()
        super().tearDown()

    def show(self, n_images=0):
        paths = write_images(self.folder, [f"{i}.png" for i in range(n_images)]) and [
            str(self.folder / f"{i}.png") for i in range(n_images)
        ]
        locations = [paths[i % n_images] if n_images else "" for i in range(N)]
        self.view.set_tree(self.tree.outline, [f"leaf {i}" for i in range(N)], locations)
        self.view.grab()

    def point_of(self, node):
        """Get where a click means a node, in the viewport."""
        rect = self.view.item.rect_of(node)
        x = self.view.item.x_at(self.view.item.shape_of_tree.height[node]) + 3
        point = self.view.mapFromScene(QPointF(x, rect.center().y()))
        assert self.view.item.node_at(self.view.mapToScene(point)) == node
        return point

    def mouse(self, kind, point, button=Qt.NoButton, buttons=Qt.NoButton, modifiers=Qt.NoModifier,
              widget=None):  # fmt: skip
        widget = widget or self.view.viewport()
        place = widget.mapToGlobal(point)
        QApplication.sendEvent(
            widget, QMouseEvent(kind, QPointF(point), QPointF(place), button, buttons, modifiers)
        )

    def drag(self, start, *points, widget=None):
        self.mouse(QEvent.MouseButtonPress, start, Qt.LeftButton, Qt.LeftButton, widget=widget)
        for point in points:
            self.mouse(QEvent.MouseMove, point, buttons=Qt.LeftButton, widget=widget)
        self.mouse(QEvent.MouseButtonRelease, points[-1], Qt.LeftButton, widget=widget)

    # Mouse

    def test_a_click_names_the_branch_and_the_keys_that_are_held(self):
        self.show()
        for node, modifiers in ((TOP, Qt.NoModifier), (TOP - 1, Qt.ControlModifier)):
            QTest.mouseClick(self.view.viewport(), Qt.LeftButton, modifiers, self.point_of(node))
            assert self.heard[-1] == ("node_clicked", node, modifiers)
            assert self.view.item.focus_node == node

    def test_a_click_beside_the_tree_names_nothing(self):
        self.show()
        QTest.mouseClick(self.view.viewport(), Qt.LeftButton, Qt.NoModifier, QPoint(595, 5))
        assert self.heard == [("node_clicked", None, Qt.NoModifier)]

    def test_the_cut_is_dragged_and_let_go(self):
        self.show()
        item = self.view.item
        self.view.set_cut(0.5 * item.max_height)
        start = QPoint(round(item.x_at(item.cut_height)), 200)
        self.mouse(QEvent.MouseMove, start)
        assert self.view.cursor().shape() == Qt.SplitHCursor
        self.drag(start, start + QPoint(30, 0))
        (moved, height), (released,) = self.heard
        assert (moved, released) == ("cut_moved", "cut_released")
        assert height == pytest.approx(item.height_at(start.x() + 30))
        self.mouse(QEvent.MouseMove, start + QPoint(60, 0))
        assert self.view.cursor().shape() == Qt.ArrowCursor

    def test_the_tree_is_dragged_up_and_down_and_along_the_heights(self):
        self.show()
        self.view.zoom_rows(4.0)
        self.view.zoom_heights(480, 300)
        bar, scale = self.view.verticalScrollBar(), self.view.item.scale
        bar.setValue(100)
        low = scale.low
        self.drag(QPoint(300, 200), QPoint(300, 170), QPoint(330, 140))
        assert bar.value() == 160
        assert scale.low != low
        assert self.heard == []  # it was no click

    def test_a_hand_that_trembles_clicks(self):
        self.show()
        point = self.point_of(TOP)
        self.drag(point, point + QPoint(1, 1))
        assert self.heard == [("node_clicked", TOP, Qt.NoModifier)]

    def test_without_a_tree_the_mouse_does_nothing(self):
        for button in (Qt.LeftButton, Qt.RightButton):
            QTest.mouseClick(self.view.viewport(), button, Qt.NoModifier, QPoint(50, 50))
        self.mouse(QEvent.MouseMove, QPoint(60, 60))
        self.mouse(QEvent.MouseButtonDblClick, QPoint(60, 60), Qt.LeftButton, Qt.LeftButton)
        self.menu(QPoint(50, 50))
        QTest.keyClick(self.view, Qt.Key_C)
        assert self.heard == []

    def test_a_double_click_collapses_and_expands(self):
        self.show()
        node = TOP - 1
        for collapsed in ([node], []):
            point = self.point_of(node) if not self.view.collapsed else self.view.mapFromScene(
                self.view.item.rect_of(node).center()
            )  # fmt: skip
            self.mouse(QEvent.MouseButtonDblClick, point, Qt.LeftButton, Qt.LeftButton)
            assert self.view.collapsed == collapsed

    # The menu

    def menu(self, point):
        """Get the actions of the menu at a point, by their texts."""
        menus = []
        self.monkeypatch.setattr(QMenu, "popup", lambda menu, place: menus.append(menu))
        event = QContextMenuEvent(
            QContextMenuEvent.Mouse, point, self.view.viewport().mapToGlobal(point)
        )
        QApplication.sendEvent(self.view.viewport(), event)
        return {action.text(): action for menu in menus for action in menu.actions()}

    def test_the_menu_of_a_branch(self):
        self.show()
        actions = self.menu(self.point_of(TOP - 1))
        assert list(actions) == ["Collapse branch", "Rotate branch", "Expand all",
                                 "Show whole tree"]  # fmt: skip
        actions["Rotate branch"].trigger()
        assert self.heard == [("rotate_requested", TOP - 1)]
        actions["Collapse branch"].trigger()
        assert self.view.collapsed == [TOP - 1]
        point = self.view.mapFromScene(self.view.item.rect_of(TOP - 1).center())
        assert "Expand branch" in self.menu(point)
        actions["Expand all"].trigger()
        assert self.view.collapsed == []
        self.view.zoom_rows(9.0)
        actions["Show whole tree"].trigger()
        assert self.view.part_in_sight() == pytest.approx((0, 1), abs=0.01)

    def test_the_menu_beside_the_branches(self):
        self.show()
        assert list(self.menu(QPoint(595, 5))) == ["Expand all", "Show whole tree"]

    # The card

    def card_at(self, node):
        self.view.describe = lambda node: f"node {node}\nof {N} leaves"
        point = self.point_of(node)
        self.mouse(QEvent.MouseMove, point)
        wait_until(lambda: self.view._card.isVisible())
        return self.view._card, point

    def test_a_pointer_that_rests_shows_text_and_images_in_sight(self):
        self.show(n_images=3)
        card, _ = self.card_at(TOP)
        assert card.text == f"node {TOP}\nof {N} leaves"
        assert self.view.viewport().rect().contains(card.geometry())
        with_images = card.height()
        wait_until(lambda: self.view.pixmaps.pixmap(self.view.item.locations[0], 50))
        card.grab()
        self.show()
        card, _ = self.card_at(TOP)
        assert card.height() < with_images

    def test_the_card_goes_where_there_is_room(self):
        self.show(n_images=1)
        card = self.view._card
        area = self.view.viewport().rect()
        for pointer in (area.topLeft(), area.topRight(), area.bottomLeft(), area.bottomRight()):
            card.show_at(pointer, "A branch", self.view.item.locations[:4])
            assert area.contains(card.geometry())
            assert not card.geometry().contains(pointer) or pointer.y() == area.bottom()

    def test_the_card_goes_with_the_pointer_and_the_tree(self):
        self.show()
        for end in (
            lambda: QApplication.sendEvent(self.view, QEvent(QEvent.Leave)),
            lambda: self.mouse(QEvent.MouseMove, QPoint(590, 5)),
            lambda: self.view.clear(),
        ):
            card, _ = self.card_at(TOP)
            end()
            assert not card.isVisible()

    # The overview and the scale

    def test_the_overview_goes_where_it_is_clicked_and_dragged(self):
        self.show()
        self.view.zoom_rows(8.0)
        overview = self.view._minimap
        overview.grab()
        assert overview.isVisible()
        high = overview.height()
        self.mouse(QEvent.MouseButtonPress, QPoint(5, high - 2), Qt.LeftButton, Qt.LeftButton,
                   widget=overview)  # fmt: skip
        assert self.view.part_in_sight()[1] == pytest.approx(1, abs=0.02)
        self.mouse(QEvent.MouseMove, QPoint(5, high // 2), widget=overview)  # no button is held
        assert self.view.part_in_sight()[1] == pytest.approx(1, abs=0.02)
        self.mouse(QEvent.MouseMove, QPoint(5, high // 2), buttons=Qt.LeftButton, widget=overview)
        first, last = self.view.part_in_sight()
        assert (first + last) / 2 == pytest.approx(0.5, abs=0.03)

    def test_the_cut_is_dragged_in_the_scale(self):
        self.show()
        axis = self.view._axis
        self.drag(QPoint(150, 5), QPoint(200, 5), widget=axis)
        first, last = (self.view.item.height_at(x) for x in (150, 200))
        assert self.heard == [("cut_moved", first), ("cut_moved", last), ("cut_released",)]
        axis.grab()

    def test_the_scale_has_round_heights_in_sight(self):
        self.show()
        for kind in ("linear", LOG):
            self.view.set_scale(kind)
            for _ in range(6):
                scale = self.view.item.scale
                ticks = scale.ticks(400)
                assert 1 <= len(ticks) <= 15
                low, high = scale.height(scale.low), scale.height(scale.high)
                assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)
                self.view.grab()
                self.view.zoom_heights(480, 250)
