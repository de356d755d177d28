import numpy as np
import pytest
from AnyQt.QtCore import QEvent, QPointF, QRectF, Qt
from AnyQt.QtGui import QColor, QDrag, QImage, QMouseEvent, QPalette
from AnyQt.QtTest import QTest
from AnyQt.QtWidgets import QApplication, QMenu
from embedded_tables import Corpus, with_features
from Orange.data import ContinuousVariable, Domain, StringVariable, Table
from Orange.widgets.io import PdfFormat, PngFormat, SvgFormat
from Orange.widgets.tests.base import WidgetTest
from pictures import write_images
from PIL import Image

from orangecontrib.imageembedding.pipeline import import_images
from orangecontrib.imageembedding.widgets.map.layers import TINT_CELLS
from orangecontrib.imageembedding.widgets.map.pictures import TORN
from orangecontrib.imageembedding.widgets.map.view import LASSO, PAN, ZOOM
from orangecontrib.imageembedding.widgets.mapping import tasks
from orangecontrib.imageembedding.widgets.mapping.tasks import COLUMNS, PCA, LaidOut
from orangecontrib.imageembedding.widgets.owimagemap import OWImageMap
from orangecontrib.imageembedding.widgets.shared import dragging

NAMES = [f"cat/{i}.png" for i in range(6)] + [f"dog/{i}.png" for i in range(6, 12)]
SQUARE = np.array([(x, y) for y in (0.0, 1.0, 2.0) for x in (0.0, 1.0, 2.0, 3.0)])


class TestOWImageMap(WidgetTest):
    @pytest.fixture(autouse=True)
    def _images(self, tmp_path, monkeypatch):
        self.monkeypatch, self.tmp_path = monkeypatch, tmp_path
        self.folder = write_images(tmp_path / "animals", NAMES)
        self.found = import_images(self.folder).table
        groups = np.repeat(np.eye(2), 6, axis=0) * 9
        noise = np.random.default_rng(0).normal(size=(12, 8)) * 0.3
        self.images = with_features(self.found, np.hstack([groups, noise]))
        self.placed = with_features(self.found, SQUARE, ["t-SNE-x", "t-SNE-y"], hidden=False)

    def setUp(self):
        self.widget = self.create_widget(OWImageMap)

    def send(self, data, widget=None):
        widget = widget or self.widget
        self.send_signal(widget.Inputs.data, data, widget=widget)
        self.wait_until_finished(widget=widget)
        self.settle(widget)

    def settle(self, widget=None):
        widget = widget or self.widget
        self.process_events(
            until=lambda: (
                widget.task is None and widget.view.is_settled and not widget.findings.is_busy
            )
        )

    def selected(self, widget=None):
        widget = widget or self.widget
        return self.get_output(widget.Outputs.selected_data, widget=widget)

    def all_images(self):
        return self.get_output(self.widget.Outputs.data)

    def shown(self, data=None):
        """A map of 4 × 3 pictures, row 0 at the lower left."""
        self.send(self.placed if data is None else data)
        self.widget.resize(1000, 800)
        self.widget.show()
        self.widget.view.grab()
        return self.widget.view

    def point_of(self, row):
        return self.widget.view.point_of_row(row)

    def groups(self):
        return self.widget.view.groups.tolist()

    def click(self, row, modifier=Qt.NoModifier):
        point = self.point_of(row).toPoint()
        QTest.mouseClick(self.widget.view, Qt.LeftButton, modifier, point)

    def drag(self, points, modifier=Qt.NoModifier, button=Qt.LeftButton):
        view = self.widget.view
        QTest.mousePress(view, button, modifier, points[0].toPoint())
        for start, end in zip(points, points[1:], strict=False):
            for part in (0.5, 1.0):
                point = start + (end - start) * part
                place = QPointF(view.mapToGlobal(point.toPoint()))
                event = QMouseEvent(QEvent.MouseMove, point, place, Qt.NoButton, button, modifier)
                QApplication.sendEvent(view, event)
        QTest.mouseRelease(view, button, modifier, points[-1].toPoint())

    # What goes on

    def test_similar_images_lie_near_each_other_and_all_go_on_with_their_places(self):
        self.send(self.images)
        images = self.all_images()
        places = np.column_stack([images.get_column(name) for name in ("map-x", "map-y")])
        np.testing.assert_array_equal(places, self.widget.laid_out.coordinates)
        apart = np.linalg.norm(places[:, None] - places, axis=2)
        nearest = np.argsort(apart, axis=1)[:, 1:4]
        assert ((nearest < 6) == (np.arange(12) < 6)[:, None]).all()
        assert isinstance(images, Corpus)
        np.testing.assert_array_equal(images.ids, self.images.ids)
        assert [str(row["Selected"]) for row in images] == ["No"] * 12
        assert self.selected() is None
        assert "keeps" in self.widget.count_label.text()

    def test_the_same_data_give_the_same_map(self):
        self.send(self.images)
        first = self.widget.laid_out.coordinates
        self.send(None)
        self.send(self.images)
        np.testing.assert_array_equal(self.widget.laid_out.coordinates, first)

    def test_selected_images_go_on_with_group_and_place(self):
        self.send(self.placed)
        self.widget.view.set_groups(np.array([0, 1, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0]))
        chosen = self.selected()
        assert isinstance(chosen, Corpus)
        assert list(chosen.ids) == list(self.images.ids[[1, 4, 7]])
        assert [str(row["Group"]) for row in chosen] == ["G1", "G2", "G1"]
        assert chosen.get_column("map-x").tolist() == [1, 0, 3]
        assert chosen.get_column("map-y").tolist() == [0, 1, 1]
        marks = [str(row["Selected"]) for row in self.all_images()]
        assert marks[:5] == ["Unselected", "G1", "Unselected", "Unselected", "G2"]

    # Where images lie

    def test_columns_that_are_named_as_coordinates_are_the_map_where_there_are_no_embeddings(self):
        for names in (
            ("map-x", "map-y"), ("t-SNE-x", "t-SNE-y"), ("longitude", "latitude"),
            ("PC1", "PC2"), ("Lon", "Lat"), ("x", "y"),
        ):  # fmt: skip
            self.send(with_features(self.found, SQUARE, names, hidden=False))
            assert self.widget.layout_id == COLUMNS, names
            assert (self.widget.x_attr.name, self.widget.y_attr.name) == names
            np.testing.assert_array_equal(self.widget.laid_out.coordinates, SQUARE)
        self.send(self.images)
        assert self.widget.layout_id == "tsne"

    def choose_layout(self, layout_id):
        combo = self.widget.layout_combo
        combo.activated.emit(combo.findData(layout_id))
        self.wait_until_finished()

    def test_principal_components_are_there_at_once_and_columns_may_be_chosen(self):
        self.send(self.images)
        tsne = self.widget.laid_out.coordinates
        self.choose_layout(PCA)
        first = self.widget.laid_out.coordinates
        assert np.ptp(first[:, 0]) > np.ptp(first[:, 1])
        assert not np.array_equal(tsne, first)
        image = self.images.domain["image"]
        self.send(self.images.transform(Domain(self.images.domain.attributes, None, [image])))
        self.choose_layout(COLUMNS)
        assert self.widget.Error.no_axes.is_shown()
        assert self.all_images() is None
        assert self.widget.axes_box.isVisibleTo(self.widget)

    def test_columns_that_are_chosen_are_known_again(self):
        data = with_features(self.found, np.hstack([SQUARE, SQUARE]), list("abcd"), hidden=False)
        self.send(data)
        assert self.widget.layout_id == "tsne"
        self.widget.x_attr, self.widget.y_attr = data.domain["d"], data.domain["c"]
        self.choose_layout(COLUMNS)
        np.testing.assert_array_equal(self.widget.laid_out.coordinates, SQUARE[:, ::-1])
        self.send(self.images)
        self.send(data)
        assert (self.widget.layout_id, self.widget.x_attr.name) == (COLUMNS, "d")
        np.testing.assert_array_equal(self.widget.laid_out.coordinates, SQUARE[:, ::-1])

    def test_rows_with_missing_numbers_are_not_on_the_map_but_go_on(self):
        for data in (self.images, self.placed):
            numbers = data.X.copy()
            numbers[[2, 6], 0] = np.nan
            with data.unlocked():
                data.X = numbers
            self.send(data)
            assert "2 rows are not on the map" in str(self.widget.Warning.incomplete)
            assert len(self.widget.view.points) == 10
            places = self.all_images().get_column("map-x")
            assert np.flatnonzero(np.isnan(places)).tolist() == [2, 6]
            self.widget.view.select_rows([2])
            assert len(self.selected()) == 1
        self.send(self.found)
        assert not self.widget.Warning.incomplete.is_shown()

    def test_few_rows_and_identical_images(self):
        for data in (self.images[:1], self.images[:2], self.images[[3, 3, 3]], self.placed[:1],
                     self.placed[[5, 5]], self.images.to_sparse()):  # fmt: skip
            self.send(data)
            assert len(self.all_images()) == len(self.widget.view.points) == len(data)
            self.widget.grab()
            same = len(data) > 1 and len(np.unique(self.widget.laid_out.coordinates, axis=0)) == 1
            assert self.widget.Information.one_place.is_shown() == same
        self.send(self.images[:0])
        self.widget.grab()
        assert "no rows" in self.widget.view.hint
        assert self.all_images() is None

    def test_another_image_column_shows_its_images_in_the_same_places(self):
        turned = list(self.placed.get_column("image"))[::-1]
        data = self.placed.add_column(StringVariable("other"), turned, to_metas=True)
        self.send(data)
        view = self.widget.view
        view.select_rows([2])
        places = view.points.places
        self.widget.image_attr = self.widget.data.domain["other"]
        self.widget._column_changed()
        assert list(view.locations) == turned
        assert view.points.places is places
        assert view.selected_rows() == [2]
        assert self.all_images().domain["other"].attributes["type"] == "image"

    def test_what_cannot_be_laid_out_is_an_error_that_says_why(self):
        self.send(self.images[:, self.images.domain.metas])
        assert "no numeric columns" in str(self.widget.Error.failed)
        assert self.all_images() is None
        self.send(self.images)
        assert not self.widget.Error.active
        self.send(None)
        assert self.all_images() is None

    def test_rows_without_images_are_dots(self):
        self.send(Table("iris"))
        assert "dots are shown" in str(self.widget.Warning.no_column)
        self.widget.view.grab()
        assert not len(self.widget.view.shown.positions)
        self.widget.view.select_rows([3, 70])
        assert len(self.selected()) == 2
        self.send(self.images)
        assert not self.widget.Warning.no_column.is_shown()

    def test_cancel_keeps_the_map_as_it_is(self):
        half = np.roll(SQUARE, 3, axis=0).astype(np.float32)

        def half_done(data, method, seed, progress, *, map_columns, live):
            live(half)
            while True:
                progress(0.5)

        self.monkeypatch.setattr(tasks.pipeline, "map_images", half_done)
        self.send_signal(self.widget.Inputs.data, self.images)
        self.process_events(until=lambda: self.widget.laid_out is not None)
        self.widget.cancel_button.click()
        assert self.widget.Information.cancelled.is_shown()
        np.testing.assert_array_equal(self.all_images().get_column("map-x"), half[:, 0])
        self.monkeypatch.undo()
        assert self.widget.cancel_button.text() == "Lay Out Again"
        self.widget.cancel_button.click()
        self.wait_until_finished()
        assert not self.widget.Information.cancelled.is_shown()
        assert not self.widget.cancel_button.isEnabled()

    def test_spread_out_pictures_do_not_overlap_and_the_output_keeps_the_places(self):
        numbers = np.repeat(SQUARE[:6], 2, axis=0)  # each place twice
        self.send(with_features(self.found, numbers, ["x", "y"], hidden=False))
        self.widget.controls.is_spread.click()
        self.wait_until_finished()
        self.settle()
        places = self.widget.view.points.places
        assert len(np.unique(places, axis=0)) == 12
        assert self.all_images().get_column("map-x").tolist() == numbers[:, 0].tolist()
        self.widget.controls.is_spread.click()
        self.wait_until_finished()
        self.settle()
        assert len(np.unique(self.widget.view.points.places, axis=0)) == 6

    # The mouse and the keyboard

    def test_clicks_select_one_shift_a_new_group_and_ctrl_more_or_fewer(self):
        self.shown()
        self.click(4)
        assert self.groups() == [int(i == 4) for i in range(12)]
        self.click(0, Qt.ShiftModifier)
        self.click(1, Qt.ControlModifier)
        assert self.groups()[:5] == [2, 2, 0, 0, 1]
        self.click(4, Qt.ControlModifier)
        assert self.groups()[:5] == [1, 1, 0, 0, 0]
        QTest.keyClick(self.widget.view, Qt.Key_Escape)
        assert self.groups() == [0] * 12
        self.widget.hide()

    def corners(self, first, last, margin=8.0):
        rect = QRectF(self.point_of(first), self.point_of(last)).normalized()
        rect.adjust(-margin, -margin, margin, margin)
        return [rect.topLeft(), rect.topRight(), rect.bottomRight(), rect.bottomLeft()]

    def test_a_rectangle_selects_the_images_whose_places_are_in_it(self):
        self.shown()
        top_left, _, bottom_right, _ = self.corners(0, 5)
        self.drag([top_left, bottom_right])
        assert np.flatnonzero(self.groups()).tolist() == [0, 1, 4, 5]
        top_left, _, bottom_right, _ = self.corners(6, 7)
        self.drag([top_left, bottom_right], Qt.ShiftModifier)
        assert self.groups() == [1, 1, 0, 0, 1, 1, 2, 2, 0, 0, 0, 0]
        self.widget.hide()

    def test_a_lasso_selects_what_it_surrounds(self):
        self.shown()
        self.widget.tool_bar.buttons[LASSO].click()
        assert self.widget.tool == LASSO
        step = self.point_of(1) - self.point_of(0)
        away = QPointF(step.x() / 2, step.x() / 2)
        # Around the lower left and the upper left, but past the one between them.
        bend = self.point_of(4) + QPointF(12, 0)
        line = [
            self.point_of(0) - away, self.point_of(8) - QPointF(away.x(), 20),
            self.point_of(8) + QPointF(away.x(), -20), bend, self.point_of(0) + away,
            self.point_of(0) + QPointF(-10, away.y()), self.point_of(4) - QPointF(12, -5),
        ]  # fmt: skip
        self.drag(line)
        inside = np.flatnonzero(self.groups()).tolist()
        assert 4 in inside
        assert set(inside) <= {0, 4, 8}
        self.drag([self.point_of(3), self.point_of(3) + QPointF(1, 1)])
        assert np.flatnonzero(self.groups()).tolist() == [3]  # hardly moved: a click
        self.widget.hide()

    def test_the_zoom_tool_zooms_into_a_rectangle_and_by_clicks(self):
        view = self.shown()
        whole = view.camera.scale
        self.widget.tool_bar.buttons[ZOOM].click()
        top_left, _, bottom_right, _ = self.corners(0, 5)
        middle = view.camera.place_of((top_left + bottom_right) / 2)
        self.drag([top_left, bottom_right])
        center = view.camera.place_of(QPointF(view.width() / 2, view.height() / 2))
        assert (center - middle).manhattanLength() < 0.01
        before = view.camera.scale
        assert before > 1.5 * whole
        QTest.mouseClick(view, Qt.LeftButton, Qt.NoModifier, view.rect().center())
        assert view.camera.scale == pytest.approx(2 * before)
        QTest.mouseClick(view, Qt.RightButton, Qt.NoModifier, view.rect().center())
        assert view.camera.scale == pytest.approx(before)
        self.widget.tool_bar.fit_button.click()
        assert view.camera.scale == pytest.approx(whole)
        assert not any(self.groups())
        self.widget.hide()

    def test_the_pan_tool_and_the_middle_button_move_the_map(self):
        view = self.shown()
        view.zoom_by(3)
        for tool, button in ((PAN, Qt.LeftButton), (LASSO, Qt.MiddleButton)):
            self.widget.tool_bar.buttons[tool].click()
            before = self.point_of(5)
            self.drag([QPointF(300, 300), QPointF(340, 320)], button=button)
            moved = self.point_of(5) - before
            assert (moved - QPointF(40, 20)).manhattanLength() < 0.01
        self.widget.hide()

    def test_arrows_go_to_the_nearest_picture_that_way_and_enter_selects(self):
        view = self.shown()
        view.set_focus_row(0)
        for key, row in (
            (Qt.Key_Right, 1), (Qt.Key_Up, 5), (Qt.Key_Right, 6), (Qt.Key_Down, 2),
            (Qt.Key_Left, 1), (Qt.Key_Down, 1),
        ):  # fmt: skip
            QTest.keyClick(view, key)
            assert view.look.focus == row
        assert not any(self.groups())
        QTest.keyClick(view, Qt.Key_Return)
        QTest.keyClick(view, Qt.Key_Right)
        QTest.keyClick(view, Qt.Key_Return, Qt.ShiftModifier)
        assert self.groups()[:4] == [0, 1, 2, 0]
        QTest.keyClick(view, Qt.Key_Return, Qt.ControlModifier)
        assert self.groups()[:4] == [0, 1, 0, 0]
        QTest.keyClick(view, Qt.Key_A, Qt.ControlModifier)
        assert self.groups() == [1] * 12
        QTest.keyClick(view, Qt.Key_Plus)
        assert not view.is_whole
        QTest.keyClick(view, Qt.Key_0)
        assert view.is_whole
        self.widget.hide()

    def test_space_and_a_double_click_show_an_image_large(self):
        view = self.shown()
        view.set_focus_row(2)
        QTest.keyClick(view, Qt.Key_Space)
        preview = self.widget._preview
        assert preview.isVisible()
        assert "2.png" in preview.facts.text().replace("\u200b", "")
        QTest.keyClick(preview, Qt.Key_Right)
        assert view.look.focus == 3
        QTest.keyClick(preview, Qt.Key_Space)
        QTest.mouseDClick(view, Qt.LeftButton, Qt.NoModifier, self.point_of(6).toPoint())
        assert preview.position == 6
        self.send(None)
        assert not preview.isVisible()
        self.widget.hide()

    def test_the_pointer_enlarges_an_image_and_rings_those_that_are_really_nearest(self):
        angles = np.radians([0, 90, 3, 91, 92, 1, 93, 94, 2, 95, 4, 5])
        directions = np.column_stack([np.cos(angles), np.sin(angles)])
        data = with_features(self.found, np.hstack([directions, directions]))
        for name, values in zip(("x", "y"), SQUARE.T, strict=True):
            data = data.add_column(ContinuousVariable(name), values, to_metas=True)
        self.send(data)
        self.choose_layout(COLUMNS)
        self.settle()
        view = self.widget.view
        view.resize(800, 700)
        view.grab()
        view.hover.move_to(0)
        self.process_events(until=lambda: len(view.hover.neighbors))
        assert list(view.hover.neighbors) == [5, 8, 2, 10, 11]
        assert view.hover.card.isVisibleTo(view)
        assert "0.png" in view.hover.card.text
        view.grab()
        view.hover.move_to(-1)
        assert not view.hover.card.isVisibleTo(view)

    # Regions and honesty

    def islands(self, n=40):
        """Images in three islands, of which the third is as large as the others together."""
        names = [f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(n)]
        found = import_images(write_images(self.tmp_path / "islands", names)).table
        places = np.random.default_rng(0).normal(size=(2 * n, 2)) * 0.3
        places[: n // 2] += 10
        places[n // 2 : n] -= 10
        return with_features(found, places, ["x", "y"], hidden=False)

    def test_regions_are_found_named_drawn_and_go_out(self):
        self.widget.controls.shows_regions.click()
        data = self.islands()
        self.send(data)
        regions = self.widget.findings.regions
        assert np.bincount(regions.labels).tolist() == [40, 20, 20]
        assert regions.names[0] == "dog"
        assert {name.rpartition(" ")[0] or name for name in regions.names[1:]} == {"cat"}
        assert len(set(regions.names)) == 3
        assert "3 regions" in self.widget.regions_label.text()
        images = self.all_images()
        assert [str(row["Region"]) for row in images[40:]] == ["dog"] * 40
        assert len({str(row["Region"]) for row in images[:20]}) == 1
        self.widget.view.select_rows(range(15, 25))
        chosen = self.selected()
        assert {str(row["Region"]) for row in chosen} == set(regions.names[1:])
        view = self.widget.view
        view.resize(800, 600)
        view.grab()
        shown = {name.text: name.row for name, _ in view.shown.names}
        assert shown == dict(zip(regions.names, regions.medoids.tolist(), strict=True))
        place = view.camera.place_of(view.point_of_row(int(regions.medoids[0]))) * TINT_CELLS
        assert view.drawing.tint.pixelColor(place.toPoint()).alpha() > 0
        assert view.drawing.tint.pixelColor(TINT_CELLS - 5, 100).alpha() == 0
        self.widget.controls.shows_regions.click()
        self.settle()
        assert "Region" not in self.all_images().domain
        assert view.drawing.tint is None

    def test_finer_regions_are_more(self):
        self.widget.controls.shows_regions.click()
        self.send(self.islands())
        numbers = []
        for fineness in (0, 100):
            self.widget.fineness_slider.setValue(fineness)
            self.settle()
            numbers.append(len(self.widget.findings.regions.names))
        assert numbers[0] <= numbers[1]
        assert self.widget.fineness == 100

    def test_images_torn_from_their_neighbors_are_marked_on_request(self):
        random = np.random.default_rng(0)
        names = [f"{i}.png" for i in range(80)]
        found = import_images(write_images(self.tmp_path / "many", names)).table
        angles = np.linspace(0, 1.5, 80)
        directions = np.column_stack([np.cos(angles), np.sin(angles)])
        places = np.column_stack([angles, random.random(80) * 0.1])
        places[[0, 1, 2]] += 50  # the first three lie far from those that are next to them
        data = with_features(found, directions)
        for name, values in zip(("x", "y"), places.T, strict=True):
            data = data.add_column(ContinuousVariable(name), values, to_metas=True)
        self.send(data)
        self.choose_layout(COLUMNS)
        self.settle()
        assert "keeps" in self.widget.count_label.text()
        assert "trustworthiness" in self.widget.count_label.text()
        assert self.widget.view.look.torn is None
        self.widget.controls.marks_torn.click()
        self.settle()
        assert np.flatnonzero(self.widget.view.look.torn).tolist() == [0, 1, 2]
        assert "3 images" in self.widget.torn_label.text()
        view = self.widget.view
        view.resize(900, 700)
        view.show_whole()
        image = view.grab().toImage()
        point = view.point_of_row(1)
        near = [
            image.pixelColor(int(point.x()) + dx, int(point.y()) + dy)
            for dx in range(-24, 25) for dy in range(-24, 25)
        ]  # fmt: skip
        assert TORN in near
        self.widget.controls.marks_torn.click()
        assert view.look.torn is None

    def test_new_images_find_their_place_on_the_map(self):
        names = [f"{i}.png" for i in range(40)]
        found = import_images(write_images(self.tmp_path / "many", names)).table
        groups = np.repeat(np.eye(2), 20, axis=0) * 9
        noise = np.random.default_rng(0).normal(size=(40, 8)) * 0.3
        data = with_features(found, np.hstack([groups, noise]))
        self.send(data[:36])
        mapped = self.all_images()
        more = data[[17, 36, 39]].transform(mapped.domain)
        places = np.column_stack([more.get_column(name) for name in ("map-x", "map-y")])
        old = self.widget.laid_out.coordinates
        middles = old[:20].mean(axis=0), old[20:].mean(axis=0)
        for place, own, other in ((0, 0, 1), (1, 1, 0), (2, 1, 0)):
            far = [np.linalg.norm(places[place] - middles[i]) for i in (own, other)]
            assert far[0] < far[1]

    # What is to be seen

    def plain_images(self, places, size=(48, 48)):
        """Images of one color each."""
        folder = self.tmp_path / "plain"
        folder.mkdir()
        for i in range(len(places)):
            Image.new("RGB", size, self.color_of(i).getRgb()[:3]).save(folder / f"{i:02}.png")
        found = import_images(folder).table
        return with_features(found, places, ["x", "y"], hidden=False)

    def color_of(self, image):
        return QColor(20 * image, 200 - 15 * image, 90)

    def wait_for_images(self, n):
        pixmaps = self.widget.view.pixmaps
        self.process_events(until=lambda: len(pixmaps._cache) >= n)

    def color_at(self, row, dx=0.0, dy=0.0):
        point = self.point_of(row) + QPointF(dx, dy)
        image = self.widget.view.grab().toImage()
        return image.pixelColor(point.toPoint())

    def test_pictures_are_seen_in_their_places_and_frames_have_colors(self):
        view = self.shown(self.plain_images(SQUARE))
        self.wait_for_images(12)
        for row in range(12):
            assert self.color_at(row) == self.color_of(row)
        domain = self.widget.data.domain
        self.widget.color_attr = domain["x"]
        self.widget._show_colors()
        self.settle()
        colors = domain["x"].palette.values_to_colors(np.array([0.0, 3.0]), 0, 3)
        for row, expected in ((0, colors[0]), (3, colors[1])):
            assert self.color_at(row, dx=-22).getRgb()[:3] == tuple(expected[:3])
        assert self.widget.legend.isVisibleTo(self.widget)
        self.widget.controls.dots_only.click()
        dot = 0.85 * (colors[0][:3] & 0xF8) + 0.15 * 255
        np.testing.assert_allclose(self.color_at(0).getRgb()[:3], dot, atol=2)
        assert not len(view.shown.positions)
        self.widget.hide()

    def test_a_data_subset_is_told_from_the_rest(self):
        view = self.shown(self.plain_images(SQUARE))
        self.wait_for_images(12)
        self.send_signal(self.widget.Inputs.data_subset, self.widget.data[[1, 4]])
        self.settle()
        assert np.flatnonzero(~view.look.faded).tolist() == [1, 4]
        assert self.color_at(4) == self.color_of(4)
        assert self.color_at(5).lightness() > self.color_of(5).lightness() + 40
        self.send_signal(self.widget.Inputs.data_subset, Table("iris"))
        assert self.widget.Warning.foreign_subset.is_shown()
        self.send_signal(self.widget.Inputs.data_subset, None)
        assert view.look.faded is None
        assert not self.widget.Warning.foreign_subset.is_shown()
        self.widget.hide()

    def test_names_of_classes_stand_where_their_images_are(self):
        self.send(self.islands())
        view = self.widget.view
        view.resize(800, 600)
        view.grab()
        names = view.shown.names
        assert sorted(name.text for name, _ in names) == ["cat", "cat", "dog"]
        for name, rect in names:
            place = view.camera.place_of(rect.center())
            _, nearest = view.points.tree.query((place.x(), place.y()))
            row = int(view.points.rows[nearest])
            assert str(self.widget.data[row].get_class()) == name.text
        self.widget.controls.shows_names.click()
        self.settle()
        view.grab()
        assert not view.shown.names

    def test_labels_and_what_is_known_of_an_image(self):
        view = self.shown()
        self.widget.label_attr = self.widget.data.domain["image name"]
        self.widget._show_labels()
        assert view.look.labels[6] == "6"
        assert view.hover.told(6).splitlines() == ["6", "6.png"]
        self.widget.grab()
        self.widget.hide()

    def test_an_image_that_cannot_be_read_tells_why(self):
        (self.folder / "cat" / "1.png").write_bytes(b"Dear diary")
        view = self.shown()
        self.wait_for_images(12)
        assert view.hover.told(1).splitlines()[-1] == "not an image: text"
        assert len(self.all_images()) == 12
        self.widget.hide()

    def test_the_menu_copies_the_paths_of_the_selected(self):
        view = self.shown()
        view.select_rows([0, 1])
        copied, menus = [], []
        self.monkeypatch.setattr(dragging, "copy_text", copied.append)
        self.monkeypatch.setattr(QMenu, "popup", lambda menu, point: menus.append(menu))
        view.customContextMenuRequested.emit(self.point_of(1).toPoint())
        {action.text(): action for action in menus[0].actions()}["Copy 2 paths"].trigger()
        assert copied[0].split("\n") == list(view.locations[:2])
        view.customContextMenuRequested.emit(view.rect().topLeft())
        assert len(menus) == 1
        self.widget.hide()

    def test_selected_images_are_dragged_out_as_files(self):
        view = self.shown()
        view.select_rows([0, 2])
        dropped = []
        self.monkeypatch.setattr(QDrag, "exec", lambda drag, *_: dropped.append(drag.mimeData()))
        self.drag([self.point_of(0), self.point_of(0) + QPointF(60, 0)])
        paths = [url.toLocalFile() for url in dropped[0].urls()]
        assert paths == [view.locations[0], view.locations[2]]
        assert view.selected_rows() == [0, 2]
        self.widget.hide()

    def test_tools_can_be_seen_on_a_dark_ground(self):
        bar = self.widget.tool_bar
        palette = bar.palette()
        for ground, is_dark in (("white", False), ("#202020", True)):
            palette.setColor(QPalette.Window, QColor(ground))
            bar.setPalette(palette)
            icon = bar.buttons["select"].icon().pixmap(18, 18).toImage()
            seen = [
                icon.pixelColor(x, y).lightness()
                for x in range(icon.width()) for y in range(icon.height())
                if icon.pixelColor(x, y).alpha() > 200
            ]  # fmt: skip
            assert (max(seen) > 200) if is_dark else (min(seen) < 60)

    # Pictures and report

    def test_the_whole_map_and_what_is_in_the_window_are_saved_in_any_size(self):
        view = self.shown(self.plain_images(SQUARE))
        self.wait_for_images(12)
        view.zoom_by(2.5, self.point_of(0))
        self.widget.saved_px = 900
        for part, rows in (("whole", range(12)), ("window", [0])):
            self.widget.saved_part = part
            assert self.widget._load_pictures()
            cut = self.widget._cut()
            path = str(self.tmp_path / f"{part}.png")
            PngFormat.write(path, self.widget.picture)
            saved = QImage(path)
            legend = self.widget.picture.itemsBoundingRect().height() - cut.height * cut.factor
            longer = max(saved.width(), saved.height() - legend) - 30
            assert longer == pytest.approx(900, abs=2)
            for row in rows:
                place = view.points.places[view.points.position_of[row]]
                at = cut.camera.point_of(place) * cut.factor + QPointF(15, 15)
                found = saved.pixelColor(at.toPoint()).getRgb()
                np.testing.assert_allclose(found, self.color_of(row).getRgb(), atol=2)
        for kind in (SvgFormat, PdfFormat):
            path = self.tmp_path / f"map{kind.EXTENSIONS[0]}"
            kind.write(str(path), self.widget.picture)
            assert path.stat().st_size > 2000
        self.widget.hide()

    def test_the_report_tells_and_shows(self):
        self.shown()
        self.widget.view.select_rows([3])
        self.widget.send_report()
        assert "Two columns: t-SNE-x, t-SNE-y" in self.widget.report_html
        assert "12 images, 1 selected" in self.widget.report_html
        assert "data:image/png" in self.widget.report_html
        self.widget.hide()

    # What is remembered

    def test_groups_tool_and_view_are_known_again_in_the_next_session(self):
        view = self.shown()
        self.widget.view.set_groups(np.array([0, 2, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0]))
        self.widget.tool_bar.buttons[LASSO].click()
        view.zoom_by(4, self.point_of(7))
        shown = self.point_of(7), view.camera.scale
        settings = self.widget.settingsHandler.pack_data(self.widget)
        unseen = self.create_widget(OWImageMap, stored_settings=settings)
        settings = unseen.settingsHandler.pack_data(unseen)  # saved before its data came
        widget = self.create_widget(OWImageMap, stored_settings=settings)
        widget.resize(1000, 800)
        widget.show()
        self.send(self.placed[::-1], widget)
        assert list(widget.view.groups) == [0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 2, 0]
        assert widget.view.tool == LASSO
        assert widget.tool_bar.buttons[LASSO].isChecked()
        assert widget.view.camera.scale == pytest.approx(shown[1], rel=1e-3)
        assert (widget.view.point_of_row(4) - shown[0]).manhattanLength() < 2
        widget.hide()
        self.widget.hide()

    def test_the_same_rows_keep_their_groups(self):
        self.send(self.placed)
        self.widget.view.set_groups(np.arange(12) % 3)
        self.send(self.placed[::-1])
        assert list(self.widget.view.groups) == (np.arange(12) % 3)[::-1].tolist()


def test_live_maps_are_not_drawn_more_often_than_they_are_seen():
    shown = []

    class State:
        set_partial_result = staticmethod(shown.append)

    live = tasks._Live(State())
    for _ in range(50):
        live(SQUARE.astype(np.float32))
    assert len(shown) < 50
    assert isinstance(shown[0], LaidOut)
