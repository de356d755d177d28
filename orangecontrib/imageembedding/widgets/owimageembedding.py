"""Image Embedding: each image becomes numbers."""

from __future__ import annotations

from functools import partial

from AnyQt.QtCore import QModelIndex, Qt
from AnyQt.QtWidgets import QFileDialog, QPushButton, QStyle
from Orange.data import Table, Variable
from Orange.widgets import gui
from Orange.widgets.settings import ContextSetting, DomainContextHandler, Setting
from Orange.widgets.utils.concurrent import ConcurrentWidgetMixin, TaskState
from Orange.widgets.utils.itemmodels import PyListModel, VariableListModel
from Orange.widgets.utils.widgetpreview import WidgetPreview
from Orange.widgets.widget import Input, Msg, Output, OWWidget

from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.catalogue import (
    DEFAULT_ID,
    get_embedder,
    list_embedders,
)
from orangecontrib.imageembedding.errors import (
    Cancelled,
    ImageEmbeddingError,
    InputError,
    WeightsError,
)
from orangecontrib.imageembedding.pipeline import EmbeddedImages, embed_images
from orangecontrib.imageembedding.tables.locate import image_columns
from orangecontrib.imageembedding.widgets.tasks import TaskProgress

# The predecessor's workflows name an embedder by its position in this list.
OLD_EMBEDDERS = (
    "inception-v3",
    "squeezenet",
    "vgg16",
    "vgg19",
    "painters",
    "deeploc",
    "openface",
)


def embed_in_background(
    data: Table, column: Variable, embedder_id: str, weights_folder: str, state: TaskState
) -> EmbeddedImages:
    """Embed a table on this computer, with progress in the widget."""
    return embed_images(
        data,
        embedder_id,
        image_column=column.name,
        backend=Local(weights_folder or None),
        progress=TaskProgress(state),
    )


class EmbedderModel(PyListModel):
    """A list of embedder ids that shows their titles."""

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> object:
        """Get the title to show; the id else."""
        if role == Qt.DisplayRole and index.isValid():
            return _title(self[index.row()])
        return super().data(index, role)


class OWImageEmbedding(OWWidget, ConcurrentWidgetMixin):
    name = "Image Embedding"
    description = "Describe each image by numbers from a deep neural network."
    keywords = "embedding, image, picture, deep, neural network, features, resnet"
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

    class Error(OWWidget.Error):
        no_column = Msg(
            "The data has no text or categorical column with paths or URLs of images. "
            "Import Images makes such data."
        )
        unknown_embedder = Msg("{} Choose another embedder.")
        failed = Msg("{}")
        none_embedded = Msg("None of the {} images could be embedded; the first: {}")

    class Warning(OWWidget.Warning):
        skipped = Msg("{} of {} images left out; the first: {}. See the output Skipped Images.")

    class Information(OWWidget.Information):
        cancelled = Msg("Cancelled. Press Apply to embed the images.")

    want_main_area = False
    resizing_enabled = False
    settings_version = 3
    settingsHandler = DomainContextHandler()

    image_attr: Variable | None = ContextSetting(None)
    embedder_id: str = Setting(DEFAULT_ID)
    weights_folder: str = Setting("")
    auto_apply: bool = Setting(True)

    def __init__(self) -> None:
        super().__init__()
        ConcurrentWidgetMixin.__init__(self)
        self.data: Table | None = None
        self.controlArea.setMinimumWidth(360)
        box = gui.vBox(self.controlArea, "Images")
        self.column_model = VariableListModel()
        gui.comboBox(
            box, self, "image_attr", label="Image column:", model=self.column_model,
            orientation=Qt.Horizontal, searchable=True, callback=self._changed,
        )  # fmt: skip
        self.controls.image_attr.setAccessibleName("Image column")
        self.where_label = gui.widgetLabel(box, "Images stay on this computer.")

        box = gui.vBox(self.controlArea, "Embedder")
        ids = [spec.id for spec in list_embedders()]
        if self.embedder_id not in ids:  # keep what the workflow says; never change it silently
            ids.append(self.embedder_id)
        self.embedder_model = EmbedderModel(ids)
        gui.comboBox(
            box, self, "embedder_id", model=self.embedder_model, callback=self._embedder_changed
        )
        self.controls.embedder_id.setAccessibleName("Embedder")
        self.embedder_label = gui.widgetLabel(box, "")
        self.embedder_label.setWordWrap(True)
        self.embedder_label.setTextInteractionFlags(Qt.TextSelectableByMouse)
        self.weights_button = gui.button(
            box, self, "Use Downloaded Weights…", callback=self.choose_weights_folder,
            autoDefault=False,
            tooltip="Choose a folder that holds the weights file, where there is no internet",
        )  # fmt: skip

        gui.auto_apply(self.buttonsArea, self, "auto_apply")
        self.cancel_button = QPushButton("&Cancel", autoDefault=False, enabled=False)
        self.cancel_button.setIcon(self.style().standardIcon(QStyle.SP_DialogCancelButton))
        self.cancel_button.clicked.connect(self.cancel_embedding)
        self.buttonsArea.layout().addWidget(self.cancel_button)
        self._describe_embedder()

    @Inputs.images
    def set_images(self, data: Table | None) -> None:
        self.closeContext()
        self.cancel()  # the old answer is no longer wanted
        self.clear_messages()
        self._send(None)
        self.data = data
        self.column_model[:] = image_columns(data.domain) if data is not None else []
        self.image_attr = self.column_model[0] if self.column_model else None
        if self.column_model:  # where there is nothing to choose, no choice is to be remembered
            self.openContext(data.domain)
        self.commit.deferred()

    def _changed(self) -> None:
        self.commit.deferred()

    def _embedder_changed(self) -> None:
        self._describe_embedder()
        self.commit.deferred()

    def choose_weights_folder(self) -> None:
        """Let the user point to weights that were downloaded by other means."""
        folder = QFileDialog.getExistingDirectory(
            self, "Choose the folder with the weights file", self.weights_folder
        )
        if folder:
            self.weights_folder = folder
            self._embedder_changed()

    def _describe_embedder(self) -> None:
        try:
            spec = get_embedder(self.embedder_id)
        except InputError:
            self.embedder_label.setText("Not available in this version.")
            self.weights_button.hide()
            return
        if spec.is_remote_only:
            how = "On servers only."
        elif spec.is_built_in:
            how = "Built in: no download."
        elif self.weights_folder:
            how = f"Weights: {spec.weights.name} in {self.weights_folder}."
        else:
            how = f"Downloads {spec.weights.n_bytes / 1e6:.0f} MB once."
        self.embedder_label.setText(
            f"{spec.description}\n{spec.n_features} numbers for each image. {how}\n{spec.source}"
        )
        self.weights_button.setVisible(not spec.is_built_in)

    @gui.deferred
    def commit(self) -> None:
        self.cancel()
        self.clear_messages()
        self._send(None)
        if self.data is None:
            return
        if self.image_attr is None:
            self.Error.no_column()
            return
        try:
            get_embedder(self.embedder_id)
        except InputError as error:
            self.Error.unknown_embedder(error)
            return
        self.cancel_button.setEnabled(True)
        self.start(
            partial(embed_in_background, self.data, self.image_attr, self.embedder_id,
                    self.weights_folder)
        )  # fmt: skip

    def cancel_embedding(self) -> None:
        """Stop; nothing is sent until Apply."""
        self.cancel()
        self.Information.cancelled()
        self._send(None)

    def on_done(self, result: EmbeddedImages) -> None:
        if result.skipped is not None:
            reason = str(result.skipped[0, result.skipped.domain.metas[-1]])
            if len(result.embeddings):
                self.Warning.skipped(len(result.skipped), len(self.data), reason)
            else:
                self.Error.none_embedded(len(self.data), reason)
        self._send(result)

    def on_exception(self, ex: Exception) -> None:
        if isinstance(ex, Cancelled):
            return
        self._send(None)
        self.Error.failed(ex)
        if not isinstance(ex, ImageEmbeddingError):
            self.setInvalidated(False)  # else all that follows would wait for ever
            raise ex
        if isinstance(ex, WeightsError):
            self.weights_button.setFocus()

    def on_partial_result(self, _: object) -> None:
        """Nothing comes in parts."""

    def _send(self, result: EmbeddedImages | None) -> None:
        self.cancel_button.setEnabled(False)
        embeddings = result.embeddings if result is not None else None
        self.Outputs.embeddings.send(embeddings if embeddings else None)
        self.Outputs.skipped_images.send(result.skipped if result is not None else None)

    def onDeleteWidget(self) -> None:
        self.shutdown()
        super().onDeleteWidget()

    def send_report(self) -> None:
        self.report_items(
            "Settings",
            (
                ("Image column", self.image_attr and self.image_attr.name),
                ("Embedder", _title(self.embedder_id)),
                ("Images", self.where_label.text()),
            ),
        )
        if self.data is not None:
            self.report_data_brief("Data", self.data)

    @classmethod
    def migrate_settings(cls, settings: dict, version: int | None) -> None:
        if version is None or version < 3:  # noqa: PLR2004
            position = settings.pop("cb_embedder_current_id", None)
            if position is not None and 0 <= position < len(OLD_EMBEDDERS):
                settings["embedder_id"] = OLD_EMBEDDERS[position]
            if "_auto_apply" in settings:
                settings["auto_apply"] = settings.pop("_auto_apply")


def _title(embedder_id: str) -> str:
    try:
        return get_embedder(embedder_id).title
    except InputError:
        return f"{embedder_id} (not available)"


if __name__ == "__main__":  # pragma: no cover
    WidgetPreview(OWImageEmbedding).run()
