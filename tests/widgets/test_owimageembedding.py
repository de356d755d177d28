import contextlib
import threading

import numpy as np
import pytest
from AnyQt.QtWidgets import QFileDialog
from fake_backends import FakeBackend
from Orange.data import DiscreteVariable, Domain, StringVariable, Table
from Orange.widgets.tests.base import WidgetTest
from pictures import write_images

from orangecontrib.imageembedding.pipeline import import_images
from orangecontrib.imageembedding.widgets import owimageembedding
from orangecontrib.imageembedding.widgets.owimageembedding import OWImageEmbedding

BUILT_IN = {"embedder_id": "efficientnet-lite0"}


class TestOWImageEmbedding(WidgetTest):
    @pytest.fixture(autouse=True)
    def _images(self, tmp_path, monkeypatch):
        self.folder = write_images(tmp_path / "animals", ["cat/1.png", "cat/2.png", "dog/3.png"])
        self.images = import_images(self.folder).table
        self.monkeypatch = monkeypatch
        self.backend = FakeBackend()

    def setUp(self):
        self.widget = self.create()

    def use_fake(self, backend=None):
        self.backend = backend or self.backend
        self.monkeypatch.setattr(owimageembedding, "Local", lambda folder: self.backend)

    def create(self, **settings):
        return self.create_widget(OWImageEmbedding, stored_settings=BUILT_IN | settings)

    def send(self, widget, data, wait=True):
        self.send_signal(widget.Inputs.images, data, widget=widget)
        if wait:
            self.wait_until_finished(widget=widget, timeout=60_000)

    def outputs(self, widget):
        return (
            self.get_output(widget.Outputs.embeddings, widget=widget),
            self.get_output(widget.Outputs.skipped_images, widget=widget),
        )

    def test_images_become_numbers_with_the_real_embedder(self):
        widget = self.create()
        self.send(widget, self.images)
        embeddings, skipped = self.outputs(widget)
        assert embeddings.X.shape == (3, 1280)
        assert np.isfinite(embeddings.X).all()
        assert skipped is None
        assert not widget.cancel_button.isEnabled()

    def test_without_data_there_is_no_output_and_no_message(self):
        self.use_fake()
        widget = self.create()
        self.send(widget, self.images)
        self.send(widget, None)
        assert self.outputs(widget) == (None, None)

    def test_images_that_fail_are_counted_and_sent_with_reasons(self):
        self.use_fake()
        (self.folder / "cat" / "2.png").write_bytes(b"")
        widget = self.create()
        self.send(widget, self.images)
        embeddings, skipped = self.outputs(widget)
        assert len(embeddings) == 2
        assert str(skipped[0]["reason"]) == "empty file"
        message = "1 of 3 images left out; the first: empty file"
        assert str(widget.Warning.skipped).startswith(message)

    def test_when_all_fail_it_is_an_error_with_the_reason(self):
        self.use_fake()
        for path in self.folder.rglob("*.png"):
            path.unlink()
        widget = self.create()
        self.send(widget, self.images)
        assert "None of the 3 images could be embedded; the first: file not found" in str(
            widget.Error.none_embedded
        )
        embeddings, skipped = self.outputs(widget)
        assert embeddings is None
        assert len(skipped) == 3

    def test_data_without_image_column_is_an_error_that_says_how_to_get_one(self):
        self.use_fake()
        widget = self.create()
        self.send(widget, Table("housing"))
        assert "Import Images" in str(widget.Error.no_column)
        self.send(widget, self.images)
        assert not widget.Error.no_column.is_shown()

    def test_an_empty_table_gives_nothing(self):
        self.use_fake()
        widget = self.create()
        self.send(widget, self.images[:0])
        assert self.outputs(widget) == (None, None)

    def test_a_categorical_column_may_hold_the_images(self):
        self.use_fake()
        paths = [str(value) for value in self.images.get_column("image")]
        domain = Domain([DiscreteVariable("picture", values=paths)])
        widget = self.create()
        self.send(widget, Table.from_numpy(domain, np.array([[2.0], [0.0]])))
        assert self.backend.locations == [paths[2], paths[0]]

    def test_marked_columns_are_offered_first_and_the_choice_is_remembered(self):
        self.use_fake()
        other = StringVariable("another")
        data = self.images.add_column(other, [str(p) for p in self.images.get_column("image")])
        widget = self.create()
        self.send(widget, data)
        assert [column.name for column in widget.column_model][:3] == [
            "image", "image name", "another",
        ]  # fmt: skip
        widget.image_attr = other
        self.send(widget, None)
        self.send(widget, data)
        assert widget.image_attr.name == "another"

    def test_with_auto_apply_off_nothing_runs_until_apply(self):
        self.use_fake()
        widget = self.create(auto_apply=False)
        self.send(widget, self.images)
        assert self.backend.loads == 0
        widget.commit.now()
        self.wait_until_finished(widget=widget)
        assert len(self.outputs(widget)[0]) == 3

    @contextlib.contextmanager
    def hanging(self):
        """Yield a widget whose backend has begun a batch and waits; it goes on at the end."""
        hang, entered = threading.Event(), threading.Event()
        self.use_fake(FakeBackend(hang=hang, on_batch=entered.set))
        widget = self.create()
        try:
            self.send(widget, self.images, wait=False)
            assert entered.wait(30)
            yield widget
            assert not hang.is_set()
        finally:
            hang.set()

    def test_cancel_stops_a_backend_that_hangs_and_apply_starts_again(self):
        with self.hanging() as widget:
            widget.cancel_button.click()
            assert not widget.isInvalidated()
            assert widget.Information.cancelled.is_shown()
            assert not widget.cancel_button.isEnabled()
            self.use_fake(FakeBackend())
            widget.commit.now()
            self.wait_until_finished(widget=widget)
            assert len(self.outputs(widget)[0]) == 3
            assert not widget.Information.cancelled.is_shown()

    def test_new_data_replaces_what_is_running(self):
        with self.hanging() as widget:
            self.use_fake(FakeBackend())
            self.send(widget, self.images[:1])
            assert len(self.outputs(widget)[0]) == 1

    def test_a_widget_can_be_closed_while_a_backend_hangs(self):
        with self.hanging() as widget:
            widget.onDeleteWidget()

    def test_weights_that_cannot_be_had_are_an_error_that_names_the_way_on(self):
        widget = self.create(embedder_id="resnet50")
        self.send(widget, self.images)
        assert "EfficientNet-Lite0" in str(widget.Error.failed)
        assert self.outputs(widget) == (None, None)
        assert widget.embedder_id == "resnet50"

    def test_weights_can_be_had_from_a_folder(self):
        self.use_fake()
        widget = self.create(embedder_id="resnet50")
        self.monkeypatch.setattr(
            QFileDialog, "getExistingDirectory", lambda *args: str(self.folder)
        )
        widget.choose_weights_folder()
        assert widget.weights_folder == str(self.folder)
        assert str(self.folder) in widget.embedder_label.text()

    def test_a_failing_backend_is_an_error(self):
        self.use_fake(FakeBackend(fail_at=1))
        widget = self.create()
        self.send(widget, self.images)
        assert str(widget.Error.failed) == "the device is gone"

    def test_the_default_is_resnet50_and_titles_are_shown(self):
        widget = self.create_widget(OWImageEmbedding)
        combo = widget.controls.embedder_id
        assert widget.embedder_id == "resnet50"
        titles = [combo.itemText(i) for i in range(combo.count())]
        assert titles[:3] == ["ResNet-50", "ResNet-50 (V2 weights)", "EfficientNet-Lite0"]
        assert combo.currentText() == "ResNet-50"

    def test_choosing_another_embedder_embeds_again(self):
        self.use_fake()
        widget = self.create()
        self.send(widget, self.images)
        combo = widget.controls.embedder_id
        combo.setCurrentIndex(0)
        combo.activated.emit(0)
        self.wait_until_finished(widget=widget)
        assert widget.embedder_id == "resnet50"
        assert self.outputs(widget)[0].X.shape == (3, 2048)

    def test_it_says_where_images_go(self):
        assert self.create().where_label.text() == "Images stay on this computer."

    def test_an_embedder_that_is_not_there_keeps_its_name_and_is_not_replaced(self):
        self.use_fake()
        widget = self.create(embedder_id="not-there")
        self.send(widget, self.images)
        assert widget.embedder_id == "not-there"
        assert widget.controls.embedder_id.currentText() == "not-there (not available)"
        assert "'not-there'" in str(widget.Error.unknown_embedder)
        assert self.backend.loads == 0

    def test_settings_of_the_predecessor_are_read(self):
        self.use_fake()
        old = {"cb_embedder_current_id": 2, "_auto_apply": False, "__version__": 2}
        widget = self.create_widget(OWImageEmbedding, stored_settings=old)
        assert widget.embedder_id == "vgg16"
        assert not widget.auto_apply

    def test_the_report_names_the_settings(self):
        self.use_fake()
        widget = self.create()
        self.send(widget, self.images)
        widget.send_report()
        assert "EfficientNet-Lite0" in widget.report_html
        assert "stay on this computer" in widget.report_html
