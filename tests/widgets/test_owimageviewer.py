import contextlib

import numpy as np
import pytest
from AnyQt.QtCore import QItemSelectionModel, Qt
from Orange.data import Domain, StringVariable, Table
from Orange.widgets.tests.base import WidgetTest
from pictures import write_images

from orangecontrib.imageembedding.pipeline import import_images
from orangecontrib.imageembedding.widgets.owimageviewer import OWImageViewer
from orangecontrib.imageembedding.widgets.parts import pixmaps


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
