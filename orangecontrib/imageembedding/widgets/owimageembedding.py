"""Image Embedding: each image becomes numbers."""

from __future__ import annotations

import html
import time
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, Literal

from AnyQt.QtCore import Qt
from AnyQt.QtWidgets import QFileDialog, QPushButton, QStyle
from Orange.data import Table, Variable
from Orange.widgets import gui
from Orange.widgets.settings import ContextSetting, DomainContextHandler, Setting
from Orange.widgets.utils.itemmodels import VariableListModel
from Orange.widgets.utils.widgetpreview import WidgetPreview
from Orange.widgets.widget import Input, Msg, Output

from orangecontrib.imageembedding.embeddings.backends.base import Backend
from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.backends.registry import get_backend
from orangecontrib.imageembedding.embeddings.backends.remote import trust
from orangecontrib.imageembedding.embeddings.backends.remote.backend import Remote
from orangecontrib.imageembedding.embeddings.catalogue import (
    BUILT_IN_ID,
    DEFAULT_ID,
    all_embedders,
    embedders_at_hand,
    get_embedder,
)
from orangecontrib.imageembedding.embeddings.plugins import PluginFailure, are_at_hand
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.embeddings.user_models import own_ids
from orangecontrib.imageembedding.errors import (
    BackendError,
    InputError,
    WeightsError,
)
from orangecontrib.imageembedding.pipeline import EmbeddedImages
from orangecontrib.imageembedding.progress import Counts
from orangecontrib.imageembedding.tables.locate import default_image_column, image_columns
from orangecontrib.imageembedding.tables.search import NOT_FOUND
from orangecontrib.imageembedding.widgets.embedding import speeds
from orangecontrib.imageembedding.widgets.embedding.cachebox import CacheBox
from orangecontrib.imageembedding.widgets.embedding.choices import (
    OWN_FILE,
    PLUGIN,
    SERVER,
    about_html,
    device_title,
    embedder_rows,
    likely_devices,
    where_images_go,
)
from orangecontrib.imageembedding.widgets.embedding.computing import ComputingBox
from orangecontrib.imageembedding.widgets.embedding.description import Description
from orangecontrib.imageembedding.widgets.embedding.embedderlist import TIMM, EmbedderList
from orangecontrib.imageembedding.widgets.embedding.tasks import (
    Wanted,
    embed_in_background,
    models_of,
)
from orangecontrib.imageembedding.widgets.embedding.tips import TIPS
from orangecontrib.imageembedding.widgets.shared.background import Background
from orangecontrib.imageembedding.widgets.shared.fold import Fold
from orangecontrib.imageembedding.widgets.shared.goon import GoOn
from orangecontrib.imageembedding.widgets.shared.imagesfolder import CHOOSE, ImagesFolder
from orangecontrib.imageembedding.widgets.shared.imagewidget import NO_COLUMN, ImageWidget
from orangecontrib.imageembedding.widgets.shared.notice import Notice, Way
from orangecontrib.imageembedding.widgets.shared.predecessor import OLD_EMBEDDERS
from orangecontrib.imageembedding.widgets.shared.progress import WorkProgress
from orangecontrib.imageembedding.widgets.shared.taskwidget import TaskWidget
from orangecontrib.imageembedding.widgets.shared.tips import explain

MIN_WIDTH_PX, MIN_LIST_PX = 420, 150
USE_BUILT_IN = "Use EfficientNet-Lite0"
TRY_AGAIN, CONTINUE = "Try Again", "Continue"
FOLDER_OF_WEIGHTS = "Folder of Weights…"
SEND_THERE, USE_THIS_COMPUTER = "Send Images There", "Use This Computer"
MIN_MEASURED = 24  # images; fewer tell nothing about the speed
PRECISIONS = {"exact": "Exact (32 bits)", "fast": "Fast (16 bits)"}


class OWImageEmbedding(ImageWidget, TaskWidget):
    name = "Image Embedding"
    description = "Describe each image by numbers from a deep neural network."
    keywords = "embedding, image, picture, deep, neural network, features, resnet, server"
    icon = "icons/image-embedding.svg"
    priority = 20
    replaces = [
        "orangecontrib.imageanalytics.widgets.owimageembedding.OWImageEmbedding",
        "orangecontrib.imageanalytics.widgets.owimagenetembedding.OWImageNetEmbedding",
    ]

    class Inputs:
        images = Input("Images", Table)

    class Outputs:
        embeddings = Output("Embeddings", Table, default=True)
        skipped_images = Output("Skipped Images", Table)

    class Error(ImageWidget.Error):
        no_column = Msg(NO_COLUMN)
        unknown_embedder = Msg("{} Choose another embedder.")
        no_server = Msg("Type the address of the server, for example http://localhost:8000.")
        failed = Msg("{}")
        none_embedded = Msg("None of the {} images could be embedded; the first: {}")

    class Warning(ImageWidget.Warning):
        skipped = Msg("{} of {} images skipped; the first: {}. See the output Skipped Images.")
        not_trusted = Msg("This workflow sends your images to {}. Nothing has been sent yet.")
        plugin = Msg("{}")
        note = Msg("{}")

    class Information(ImageWidget.Information):
        cancelled = Msg(
            "Cancelled. Finished vectors are cached: Continue or Apply resumes from there."
        )

    want_main_area = False
    settings_version = 3
    settingsHandler = DomainContextHandler()

    image_attr: Variable | None = ContextSetting(None)
    images_folder: str = Setting("", schema_only=True)
    embedder_id: str = Setting(DEFAULT_ID)
    own_file: str = Setting("")
    own_like: str = Setting(DEFAULT_ID)
    weights_folder: str = Setting("")
    device: str = Setting("auto", schema_only=True)  # a new widget never begins with a server
    precision: Literal["exact", "fast"] = Setting("exact")
    show_advanced: bool = Setting(False)
    server_url: str = Setting("", schema_only=True)
    auto_apply: bool = Setting(True)

    def __init__(self) -> None:
        super().__init__()
        TaskWidget.__init__(self)
        self.data: Table | None = None
        self.api_key = ""  # never saved with the workflow
        specs, self._plugin_failures = embedders_at_hand()
        self._specs = {spec.id: spec for spec in specs}
        self._server_models: tuple[str, ...] | None = None
        self._begun_at = 0.0
        self._n_at_begin = 0
        self.background = Background(self)
        self.scroll_controls(MIN_WIDTH_PX)
        self._add_images_box()
        self._add_embedder_box()
        self._add_advanced_box()
        self._add_progress()
        self._show_where()
        self._show_embedders()
        self.cache_box.show_size()
        self._ask_server()
        if not are_at_hand():
            self.background.run(all_embedders, self._take_embedders)
        explain(self, TIPS)

    def _add_images_box(self) -> None:
        box = gui.vBox(self.controls_box, "Images")
        self.column_model = VariableListModel()
        gui.comboBox(
            box, self, "image_attr", label="Image column:", model=self.column_model,
            orientation=Qt.Horizontal, searchable=True, callback=self._changed,
            tooltip="The column with the paths or URLs of the images",
        )  # fmt: skip
        self.controls.image_attr.setAccessibleName("Image column")
        self.folder_row = ImagesFolder(self.images_folder, self.workflowEnv().get("basedir", ""))
        self.images_folder = self.folder_row.folder
        self.folder_row.chosen.connect(self._folder_chosen)
        box.layout().addWidget(self.folder_row)
        self.notice = Notice()
        self.notice.shown.connect(self._make_room)
        self.controls_box.layout().addWidget(self.notice)

    def _add_embedder_box(self) -> None:
        box = gui.vBox(self.controls_box, "Embedder")
        self.embedder_list = EmbedderList()
        self.embedder_list.chosen.connect(self.choose_embedder)
        self.embedder_list.setMinimumHeight(MIN_LIST_PX)
        box.layout().addWidget(self.embedder_list)
        self.description_label = Description()
        box.layout().addWidget(self.description_label)

    def _add_advanced_box(self) -> None:
        devices = likely_devices()
        if self.device not in devices:  # keep what the workflow says
            devices.append(self.device)
        self.computing = ComputingBox(
            {device: device_title(device) for device in devices},
            PRECISIONS,
            trust.trusted_servers(),
        )
        self.computing.show_choice(self.device, self.precision, self.server_url)
        self.computing.device_chosen.connect(self._device_chosen)
        self.computing.precision_chosen.connect(self._precision_chosen)
        self.computing.server_typed.connect(self._server_typed)
        self.controls_box.layout().addWidget(self.computing.where_label)
        # A server is never out of sight.
        self.advanced = Fold("Advanced", self.show_advanced or self.device == SERVER)
        self.advanced.toggled.connect(self._advanced_toggled)
        box = self.advanced.content
        line = gui.hBox(box)
        gui.button(
            line, self, "Own File…", callback=self.choose_own_file, autoDefault=False,
            tooltip="Your own weights for the chosen embedder (state_dict, safetensors), "
            "or a network (TorchScript, ONNX)",
        )  # fmt: skip
        self.weights_button = gui.button(
            line, self, "Folder of Weights…", callback=self.choose_weights_folder,
            autoDefault=False,
            tooltip="The folder that holds the weights file, for computers without internet access",
        )  # fmt: skip
        self.cache_box = CacheBox(self._cached_ids, self.background)
        box.layout().addWidget(self.computing)
        box.layout().addWidget(self.cache_box)
        self.controls_box.layout().addWidget(self.advanced)

    def _add_progress(self) -> None:
        self.progress = WorkProgress()
        self.controls_box.layout().addWidget(self.progress)
        box = gui.auto_apply(self.buttonsArea, self, "auto_apply")
        self.go_on = GoOn(self.commit, box, "Apply")
        self.cancel_button = QPushButton("&Cancel", autoDefault=False, enabled=False)
        self.cancel_button.setIcon(self.style().standardIcon(QStyle.SP_DialogCancelButton))
        self.cancel_button.clicked.connect(self.cancel_embedding)
        self.buttonsArea.layout().addWidget(self.cancel_button)

    def _advanced_toggled(self, is_open: bool) -> None:
        self.show_advanced = is_open
        self._make_room()

    def _make_room(self) -> None:
        """Grow, so that nothing has to be scrolled to; never shrink what the user has made."""
        self.controls_box.layout().activate()
        if not self.isMaximized():
            self.resize(self.width(), max(self.height(), self.sizeHint().height()))

    @Inputs.images
    def set_images(self, data: Table | None) -> None:
        self.closeContext()
        self._stop()
        self.data = data
        self.column_model[:] = [] if data is None else image_columns(data)
        self.image_attr = None if data is None else default_image_column(data)
        if (
            data is not None and self.column_model
        ):  # where there is nothing to choose, no choice is to be remembered
            self.openContext(data.domain)
        self.commit.deferred()

    def _stop(self) -> None:
        """Cancel what is no longer needed."""
        self.cancel()
        self.clear_messages()
        self.notice.clear()
        self.progress.finish("")
        self.go_on.withdraw()
        self._send(None)

    def _changed(self) -> None:
        if self.task is not None:
            self._stop()
        self.commit.deferred()

    def _folder_chosen(self, folder: str) -> None:
        self.images_folder = folder
        self._changed()

    def choose_embedder(self, embedder_id: str) -> None:
        """Use another embedder."""
        self.embedder_id = embedder_id
        if embedder_id.startswith(TIMM):
            self._show_embedders()
        self._describe_embedder()
        self._show_where()
        self._changed()

    def choose_own_file(self) -> None:
        """Let the user choose a file with weights or a network."""
        path, _ = QFileDialog.getOpenFileName(
            self, "Choose weights or a network", self.own_file,
            "Weights and networks (*.pth *.pt *.bin *.ckpt *.safetensors *.onnx);;All files (*)",
        )  # fmt: skip
        if path:
            if self.embedder_id != OWN_FILE:
                self.own_like = self.embedder_id
            self.own_file = path
            self.embedder_id = OWN_FILE
            self._show_embedders()
            self._changed()

    def choose_weights_folder(self) -> None:
        """Let the user point to weights that were downloaded by other means."""
        folder = QFileDialog.getExistingDirectory(
            self, "Choose the folder with the weights file", self.weights_folder
        )
        if folder:
            self.weights_folder = folder
            self._show_embedders()
            self._changed()

    def _device_chosen(self, device: str) -> None:
        self.device = device
        self._ask_server()
        self._show_where()
        self._show_embedders()
        if device != SERVER or self.server_url:
            self._changed()
        else:
            self.computing.url_edit.setFocus()

    def _precision_chosen(self, precision: Literal["exact", "fast"]) -> None:
        self.precision = precision
        self._describe_embedder()
        self._changed()

    def _server_typed(self, url: str, api_key: str) -> None:
        self.server_url, self.api_key = url, api_key
        if url:
            trust.trust(url)  # who types an address has chosen it
        self._ask_server()
        self._show_where()
        self._changed()

    def allow_server(self) -> None:
        """Agree that images are sent to the server that the workflow names."""
        trust.trust(self.server_url)
        self._ask_server()
        self._show_where()
        self.commit.now()

    def _ask_server(self) -> None:
        """Find out what the server offers, once the user has chosen it."""
        self._server_models = None
        if self.device == SERVER and self.server_url and trust.is_remembered(self.server_url):
            url = self.server_url

            def show(models: tuple[str, ...] | None) -> None:
                if self.device == SERVER and self.server_url == url:
                    self._server_models = models
                    self._show_embedders()

            self.background.run(partial(models_of, url, self.api_key), show)

    def use_this_computer(self) -> None:
        """Go back to the local embedder."""
        self.device = "auto"
        self.computing.show_choice(self.device, self.precision, self.server_url)
        self._ask_server()
        self._show_where()
        self._show_embedders()
        self.commit.now()

    def _show_where(self) -> None:
        if self.device == SERVER:
            self.advanced.set_open(True)
        spec = self._spec()
        text = where_images_go(
            self.device, self.server_url, None if spec is None else spec.n_features
        )
        is_local = self.device != SERVER and not self.device.startswith(PLUGIN)
        self.computing.show_where(text, self.device == SERVER, has_precision=is_local)

    def _show_embedders(self) -> None:
        self.embedder_list.set_rows(
            embedder_rows(
                self.weights_folder, self.own_file, self.embedder_id, self._server_models
            ),
            self.embedder_id,
        )
        self._describe_embedder()

    def _take_embedders(
        self, found: tuple[Sequence[EmbedderSpec], tuple[PluginFailure, ...]]
    ) -> None:
        """Show those of plug-ins, which took time to find."""
        specs, self._plugin_failures = found
        self._specs = {spec.id: spec for spec in specs}
        self._show_embedders()
        self._show_where()

    def _spec(self) -> EmbedderSpec | None:
        """Get what is known of the chosen embedder at once."""
        embedder_id = self.own_like if self.embedder_id == OWN_FILE else self.embedder_id
        return self._specs.get(embedder_id)

    def _describe_embedder(self) -> None:
        spec = self._spec()
        if self.embedder_id == OWN_FILE:
            like = self.own_like if spec is None else spec.title
            text = f"Your own weights for {like}, or a network:<br>{html.escape(self.own_file)}"
        elif spec is not None:
            speed = speeds.remembered_speed(spec.id, self._place())
            text = about_html(spec, self.weights_folder, speed)
        elif self.embedder_id.startswith(TIMM):
            text = "A model of timm, chosen by name. Its weights are downloaded on first use."
        else:
            text = "Not available here."
        self.description_label.describe(text)
        has_weights = spec is not None and not spec.is_built_in and not spec.is_remote_only
        self.weights_button.setEnabled(has_weights and self.device != SERVER)

    def _place(self) -> str:
        return self.server_url if self.device == SERVER else f"{self.device} {self.precision}"

    def _cached_ids(self) -> Collection[str]:
        """Get the ids under which the vectors of the chosen embedder are cached."""
        is_own = self.embedder_id == OWN_FILE
        return own_ids(self.own_file, self.own_like) if is_own else {self.embedder_id}

    @gui.deferred
    def commit(self) -> None:
        self._stop()
        self._show_where()
        if self._plugin_failures:
            self.Warning.plugin(self._plugin_failures[0].message)
        if self.data is None:
            return
        wanted = self._wanted()
        if wanted is not None:
            self.cancel_button.setEnabled(True)
            self.cache_box.set_working(True)
            self._begun_at = 0.0
            self.start(partial(embed_in_background, self.data, wanted))

    def _wanted(self) -> Wanted | None:
        """Get what to do; None, and a message, if that cannot be done."""
        if self.image_attr is None:
            self.Error.no_column()
            return None
        is_own = self.embedder_id == OWN_FILE
        embedder_id = self.own_like if is_own else self.embedder_id
        is_somewhere_else = self.device == SERVER or embedder_id.startswith(TIMM)
        if self._spec() is None and not is_somewhere_else and are_at_hand():
            try:
                get_embedder(embedder_id)
            except InputError as error:
                self.Error.unknown_embedder(error)
                self.notice.show_notice(
                    f"{error} Choose another embedder.", [(USE_BUILT_IN, self.use_built_in)]
                )
                return None
        backend = self._backend()
        if backend is None:
            return None
        own_file = self.own_file if is_own else None
        folder = self.images_folder or None
        return Wanted(embedder_id, self.image_attr.name, backend, own_file, folder)

    def _backend(self) -> Backend | None:
        if self.device.startswith(PLUGIN):
            return self._plugin()
        if self.device != SERVER:
            return Local(self.weights_folder or None, self.device, self.precision)
        if not self.server_url:
            self.Error.no_server()
            return None
        if not trust.is_remembered(self.server_url):
            self.Warning.not_trusted(self.server_url)
            self.notice.show_notice(
                f"This workflow sends your images to {self.server_url}. Nothing has been sent yet.",
                [(SEND_THERE, self.allow_server), (USE_THIS_COMPUTER, self.use_this_computer)],
            )
            return None
        try:
            return remote_backend(self.server_url, self.api_key)
        except InputError as error:
            self.Error.failed(error)
            return None

    def _plugin(self) -> Backend | None:
        try:
            return get_backend(self.device.removeprefix(PLUGIN))
        except InputError as error:
            self.Error.failed(error)
            return None

    def cancel_embedding(self) -> None:
        """Stop; nothing is sent until Apply."""
        self.cancel()
        self.Information.cancelled()
        self.notice.show_notice(
            "Cancelled. Finished vectors are cached.", [(CONTINUE, self.commit.now)]
        )
        self.progress.finish("")
        self.go_on.offer()
        self._send(None)

    def on_partial_result(self, result: Counts | str | float) -> None:
        if isinstance(result, str):
            self.progress.say(result)
        elif isinstance(result, float):
            self.progress.set_fraction(result)
        else:
            if not self._begun_at:
                self._begun_at = time.monotonic()
                self._n_at_begin = result.n_done - result.n_cached
            self.progress.count(result.n_done, result.n_total, result.n_cached, result.location)

    def on_done(self, result: EmbeddedImages) -> None:
        n_images = result.n_images
        self._remember_speed(n_images - result.n_cached)
        for note in result.notes:
            self.Warning.note(note)
        if result.skipped is not None:
            self.go_on.offer()
            reason = str(result.skipped[0, result.skipped.domain.metas[-1]])
            if reason.startswith(NOT_FOUND) and self.image_attr is not None:
                n, name = len(result.skipped), result.skipped[0, self.image_attr.name]
                text = f"{n} of {n_images} images are missing. The first: {name}: {reason}."
                self.notice.show_notice(text, [(CHOOSE, self.folder_row.choose)])
            if len(result.embeddings):
                self.Warning.skipped(len(result.skipped), n_images, reason)
            else:
                self.Error.none_embedded(n_images, reason)
        known = f", {result.n_cached:,} of them cached" if result.n_cached else ""
        self.progress.finish(f"{len(result.embeddings):,} images embedded{known}.")
        self._send(result)
        self._show_embedders()  # weights may have been downloaded, a speed measured

    def _remember_speed(self, n_computed: int) -> None:
        elapsed = time.monotonic() - self._begun_at
        n_measured = n_computed - self._n_at_begin
        # Of a file of the user, no speed is shown.
        if self._begun_at and n_measured >= MIN_MEASURED and self.embedder_id != OWN_FILE:
            speeds.remember_speed(self.embedder_id, self._place(), n_measured / elapsed)

    def task_failed(self, error: Exception) -> None:
        self.progress.finish("")
        self.go_on.offer()
        self._send(None)
        self.notice.show_notice(str(error), self._ways_on(error))

    def _ways_on(self, error: Exception) -> list[Way]:
        ways: list[Way] = [(TRY_AGAIN, self.commit.now)]
        if isinstance(error, InputError) and self.images_folder:
            ways.append((CHOOSE, self.folder_row.choose))
        if isinstance(error, WeightsError):
            ways.append((FOLDER_OF_WEIGHTS, self.choose_weights_folder))
            if self.embedder_id != BUILT_IN_ID:
                ways.insert(0, (USE_BUILT_IN, self.use_built_in))
        elif isinstance(error, BackendError) and self.device == SERVER:
            ways.append((USE_THIS_COMPUTER, self.use_this_computer))
        return ways

    def use_built_in(self) -> None:
        """Use the embedder that works without any download, on this computer."""
        self.embedder_list.set_current(BUILT_IN_ID)
        self.choose_embedder(BUILT_IN_ID)
        self.commit.now()

    def _send(self, result: EmbeddedImages | None) -> None:
        self.cancel_button.setEnabled(False)
        self.cache_box.set_working(self.task is not None)
        embeddings = result.embeddings if result is not None else None
        self.Outputs.embeddings.send(embeddings if embeddings else None)
        self.Outputs.skipped_images.send(result.skipped if result is not None else None)

    def onDeleteWidget(self) -> None:
        self.shutdown()
        self.background.close()
        super().onDeleteWidget()

    def send_report(self) -> None:
        spec = self._spec()
        self.report_items(
            "Settings",
            (
                ("Image column", self.image_attr and self.image_attr.name),
                ("Embedder", spec.title if spec is not None else self.embedder_id),
                ("Own file", self.embedder_id == OWN_FILE and self.own_file),
                ("Precision", self.device != SERVER and PRECISIONS[self.precision]),
                ("Source", spec is not None and spec.source),
                ("Images", self.computing.where_label.text()),
                ("Result", self.progress.label.text()),
            ),
        )
        if self.data is not None:
            self.report_data_brief("Data", self.data)

    @classmethod
    def migrate_settings(cls, settings: dict[str, Any], version: int | None) -> None:
        if version is None or version < 3:
            settings.pop("savedWidgetGeometry", None)  # of another layout
            position = settings.pop("cb_embedder_current_id", None)
            if position is not None and 0 <= position < len(OLD_EMBEDDERS):
                settings["embedder_id"] = OLD_EMBEDDERS[position]
            if "_auto_apply" in settings:
                settings["auto_apply"] = settings.pop("_auto_apply")


def remote_backend(url: str, api_key: str) -> Backend:
    """Get the client of a server."""
    backend = Remote(url, api_key or None)
    trust.trust(backend.url)  # the same address in its plain form, for models that are saved
    return backend


if __name__ == "__main__":  # pragma: no cover
    WidgetPreview(OWImageEmbedding).run()
