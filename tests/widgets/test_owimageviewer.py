import contextlib
import os

import numpy as np
import pytest
from AnyQt.QtCore import QItemSelectionModel, QPoint, QSettings, Qt
from AnyQt.QtGui import QColor, QDrag, QHelpEvent, QImage
from AnyQt.QtTest import QTest
from AnyQt.QtWidgets import QApplication, QMenu, QToolTip
from Orange.data import Domain, StringVariable, Table
from Orange.widgets.io import ClipboardFormat, ImgFormat
from Orange.widgets.settings import Context
from Orange.widgets.tests.base import WidgetTest
from pictures import write_images

from orangecontrib.imageembedding.pipeline import import_images
from orangecontrib.imageembedding.widgets import owimageviewer
from orangecontrib.imageembedding.widgets.owimageviewer import OWImageViewer
from orangecontrib.imageembedding.widgets.shared import dragging, pixmaps
from orangecontrib.imageembedding.widgets.shared.preview import KEYS_SEEN
from orangecontrib.imageembedding.widgets.thumbnails import picture as gridpicture
from orangecontrib.imageembedding.widgets.thumbnails.model import ColorRole, FadedRole


class TestOWImageViewer(WidgetTest):
    @pytest.fixture(autouse=True)
    def _images(self, tmp_path, monkeypatch):
        self.monkeypatch = monkeypatch
        names = [f"cat/{i}.png" for i in range(4)] + ["dog/4.png"]
        self.folder = write_images(tmp_path / "animals", names)
        self.images = import_images(self.folder).table

    def setUp(self):
        self.widget = self.create_widget(OWImageViewer)

    def send(self, data, widget=None):
        self.send_signal((widget or self.widget).Inputs.data, data, widget=widget or self.widget)

    def selected(self, widget=None):
        widget = widget or self.widget
        return self.get_output(widget.Outputs.selected_data, widget=widget)

    def annotated(self):
        return self.get_output(self.widget.Outputs.data, widget=self.widget)

    def wait_for_thumbnails(self, n_images):
        """Show the widget until so many images are decoded or have a reason for not being so."""
        self.widget.resize(1000, 800)
        self.widget.show()
        cache = self.widget.view.pixmaps._cache
        self.process_events(until=lambda: len(cache) >= n_images, timeout=20_000)
        self.widget.grab()
        self.widget.hide()
        return cache

    def test_images_are_shown_with_titles(self):
        self.send(self.images)
        view = self.widget.view
        titles = [view.images.index(i).data(Qt.DisplayRole) for i in range(5)]
        assert titles == ["0", "1", "2", "3", "4"]
        cache = self.wait_for_thumbnails(5)
        assert {pixmap.width() for pixmap in cache.values()} == {48}

    def test_an_image_that_cannot_be_read_shows_its_reason(self):
        (self.folder / "cat" / "1.png").write_bytes(b"Dear diary")
        (self.folder / "cat" / "2.png").unlink()
        self.send(self.images)
        cache = self.wait_for_thumbnails(5)
        reasons = sorted(entry for entry in cache.values() if isinstance(entry, str))
        assert reasons == ["file not found", "not an image: text"]

    def test_only_what_is_in_sight_is_decoded(self):
        many = self.images[np.zeros(3000, dtype=int)]
        with many.unlocked(many.metas):
            for i in range(len(many)):
                many.metas[i, 1] = f"/missing/{i}.png"
        self.send(many)
        cache = self.wait_for_thumbnails(10)
        assert 10 <= len(cache) < 200

    def test_selected_images_go_on_and_the_rest_is_marked(self):
        self.send(self.images)
        assert self.selected() is None
        self.widget.view.select_rows([4, 1])
        assert list(self.selected().ids) == list(self.images.ids[[1, 4]])
        assert list(self.annotated().get_column("Selected")) == [0, 1, 0, 0, 1]

    def test_rows_with_the_same_image_are_selected_one_by_one(self):
        twice = self.images[[0, 0, 1]]
        self.send(twice)
        self.widget.view.select_rows([1])
        assert list(self.selected().ids) == [twice.ids[1]]
        assert len(self.selected()) == 1

    def test_a_click_selects(self):
        self.send(self.images)
        index = self.widget.view.images.index(2)
        self.widget.view.selectionModel().select(index, QItemSelectionModel.ClearAndSelect)
        assert str(self.selected()[0]["image name"]) == "2"

    def test_the_selection_is_kept_in_the_workflow(self):
        self.send(self.images)
        self.widget.view.select_rows([1, 3])
        settings = self.widget.settingsHandler.pack_data(self.widget)
        widget = self.create_widget(OWImageViewer, stored_settings=settings)
        self.send(self.images, widget)
        assert list(self.selected(widget).ids) == list(self.images.ids[[1, 3]])

    def test_new_data_forgets_the_selection(self):
        self.send(self.images)
        self.widget.view.select_rows([1])
        self.send(self.images[:2])
        assert self.selected() is None

    def test_data_without_image_column_is_an_error_that_says_how_to_get_one(self):
        self.send(Table("housing"))
        assert "Import Images" in str(self.widget.Error.no_column)
        self.send(None)
        assert not self.widget.Error.no_column.is_shown()
        assert self.annotated() is None

    def test_titles_can_be_chosen(self):
        self.send(self.images)
        self.widget.title_attrs = [self.images.domain.class_var]
        self.widget._show_titles()
        assert self.widget.view.images.index(4).data(Qt.DisplayRole) == "dog"

    def test_the_column_that_was_chosen_is_remembered(self):
        path = StringVariable("path")
        data = self.images.add_column(path, list(self.images.get_column("image")))
        self.send(data)
        assert self.widget.image_attr.name == "image"
        self.widget.image_attr = path
        self.send(None)
        self.send(data)
        assert self.widget.image_attr.name == "path"

    def test_relative_paths_are_joined_to_the_origin(self):
        image = StringVariable("image")
        image.attributes.update(type="image", origin=str(self.folder))
        domain = Domain([], metas=[image])
        data = Table.from_numpy(domain, np.empty((1, 0)), metas=np.array([["cat/1.png"]], object))
        self.send(data)
        cache = self.wait_for_thumbnails(1)
        (pixmap,) = cache.values()
        assert pixmap.width() == 48

    def test_titles_may_come_from_several_columns(self):
        self.send(self.images)
        domain = self.images.domain
        self.widget.title_attrs = [domain["image name"], domain["width"]]
        self.widget._show_titles()
        assert self.widget.view.images.index(4).data(Qt.DisplayRole) == "4\n48"
        self.wait_for_thumbnails(5)

    def choose(self, **choices):
        for name, variable in choices.items():
            setattr(self.widget, name, variable)
        self.widget._show_colors()
        self.widget._rearrange()

    def titles(self):
        model = self.widget.view.images
        return [model.index(i).data(Qt.DisplayRole) for i in range(model.rowCount())]

    def test_the_class_colors_the_frames_and_the_legend(self):
        self.send(self.images)
        category = self.images.domain.class_var
        self.choose(colour_attr=category)
        colors = [QColor(*rgb) for rgb in category.colors]
        model = self.widget.view.images
        assert [model.index(i).data(ColorRole) for i in (0, 4)] == colors
        assert colors[1].name() in self.widget.legend.text()
        assert not self.widget.legend.isHidden()
        self.choose(colour_attr=None)
        assert self.widget.legend.isHidden()
        assert model.index(0).data(ColorRole) is None

    def test_a_number_colors_too_and_missing_values_have_no_frame(self):
        self.send(self.images)
        size = self.images.domain["size"]
        with self.images.unlocked(self.images.metas):
            self.images[0, size] = np.nan
        self.choose(colour_attr=size)
        model = self.widget.view.images
        assert model.index(0).data(ColorRole) is None
        assert model.index(1).data(ColorRole).isValid()
        self.wait_for_thumbnails(5)

    def test_groups_have_headings_and_are_selected_by_them(self):
        self.send(self.images)
        self.choose(group_attr=self.images.domain.class_var)
        view = self.widget.view
        self.widget.resize(1000, 800)
        self.widget.show()
        assert [heading for heading, _ in view.images.groups] == ["cat (4)", "dog (1)"]
        heading = view._cells.heading_rect(1).center()
        assert view.group_at(heading) == 1
        QTest.mouseClick(view.viewport(), Qt.LeftButton, Qt.NoModifier, heading)
        assert view.selected_rows() == [4]
        first = view._cells.heading_rect(0).center()
        QTest.mouseClick(view.viewport(), Qt.LeftButton, Qt.ControlModifier, first)
        assert view.selected_rows() == [0, 1, 2, 3, 4]
        self.widget.hide()

    def test_images_are_sorted_by_any_column(self):
        self.send(self.images)
        self.choose(sort_attr=self.images.domain["image name"], descending=True)
        assert self.titles() == ["4", "3", "2", "1", "0"]

    def test_the_filter_shows_what_contains_the_words_as_one_types(self):
        self.send(self.images)
        self.widget.filter_edit.setText("DOG")
        assert self.titles() == ["4"]
        assert self.widget.count_label.text().startswith("1 of 5 images")
        self.widget.filter_edit.setText("")
        assert len(self.titles()) == 5

    def test_keys_typed_in_the_view_go_to_the_filter(self):
        self.send(self.images)
        self.widget.show()
        QTest.keyClicks(self.widget.view, "d")
        assert self.widget.filter_edit.text() == "d"
        self.widget.hide()

    def test_what_is_selected_stays_so_however_it_is_arranged(self):
        self.send(self.images)
        self.widget.view.select_rows([1, 4])
        self.choose(sort_attr=self.images.domain["image name"], descending=True)
        assert self.widget.view.selected_rows() == [1, 4]
        self.widget.filter_edit.setText("cat")
        assert list(self.selected().ids) == list(self.images.ids[[1, 4]])
        viewport = self.shown_view().viewport()
        QTest.mouseClick(viewport, Qt.LeftButton, Qt.NoModifier, self.point_of(0))
        assert self.widget.view.selected_rows() == [3]
        self.widget.hide()

    def test_many_rows_are_arranged_in_the_background(self):
        self.monkeypatch.setattr(owimageviewer, "AT_ONCE", 0)
        self.send(self.images)
        self.widget.filter_edit.setText("dog")
        self.process_events(until=lambda: self.titles() == ["4"])
        self.widget.filter_edit.setText("cat")
        self.send(self.images[:2])  # an answer about rows that are gone is dropped
        self.process_events(until=lambda: self.titles() == ["0", "1"])

    def test_a_data_subset_is_shown(self):
        self.send(self.images)
        self.send_signal(self.widget.Inputs.data_subset, self.images[[1, 4]])
        model = self.widget.view.images
        assert [model.index(i).data(FadedRole) for i in range(5)] == [
            True,
            False,
            True,
            True,
            False,
        ]
        self.send_signal(self.widget.Inputs.data_subset, Table("iris"))
        assert self.widget.Warning.foreign_subset.is_shown()
        self.send_signal(self.widget.Inputs.data_subset, None)
        assert not model.index(0).data(FadedRole)
        assert not self.widget.Warning.foreign_subset.is_shown()

    def point_of(self, position):
        view = self.widget.view
        return view.visualRect(view.images.index(position)).center()

    def shown(self, data=None):
        self.send(self.images if data is None else data)
        return self.shown_view()

    def shown_view(self):
        self.widget.resize(1000, 800)
        self.widget.show()
        return self.widget.view

    def _test_mouse(self, direction):
        view = self.shown()
        view.setLayoutDirection(direction)
        left, right = self.point_of(0).x(), self.point_of(1).x()
        assert (left < right) == (direction == Qt.LeftToRight)
        click = lambda i, modifier: QTest.mouseClick(  # noqa: E731
            view.viewport(), Qt.LeftButton, modifier, self.point_of(i)
        )
        click(1, Qt.NoModifier)
        assert view.selected_rows() == [1]
        click(3, Qt.ControlModifier)
        assert view.selected_rows() == [1, 3]
        click(1, Qt.NoModifier)
        click(3, Qt.ShiftModifier)
        assert view.selected_rows() == [1, 2, 3]
        self.widget.hide()

    def test_clicks_select_one_more_and_a_range(self):
        self._test_mouse(Qt.LeftToRight)

    def test_clicks_select_in_right_to_left_layouts_too(self):
        self._test_mouse(Qt.RightToLeft)

    def test_a_rubber_band_selects_what_it_touches(self):
        view = self.shown()
        start = QPoint(1, 1)
        QTest.mousePress(view.viewport(), Qt.LeftButton, Qt.NoModifier, start)
        view._band.drag_to(self.point_of(2))
        QTest.mouseRelease(view.viewport(), Qt.LeftButton, Qt.NoModifier, self.point_of(2))
        assert view.selected_rows() == [0, 1, 2]
        assert not view._band.active
        QTest.mousePress(view.viewport(), Qt.LeftButton, Qt.NoModifier, start)
        QTest.mouseRelease(view.viewport(), Qt.LeftButton, Qt.NoModifier, start)
        assert view.selected_rows() == []
        self.widget.hide()

    def test_the_keyboard_moves_and_selects(self):
        view = self.shown()
        keys = [(Qt.Key_Home, 0), (Qt.Key_Right, 1), (Qt.Key_End, 4), (Qt.Key_Left, 3)]
        for key, row in keys:
            QTest.keyClick(view, key)
            assert view.selected_rows() == [row]
        QTest.keyClick(view, Qt.Key_Home, Qt.ShiftModifier)
        assert view.selected_rows() == [0, 1, 2, 3]
        QTest.keyClick(view, Qt.Key_A, Qt.ControlModifier)
        assert view.selected_rows() == [0, 1, 2, 3, 4]
        self.widget.hide()

    def test_space_and_a_double_click_open_a_large_preview(self):
        QSettings().remove(KEYS_SEEN)
        view = self.shown()
        view.set_current(1)
        QTest.keyClick(view, Qt.Key_Space)
        preview = self.widget._preview
        assert preview.isVisible()
        self.process_events(until=lambda: preview.canvas.image is not None)
        assert preview.canvas.image.width() == 48
        facts = preview.facts.text()
        for once in ("Pixels", "48 × 32", ".png"):
            assert facts.count(once) == 1
        assert not preview.keys_label.isHidden()
        preview.forward_button.click()
        preview.back_button.click()
        QTest.keyClick(preview, Qt.Key_Right)
        assert preview.position == view.currentIndex().row() == 2
        QTest.keyClick(preview, Qt.Key_Plus)
        assert preview.canvas.zoom > 1
        QTest.keyClick(preview, Qt.Key_0)
        assert preview.canvas.zoom == 1
        preview.grab()
        QTest.keyClick(preview, Qt.Key_Space)
        assert not preview.isVisible()
        QTest.mouseClick(view.viewport(), Qt.LeftButton, Qt.NoModifier, self.point_of(3))
        QTest.mouseDClick(view.viewport(), Qt.LeftButton, Qt.NoModifier, self.point_of(3))
        assert preview.position == 3
        self.send(None)
        assert not preview.isVisible()
        self.widget.hide()

    def test_the_preview_tells_why_there_is_no_image(self):
        (self.folder / "cat" / "1.png").write_bytes(b"Dear diary")
        self.send(self.images)
        self.widget.open_preview(1)
        preview = self.widget._preview
        self.process_events(until=lambda: "not an image" in preview.canvas.text)
        assert "not an image" in preview.facts.text()
        preview.grab()

    def test_the_menu_copies_paths_and_images(self):
        view = self.shown()
        view.select_rows([0, 1])
        copied = []
        self.monkeypatch.setattr(dragging, "copy_text", copied.append)
        menus = []
        self.monkeypatch.setattr(QMenu, "popup", lambda menu, point: menus.append(menu))
        view.customContextMenuRequested.emit(self.point_of(1))
        actions = {action.text(): action for action in menus[0].actions()}
        assert {"Open file", "Show in folder", "Copy 2 paths", "Copy image"} <= set(actions)
        actions["Copy 2 paths"].trigger()
        assert copied[0].split("\n") == view.images.locations[:2]
        QApplication.clipboard().clear()
        actions["Copy image"].trigger()
        self.process_events(until=lambda: not QApplication.clipboard().image().isNull())
        assert QApplication.clipboard().image().width() == 48
        self.widget.hide()

    def test_images_are_dragged_out_as_files(self):
        view = self.shown()
        view.set_current(0)
        view.select_rows([0, 1])
        dropped = []
        self.monkeypatch.setattr(QDrag, "exec", lambda drag, *_: dropped.append(drag.mimeData()))
        view.startDrag(Qt.CopyAction)
        paths = [url.toLocalFile() for url in dropped[0].urls()]
        assert paths == view.images.locations[:2]
        self.widget.hide()

    def test_a_tooltip_tells_path_and_reason(self):
        (self.folder / "cat" / "1.png").write_bytes(b"Dear diary")
        self.send(self.images)
        self.wait_for_thumbnails(5)
        told = []
        self.monkeypatch.setattr(QToolTip, "showText", lambda point, text, view: told.append(text))
        view, index = self.widget.view, self.widget.view.images.index(1)
        event = QHelpEvent(QHelpEvent.ToolTip, QPoint(1, 1), QPoint(1, 1))
        view._delegate.helpEvent(event, view, view._option(), index)
        assert told[0].splitlines() == ["1", view.images.locations[1], "not an image: text"]

    def test_the_same_rows_keep_their_selection(self):
        self.send(self.images)
        self.widget.view.select_rows([1, 4])
        self.send(self.images.add_column(StringVariable("more"), ["x"] * 5, to_metas=True)[::-1])
        assert self.widget.view.selected_rows() == [0, 3]

    def test_the_selection_is_known_again_after_images_came_and_all_moved(self):
        self.send(self.images)
        self.widget.view.select_rows([1, 4])
        settings = self.widget.settingsHandler.pack_data(self.widget)
        moved = write_images(
            self.folder.parent / "moved", ["cat/0.png", "cat/00.png", "cat/1.png", "dog/4.png"]
        )
        widget = self.create_widget(OWImageViewer, stored_settings=settings)
        self.send(import_images(moved).table, widget)
        assert [str(row["image name"]) for row in self.selected(widget)] == ["1", "4"]

    def test_a_workflow_saved_before_its_data_come_keeps_the_selection(self):
        self.send(self.images)
        self.widget.view.select_rows([2])
        settings = self.widget.settingsHandler.pack_data(self.widget)
        unseen = self.create_widget(OWImageViewer, stored_settings=settings)
        settings = unseen.settingsHandler.pack_data(unseen)
        widget = self.create_widget(OWImageViewer, stored_settings=settings)
        self.send(self.images, widget)
        assert widget.view.selected_rows() == [2]

    def test_of_duplicates_only_that_one_is_known_again_that_was_selected(self):
        twice = self.images[[0, 0, 1]]
        self.send(twice)
        self.widget.view.select_rows([1])
        settings = self.widget.settingsHandler.pack_data(self.widget)
        widget = self.create_widget(OWImageViewer, stored_settings=settings)
        self.send(twice, widget)
        assert widget.view.selected_rows() == [1]

    def test_ten_thousand_missing_files_are_shown_as_such(self):
        many = self.images[np.zeros(10_000, dtype=int)]
        with many.unlocked(many.metas):
            many.metas[:, 1] = [f"/missing/{i}.png" for i in range(len(many))]
        self.send(many)
        bar = self.widget.view.verticalScrollBar()
        self.widget.show()
        for place in np.linspace(0, 1, 30):
            bar.setValue(round(place * bar.maximum()))
            self.process_events()
        self.wait_for_thumbnails(10)
        assert set(self.widget.view.pixmaps._cache.values()) == {"file not found"}
        self.widget.view.selectAll()
        assert len(self.selected()) == 10_000

    def test_empty_tables_and_single_rows_are_shown(self):
        for n_rows in (0, 1):
            self.send(self.images[:n_rows])
            self.choose(group_attr=self.images.domain.class_var)
            self.widget.show()
            self.widget.grab()
            self.widget.view.selectAll()
            assert len(self.widget.view.selected_rows()) == n_rows
            QTest.keyClick(self.widget.view, Qt.Key_Down)
        self.widget.hide()

    def test_results_for_data_that_was_replaced_are_dropped(self):
        self.send(self.images)
        view = self.widget.view
        key = (view.images.locations[0], 128)
        generation = view.pixmaps._queue.generation
        self.send(self.images[:2])
        view.pixmaps._store(key, generation, QImage(8, 8, QImage.Format_RGB32))
        assert view.pixmaps.image(*key) is None

    def test_memory_stays_within_its_bound(self):
        keeper = pixmaps.Pixmaps(max_bytes=100_000)
        for i in range(20):
            keeper._store((str(i), 64), 0, QImage(64, 64, QImage.Format_RGB32))
        assert keeper._n_bytes <= 100_000
        assert list(keeper._cache) == [(str(i), 64) for i in range(20 - len(keeper._cache), 20)]
        keeper._store(("large", 1000), 0, QImage(1000, 1000, QImage.Format_RGB32))
        assert list(keeper._cache) == [("large", 1000)]
        keeper.close()

    def test_no_image_is_begun_while_the_window_paints(self):
        self.send(self.images)
        view = self.widget.view
        view.pixmaps.forget()
        with view.pixmaps.held():
            view.pixmaps.want([(view.images.locations[0], 64)])
            assert view.pixmaps._queue._wishes
        self.process_events(until=lambda: view.pixmaps.image(view.images.locations[0], 64))

    def test_what_is_out_of_sight_is_wanted_no_more(self):
        queue = pixmaps._Queue()
        queue.replace([("a", 1), ("b", 1)])
        queue.replace([("c", 1), ("d", 1)])
        assert [queue.get()[0][0] for _ in range(2)] == ["c", "d"]

    def _test_saved(self, ending):
        self.shown()
        self.wait_for_thumbnails(5)
        path = str(self.folder / f"view.{ending}")
        ImgFormat.img_writers[f".{ending}"].write(path, self.widget.picture)
        assert os.path.getsize(path) > 1000

    def test_the_view_is_saved_as_a_picture(self):
        for ending in ("png", "svg", "pdf"):
            self._test_saved(ending)

    def test_the_view_is_copied_as_a_picture(self):
        self.shown()
        self.wait_for_thumbnails(5)
        QApplication.clipboard().clear()
        ClipboardFormat.write_image(None, self.widget.picture)
        assert not QApplication.clipboard().image().isNull()

    def test_a_picture_shows_the_whole_grid_also_what_is_out_of_sight(self):
        names = [f"cat/{i}.png" for i in range(60)]
        self.send(import_images(write_images(self.folder.parent / "many", names)).table)
        view = self.widget.view
        self.widget.resize(600, 300)
        self.widget.show()
        assert view.grid_height > 3 * view.viewport().height()
        assert gridpicture.load_grid(view)
        path = str(self.folder / "grid.png")
        ImgFormat.img_writers[".png"].write(path, self.widget.picture)
        picture = QImage(path)
        assert picture.height() >= view.grid_height
        last = view._cells.rect_of(59).center()
        seen = picture.pixelColor(last.x() + 15, last.y() + 5)  # there is a margin around it
        assert seen not in (view.palette().base().color(), QColor("white"))
        self.monkeypatch.setattr(gridpicture, "MAX_HEIGHT", 500)
        view.verticalScrollBar().setValue(200)
        assert gridpicture.part_in_picture(view) == (200, 700)
        self.widget.hide()

    def test_the_preview_shows_the_thumbnail_until_the_image_is_read(self):
        self.shown()
        self.wait_for_thumbnails(5)
        self.monkeypatch.setattr(pixmaps.Pixmaps, "want", lambda images, keys: None)
        self.widget.open_preview(0)
        preview = self.widget._preview
        assert preview.canvas.image.width() == 48
        assert "48 × 32" in preview.facts.text()
        self.widget.hide()

    def test_show_in_folder_names_the_file(self):
        self.shown()
        asked = []
        self.monkeypatch.setattr(dragging, "show_in_folder", lambda path, _: asked.append(path))
        location = self.widget.view.images.locations[2]
        menu = dragging.image_menu(self.widget, location, [location], lambda location: None)
        next(a for a in menu.actions() if a.text() == "Show in folder").trigger()
        assert asked == [location]
        self.widget.hide()

    def test_the_report_shows_the_selected_images(self):
        self.send(self.images)
        self.widget.view.select_rows([0, 4])
        self.widget.send_report()
        assert self.widget.report_html.count("data:image/png;base64") >= 2

    def test_controls_have_names_for_screen_readers(self):
        widget = self.widget
        controls = [getattr(widget.controls, name) for name in ("image_attr", "sort_attr", "side")]
        controls += widget.controls.title_attrs.combos
        for control in (*controls, widget.view, widget.filter_edit):
            assert control.accessibleName()
        self.send(self.images)
        index = widget.view.images.index(0)
        assert index.data(Qt.AccessibleTextRole) == "0"
        assert index.data(Qt.AccessibleDescriptionRole).endswith("0.png")

    def test_zooming_keeps_what_is_in_sight(self):
        many = self.images[np.zeros(500, dtype=int)]
        view = self.shown(many)
        view.verticalScrollBar().setValue(view._cells.rect_of(200).top())
        first = view._cells.positions_between(view.verticalOffset(), view.verticalOffset() + 1)[0]
        self.widget._set_side(64)
        seen = view._cells.positions_between(
            view.verticalOffset(), view.verticalOffset() + view.viewport().height()
        )
        assert first in seen
        self.widget.hide()

    def test_contexts_of_the_predecessor_are_read(self):
        domain = self.images.domain
        context = Context(
            attributes={"category": 1},
            metas={var.name: 2 if var.is_continuous else 3 for var in domain.metas},
            values={
                "image_attr": ("image", 103),
                "title_attr": ("category", 101),
                "selected_items": {str(self.images[3, "image"])},
            },
        )
        settings = {"context_settings": [context], "__version__": 2}
        widget = self.create_widget(OWImageViewer, stored_settings=settings)
        self.send(self.images, widget)
        assert [variable.name for variable in widget.title_attrs] == ["category"]
        assert widget.view.selected_rows() == [3]

    def test_settings_of_the_predecessor_are_read(self):
        old = {"imageSize": 900, "autoCommit": False, "__version__": 2}
        widget = self.create_widget(OWImageViewer, stored_settings=old)
        assert widget.side == 512
        assert not widget.auto_commit

    def test_the_slider_changes_the_size(self):
        self.send(self.images)
        self.widget.size_slider.setValue(256)
        assert self.widget.view._delegate.side == 256

    def test_choosing_another_column_forgets_the_selection(self):
        path = StringVariable("path")
        self.send(self.images.add_column(path, list(self.images.get_column("image"))))
        self.widget.view.select_rows([1])
        self.widget.image_attr = path
        self.widget._column_changed()
        assert self.selected() is None
        assert self.widget.selected_rows == []

    def test_what_no_decoder_foresaw_stops_no_other_image(self):
        real = pixmaps.thumbnail
        broken = str(self.folder / "cat" / "0.png")

        def thumbnail(location, side_px):
            if location == broken:
                raise KeyError("a bug")
            return real(location, side_px)

        self.monkeypatch.setattr(pixmaps, "thumbnail", thumbnail)
        self.send(self.images[[0, 0, 0, 0, 1, 2]])
        cache = self.wait_for_thumbnails(3)
        assert "KeyError: 'a bug'" in cache.values()
        assert sum(not isinstance(entry, str) for entry in cache.values()) == 2

    def test_a_file_that_has_changed_is_shown_anew(self):
        self.send(self.images[:1])
        (before,) = self.wait_for_thumbnails(1).values()
        write_images(self.folder, ["cat/0.png"], width=30, height=20)
        self.send(self.images[:1])
        (after,) = self.wait_for_thumbnails(1).values()
        assert (before.width(), after.width()) == (48, 30)

    def test_a_large_selection_is_restored_quickly(self):
        many = self.images[np.zeros(20_000, dtype=int)]
        settings = {"selected_rows": list(range(20_000))}
        widget = self.create_widget(OWImageViewer, stored_settings=settings)
        with self.counting_selects(widget) as counts:
            self.send(many, widget)
        assert len(self.selected(widget)) == 20_000
        assert counts == [1]

    @contextlib.contextmanager
    def counting_selects(self, widget):
        """Count the ranges that are selected at once: each costs time."""
        counts = []
        model = widget.view.selectionModel()
        connection = model.selectionChanged.connect(lambda new, old: counts.append(len(new)))
        yield counts
        model.selectionChanged.disconnect(connection)

    def test_the_report_counts_images(self):
        self.send(self.images)
        self.widget.view.select_rows([0])
        self.widget.send_report()
        assert "5, 1 selected" in self.widget.report_html

    def test_closing_ends_the_threads_and_forgets_what_comes_late(self):
        self.send(self.images)
        self.widget.onDeleteWidget()
        self.widget.view.pixmaps.pixmap(str(self.folder / "cat" / "0.png"), 64)
        assert self.widget.view.pixmaps._queue.get() is None
