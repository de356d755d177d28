import numpy as np
import pytest
from AnyQt.QtCore import QEvent, QPoint, QPointF, Qt
from AnyQt.QtGui import QColor, QDrag, QImage, QMouseEvent, QPalette, QWheelEvent
from AnyQt.QtTest import QTest
from AnyQt.QtWidgets import QApplication, QMenu
from embedded_tables import Corpus, with_features
from Orange.data import ContinuousVariable, Domain, StringVariable, Table
from Orange.widgets.io import PngFormat
from Orange.widgets.settings import Context
from Orange.widgets.tests.base import WidgetTest
from pictures import write_images
from PIL import Image

from orangecontrib.imageembedding.pipeline import import_images
from orangecontrib.imageembedding.widgets.grid import mosaic as mosaics
from orangecontrib.imageembedding.widgets.grid import view as views
from orangecontrib.imageembedding.widgets.owimagegrid import OWImageGrid
from orangecontrib.imageembedding.widgets.shared import dragging
from orangecontrib.imageembedding.widgets.sorting import tasks

NAMES = [f"cat/{i}.png" for i in range(5)] + [f"dog/{i}.png" for i in range(5, 8)]


class TestOWImageGrid(WidgetTest):
    @pytest.fixture(autouse=True)
    def _images(self, tmp_path, monkeypatch):
        self.monkeypatch, self.tmp_path = monkeypatch, tmp_path
        self.folder = write_images(tmp_path / "animals", NAMES)
        numbers = np.array([0, 0, 9, 9, 0, 5, 5, 9.0])[:, None] + np.eye(8)
        self.images = with_features(import_images(self.folder).table, numbers)

    def setUp(self):
        self.widget = self.create_widget(OWImageGrid)

    def send(self, data, widget=None):
        widget = widget or self.widget
        self.send_signal(widget.Inputs.data, data, widget=widget)
        self.get_output(widget.Outputs.data, widget=widget)  # waits until it is sorted

    def selected(self, widget=None):
        widget = widget or self.widget
        return self.get_output(widget.Outputs.selected_data, widget=widget)

    def all_images(self):
        return self.get_output(self.widget.Outputs.data)

    def shown(self, data=None):
        self.send(self.images if data is None else data)
        self.widget.resize(1000, 800)
        self.widget.show()
        return self.widget.view

    def point_of(self, cell):
        return self.widget.view.geometry_of_cells.rect_of(cell).center().toPoint()

    def click(self, cell, modifier=Qt.NoModifier):
        viewport = self.widget.view.viewport()
        QTest.mouseClick(viewport, Qt.LeftButton, modifier, self.point_of(cell))

    def groups(self):
        """The group in each cell."""
        view = self.widget.view
        return [int(view.groups[image]) for image in view.images_in_order()]

    def color_at(self, cell, dx=0.5, dy=0.5):
        view = self.widget.view
        rect = view.geometry_of_cells.rect_of(cell)
        x, y = rect.left() + dx * rect.width(), rect.top() + dy * rect.height()
        return view.viewport().grab().toImage().pixelColor(int(x), int(y))

    # What goes on

    def test_similar_images_lie_side_by_side_and_all_go_on_as_they_came(self):
        self.send(self.images)
        grid = self.widget.grid
        assert (grid.n_rows, grid.n_columns) == (3, 3)
        places = np.column_stack([grid.rows, grid.columns])
        assert sorted(map(tuple, places)) == [(i // 3, i % 3) for i in range(8)]
        for similar in ([0, 1, 4], [2, 3, 7], [5, 6]):
            far = np.abs(places[similar][:, None] - places[similar]).max(axis=2)
            assert (far <= 1).sum() >= len(similar) + 2  # all hang together
        images = self.all_images()
        assert isinstance(images, Corpus)
        np.testing.assert_array_equal(images.ids, self.images.ids)
        np.testing.assert_array_equal(images.X, self.images.X)
        assert images.domain.class_vars == self.images.domain.class_vars
        assert images.name == self.images.name
        assert [str(row["Selected"]) for row in images] == ["No"] * 8
        assert self.selected() is None

    def test_selected_images_go_on_with_their_group(self):
        self.send(self.images)
        self.widget.view.set_groups(np.array([0, 1, 0, 0, 2, 0, 0, 1]))
        chosen = self.selected()
        assert isinstance(chosen, Corpus)
        assert list(chosen.ids) == list(self.images.ids[[1, 4, 7]])
        assert [str(row["Group"]) for row in chosen] == ["G1", "G2", "G1"]
        marks = [str(row["Selected"]) for row in self.all_images()]
        assert marks[:5] == ["Unselected", "G1", "Unselected", "Unselected", "G2"]

    def test_row_and_column_go_on_when_asked_for(self):
        self.widget.controls.adds_places.click()
        self.send(self.images)
        images, grid = self.all_images(), self.widget.grid
        np.testing.assert_array_equal(images.get_column("row"), grid.rows + 1)
        np.testing.assert_array_equal(images.get_column("column"), grid.columns + 1)
        self.widget.view.set_groups(np.eye(8, dtype=int)[3])
        assert list(self.selected().get_column("column")) == [grid.columns[3] + 1]

    def test_columns_may_be_typed(self):
        self.send(self.images)
        self.widget.controls.n_columns.setValue(8)
        self.all_images()
        assert (self.widget.grid.n_rows, self.widget.grid.n_columns) == (1, 8)

    def test_images_lie_as_on_a_map(self):
        x, y = np.divmod(np.arange(8), 3)
        data = self.images
        for name, values in (("t-SNE-x", x), ("t-SNE-y", y)):
            data = data.add_column(ContinuousVariable(name), values.astype(float), to_metas=True)
        self.send(data)
        self.widget.x_attr, self.widget.y_attr = data.domain["t-SNE-x"], data.domain["t-SNE-y"]
        self.widget.layout_combo.setCurrentIndex(1)
        self.widget.layout_combo.activated.emit(1)
        self.all_images()
        assert self.widget.grid.columns.tolist() == x.tolist()
        assert self.widget.grid.rows.tolist() == (2 - y).tolist()

    def test_a_map_needs_two_numeric_columns(self):
        image = self.images.domain["image"]
        domain = Domain(self.images.domain.attributes, self.images.domain.class_vars, [image])
        self.send(self.images.transform(domain))
        self.widget.layout_combo.activated.emit(1)
        assert "t-SNE" in str(self.widget.Error.no_map)
        self.widget.layout_combo.activated.emit(0)
        assert not self.widget.Error.no_map.is_shown()

    def test_rows_with_missing_numbers_have_no_cell_but_go_on(self):
        numbers = self.images.X.copy()
        numbers[[2, 6], 0] = np.nan
        self.send(with_features(self.images, numbers))
        assert "2 rows are not in the grid" in str(self.widget.Warning.incomplete)
        assert len(self.widget.view.images_in_order()) == 6
        assert len(self.all_images()) == 8
        self.send(self.images)
        assert not self.widget.Warning.incomplete.is_shown()

    def test_what_cannot_be_sorted_is_an_error_that_says_why(self):
        self.send(self.images[:, self.images.domain.metas])
        assert "no numeric columns" in str(self.widget.Error.failed)
        assert self.all_images() is None
        self.send(Table("housing"))
        assert "Import Images" in str(self.widget.Error.no_column)
        self.send(self.images)
        assert not self.widget.Error.active
        self.send(None)
        assert self.all_images() is None

    def test_one_row_two_rows_identical_images_and_sparse_numbers(self):
        for data in (self.images[:1], self.images[:2], self.images[[3, 3, 3]]):
            self.send(data)
            assert len(self.all_images()) == len(self.widget.view.images_in_order()) == len(data)
        self.send(with_features(self.images, np.ones((8, 4))))
        assert sorted(self.widget.grid.cells) == list(range(8))
        self.send(self.images.to_sparse())
        assert sorted(self.widget.grid.cells) == list(range(8))
        self.send(self.images[:0])
        self.widget.grab()

    def test_cancel_keeps_the_grid_as_it_is(self):
        def half_sorted(data, n_columns=None, progress=None, *, map_columns, settled):
            cells = np.arange(8)[::-1]
            settled(tasks.GridOfRows(*np.divmod(cells, 3), 3, 3))
            while True:
                progress(0.5)

        self.monkeypatch.setattr(tasks.pipeline, "sort_into_grid", half_sorted)
        self.send_signal(self.widget.Inputs.data, self.images)
        assert len(self.widget.view.images_in_order()) == 8  # to be seen at once
        self.process_events(until=lambda: list(self.widget.view.cells) == [*range(8)][::-1])
        self.widget.cancel_button.click()
        assert self.widget.Information.cancelled.is_shown()
        assert list(self.widget.view.cells) == [*range(8)][::-1]
        assert len(self.all_images()) == 8
        self.monkeypatch.undo()
        assert self.widget.cancel_button.text() == "Sort Again"
        self.widget.cancel_button.click()
        self.wait_until_finished()
        assert not self.widget.Information.cancelled.is_shown()
        assert not self.widget.cancel_button.isEnabled()
        assert self.widget.cancel_button.text() == "Cancel"
        assert len(self.all_images()) == 8

    # The selection is remembered

    def test_groups_are_known_again_in_the_next_session(self):
        self.send(self.images)
        self.widget.view.set_groups(np.array([0, 2, 0, 1, 0, 0, 1, 0]))
        settings = self.widget.settingsHandler.pack_data(self.widget)
        unseen = self.create_widget(OWImageGrid, stored_settings=settings)
        settings = unseen.settingsHandler.pack_data(unseen)  # saved before its data came
        widget = self.create_widget(OWImageGrid, stored_settings=settings)
        self.send(self.images[::-1], widget)
        assert list(widget.view.groups) == [0, 1, 0, 0, 1, 0, 2, 0]
        self.send(self.images[:3], widget)
        assert not widget.view.groups.any()

    def test_the_same_rows_keep_their_groups(self):
        self.send(self.images)
        self.widget.view.set_groups(np.array([0, 2, 0, 1, 0, 0, 1, 0]))
        self.send(self.images[::-1])
        assert list(self.widget.view.groups) == [0, 1, 0, 0, 1, 0, 2, 0]

    # The mouse and the keyboard

    def test_clicks_select_one_shift_a_new_group_and_ctrl_more_or_fewer(self):
        self.shown()
        self.click(4)
        assert self.groups() == [0, 0, 0, 0, 1, 0, 0, 0]
        self.click(0, Qt.ShiftModifier)
        self.click(1, Qt.ControlModifier)
        assert self.groups() == [2, 2, 0, 0, 1, 0, 0, 0]
        self.click(4, Qt.ControlModifier)
        assert self.groups() == [1, 1, 0, 0, 0, 0, 0, 0]  # groups are numbered on
        self.click(5)
        assert self.groups() == [0, 0, 0, 0, 0, 1, 0, 0]
        self.click(8)  # an empty cell
        assert self.groups() == [0] * 8
        self.widget.hide()

    def drag(self, start, end, modifier=Qt.NoModifier):
        viewport = self.widget.view.viewport()
        QTest.mousePress(viewport, Qt.LeftButton, modifier, start)
        for point in ((start + end) / 2, end):
            self.move_to(point, modifier)
        QTest.mouseRelease(viewport, Qt.LeftButton, modifier, end)

    def move_to(self, point, modifier=Qt.NoModifier):
        """Move the mouse with its button down, which QTest of Qt 5 cannot."""
        viewport = self.widget.view.viewport()
        event = QMouseEvent(
            QEvent.MouseMove, QPointF(point), QPointF(viewport.mapToGlobal(point)),
            Qt.NoButton, Qt.LeftButton, modifier,
        )  # fmt: skip
        QApplication.sendEvent(viewport, event)

    def test_a_rubber_band_selects_what_it_touches(self):
        view = self.shown()
        changes = []
        view.selection_changed.connect(lambda: changes.append(self.groups()))
        self.drag(self.point_of(0), self.point_of(4))
        assert changes == [[1, 0, 0, 0, 0, 0, 0, 0], self.groups()]  # at the press and the release
        assert self.groups() == [1, 1, 0, 1, 1, 0, 0, 0]
        self.drag(self.point_of(5), self.point_of(2), Qt.ShiftModifier)
        assert self.groups() == [1, 1, 2, 1, 1, 2, 0, 0]
        self.drag(self.point_of(3), self.point_of(7), Qt.ControlModifier)
        assert self.groups() == [1, 1, 2, 1, 1, 2, 2, 2]
        assert not self.widget.view._band.isVisible()
        self.widget.hide()

    def test_the_keyboard_goes_about_and_selects(self):
        view = self.shown()
        for key, cell in (
            (Qt.Key_Home, 0), (Qt.Key_Right, 1), (Qt.Key_Down, 4), (Qt.Key_Left, 3),
            (Qt.Key_End, 7), (Qt.Key_Up, 4),
        ):  # fmt: skip
            QTest.keyClick(view, key)
            assert self.groups() == [int(i == cell) for i in range(8)]
        QTest.keyClick(view, Qt.Key_Left, Qt.ShiftModifier)
        QTest.keyClick(view, Qt.Key_Up, Qt.ShiftModifier)
        assert self.groups() == [1, 1, 0, 1, 1, 0, 0, 0]
        QTest.keyClick(view, Qt.Key_Right, Qt.ControlModifier)
        assert view.focus_cell == 1
        QTest.keyClick(view, Qt.Key_Space, Qt.ControlModifier)
        assert self.groups() == [1, 0, 0, 1, 1, 0, 0, 0]
        QTest.keyClick(view, Qt.Key_A, Qt.ControlModifier)
        assert self.groups() == [1] * 8
        QTest.keyClick(view, Qt.Key_Escape)
        assert self.groups() == [0] * 8
        self.widget.hide()

    def test_the_wheel_zooms_at_the_pointer_and_fit_shows_all_again(self):
        view = self.shown()
        whole, at = view.side, QPointF(self.point_of(4))
        before = view._in_cells(at.toPoint())
        view.set_side(2 * whole, at)
        assert view.side == pytest.approx(2 * whole)
        after = view._in_cells(at.toPoint())
        assert (after - before).manhattanLength() < 0.05
        assert not self.widget.is_whole
        assert self.widget.side == round(view.side)
        self.widget.resize(900, 700)
        assert view.side == pytest.approx(2 * whole)
        self.widget.fit_button.click()
        assert self.widget.is_whole
        assert view.side < 1.1 * whole
        view.set_side(1)
        assert view.side == view.whole_side()
        QTest.keyClick(view, Qt.Key_Plus)
        assert view.side == pytest.approx(1.2 * view.whole_side())
        self.widget.size_slider.setValue(300)
        assert view.side == 300
        QTest.keyClick(view, Qt.Key_0)
        assert view.is_whole
        self.widget.hide()

    def wheel(self, turn, modifiers=Qt.NoModifier, phase=Qt.NoScrollPhase):
        viewport = self.widget.view.viewport()
        at = QPointF(self.point_of(4))
        event = QWheelEvent(
            at, QPointF(viewport.mapToGlobal(at.toPoint())), QPoint(0, turn), QPoint(0, turn),
            Qt.NoButton, modifiers, phase, False,
        )  # fmt: skip
        QApplication.sendEvent(viewport, event)

    def test_a_wheel_zooms_and_a_touchpad_moves(self):
        view = self.shown()
        whole = view.side
        self.wheel(120)
        self.wheel(120)
        assert view.side == pytest.approx(1.44 * whole)
        bar = view.verticalScrollBar()
        before = bar.value()
        self.wheel(-30, phase=Qt.ScrollUpdate)
        assert (view.side, bar.value()) == (pytest.approx(1.44 * whole), before + 30)
        self.wheel(-120, Qt.ControlModifier, Qt.ScrollUpdate)
        assert view.side == pytest.approx(1.2 * whole)
        view.set_side(400)
        before = bar.value()
        QTest.mousePress(view.viewport(), Qt.MiddleButton, Qt.NoModifier, QPoint(200, 200))
        self.move_to(QPoint(200, 180))
        QTest.mouseRelease(view.viewport(), Qt.MiddleButton, Qt.NoModifier, QPoint(200, 180))
        assert bar.value() == before + 20
        self.widget.hide()

    def test_of_very_many_images_only_some_are_decoded_at_a_time(self):
        n = 40_000
        view = self.widget.view
        wanted = []
        self.monkeypatch.setattr(view.pixmaps, "want", wanted.append)
        view.set_images([f"/missing/{i}.png" for i in range(n)])
        view.set_cells(np.arange(n), 200, 200)
        view.grab()
        assert len(wanted[-1]) == mosaics.AT_ONCE
        view.set_side(64)
        view.grab()
        assert len(wanted[-1]) == len(view.cells_in_sight()) < 500

    def test_space_and_a_double_click_open_a_preview_in_the_order_of_the_grid(self):
        view = self.shown()
        order = view.images_in_order()
        self.click(1)
        QTest.keyClick(view, Qt.Key_Space)
        preview = self.widget._preview
        assert preview.isVisible()
        assert view.locations[order[1]] in preview.facts.text().replace("\u200b", "")
        QTest.keyClick(preview, Qt.Key_Right)
        assert view.focus_cell == 2
        QTest.keyClick(preview, Qt.Key_Space)
        assert not preview.isVisible()
        QTest.mouseDClick(view.viewport(), Qt.LeftButton, Qt.NoModifier, self.point_of(6))
        assert preview.position == 6
        self.send(None)
        assert not preview.isVisible()
        self.widget.hide()

    def test_selected_images_are_dragged_out_as_files(self):
        view = self.shown()
        view.set_groups(np.array([1, 0, 1, 0, 0, 0, 0, 0]))
        dropped = []
        self.monkeypatch.setattr(QDrag, "exec", lambda drag, *_: dropped.append(drag.mimeData()))
        cell = int(view.cells[0])
        QTest.mousePress(view.viewport(), Qt.LeftButton, Qt.NoModifier, self.point_of(cell))
        self.move_to(self.point_of(cell) + QPoint(40, 0))
        paths = [url.toLocalFile() for url in dropped[0].urls()]
        assert paths == [view.locations[0], view.locations[2]]
        assert view.selected_images() == [0, 2]
        self.widget.hide()

    def test_the_menu_copies_the_paths_of_the_selected(self):
        view = self.shown()
        view.set_groups(np.array([1, 1, 0, 0, 0, 0, 0, 0]))
        copied, menus = [], []
        self.monkeypatch.setattr(dragging, "copy_text", copied.append)
        self.monkeypatch.setattr(QMenu, "popup", lambda menu, point: menus.append(menu))
        view.customContextMenuRequested.emit(self.point_of(int(view.cells[1])))
        {action.text(): action for action in menus[0].actions()}["Copy 2 paths"].trigger()
        assert copied[0].split("\n") == view.locations[:2]
        view.customContextMenuRequested.emit(self.point_of(8))
        assert len(menus) == 1
        self.widget.hide()

    # What is to be seen

    def plain_images(self, n=8, size=(40, 40)):
        """Images of one color each."""
        folder = self.tmp_path / "plain"
        folder.mkdir()
        for i in range(n):
            Image.new("RGB", size, (30 * i, 200 - 20 * i, 90)).save(folder / f"{i}.png")
        return with_features(import_images(folder).table, np.arange(n, dtype=float)[:, None])

    def wait_for_images(self, n):
        done = self.widget.view._colors
        self.process_events(until=lambda: done._is_done.sum() >= n)

    def color_of(self, image):
        return QColor(30 * image, 200 - 20 * image, 90)

    def test_images_are_seen_in_their_cells(self):
        view = self.shown(self.plain_images())
        self.wait_for_images(8)
        for image in range(8):
            assert self.color_at(int(view.cells[image])) == self.color_of(image)
        assert self.color_at(8) == view.palette().color(QPalette.Base)
        self.widget.hide()

    def test_from_far_a_grid_is_a_mosaic_of_mean_colors(self):
        self.monkeypatch.setattr(views, "MAX_PICTURES", 4)
        self.monkeypatch.setattr(mosaics, "AT_ONCE", 3)  # the others follow
        view = self.shown(self.plain_images())
        self.wait_for_images(8)
        for image in range(8):
            assert self.color_at(int(view.cells[image]), 0.02, 0.02) == self.color_of(image)
        view.set_groups(np.eye(8, dtype=int)[5])
        mixed = self.color_at(int(view.cells[5]))
        mark = view.mark_of(1)
        expected = [round((1 - mosaics.SELECTED) * c + mosaics.SELECTED * m) for c, m in
                    zip(self.color_of(5).getRgb(), mark.getRgb(), strict=True)]  # fmt: skip
        np.testing.assert_allclose(mixed.getRgb(), expected, atol=1)
        self.widget.hide()

    def test_images_fit_fill_or_are_stretched_into_their_cells(self):
        view = self.shown(self.plain_images(1, (80, 20)))
        self.wait_for_images(1)
        base = view.palette().color(QPalette.Base)
        for choice, color in ((0, base), (1, self.color_of(0)), (2, self.color_of(0))):
            self.widget.fit_combo.activated.emit(choice)
            self.process_events()
            assert self.color_at(0, 0.5, 0.1) == color
        self.widget.hide()

    def test_frames_have_the_color_of_a_variable_with_a_legend(self):
        view = self.shown()
        category = self.images.domain.class_var
        self.widget.color_attr = category
        self.widget._show_colors()
        self.wait_for_images(8)
        side = view.side
        top = (side - 32 / 48 * (side - 2 * (3 + 5))) / 2  # of a picture of 48 × 32 pixels
        for image in (0, 7):
            color = self.color_at(int(view.cells[image]), 0.5, (top - 2.5) / side)
            assert color == QColor(*category.colors[int(self.images.Y[image])])
        assert "cat" in self.widget.legend.text()
        self.widget.hide()

    def test_labels_are_written_where_cells_are_large_enough(self):
        view = self.shown()
        domain = self.images.domain
        self.widget.label_attrs = [domain["image name"], domain.class_var]
        self.widget._show_labels()
        assert view.n_label_lines == 2
        assert view.labels[6] == "6\ndog"
        assert view._told(6).splitlines()[:2] == ["6", "dog"]
        self.widget.grab()
        self.widget.hide()

    def test_a_data_subset_is_told_from_the_rest(self):
        view = self.shown(self.plain_images())
        self.wait_for_images(8)
        self.send_signal(self.widget.Inputs.data_subset, self.widget.data[[1, 4]])
        assert np.flatnonzero(~view.faded).tolist() == [1, 4]
        assert self.color_at(int(view.cells[4])) == self.color_of(4)
        assert self.color_at(int(view.cells[5])).lightness() > self.color_of(5).lightness() + 40
        self.send_signal(self.widget.Inputs.data_subset, Table("iris"))
        assert self.widget.Warning.foreign_subset.is_shown()
        self.send_signal(self.widget.Inputs.data_subset, None)
        assert view.faded is None
        assert not self.widget.Warning.foreign_subset.is_shown()
        self.widget.hide()

    def test_an_image_that_cannot_be_read_tells_why(self):
        (self.folder / "cat" / "1.png").write_bytes(b"Dear diary")
        view = self.shown()
        self.wait_for_images(8)
        assert view._told(1).splitlines()[-1] == "not an image: text"
        assert len(self.all_images()) == 8
        self.widget.hide()

    def test_another_image_column_shows_its_images_in_the_same_places(self):
        other = StringVariable("other")
        turned = list(self.images.get_column("image"))[::-1]
        self.send(self.images.add_column(other, turned, to_metas=True))
        self.widget.view.set_groups(np.eye(8, dtype=int)[2])
        cells = self.widget.view.cells
        self.widget.image_attr = self.widget.data.domain["other"]
        self.widget._column_changed()
        assert list(self.widget.view.locations) == turned
        np.testing.assert_array_equal(self.widget.view.cells, cells)
        assert self.widget.view.selected_images() == [2]

    # Pictures, report, old workflows

    def test_the_whole_grid_is_saved_as_a_picture_with_its_legend(self):
        self.shown(self.plain_images())
        self.widget.view.set_side(100)
        assert self.widget._load_pictures()
        path = str(self.tmp_path / "grid.png")
        PngFormat.write(path, self.widget.picture)
        saved = QImage(path)
        ratio = saved.width() / 300
        for image in range(8):
            row, column = divmod(int(self.widget.view.cells[image]), 3)
            point = QPointF(column + 0.5, row + 0.5) * 100 * ratio
            found = saved.pixelColor(point.toPoint()).getRgb()
            np.testing.assert_allclose(found, self.color_of(image).getRgb(), atol=2)
        self.widget.hide()

    def test_the_report_tells_and_shows(self):
        self.shown()
        self.widget.view.set_groups(np.eye(8, dtype=int)[3])
        self.widget.send_report()
        assert "Similar images side by side" in self.widget.report_html
        assert "8 images, 1 selected; 3 × 3 cells" in self.widget.report_html
        assert "data:image/png" in self.widget.report_html
        self.widget.hide()

    def test_settings_of_the_predecessor_are_understood(self):
        settings = {
            "cell_fit": 1, "columns": np.int32(4), "rows": np.int32(2), "imageSize": 100,
            "label_selected": True, "auto_update": True, "auto_commit": False,
            "__version__": 1, "savedWidgetGeometry": None,
            "context_settings": [
                Context(
                    attributes={f"n{i}": 2 for i in range(8)} | {"category": 1},
                    metas={"image name": 3, "image": 3, "size": 2, "width": 2, "height": 2},
                    values={"imageAttr": (0, -2), "label_attr": ("image name", 103),
                            "__version__": 1},
                )
            ],
        }  # fmt: skip
        widget = self.create_widget(OWImageGrid, stored_settings=settings)
        assert (widget.fit, widget.n_columns, widget.auto_commit) == ("crop", 0, False)
        self.send(self.images, widget)
        assert widget.image_attr.name == "image"
        assert [variable.name for variable in widget.label_attrs] == ["image name"]

    def test_the_zoom_is_that_of_the_last_session(self):
        self.shown()
        self.widget.view.set_side(250)
        settings = self.widget.settingsHandler.pack_data(self.widget)
        widget = self.create_widget(OWImageGrid, stored_settings=settings)
        widget.resize(1000, 800)
        widget.show()
        self.send(self.images, widget)
        assert widget.view.side == widget.side == 250
        widget.hide()
        self.widget.hide()
