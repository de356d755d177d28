"""Example workflows on the canvas: nothing overlaps, and every station is explained."""

from itertools import combinations
from pathlib import Path

import pytest
from AnyQt.QtGui import QPainterPath
from Orange.canvas.config import Config
from orangecanvas.document.schemeedit import SchemeEditWidget
from orangecanvas.registry.qt import QtWidgetRegistry
from orangecanvas.scheme import Scheme
from orangecanvas.scheme.readwrite import scheme_load
from orangewidget.tests.base import GuiTest

from orangecontrib.imageembedding import examples

WORKFLOWS = sorted(Path(examples.__file__).parent.glob("*.ows"))
BELOW_PX = 120  # of a station: there begins what explains it


def outline(item) -> QPainterPath:
    path = QPainterPath()
    path.addPolygon(item.mapToScene(item.boundingRect()))
    path.closeSubpath()
    return path


class TestExamples(GuiTest):
    @pytest.fixture(autouse=True, scope="class")
    def _registry(self, request):
        self.setUpClass()
        discovery = Config.widget_discovery(QtWidgetRegistry())
        discovery.run(Config.widgets_entry_points())
        request.cls.registry = discovery.registry

    def on_canvas(self, path):
        scheme, editor = Scheme(), SchemeEditWidget()
        with path.open("rb") as file:
            scheme_load(scheme, file, self.registry)
        editor.setRegistry(self.registry)
        editor.setScheme(scheme)
        editor.resize(1100, 700)
        editor.grab()  # lays it out
        return editor

    def test_nothing_overlaps(self):
        for path in WORKFLOWS:
            editor = self.on_canvas(path)
            scene = editor.scene()
            nodes = {
                f"{kind} {node.title()}": outline(item)
                for node in scene.node_items()
                for kind, item in (("node", node.shapeItem), ("title", node.captionTextItem))
            }
            labels = {
                f"label {i} {link.sourceName()} → {link.sinkName()}": outline(link.linkTextItem)
                for i, link in enumerate(scene.link_items())
            }
            notes = {f"note {i}": outline(a) for i, a in enumerate(scene.annotation_items())}
            parts = nodes | labels | notes
            for one, other in combinations(parts, 2):
                if one.split(" ", 1)[1] != other.split(" ", 1)[1]:
                    assert not parts[one].intersects(parts[other]), (path.name, one, other)
            editor.deleteLater()

    def test_a_note_below_each_station_explains_it(self):
        for path in WORKFLOWS:
            editor = self.on_canvas(path)
            notes = [a.mapRectToScene(a.boundingRect()) for a in editor.scene().annotation_items()]
            for node in editor.scene().node_items():
                x, y = node.pos().x(), node.pos().y()
                assert any(
                    note.left() < x < note.right() and y < note.top() < y + BELOW_PX
                    for note in notes
                ), (path.name, node.title())
            editor.deleteLater()
