"""Save Images: chosen images become new files in a folder."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

from AnyQt.QtCore import QUrl
from AnyQt.QtGui import QDesktopServices
from AnyQt.QtWidgets import QFileDialog, QLineEdit, QPushButton, QStyle, QWidget
from Orange.data import Table, Variable
from Orange.widgets import gui
from Orange.widgets.settings import ContextSetting, DomainContextHandler, Setting
from Orange.widgets.utils.widgetpreview import WidgetPreview
from Orange.widgets.widget import Input, Msg, Output

from orangecontrib.imageembedding.embeddings.catalogue import BUILT_IN_ID, all_embedders
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.images.scale import Fit
from orangecontrib.imageembedding.pipeline import SavedImages, Saving
from orangecontrib.imageembedding.progress import Counts
from orangecontrib.imageembedding.tables.filenames import pattern_fields, usual_folders
from orangecontrib.imageembedding.tables.locate import default_image_column, image_columns
from orangecontrib.imageembedding.widgets.saving import permission
from orangecontrib.imageembedding.widgets.saving.controls import (
    add_format_box,
    add_names_box,
    show_fields,
)
from orangecontrib.imageembedding.widgets.saving.tips import TIPS
from orangecontrib.imageembedding.widgets.saving.wishes import (
    COPIES,
    FITS,
    FORMATS,
    IN_PIXELS,
    LOSSY,
    OF_EMBEDDER,
    OWN_SIZE,
    Result,
    Wishes,
    save_in_background,
    saved_until_now,
)
from orangecontrib.imageembedding.widgets.shared.imagewidget import ImageWidget
from orangecontrib.imageembedding.widgets.shared.predecessor import (
    OLD_EMBEDDERS,
    OLD_FILE_FORMATS,
)
from orangecontrib.imageembedding.widgets.shared.progress import WorkProgress
from orangecontrib.imageembedding.widgets.shared.taskwidget import TaskWidget
from orangecontrib.imageembedding.widgets.shared.tips import explain

MIN_WIDTH_PX = 440


class OWSaveImages(ImageWidget, TaskWidget):
    name = "Save Images"
    description = "Copy or convert chosen images into a folder."
    keywords = "save, image, picture, export, copy, convert, folder, contact sheet"
    icon = "icons/save-images.svg"
    priority = 60
    replaces = ["orangecontrib.imageanalytics.widgets.owsaveimages.OWSaveImages"]

    class Inputs:
        data = Input("Data", Table)

    class Outputs:
        saved_images = Output("Saved Images", Table, default=True)
        skipped_images = Output("Skipped Images", Table)

    class Error(ImageWidget.Error):
        no_column = Msg(
            "The data has no text or categorical column with paths or URLs of images. "
            "Import Images makes such data."
        )
        failed = Msg("{}")
        wrong_name = Msg("{}")

    class Warning(ImageWidget.Warning):
        skipped = Msg("{} of {} images not saved; the first: {}. See the output Skipped Images.")

    class Information(ImageWidget.Information):
        cancelled = Msg(
            "Cancelled. Press Save to continue: files that are there are not written again."
        )
        not_allowed = Msg("Nothing is saved automatically before Save is pressed on this computer.")

    want_main_area = False
    settings_version = 2
    settingsHandler = DomainContextHandler()

    image_attr: Variable | None = ContextSetting(None)
    by_vars: list[Variable] = ContextSetting([])
    label_vars: list[Variable] = ContextSetting([])
    folder: str = Setting("", schema_only=True)
    last_folder: str = Setting("")  # where the dialog begins; nothing is saved there
    pattern: str = Setting("{name}", schema_only=True)
    format_id: str = Setting(COPIES)
    quality: int = Setting(0)
    size_id: str = Setting(OWN_SIZE)
    width_px: int = Setting(512)
    height_px: int = Setting(512)
    embedder_id: str = Setting(BUILT_IN_ID)
    fit_id: Fit = Setting("fit")
    metadata: bool = Setting(True)
    manifest: bool = Setting(False)
    auto_save: bool = Setting(False, schema_only=True)
    token: str = Setting("", schema_only=True)

    def __init__(self) -> None:
        super().__init__()
        TaskWidget.__init__(self)
        self.data: Table | None = None
        self.saving = Saving()
        self.result: SavedImages | None = None
        self.lines: dict[str, QWidget] = {}
        self.scroll_controls(MIN_WIDTH_PX)
        self._add_folder_box()
        add_names_box(self, self._changed)
        specs = all_embedders()[0]
        titles = {spec.id: f"{spec.title} ({spec.input_px} px)" for spec in specs}
        add_format_box(self, self._changed, titles)
        self._add_progress()
        self._show_state()
        explain(self, TIPS)

    def _add_folder_box(self) -> None:
        box = gui.hBox(self.controls_box, "Folder")
        self.folder_edit = QLineEdit(self.folder, placeholderText="Choose where to save")
        self.folder_edit.setAccessibleName("Folder")
        self.folder_edit.editingFinished.connect(self._folder_typed)
        box.layout().addWidget(self.folder_edit)
        self.browse_button = QPushButton("Choose…", autoDefault=False)
        self.browse_button.clicked.connect(self.choose_folder)
        self.open_button = QPushButton("Open", autoDefault=False)
        self.open_button.setToolTip("Open the folder in the file manager")
        self.open_button.clicked.connect(self.open_folder)
        for button in (self.browse_button, self.open_button):
            box.layout().addWidget(button)

    def _add_progress(self) -> None:
        gui.rubber(self.controls_box)
        self.progress = WorkProgress()
        self.controlArea.layout().addWidget(self.progress)
        gui.checkBox(
            self.buttonsArea, self, "auto_save", "Save automatically", callback=self._auto_changed,
            tooltip="Also when new data arrives, once Save was pressed on this computer",
        )  # fmt: skip
        gui.rubber(self.buttonsArea)
        self.save_button = QPushButton("&Save", default=True)
        self.save_button.setIcon(self.style().standardIcon(QStyle.SP_DialogSaveButton))
        self.save_button.clicked.connect(self.save)
        self.cancel_button = QPushButton("&Cancel", autoDefault=False, enabled=False)
        self.cancel_button.setIcon(self.style().standardIcon(QStyle.SP_DialogCancelButton))
        self.cancel_button.clicked.connect(self.cancel_saving)
        for button in (self.save_button, self.cancel_button):
            self.buttonsArea.layout().addWidget(button)

    # What comes in, and what is wanted

    @Inputs.data
    def set_data(self, data: Table | None) -> None:
        self.closeContext()
        self._stop()
        self.data = data
        domain = data.domain if data is not None else None
        self.column_model[:] = [] if data is None else image_columns(data)
        self.by_model.set_domain(domain)
        self.label_model.set_domain(domain)
        self.image_attr = None if data is None else default_image_column(data)
        self.by_vars = [] if domain is None else [domain[name] for name in usual_folders(domain)]
        self.label_vars = []
        if data is not None:
            self.openContext(domain)
        show_fields(self, [] if data is None else pattern_fields(domain))
        self._show_state()
        self._save_if_allowed()

    def _changed(self) -> None:
        """Take a change of the controls; it is saved when Save is pressed."""
        if self.task is not None:
            self.cancel_saving()
        self._show_state()

    def _show_state(self) -> None:
        """Show what the controls lead to, and those of them that matter."""
        self.Error.wrong_name.clear()
        self.Error.no_column(shown=self.data is not None and self.image_attr is None)
        is_sheet = self.format_id == "contact sheet"
        for name, is_wanted in (
            ("quality", self.format_id in LOSSY),
            ("label_vars", is_sheet),
            ("size_id", not is_sheet),
            ("pixels", not is_sheet and self.size_id == IN_PIXELS),
            ("embedder_id", not is_sheet and self.size_id == OF_EMBEDDER),
            ("fit_id", not is_sheet and self.size_id == IN_PIXELS),
        ):
            self.lines[name].setVisible(is_wanted)
        self.controls.metadata.setEnabled(not is_sheet)
        self.pattern_edit.setEnabled(not is_sheet)
        self.example_label.setText(self._example())
        is_ready = self.data is not None and len(self.data) > 0 and self.image_attr is not None
        is_named = not self.Error.wrong_name.is_shown()
        self.save_button.setEnabled(is_ready and is_named and self.task is None)
        self.cancel_button.setEnabled(self.task is not None)
        self.open_button.setEnabled(os.path.isdir(self.folder))

    def _example(self) -> str:
        if self.data is None or not len(self.data) or self.image_attr is None:
            return ""
        try:
            return f"Example: {self.wishes().example(self.data)}"
        except InputError as error:
            self.Error.wrong_name(error)
            return ""

    def wishes(self) -> Wishes:
        """Get what is to be saved, and how, as the controls say."""
        sizes: dict[str, tuple[int, int] | str] = {
            IN_PIXELS: (self.width_px, self.height_px),
            OF_EMBEDDER: self.embedder_id,
        }
        return Wishes(
            folder=self.folder,
            pattern=self.pattern,
            by=tuple(variable.name for variable in self.by_vars),
            format=None if self.format_id == COPIES else self.format_id,
            quality=self.quality or None if self.format_id in LOSSY else None,
            size=sizes.get(self.size_id),
            fit=self.fit_id if self.size_id == IN_PIXELS else None,
            metadata=self.metadata,
            labels=tuple(variable.name for variable in self.label_vars),
            manifest=self.manifest,
            column=self._column(),
        )

    # Where to

    def choose_folder(self) -> None:
        """Let the user choose a folder."""
        start = self.folder or self.last_folder or os.path.expanduser("~")
        folder = QFileDialog.getExistingDirectory(self, "Choose a folder to save into", start)
        if folder:
            self.set_folder(folder)

    def set_folder(self, folder: str) -> None:
        """Save into another folder from now on."""
        self.folder = os.path.abspath(os.path.expanduser(folder)) if folder else ""
        self.last_folder = self.folder
        self.folder_edit.setText(self.folder)
        self._changed()

    def _folder_typed(self) -> None:
        if (text := self.folder_edit.text().strip()) != self.folder:
            self.set_folder(text)

    def open_folder(self) -> None:
        """Open the folder in the file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(self.folder))

    # Saving

    def save(self) -> None:
        """Save, because somebody has pressed the button."""
        if not self.folder:
            self.choose_folder()
        if self.folder and self.save_button.isEnabled():
            self.token = self.token or permission.new_token()
            permission.allow(self.token, self.folder)
            self._begin()

    def _auto_changed(self) -> None:
        self._save_if_allowed()

    def _save_if_allowed(self) -> None:
        """Save automatically, if Save was once pressed on this computer."""
        self.Information.not_allowed.clear()
        if not self.auto_save or not self.folder:
            return
        if not permission.is_allowed(self.token, self.folder):
            self.Information.not_allowed()
        elif self.save_button.isEnabled():
            self._begin()

    def _begin(self) -> None:
        self._stop()
        self.saving = Saving()
        self.start(partial(save_in_background, self.data, self.wishes(), self.saving))
        self._show_state()

    def _column(self) -> str:
        return "" if self.image_attr is None else self.image_attr.name

    def _stop(self) -> None:
        """Cancel what is no longer needed."""
        self.cancel()
        self.clear_messages()
        self.progress.finish("")
        self._send(None)

    def cancel_saving(self) -> None:
        """Stop; what was saved stays, and is sent."""
        self.cancel()
        self._stop()
        self.Information.cancelled()
        self.start(partial(saved_until_now, self.data, self._column(), self.saving))
        self._show_state()

    def on_partial_result(self, result: Counts | str | float) -> None:
        if isinstance(result, str):
            self.progress.say(result)
        elif isinstance(result, float):
            self.progress.set_fraction(result)
        else:
            self.progress.count(result.n_done, result.n_total, result.n_cached, result.location)

    def on_done(self, result: Result) -> None:
        saved, error = result
        n_images, n_saved = saved.n_images, len(saved.saved)
        n_failed = n_images - n_saved - saved.n_known
        if error is not None:
            self.Error.failed(error)
        elif n_failed and not self.Information.cancelled.is_shown():
            self.Warning.skipped(n_failed, n_images, next(iter(self.saving.reasons.values())))
        known = f", {saved.n_known:,} there already" if saved.n_known else ""
        self.progress.finish(f"{_counted(n_saved)} saved{known}.")
        self._send(saved)
        self._show_state()

    def task_failed(self, error: Exception) -> None:
        self.progress.finish("")
        self._show_state()

    def _send(self, result: SavedImages | None) -> None:
        self.result = result
        self.Outputs.saved_images.send(result.saved if result and len(result.saved) else None)
        self.Outputs.skipped_images.send(result and result.skipped)

    def onDeleteWidget(self) -> None:
        self.shutdown()
        super().onDeleteWidget()

    def send_report(self) -> None:
        if self.data is None or self.image_attr is None:
            return
        wishes = self.wishes()
        pixels = f"{self.width_px} × {self.height_px} pixels, {FITS[self.fit_id].lower()}"
        size = {IN_PIXELS: pixels, OF_EMBEDDER: f"input of {self.embedder_id}"}
        self.report_items(
            "Settings",
            (
                ("Folder", wishes.folder),
                ("Image column", wishes.column),
                ("Sub-folders by", ", ".join(wishes.by)),
                ("File name", wishes.pattern),
                ("Format", FORMATS[self.format_id]),
                ("Size", size.get(self.size_id, "as it is")),
                ("Result", self.progress.label.text()),
            ),
        )
        self.report_data_brief("Data", self.data)

    @classmethod
    def migrate_settings(cls, settings: dict[str, Any], version: int | None) -> None:
        if version is not None and version >= 2:
            return
        if "dirname" in settings:  # without a token, nothing is ever saved there by itself
            settings["folder"] = settings.pop("dirname")
        if "last_dir" in settings:
            settings["last_folder"] = settings.pop("last_dir")
        position = settings.pop("file_format_index", None)
        if position is not None:
            known = 0 <= position < len(OLD_FILE_FORMATS)
            settings["format_id"] = OLD_FILE_FORMATS[position] if known else "png"
        scale = settings.pop("scale_index", None)
        if scale is not None and 0 <= scale < len(OLD_EMBEDDERS):
            settings["embedder_id"] = OLD_EMBEDDERS[scale]
            settings["size_id"] = OF_EMBEDDER if settings.pop("use_scale", True) else OWN_SIZE


def _counted(n_images: int) -> str:
    return "1 image" if n_images == 1 else f"{n_images:,} images"


if __name__ == "__main__":  # pragma: no cover
    WidgetPreview(OWSaveImages).run()
