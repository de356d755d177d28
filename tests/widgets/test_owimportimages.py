import os
import threading
import time
import zipfile

import numpy as np
import pytest
import tifffile
from AnyQt.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from AnyQt.QtGui import QDragEnterEvent, QDropEvent
from AnyQt.QtTest import QTest
from Orange.widgets.tests.base import WidgetTest
from orangewidget.utils.filedialogs import RecentPath
from pictures import write_images
from PIL import Image
from web_server import say, web_server

from orangecontrib.imageembedding.images.thumbnail import thumbnail
from orangecontrib.imageembedding.pipeline import importing
from orangecontrib.imageembedding.tables.locate import default_image_locations
from orangecontrib.imageembedding.widgets import owimportimages
from orangecontrib.imageembedding.widgets.importing import folderwatch
from orangecontrib.imageembedding.widgets.importing.drop import ImportImagesDropHandler
from orangecontrib.imageembedding.widgets.importing.folders import RECENT_KEY
from orangecontrib.imageembedding.widgets.importing.skippedlist import SkippedList
from orangecontrib.imageembedding.widgets.owimportimages import OWImportImages


class TestOWImportImages(WidgetTest):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path):
        QSettings().remove(RECENT_KEY)
        self.tmp_path = tmp_path
        self.folder = str(write_images(tmp_path / "animals", ["cat/1.png", "dog/2.png"]))

    def setUp(self):
        self.widget = self.create_widget(OWImportImages)

    def output(self, widget):
        return self.get_output(widget.Outputs.data, widget=widget)

    def test_a_new_widget_waits_for_a_folder(self):
        widget = self.open()
        assert self.output(widget) is None
        assert widget.info_label.text() == "No folder chosen."
        assert not widget.folders.reload_button.isEnabled()

    def test_a_folder_becomes_a_table(self):
        widget = self.open(self.folder)
        assert len(self.output(widget)) == 2
        assert widget.info_label.text() == "2 images in 2 categories"
        assert self.get_output(widget.Outputs.skipped, widget=widget) is None
        assert widget.cancel_button.isHidden()

    def test_photo_data_become_columns_on_demand(self):
        exif = Image.Exif()
        exif[0x0110] = "EOS 5D"
        Image.new("RGB", (9, 9)).save(self.tmp_path / "animals" / "cat" / "3.jpg", exif=exif)
        widget = self.open(self.folder)
        assert "camera" not in self.output(widget).domain
        widget.controls.photo_data.click()
        self.wait_until_finished(widget=widget)
        assert self.output(widget).domain["camera"].values == ("EOS 5D",)

    def test_an_address_is_read_and_told(self):
        archive = self.tmp_path / "animals.zip"
        with zipfile.ZipFile(archive, "w") as file:
            for name in ("cat/1.png", "dog/2.png"):
                file.write(self.tmp_path / "animals" / name, name)
        with web_server() as web:
            web.routes["/animals.zip"] = say(body=archive.read_bytes())
            url = f"{web.url}/animals.zip"
            widget = self.open(url)
            assert widget.info_label.text() == f"2 images in 2 categories\nFrom {url}"
            settings = widget.settingsHandler.pack_data(widget)
            assert self.reopened(settings).info_label.text().endswith(url)
            QSettings().remove(RECENT_KEY)  # on another computer it waits to be asked
            other = self.reopened(settings)
            assert url in str(other.Information.not_downloaded)
            assert self.output(other) is None
            n_asked = web.asked("/animals.zip")
            other.folders.reload_button.click()
            self.wait_until_finished(widget=other)
            assert web.asked("/animals.zip") == n_asked + 1
            assert len(self.output(other)) == 2

    def reopened(self, settings):
        widget = self.create_widget(OWImportImages, stored_settings=settings)
        self.wait_until_finished(widget=widget)
        return widget

    def test_files_left_out_are_counted_and_sent_with_reasons(self):
        (self.tmp_path / "animals" / "notes.txt").write_text("hello")
        widget = self.open(self.folder)
        assert "1 file skipped; the first: notes.txt: not an image" in str(widget.Warning.skipped)
        skipped = self.get_output(widget.Outputs.skipped, widget=widget)
        assert str(skipped[0]["reason"]) == "not an image: text"

    def test_a_folder_that_is_not_there_is_an_error_and_nothing_is_sent(self):
        widget = self.open(self.folder)
        widget.open_paths([self.folder + "-gone"])
        self.wait_until_finished(widget=widget)
        assert "animals-gone does not exist" in str(widget.Error.failed)
        assert self.output(widget) is None

    def test_a_folder_without_images_is_an_error(self):
        (self.tmp_path / "empty").mkdir()
        widget = self.open(str(self.tmp_path / "empty"))
        assert "holds no images" in str(widget.Error.failed)

    def test_reload_sees_new_images(self):
        widget = self.open(self.folder)
        write_images(self.tmp_path / "animals", ["cow/3.png"])
        widget.folders.reload_button.click()
        self.wait_until_finished(widget=widget)
        assert len(self.output(widget)) == 3

    def test_the_limit_of_size_is_set_under_advanced_and_goes_along(self):
        write_images(self.tmp_path / "animals", ["cow/3.png"], width=1500, height=1000)
        widget = self.open(self.folder)
        assert len(self.output(widget)) == 3
        assert "max_megapixels" not in self.output(widget).domain["image"].attributes
        widget.max_megapixels = 1
        widget.reload()
        self.wait_until_finished(widget=widget)
        assert len(self.output(widget)) == 2
        assert "too large: 1500 × 1000 pixels" in str(widget.Warning.skipped)
        assert self.output(widget).domain["image"].attributes["max_megapixels"] == "1"
        widget.advanced.button.click()
        assert widget.show_advanced
        assert not widget.advanced.content.isHidden()

    def test_channels_of_microscopes_are_chosen_under_advanced(self):
        plane = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
        metadata = {"axes": "CYX", "mode": "composite"}
        tifffile.imwrite(self.tmp_path / "animals" / "cells.tif", np.stack([plane, plane.T]),
                         imagej=True, metadata=metadata)  # fmt: skip
        widget = self.open(self.folder)
        told = {str(row["image name"]): str(row["channels"]) for row in self.output(widget)}
        assert told["cells"] == "1 red, 2 green"
        widget.channels = "2,0,1"
        widget.reload()
        self.wait_until_finished(widget=widget)
        table = self.output(widget)
        assert "2 red, 1 blue" in [str(row["channels"]) for row in table]
        (location,) = [each for each in default_image_locations(table) if "cells" in each]
        expected = np.dstack([plane.T, np.zeros_like(plane), plane])
        np.testing.assert_array_equal(thumbnail(location, 64), expected)
        widget.channels = "one"
        widget.reload()
        assert "one does not name three channels" in str(widget.Error.channels)
        assert self.output(widget) is None

    def test_a_path_can_be_typed(self):
        widget = self.open()
        widget.folders.combo.setEditText(self.folder)
        widget.folders.combo.lineEdit().returnPressed.emit()
        self.wait_until_finished(widget=widget)
        assert len(self.output(widget)) == 2

    def test_cancel_stops_at_once_and_reload_starts_again(self):
        release = threading.Event()
        real = owimportimages.import_images

        def slow(paths, progress, **options):
            while not release.wait(0.01):
                progress(0.5)
            return real(paths, progress, **options)

        owimportimages.import_images = slow
        try:
            widget = self.create_widget(OWImportImages)
            widget.open_paths([self.folder])
            self.process_events(until=lambda: widget.progressBarValue > 0)
            widget.cancel_button.click()
            assert widget.Information.cancelled.is_shown()
            assert not widget.isInvalidated()
            assert self.output(widget) is None
            release.set()
            widget.folders.reload_button.click()
            self.wait_until_finished(widget=widget)
            assert not widget.Information.cancelled.is_shown()
            assert len(self.output(widget)) == 2
        finally:
            release.set()
            owimportimages.import_images = real

    def test_the_folder_is_kept_in_the_workflow(self):
        widget = self.open(self.folder)
        settings = widget.settingsHandler.pack_data(widget)
        assert settings["paths"] == [self.folder]
        assert len(self.output(self.open(**settings))) == 2

    def test_a_folder_beside_the_workflow_is_found_where_both_have_moved_to(self):
        widget = self.create_widget(OWImportImages, env={"basedir": str(self.tmp_path)})
        widget.open_paths([self.folder])
        settings = widget.settingsHandler.pack_data(widget)
        assert settings["paths_in_workflow"] == ["animals"]
        self.wait_until_finished(widget=widget)

        moved = self.tmp_path / "elsewhere"
        moved.mkdir()
        os.rename(self.folder, moved / "animals")
        again = self.create_widget(
            OWImportImages, stored_settings=settings, env={"basedir": str(moved)}
        )
        self.wait_until_finished(widget=again)
        assert len(self.output(again)) == 2

    def test_a_folder_of_another_computer_is_found_beside_the_workflow(self):
        widget = self.create_widget(
            OWImportImages,
            stored_settings={"folder": r"C:\Users\ana\animals"},
            env={"basedir": str(self.tmp_path)},
        )
        self.wait_until_finished(widget=widget)
        assert len(self.output(widget)) == 2

    def test_a_folder_elsewhere_is_kept_by_its_full_path_alone(self):
        (self.tmp_path / "workflows").mkdir()
        env = {"basedir": str(self.tmp_path / "workflows")}
        widget = self.create_widget(OWImportImages, env=env)
        widget.open_paths([self.folder])
        settings = widget.settingsHandler.pack_data(widget)
        assert settings["paths_in_workflow"] == [""]
        assert settings["paths"] == [self.folder]

    def test_the_history_of_the_user_stays_out_of_the_workflow(self):
        other = str(write_images(self.tmp_path / "private", ["1.png"]))
        self.open(other)
        widget = self.open(self.folder)
        assert [widget.folders.combo.itemText(i) for i in range(2)] == [self.folder, other]
        assert "private" not in str(widget.settingsHandler.pack_data(widget))

    def test_a_new_widget_offers_recent_folders_but_imports_none(self):
        self.open(self.folder)
        widget = self.open()
        assert widget.folders.combo.itemText(0) == self.folder
        assert self.output(widget) is None

    def test_settings_of_the_predecessor_are_read(self):
        recent = RecentPath(self.folder, "basedir", "animals")
        widget = self.open(recent_paths=[recent], __version__=1)
        assert widget.paths == [self.folder]
        assert len(self.output(widget)) == 2

    def test_a_folder_known_only_relative_to_the_workflow_is_found(self):
        settings = {"folder": "", "folder_in_workflow": "animals", "__version__": 2}
        env = {"basedir": str(self.tmp_path)}
        widget = self.create_widget(OWImportImages, stored_settings=settings, env=env)
        self.wait_until_finished(widget=widget)
        assert widget.paths == [self.folder]

    def test_settings_of_the_first_version_are_read(self):
        widget = self.open(folder=self.folder, folder_in_workflow="animals", __version__=2)
        assert widget.paths == [self.folder]
        assert len(self.output(widget)) == 2

    def open(self, paths=None, **settings):
        widget = self.create_widget(OWImportImages, stored_settings=settings or None)
        if paths is not None:
            widget.open_paths([paths] if isinstance(paths, str) else paths)
        self.wait_until_finished(widget=widget)
        return widget

    def test_several_folders_and_files_become_one_table(self):
        other = str(write_images(self.tmp_path / "more", ["cow/3.png", "4.png"]))
        widget = self.open([self.folder, os.path.join(other, "cow")])
        assert len(self.output(widget)) == 3
        assert not widget.folders.path_list.isHidden()
        widget.open_paths([*widget.paths, os.path.join(other, "4.png")])
        self.wait_until_finished(widget=widget)
        assert self.output(widget).domain.class_var.values == ("cat", "dog", "cow", "more")
        widget.folders.path_list.item(0).setSelected(True)
        widget.folders.remove_button.click()
        self.wait_until_finished(widget=widget)
        assert len(self.output(widget)) == 2

    def test_sub_folders_need_not_become_classes(self):
        widget = self.open(self.folder)
        widget.controls.classes.click()
        self.wait_until_finished(widget=widget)
        assert self.output(widget).domain.class_var is None

    def test_patterns_choose_files(self):
        widget = self.open(self.folder)
        QTest.keyClicks(widget.controls.include, "1*; *.gif")
        QTest.keyClick(widget.controls.include, Qt.Key_Return)
        self.wait_until_finished(widget=widget)
        assert [str(row["image name"]) for row in self.output(widget)] == ["1"]
        widget.include, widget.exclude = "", "dog"
        widget.reload()
        self.wait_until_finished(widget=widget)
        assert [str(row["image name"]) for row in self.output(widget)] == ["1"]

    def drop(self, widget, paths, modifiers=Qt.NoModifier):
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(path) for path in paths])
        point = QPoint(5, 5)
        enter = QDragEnterEvent(point, Qt.CopyAction, mime, Qt.LeftButton, modifiers)
        widget.dragEnterEvent(enter)
        place = QPointF(point)
        widget.dropEvent(QDropEvent(place, Qt.CopyAction, mime, Qt.LeftButton, modifiers))
        self.wait_until_finished(widget=widget)
        return enter.isAccepted()

    def test_folders_and_files_can_be_dropped(self):
        other = str(write_images(self.tmp_path / "more", ["3.png"]))
        widget = self.open()
        assert self.drop(widget, [self.folder])
        assert widget.paths == [self.folder]
        self.drop(widget, [other], Qt.ControlModifier)
        assert widget.paths == [self.folder, other]
        self.drop(widget, [os.path.join(other, "3.png")])
        assert len(self.output(widget)) == 1

    def test_a_drop_on_the_canvas_makes_a_widget_with_these_folders(self):
        handler = ImportImagesDropHandler()
        mime = QMimeData()
        image = os.path.join(self.folder, "cat", "1.png")
        mime.setUrls([QUrl.fromLocalFile(path) for path in (self.folder, image)])
        assert handler.canDropMimeData(None, mime)
        settings = handler.parametersFromMimeData(None, mime)
        widget = self.open(**settings)
        assert widget.paths == [self.folder, image]
        assert not handler.canDropFiles([__file__])
        assert handler.qualifiedName().endswith("owimportimages.OWImportImages")

    def test_some_images_of_each_class_are_shown_with_the_counts(self):
        write_images(self.tmp_path / "animals", [f"cat/{i}.png" for i in range(10, 20)])
        widget = self.open(self.folder)
        n = widget.strip.n_columns
        assert widget.strip.images.groups == [(f"cat ({n} of 11 shown)", n), ("dog (1)", 1)]
        names = [widget.strip.images.titles[row] for row in widget.strip.images.rows]
        assert names == ["1", *map(str, range(10, 9 + n)), "2"]
        widget.strip.opened.emit(n)
        assert "dog" in widget._preview.facts.text()
        assert widget._preview.windowTitle().endswith("(12 of 12)")
        widget._preview.hide()

    def test_the_examples_fill_the_width(self):
        write_images(self.tmp_path / "animals", [f"cat/{i}.png" for i in range(10, 20)])
        widget = self.open(self.folder)
        widget.show()
        for width in (1400, 700):
            widget.resize(width, 500)
            self.process_events(lambda: widget.strip.images.groups[0][1] == widget.strip.n_columns
                                or len(widget.strip.images.rows) == 12)  # fmt: skip
            assert widget.strip.images.groups[0][1] == min(widget.strip.n_columns, 11)
        widget.hide()

    def test_skipped_files_are_listed(self):
        (self.tmp_path / "animals" / "notes.txt").write_text("hello")
        widget = self.open(self.folder)
        assert widget.skipped_button.text() == "1 skipped file…"
        widget.show_skipped()
        (window,) = widget.findChildren(SkippedList)
        model = window.model
        row = [model.index(0, column).data() for column in range(2)]
        assert row == ["notes.txt", "not an image: text"]
        window.close()

    def test_what_was_found_until_a_cancel_can_be_used(self):
        release = threading.Event()
        real = importing.read_header

        def slow(path, limit):
            if path.endswith("2.png"):
                release.wait(10)
            return real(path, limit)

        importing.read_header = slow
        try:
            widget = self.create_widget(OWImportImages)
            widget.open_paths([self.folder])
            self.process_events(until=lambda: len(widget.found.files) == 1)
            widget._show_progress()
            assert widget.info_label.text().startswith("1 of 2 files\n")
            start = time.monotonic()
            widget.cancel_button.click()
            assert time.monotonic() - start < 5
            assert self.output(widget) is None
            assert not widget.use_button.isHidden()
            widget.use_button.click()
            self.wait_until_finished(widget=widget)
            assert len(self.output(widget)) == 1
        finally:
            release.set()
            importing.read_header = real

    def test_a_change_on_disk_is_told(self):
        folderwatch.LOOK_EVERY_S, before = 0.01, folderwatch.LOOK_EVERY_S
        try:
            widget = self.open(self.folder)
            write_images(self.tmp_path / "animals", ["dog/3.png"])
            self.process_events(until=lambda: widget.Information.changed.is_shown())
            widget.reload()
            self.wait_until_finished(widget=widget)
            assert not widget.Information.changed.is_shown()
            assert len(self.output(widget)) == 3
        finally:
            folderwatch.LOOK_EVERY_S = before

    def test_a_file_that_is_overwritten_is_told(self):
        folderwatch.LOOK_EVERY_S, before = 0.01, folderwatch.LOOK_EVERY_S
        try:
            widget = self.open(self.folder)
            path = self.tmp_path / "animals" / "dog" / "2.png"
            content = path.read_bytes()

            def overwritten_and_told():  # again and again: it must have been looked at before
                path.write_bytes(content)
                return widget.Information.changed.is_shown()

            folder_before = path.parent.stat().st_mtime_ns
            self.process_events(until=overwritten_and_told)
            assert path.parent.stat().st_mtime_ns == folder_before
        finally:
            folderwatch.LOOK_EVERY_S = before

    def test_closing_while_reading_does_no_harm(self):
        widget = self.create_widget(OWImportImages)
        widget.open_paths([self.folder])
        widget.onDeleteWidget()
        self.process_events()

    def test_the_report_names_the_folder(self):
        widget = self.open(self.folder)
        widget.send_report()
        assert os.path.basename(self.folder) in widget.report_html
