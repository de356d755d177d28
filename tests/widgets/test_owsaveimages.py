import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from AnyQt.QtCore import QSettings, Qt
from AnyQt.QtTest import QTest
from AnyQt.QtWidgets import QComboBox
from Orange.data import Table
from Orange.widgets.tests.base import WidgetTest
from pictures import write_images

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.files import save
from orangecontrib.imageembedding.pipeline import saving
from orangecontrib.imageembedding.tables.cluster_columns import with_clusters
from orangecontrib.imageembedding.tables.locate import default_image_locations
from orangecontrib.imageembedding.widgets.owsaveimages import OWSaveImages
from orangecontrib.imageembedding.widgets.saving.permission import KEY

NAMES = ["cat/1.png", "cat/2.png", "dog/1.png"]


def files_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*.*"))


class TestOWSaveImages(WidgetTest):
    @pytest.fixture(autouse=True)
    def _images(self, tmp_path):
        QSettings().remove(KEY)
        self.tmp_path = tmp_path
        self.table = oie.import_images(write_images(tmp_path / "animals", NAMES)).table
        self.folder = str(tmp_path / "new")

    def setUp(self):
        self.widget = self.create_widget(OWSaveImages)

    def open(self, settings=None, data=True):
        widget = self.create_widget(OWSaveImages, stored_settings=settings)
        if data:
            self.send(widget, self.table)
        return widget

    def send(self, widget, table):
        self.send_signal(widget.Inputs.data, table, widget=widget)
        self.wait_until_finished(widget=widget)

    def save(self, widget):
        QTest.mouseClick(widget.save_button, Qt.LeftButton)
        self.wait_until_finished(widget=widget)

    def outputs(self, widget):
        outputs = widget.Outputs.saved_images, widget.Outputs.skipped_images
        return [self.get_output(output, widget=widget) for output in outputs]

    def packed(self, widget):
        return widget.settingsHandler.pack_data(widget)

    def test_nothing_is_saved_before_the_button_is_pressed(self):
        widget = self.open()
        widget.set_folder(self.folder)
        assert widget.save_button.isEnabled()
        assert not os.path.exists(self.folder)
        assert self.outputs(widget) == [None, None]

    def test_images_are_saved_by_class_and_sent_with_their_new_paths(self):
        widget = self.open()
        widget.set_folder(self.folder)
        self.save(widget)
        assert files_in(self.folder) == NAMES
        saved, skipped = self.outputs(widget)
        assert default_image_locations(saved) == [os.path.join(self.folder, n) for n in NAMES]
        assert skipped is None
        assert widget.progress.label.text() == "3 images saved."
        self.save(widget)
        saved, skipped = self.outputs(widget)
        assert saved is None
        assert len(skipped) == 3
        assert widget.progress.label.text() == "0 images saved, 3 there already."
        assert not widget.Warning.skipped.is_shown()

    def test_without_a_folder_save_asks_for_one(self):
        widget = self.open()
        widget.choose_folder = lambda: widget.set_folder(self.folder)
        self.save(widget)
        assert files_in(self.folder) == NAMES

    def test_an_automatic_workflow_waits_for_the_first_save_on_this_computer(self):
        widget = self.open()
        widget.set_folder(self.folder)
        self.save(widget)
        widget.controls.auto_save.click()
        self.wait_until_finished(widget=widget)
        settings = self.packed(widget)

        # Here, it goes on by itself.
        (Path(self.folder) / "cat" / "1.png").unlink()
        again = self.open(settings)
        assert files_in(self.folder) == NAMES
        assert again.progress.label.text() == "1 image saved, 2 there already."

        # With another folder in the workflow, or on another computer, it does not.
        elsewhere = str(self.tmp_path / "elsewhere")
        changed = self.open({**settings, "folder": elsewhere})
        assert changed.Information.not_allowed.is_shown()
        assert not os.path.exists(elsewhere)
        QSettings().remove(KEY)
        (Path(self.folder) / "cat" / "1.png").unlink()
        other = self.open(settings)
        assert other.Information.not_allowed.is_shown()
        assert len(files_in(self.folder)) == 2
        self.save(other)
        assert not other.Information.not_allowed.is_shown()
        assert files_in(self.folder) == NAMES
        self.send(other, self.table[:1])
        assert other.progress.label.text() == "0 images saved, 1 there already."

    def test_a_workflow_of_the_predecessor_never_saves_by_itself(self):
        Path(self.folder).mkdir()
        (Path(self.folder) / "mine.txt").write_text("mine")
        old = {
            "dirname": self.folder, "auto_save": True, "file_format_index": 3, "use_scale": True,
            "scale_index": 2, "last_dir": "/x", "image_attr_current_index": 0,
            "__version__": 1,
        }  # fmt: skip
        widget = self.open(old)
        assert files_in(self.folder) == ["mine.txt"]
        assert widget.Information.not_allowed.is_shown()
        wishes = widget.wishes()
        assert (wishes.folder, wishes.format, wishes.size) == (self.folder, "tiff", "vgg16")
        self.save(widget)
        assert files_in(self.folder) == ["cat/1.tif", "cat/2.tif", "dog/1.tif", "mine.txt"]

    def test_old_formats_that_are_not_written_become_png(self):
        for position, name in enumerate(
            ["png", "jpeg", "gif", "tiff", "pdf", "bmp", "png", "png"]
        ):  # fmt: skip
            settings = {"file_format_index": position, "scale_index": 99}
            OWSaveImages.migrate_settings(settings, 1)
            assert settings == {"format_id": name}
        settings = {"scale_index": 1, "use_scale": False}
        OWSaveImages.migrate_settings(settings, None)
        assert settings == {"embedder_id": "squeezenet", "size_id": "own"}

    def test_the_example_follows_the_controls(self):
        widget = self.open()
        assert widget.example_label.text() == "Example: cat/1.png"
        widget.pattern_edit.setText("{category} ")
        widget.pattern_edit.end(False)
        actions = {action.text(): action for action in widget.insert_button.menu().actions()}
        assert {"{name}", "{row}", "{width}"} <= set(actions)
        actions["{width}"].trigger()
        assert widget.example_label.text() == "Example: cat/cat 48.png"
        widget.by_vars = []
        combo = widget.lines["format_id"].findChild(QComboBox)
        combo.setCurrentIndex(combo.findText("WebP"))
        combo.activated.emit(combo.currentIndex())
        assert widget.example_label.text() == "Example: cat 48.webp"
        widget.pattern_edit.setText("{clas}")
        assert "{clas}, but the table has no such column" in str(widget.Error.wrong_name)
        assert not widget.save_button.isEnabled()
        widget.pattern_edit.setText("{row}")
        assert widget.save_button.isEnabled()

    def test_controls_that_do_not_matter_are_hidden(self):
        widget = self.open()

        def shown():
            return {name for name, line in widget.lines.items() if not line.isHidden()}

        always = {"by_vars", "format_id"}
        assert shown() == always | {"size_id"}
        for format_id, size_id, more in [
            ("jpeg", "own", {"quality", "size_id"}),
            ("png", "pixels", {"size_id", "pixels", "fit_id"}),
            ("png", "embedder", {"size_id", "embedder_id"}),
            ("contact sheet", "pixels", {"label_vars"}),
        ]:
            widget.format_id, widget.size_id = format_id, size_id
            widget._changed()
            assert shown() == always | more

    def test_what_cannot_be_saved_is_counted_and_sent_with_its_reason(self):
        (self.tmp_path / "animals" / "dog" / "1.png").unlink()
        widget = self.open()
        widget.set_folder(self.folder)
        self.save(widget)
        assert "1 of 3 images not saved; the first: file not found" in str(widget.Warning.skipped)
        saved, skipped = self.outputs(widget)
        assert (len(saved), len(skipped)) == (2, 1)

    def test_cancel_keeps_what_was_saved_and_save_goes_on(self):
        release, saved_one = threading.Event(), threading.Event()
        convert = saving.convert

        def slow(data, location, conversion):
            if location.endswith(os.path.join("dog", "1.png")):
                saved_one.set()
                assert release.wait(60)
            return convert(data, location, conversion)

        widget = self.open()
        widget.set_folder(self.folder)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(saving, "convert", slow)
            QTest.mouseClick(widget.save_button, Qt.LeftButton)
            assert saved_one.wait(60)
            self.process_events(lambda: len(widget.saving.paths) == 2)
            assert not widget.save_button.isEnabled()
            QTest.mouseClick(widget.cancel_button, Qt.LeftButton)
            self.wait_until_finished(widget=widget)
            release.set()
        assert widget.Information.cancelled.is_shown()
        saved, skipped = self.outputs(widget)
        assert (len(saved), len(skipped)) == (2, 1)
        self.save(widget)
        assert not widget.Information.cancelled.is_shown()
        assert files_in(self.folder) == NAMES

    def test_a_folder_that_cannot_be_written_to_is_told(self):
        (self.tmp_path / "new").write_bytes(b"")
        widget = self.open()
        widget.set_folder(self.folder)
        self.save(widget)
        assert "is a file, not a folder" in str(widget.Error.failed)
        assert widget.save_button.isEnabled()

    def test_what_was_saved_before_an_error_is_sent(self):
        (self.tmp_path / "new").mkdir()
        (self.tmp_path / "new" / "dog").mkdir()
        widget = self.open()
        widget.set_folder(self.folder)
        with pytest.MonkeyPatch.context() as patch:
            write_new = save.write_new

            def full(path, data):
                if "dog" in path:
                    raise OSError(errno.ENOSPC, "No space left on device")
                write_new(path, data)

            patch.setattr(save, "write_new", full)
            self.save(widget)
            self.wait_until_finished(widget=widget)
        assert "is full. Free some space and save again" in str(widget.Error.failed)
        saved, skipped = self.outputs(widget)
        assert (len(saved), len(skipped)) == (2, 1)
        self.save(widget)
        assert not widget.Error.failed.is_shown()
        assert files_in(self.folder) == NAMES

    def test_data_without_images_and_no_data_are_no_trouble(self):
        widget = self.open(data=False)
        assert not widget.save_button.isEnabled()
        self.send(widget, Table("iris")[:, :4])
        assert widget.Error.no_column.is_shown()
        widget.send_report()
        self.send(widget, self.table[:0])
        assert not widget.save_button.isEnabled()
        self.send(widget, None)
        assert not widget.Error.no_column.is_shown()

    def test_clusters_and_groups_are_folders_by_default(self):
        widget = self.open(data=False)
        self.send(widget, with_clusters(self.table, np.array([1, 2, 2])))
        assert [variable.name for variable in widget.by_vars] == ["Cluster"]

    def test_choices_are_known_again_and_other_data_does_not_change_them(self):
        widget = self.open()
        widget.by_vars = []
        widget.pattern_edit.setText("{image name}")
        again = self.open(self.packed(widget))
        assert again.by_vars == []
        assert again.pattern == "{image name}"

    def test_the_report_tells_what_was_saved(self):
        widget = self.open()
        widget.set_folder(self.folder)
        self.save(widget)
        widget.send_report()
        assert self.folder in widget.report_html
        assert "3 images saved." in widget.report_html

    def test_a_closed_widget_stops(self):
        widget = self.open()
        widget.set_folder(self.folder)
        widget.save()
        widget.onDeleteWidget()
        assert widget.task is None
