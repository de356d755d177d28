"""The small views of a few images: pairs that are so similar, and witnesses of a label."""

import pytest
from AnyQt.QtCore import QPoint, Qt
from AnyQt.QtGui import QColor
from AnyQt.QtTest import QTest
from orangewidget.tests.base import WidgetTest
from PIL import Image

from orangecontrib.imageembedding.widgets.checks.witnesses import Witnesses
from orangecontrib.imageembedding.widgets.duplicates.examplepairs import GAP, SIDE, ExamplePairs
from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps

COLORS = ("#c02020", "#20a040", "#2040c0")


class TestExampleImages(WidgetTest):
    @pytest.fixture(autouse=True)
    def _images(self, tmp_path):
        self.paths = []
        for i, color in enumerate(COLORS):
            self.paths.append(str(tmp_path / f"{i}.png"))
            Image.new("RGB", (40, 40), color).save(self.paths[-1])

    def setUp(self):
        self.pixmaps = Pixmaps()

    def tearDown(self):
        self.pixmaps.close()
        super().tearDown()

    def color_at(self, view, point):
        return view.grab().toImage().pixelColor(point)

    def shows(self, view, point, color):
        """Wait until a view shows a color at a point."""
        self.process_events(lambda: self.color_at(view, point) == QColor(color))

    def test_pairs_are_drawn_side_by_side(self):
        view = ExamplePairs(self.pixmaps)
        view.resize(view.sizeHint())
        view.set_pairs([(self.paths[0], self.paths[1]), (self.paths[1], self.paths[2]), ("", "")])
        assert len(view.pairs) == 2
        assert self.paths[2] in view.toolTip()
        middle = GAP + SIDE // 2
        second = 2 * SIDE + 3 * GAP
        lefts = (0, SIDE + 1, second, second + SIDE + 1)
        shown = (COLORS[0], COLORS[1], COLORS[1], COLORS[2])
        for left, color in zip(lefts, shown, strict=True):
            self.shows(view, QPoint(left + SIDE // 2, middle), color)

    def test_without_pairs_or_images_there_is_a_text_or_a_frame(self):
        view = ExamplePairs(self.pixmaps)
        view.resize(view.sizeHint())
        empty = view.grab().toImage()
        view.set_pairs([("/missing.png", "/missing too.png")])
        frame = view.palette().color(view.foregroundRole())
        self.shows(view, QPoint(0, GAP), frame.name())
        view.set_pairs([])
        assert view.grab().toImage() == empty

    def test_witnesses_are_drawn_and_opened_by_a_double_click(self):
        view, opened = Witnesses(self.pixmaps), []
        view.opened.connect(opened.append)
        low = view.sizeHint().height()
        images = [(7, self.paths[0]), (9, self.paths[2])]
        view.show_images("b.png: others say cow", "Most like it:", images)
        assert view.rows == [7, 9]
        assert view.sizeHint().height() > low
        assert view.accessibleDescription() == "b.png: others say cow"
        view.resize(400, view.sizeHint().height())
        for place, color in ((0, COLORS[0]), (1, COLORS[2])):
            self.shows(view, view.rect_of(place).center(), color)
        for point in (view.rect_of(1).center(), QPoint(2, 2)):
            QTest.mouseDClick(view, Qt.LeftButton, Qt.NoModifier, point)
        assert opened == [9]
