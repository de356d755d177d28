import os
import threading

import pytest
from AnyQt.QtCore import QSettings
from Orange.widgets.tests.base import WidgetTest
from orangewidget.utils.filedialogs import RecentPath
from pictures import write_images

from orangecontrib.imageembedding.widgets import owimportimages
from orangecontrib.imageembedding.widgets.folders import RECENT_KEY
from orangecontrib.imageembedding.widgets.owimportimages import OWImportImages


class TestOWImportImages(WidgetTest):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path):
        QSettings().remove(RECENT_KEY)
        self.tmp_path = tmp_path
        self.folder = str(write_images(tmp_path / "animals", ["cat/1.png", "dog/2.png"]))

    def setUp(self):
        self.widget = self.create_widget(OWImportImages)

    def open(self, folder=None, **settings):
        widget = self.create_widget(OWImportImages, stored_settings=settings or None)
        if folder is not None:
            widget.open_folder(folder)
        self.wait_until_finished(widget=widget)
        return widget

    def output(self, widget):
        return self.get_output(widget.Outputs.data, widget=widget)

    def test_a_new_widget_waits_for_a_folder(self):
        widget = self.open()
        assert self.output(widget) is None
        assert widget.info_label.text() == "No folder chosen."
        assert not widget.reload_button.isEnabled()

    def test_a_folder_becomes_a_table(self):
        widget = self.open(self.folder)
        assert len(self.output(widget)) == 2
        assert widget.info_label.text() == "2 images in 2 categories"
        assert self.get_output(widget.Outputs.skipped, widget=widget) is None
        assert not widget.cancel_button.isEnabled()

    def test_files_left_out_are_counted_and_sent_with_reasons(self):
        (self.tmp_path / "animals" / "notes.txt").write_text("hello")
        widget = self.open(self.folder)
        assert "1 file left out; the first: notes.txt: not an image" in str(widget.Warning.skipped)
        skipped = self.get_output(widget.Outputs.skipped, widget=widget)
        assert str(skipped[0]["reason"]) == "not an image: text"

    def test_a_folder_that_is_not_there_is_an_error_and_nothing_is_sent(self):
        widget = self.open(self.folder)
        widget.open_folder(self.folder + "-gone")
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
        widget.reload_button.click()
        self.wait_until_finished(widget=widget)
        assert len(self.output(widget)) == 3

    def test_a_path_can_be_typed(self):
        widget = self.open()
        widget.folder_combo.setEditText(self.folder)
        widget.folder_combo.lineEdit().returnPressed.emit()
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
            widget.open_folder(self.folder)
            self.process_events(until=lambda: widget.progressBarValue > 0)
            widget.cancel_button.click()
            assert widget.Information.cancelled.is_shown()
            assert not widget.isInvalidated()
            assert self.output(widget) is None
            release.set()
            widget.reload_button.click()
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
        widget.open_folder(self.folder)
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
        widget.open_folder(self.folder)
        settings = widget.settingsHandler.pack_data(widget)
        assert settings["paths_in_workflow"] == [""]
        assert settings["paths"] == [self.folder]

    def test_the_history_of_the_user_stays_out_of_the_workflow(self):
        other = str(write_images(self.tmp_path / "private", ["1.png"]))
        self.open(other)
        widget = self.open(self.folder)
        assert [widget.folder_combo.itemText(i) for i in range(2)] == [self.folder, other]
        assert "private" not in str(widget.settingsHandler.pack_data(widget))

    def test_a_new_widget_offers_recent_folders_but_imports_none(self):
        self.open(self.folder)
        widget = self.open()
        assert widget.folder_combo.itemText(0) == self.folder
        assert self.output(widget) is None

    def test_settings_of_the_predecessor_are_read(self):
        recent = RecentPath(self.folder, "basedir", "animals")
        widget = self.open(recent_paths=[recent], __version__=1)
        assert widget.paths == [self.folder]
        assert len(self.output(widget)) == 2

    def test_the_report_names_the_folder(self):
        widget = self.open(self.folder)
        widget.send_report()
        assert os.path.basename(self.folder) in widget.report_html
