import contextlib
import socket
import threading
import time
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from AnyQt.QtWidgets import QFileDialog
from fake_backends import FakeBackend, wait_for_runs, wait_until_at_rest
from Orange.data import DiscreteVariable, Domain, StringVariable, Table
from Orange.widgets.tests.base import WidgetTest
from pictures import write_images
from served_efficientnet import served_efficientnet

from orangecontrib.imageembedding.embeddings import plugins
from orangecontrib.imageembedding.embeddings.backends.remote import trust
from orangecontrib.imageembedding.embeddings.cache import Cache, cache_path
from orangecontrib.imageembedding.pipeline import import_images
from orangecontrib.imageembedding.progress import Counts
from orangecontrib.imageembedding.widgets import owimageembedding
from orangecontrib.imageembedding.widgets.embedding import speeds
from orangecontrib.imageembedding.widgets.embedding.choices import embedder_rows
from orangecontrib.imageembedding.widgets.embedding.embedderlist import ID_ROLE
from orangecontrib.imageembedding.widgets.owimageembedding import OWImageEmbedding
from orangecontrib.imageembedding.widgets.shared import progress as workprogress

BUILT_IN = {"embedder_id": "efficientnet-lite0"}


def choose(widget, embedder_id):
    """Click an embedder."""
    embedders = widget.embedder_list
    (index,) = [i for i in embedders._leaves() if i.data(ID_ROLE) == embedder_id]
    embedders.view.setCurrentIndex(index)


def choose_device(widget, device):
    index = widget.computing.device_combo.findData(device)
    widget.computing.device_combo.setCurrentIndex(index)
    widget.computing.device_combo.activated.emit(index)


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
        self.monkeypatch.setattr(owimageembedding, "Local", lambda *args: self.backend)

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
        message = "1 of 3 images skipped; the first: empty file"
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
        names = [column.name for column in widget.column_model]
        assert names[0] == "image"
        assert set(names) == {"image", "image name", "another", "file", "category"}
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

    def check_ways_on(self, stop):
        """Stop in some way; see that Apply and its checkbox go on from there."""
        for auto, how in ((True, "button"), (True, "checkbox"), (False, "button")):
            Cache().clear()
            widget = self.create(auto_apply=auto)
            stop(widget)
            button = widget.go_on._box.button
            assert (button.text(), button.isEnabled()) == ("Apply", True)
            self.use_fake(FakeBackend())
            for _ in range(2 if how == "checkbox" else 0):
                widget.controls.auto_apply.click()
                assert button.isEnabled() != widget.auto_apply
            if how == "button":
                button.click()
            self.wait_until_finished(widget=widget)
            assert len(self.outputs(widget)[0]) == 3
            assert not button.isEnabled()
            assert button.text() == ("Apply Automatically" if auto else "Apply")

    def test_apply_goes_on_after_a_cancel(self):
        def stop(widget):
            hang, entered = threading.Event(), threading.Event()
            self.use_fake(FakeBackend(hang=hang, on_batch=entered.set))
            self.send(widget, self.images, wait=False)
            widget.commit.now()
            assert entered.wait(30)
            widget.cancel_button.click()
            hang.set()

        self.check_ways_on(stop)

    def test_apply_goes_on_after_a_failure(self):
        def stop(widget):
            self.use_fake(FakeBackend(fail_at=1))
            self.send(widget, self.images, wait=False)
            widget.commit.now()
            self.wait_until_finished(widget=widget)
            assert widget.Error.failed.is_shown()

        self.check_ways_on(stop)

    def test_apply_tries_again_what_was_skipped(self):
        image = Path(str(self.images[0]["image"]))

        def stop(widget):
            data = image.read_bytes()
            image.unlink()
            self.use_fake(FakeBackend())
            self.send(widget, self.images, wait=False)
            widget.commit.now()
            self.wait_until_finished(widget=widget)
            assert widget.Warning.skipped.is_shown()
            image.write_bytes(data)

        self.check_ways_on(stop)

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

    def test_without_internet_one_click_leads_on_and_nothing_is_chosen_silently(self):
        widget = self.create(embedder_id="resnet50")
        self.send(widget, self.images)
        assert not widget.notice.isHidden()
        assert "cannot be downloaded" in widget.notice.label.text()
        assert list(widget.notice.buttons)[0] == "Use EfficientNet-Lite0"
        self.use_fake()
        widget.notice.buttons["Use EfficientNet-Lite0"].click()
        self.wait_until_finished(widget=widget)
        assert widget.embedder_id == "efficientnet-lite0"
        assert widget.embedder_list.view.currentIndex().data() == "EfficientNet-Lite0"
        assert len(self.outputs(widget)[0]) == 3
        assert widget.notice.isHidden()

    def test_what_failed_can_be_tried_again(self):
        self.use_fake(FakeBackend(fail_at=1))
        widget = self.create()
        self.send(widget, self.images)
        assert widget.notice.label.text() == "the device is gone"
        self.use_fake(FakeBackend())
        widget.notice.buttons["Try Again"].click()
        self.wait_until_finished(widget=widget)
        assert len(self.outputs(widget)[0]) == 3

    def test_all_controls_can_be_reached_on_a_low_screen_and_the_fold_is_remembered(self):
        widget = self.create()
        assert not widget.advanced.is_open
        assert widget.minimumSizeHint().height() < 400
        widget.advanced.button.click()
        assert not widget.computing.isHidden()
        assert self.create_widget(
            OWImageEmbedding, stored_settings=widget.settingsHandler.pack_data(widget)
        ).advanced.is_open

    def test_weights_can_be_had_from_a_folder(self):
        self.use_fake()
        widget = self.create(embedder_id="resnet50")
        self.monkeypatch.setattr(
            QFileDialog, "getExistingDirectory", lambda *args: str(self.folder)
        )
        widget.choose_weights_folder()
        assert widget.weights_folder == str(self.folder)
        widget.description_label.set_whole(True)
        assert str(self.folder) in widget.description_label.text()

    def test_a_failing_backend_is_an_error(self):
        self.use_fake(FakeBackend(fail_at=1))
        widget = self.create()
        self.send(widget, self.images)
        assert str(widget.Error.failed) == "the device is gone"

    def test_the_default_is_resnet50_and_titles_are_shown(self):
        widget = self.create_widget(OWImageEmbedding)
        assert widget.embedder_id == "resnet50"
        current = widget.embedder_list.view.currentIndex()
        assert current.data() == "ResNet-50"
        assert current.siblingAtColumn(1).data() == "103 MB"
        assert current.siblingAtColumn(2).data() == "2,048"
        assert "Photographs of all kinds" in widget.description_label.text()
        assert "BSD-3-Clause" not in widget.description_label.text()
        widget.description_label.linkActivated.emit("#more")
        assert "BSD-3-Clause" in widget.description_label.text()
        assert "https://arxiv.org/abs/1512.03385" in widget.description_label.text()

    def test_choosing_another_embedder_embeds_again(self):
        self.use_fake()
        widget = self.create()
        self.send(widget, self.images)
        choose(widget, "resnet50")
        self.wait_until_finished(widget=widget)
        assert widget.embedder_id == "resnet50"
        assert self.outputs(widget)[0].X.shape == (3, 2048)

    def test_it_says_where_images_go(self):
        assert self.create().computing.where_label.text() == "Images stay on this computer."

    def test_an_embedder_that_is_not_there_keeps_its_name_and_is_not_replaced(self):
        self.use_fake()
        widget = self.create(embedder_id="not-there")
        self.send(widget, self.images)
        assert widget.embedder_id == "not-there"
        assert widget.embedder_list.view.currentIndex().data() == "not-there (not available)"
        assert "'not-there'" in str(widget.Error.unknown_embedder)
        assert self.backend.loads == 0

    def test_settings_of_the_predecessor_are_read(self):
        self.use_fake()
        old = {"cb_embedder_current_id": 2, "_auto_apply": False, "__version__": 2}
        widget = self.create_widget(OWImageEmbedding, stored_settings=old)
        assert widget.embedder_id == "vgg16"
        assert not widget.auto_apply

    def test_the_catalogue_is_grouped_and_searched(self):
        widget = self.create()
        rows = {row.id: row.group for row in embedder_rows("", "", "resnet50", None)}
        assert rows["efficientnet-lite0"] == "Built in"
        assert rows["resnet50"] == "Downloaded on first use"
        assert rows["painters"] == "On servers only"
        assert set(widget.embedder_list.ids()) == set(rows)
        widget.embedder_list.search.setText("painters by")
        assert widget.embedder_list.ids() == ["painters"]
        assert widget.embedder_id == "efficientnet-lite0"  # searching chooses nothing
        widget.embedder_list.search.setText("")
        assert widget.embedder_list.view.currentIndex().data() == "EfficientNet-Lite0"

    def test_weights_that_are_there_are_said_to_be(self):
        (self.folder / "resnet50-0676ba61.pth").write_bytes(b"x")
        rows = {row.id: row.group for row in embedder_rows(str(self.folder), "", "x", None)}
        assert rows["resnet50"] == "On this computer"
        assert rows["vgg16"] == "Downloaded on first use"
        assert rows["x"] == "Not available"

    def test_any_model_of_timm_is_chosen_by_its_name(self):
        widget = self.create()
        widget.embedder_list.search.setText("timm:resnet18.a1_in1k")
        widget.embedder_list.search.returnPressed.emit()
        assert widget.embedder_id == "timm:resnet18.a1_in1k"
        assert widget.embedder_list.view.currentIndex().data() == "timm:resnet18.a1_in1k"

    def test_a_file_of_the_user(self):
        import torch
        import torchvision

        path = self.folder / "tuned.pth"
        torch.save(torchvision.models.resnet50(num_classes=3).state_dict(), path)
        widget = self.create(embedder_id="resnet50", auto_apply=False)
        self.monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: (str(path), ""))
        widget.choose_own_file()
        assert widget.embedder_list.view.currentIndex().data() == "tuned.pth"
        self.send(widget, self.images)
        widget.commit.now()
        self.wait_until_finished(widget=widget, timeout=60_000)
        assert self.outputs(widget)[0].X.shape == (3, 2048)
        again = self.create_widget(
            OWImageEmbedding, stored_settings=widget.settingsHandler.pack_data(widget)
        )
        assert again.embedder_list.view.currentIndex().data() == "tuned.pth"

    def test_the_second_time_says_that_all_was_known(self):
        self.use_fake()
        widget = self.create()
        self.send(widget, self.images)
        assert widget.progress.label.text() == "3 images embedded."
        widget.commit.now()
        self.wait_until_finished(widget=widget)
        assert widget.progress.label.text() == "3 images embedded, 3 of them cached."
        assert self.backend.loads == 1

    def test_what_is_kept_can_be_cleared(self):
        self.use_fake()
        widget = self.create()
        self.send(widget, self.images)
        assert widget.cache_box.clear_button.isEnabled()
        assert "MB" in widget.cache_box.label.text()
        for only_this, left in ((True, ["other"]), (False, [])):
            cache = Cache()
            cache.store("other exact 1", {b"x" * 16: np.ones(3, np.float32)})
            cache.close()
            widget.cache_box.clear(only_this)
            self.process_events(lambda: not widget.background.is_busy, timeout=10_000)
            cache = Cache()
            assert [kept.embedder_id for kept in cache.embedders()] == left
            cache.close()

    def clear_only_this(self, widget):
        widget.cache_box.clear(True)
        self.process_events(lambda: not widget.background.is_busy, timeout=10_000)
        cache = Cache()
        left = [kept.embedder_id for kept in cache.embedders()]
        cache.close()
        return left

    def test_clearing_this_embedder_leaves_those_of_all_others(self):
        cache = Cache()
        kept = ["efficientnet-lite0", "resnet50", "resnet50 with tuned.pth", "timm:x.y"]
        for name in kept:
            cache.store(f"{name} exact 1", {b"x" * 16: np.ones(3, np.float32)})
        cache.close()
        widget = self.create(embedder_id="timm:x.y", auto_apply=False)
        assert self.clear_only_this(widget) == kept[:3]
        widget = self.create(
            embedder_id="own-file", own_file="/a/tuned.pth", own_like="resnet50", auto_apply=False
        )
        assert self.clear_only_this(widget) == kept[:2]
        widget = self.create(embedder_id="not-there", auto_apply=False)
        assert self.clear_only_this(widget) == kept[:2]

    def test_a_widget_can_be_closed_while_its_server_is_asked(self):
        answer = threading.Event()
        trust.trust("http://slow.example")
        self.monkeypatch.setattr(
            owimageembedding, "models_of", lambda url, key: answer.wait(30) and ("a",)
        )
        widget = self.create(device="server", server_url="http://slow.example")
        shown = []
        widget._show_embedders = lambda: shown.append(1)
        widget.onDeleteWidget()
        answer.set()
        widget.background._executor.shutdown(wait=True)
        self.process_events()
        assert shown == []

    def test_a_new_widget_begins_on_this_computer(self):
        settings = OWImageEmbedding.settingsHandler.provider.settings
        assert settings["device"].schema_only
        assert settings["server_url"].schema_only

    def test_progress_tells_images_speed_time_left_and_what_was_known(self):
        widget = self.create()
        clock = [100.0]
        self.monkeypatch.setattr(workprogress.time, "monotonic", lambda: clock[0])
        widget.on_partial_result("Embedding images")
        assert widget.progress.label.text() == "Embedding images"
        widget.on_partial_result(Counts(200, 1200, 200, "/a/1.png"))
        assert widget.progress.label.text() == "200 of 1,200 images · 200 cached"
        clock[0] += 2
        widget.on_partial_result(Counts(300, 1200, 200, "/a/2.png"))
        widget.on_partial_result(0.25)
        assert widget.progress.label.text() == (
            "300 of 1,200 images · 50 per second · 18 s left · 200 cached"
        )
        assert widget.progress.label.toolTip() == "/a/2.png"
        assert widget.progress.bar.value() == 250

    def test_the_speed_is_remembered_by_this_computer_and_not_in_the_workflow(self):
        widget = self.create()
        widget.data = self.images
        widget._begun_at = time.monotonic() - 2
        widget._n_at_begin = 0
        widget._remember_speed(100)
        widget._describe_embedder()
        widget.description_label.set_whole(True)
        assert "images per second on this computer" in widget.description_label.text()
        assert 30 < speeds.remembered_speed("efficientnet-lite0", "auto exact") < 60
        assert "speed" not in str(widget.settingsHandler.pack_data(widget))

    def test_after_cancel_apply_goes_on_from_there(self):
        go_on = threading.Event()
        n_batches = []

        def wait_at_the_second():
            n_batches.append(1)
            if len(n_batches) > 1:
                go_on.wait(30)

        names = [f"x/{i}.png" for i in range(20)]
        images = import_images(write_images(self.folder / "many", names)).table
        wait_until_at_rest(self.folder / "many" / names[-1])
        self.use_fake(FakeBackend(on_batch=wait_at_the_second))
        widget = self.create()
        self.send(widget, images, wait=False)
        self.process_events(lambda: len(self.backend.locations) >= 3, timeout=30_000)
        widget.cancel_button.click()
        go_on.set()
        wait_for_runs()
        n_done = len(self.backend.locations)
        second = FakeBackend()
        self.use_fake(second)
        widget.commit.now()
        self.wait_until_finished(widget=widget)
        assert len(second.locations) == 20 - n_done
        assert len(self.outputs(widget)[0]) == 20

    def test_changing_the_embedder_stops_what_is_running(self):
        with self.hanging() as widget:
            self.use_fake(FakeBackend())
            choose(widget, "resnet50")
            self.wait_until_finished(widget=widget)
            assert self.outputs(widget)[0].X.shape == (3, 2048)

    def test_changing_the_embedder_with_auto_apply_off_stops_and_waits_for_apply(self):
        with self.hanging() as widget:
            widget.auto_apply = False
            choose(widget, "resnet50")
            assert widget.task is None
            assert self.outputs(widget) == (None, None)

    def test_fast_and_devices_reach_the_backend(self):
        asked = []
        self.monkeypatch.setattr(
            owimageembedding, "Local", lambda *args: asked.append(args) or self.backend
        )
        widget = self.create(device="cpu", precision="fast")
        self.send(widget, self.images)
        assert asked == [(None, "cpu", "fast")]

    def test_a_device_that_is_not_there_is_an_error_and_stays_chosen(self):
        widget = self.create(device="mps", auto_apply=True)
        self.send(widget, self.images)
        assert "no Apple GPU" in str(widget.Error.failed)
        assert widget.computing.device_combo.currentText() == "This computer: Apple GPU"

    def test_a_backend_of_a_plug_in(self):
        entry = EntryPoint("histogram", "imageembedding_colours:Histograms", plugins.BACKENDS)
        self.monkeypatch.syspath_prepend(Path(__file__).parents[1] / "example_plugin")
        self.monkeypatch.setattr(
            plugins, "entry_points", lambda group: [entry] if group == plugins.BACKENDS else []
        )
        widget = self.create(device="plug-in:histogram")
        assert widget.computing.device_combo.currentText() == "Plug-in: histogram"
        assert "'histogram' decides where images go" in widget.computing.where_label.text()
        self.send(widget, self.images)
        assert self.outputs(widget)[0].X.sum(axis=1) == pytest.approx(1, rel=1e-5)
        gone = self.create(device="plug-in:gone")
        self.send(gone, self.images)
        assert "'gone'" in str(gone.Error.failed)
        assert gone.computing.device_combo.currentText() == "Plug-in: gone"

    def use_server(self, backend):
        asked = []

        def remote(url, key):
            asked.append((url, key))
            return backend

        self.monkeypatch.setattr(owimageembedding, "remote_backend", remote)
        self.monkeypatch.setattr(owimageembedding, "models_of", lambda url, key: None)
        return asked

    def test_a_real_server_tells_what_it_offers_and_embeds(self):
        with served_efficientnet() as url:
            widget = self.create(embedder_id="resnet50", auto_apply=False)
            self.send(widget, self.images)
            choose_device(widget, "server")
            widget.computing.url_edit.setText(url)
            widget.computing.url_edit.editingFinished.emit()
            self.process_events(lambda: widget._server_models is not None, timeout=30_000)
            rows = embedder_rows("", "", widget.embedder_id, widget._server_models)
            assert {row.id for row in rows if row.group == "On the server"} == {
                "efficientnet-lite0"
            }
            choose(widget, "efficientnet-lite0")
            widget.commit.now()
            self.wait_until_finished(widget=widget, timeout=60_000)
            embeddings, _ = self.outputs(widget)
            local = self.create()
            self.send(local, self.images)
            np.testing.assert_allclose(embeddings.X, self.outputs(local)[0].X, atol=1e-4)
            choose(widget, "resnet50")
            widget.commit.now()
            self.wait_until_finished(widget=widget, timeout=60_000)
            assert url in str(widget.Error.failed)

    def test_a_server_that_cannot_be_reached_is_named_with_the_cause(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        trust.trust(url)
        widget = self.create(device="server", server_url=url)
        self.send(widget, self.images)
        self.wait_until_finished(widget=widget, timeout=60_000)
        assert url in str(widget.Error.failed)
        assert list(widget.notice.buttons) == ["Try Again", "Use This Computer"]
        assert widget._server_models is None

    def test_a_server_is_used_only_when_somebody_here_has_chosen_it(self):
        asked = self.use_server(self.backend)
        widget = self.create()
        choose_device(widget, "server")
        self.send(widget, self.images)
        assert widget.Error.no_server.is_shown()
        assert widget.computing.where_label.text().startswith("No server is chosen")
        widget.computing.url_edit.setText("http://lab.example:8000")
        widget.computing.key_edit.setText("secret")
        widget.computing.url_edit.editingFinished.emit()
        self.wait_until_finished(widget=widget)
        assert asked == [("http://lab.example:8000", "secret")]
        assert widget.computing.where_label.text() == (
            "Images are sent to http://lab.example:8000 (1,280 numbers come back)."
        )
        assert len(self.outputs(widget)[0]) == 3
        assert "secret" not in str(widget.settingsHandler.pack_data(widget))

    def from_somebody_else(self):
        return self.create(device="server", server_url="http://somewhere.example")

    def test_a_workflow_of_somebody_else_asks_before_the_first_image_leaves(self):
        asked = self.use_server(self.backend)
        widget = self.from_somebody_else()
        self.send(widget, self.images)
        assert asked == []
        assert "http://somewhere.example" in str(widget.Warning.not_trusted)
        assert widget.advanced.is_open  # the server is in sight
        assert list(widget.notice.buttons) == ["Send Images There", "Use This Computer"]
        widget.notice.buttons["Send Images There"].click()
        self.wait_until_finished(widget=widget)
        assert asked == [("http://somewhere.example", "")]
        assert widget.notice.isHidden()
        assert not widget.Warning.not_trusted.is_shown()
        again = self.from_somebody_else()
        self.send(again, self.images)
        assert len(asked) == 2  # it is remembered

    def test_or_this_computer_is_used_instead(self):
        asked = self.use_server(FakeBackend())
        self.use_fake()
        widget = self.from_somebody_else()
        self.send(widget, self.images)
        widget.notice.buttons["Use This Computer"].click()
        self.wait_until_finished(widget=widget)
        assert asked == []
        assert len(self.backend.locations) == 3
        assert widget.computing.where_label.text() == "Images stay on this computer."
        assert widget.computing.device_combo.currentText() == "This computer"

    def test_a_lost_server_is_an_error_that_offers_this_computer_but_does_not_switch(self):
        trust.trust("http://somewhere.example")
        self.use_server(FakeBackend(fail_at=1))
        self.use_fake()
        widget = self.from_somebody_else()
        self.send(widget, self.images)
        assert str(widget.Error.failed) == "the device is gone"
        assert widget.device == "server"
        assert self.outputs(widget) == (None, None)
        assert self.backend.locations == []
        widget.notice.buttons["Use This Computer"].click()
        self.wait_until_finished(widget=widget)
        assert len(self.outputs(widget)[0]) == 3

    def test_a_note_of_the_cache_is_a_warning(self):
        cache_path().parent.mkdir(parents=True, exist_ok=True)
        cache_path().write_bytes(b"Dear diary" * 100)
        self.use_fake()
        widget = self.create()
        self.send(widget, self.images)
        assert "was damaged" in str(widget.Warning.note)
        assert len(self.outputs(widget)[0]) == 3

    def test_vectors_of_the_wrong_length_are_an_error(self):
        self.use_fake(FakeBackend(wrong_size=True))
        widget = self.create()
        self.send(widget, self.images)
        assert "1281" in str(widget.Error.failed)

    def test_controls_have_names_for_screen_readers(self):
        widget = self.create()
        for control in (
            widget.controls.image_attr, widget.computing.device_combo, widget.embedder_list.view,
            widget.computing.precision_combo, widget.computing.url_edit, widget.computing.key_edit,
            widget.embedder_list.search, widget.progress.bar,
        ):  # fmt: skip
            assert control.accessibleName()

    def test_the_report_names_the_settings(self):
        self.use_fake()
        widget = self.create()
        self.send(widget, self.images)
        widget.send_report()
        assert "EfficientNet-Lite0" in widget.report_html
        assert "stay on this computer" in widget.report_html
