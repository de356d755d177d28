"""Import Images: a folder becomes a table of its images."""

from __future__ import annotations

import os

from AnyQt.QtCore import QSettings, Qt
from AnyQt.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QPushButton, QSizePolicy, QStyle
from Orange.data import Table
from Orange.widgets import gui
from Orange.widgets.settings import Setting
from Orange.widgets.utils.concurrent import ConcurrentWidgetMixin, TaskState
from Orange.widgets.utils.widgetpreview import WidgetPreview
from Orange.widgets.widget import Msg, Output, OWWidget

from orangecontrib.imageembedding.errors import Cancelled, ImageEmbeddingError
from orangecontrib.imageembedding.pipeline import ImportedImages, import_images
from orangecontrib.imageembedding.tables.build import table_of_skipped
from orangecontrib.imageembedding.widgets.tasks import TaskProgress

RECENT_KEY = "imageembedding/recent-folders"
MAX_RECENT = 15


def import_in_background(folder: str, state: TaskState) -> ImportedImages:
    """Import a folder, with progress in the widget."""
    return import_images(folder, TaskProgress(state))


class OWImportImages(OWWidget, ConcurrentWidgetMixin):
    name = "Import Images"
    description = "Make a table of the images in a folder."
    keywords = "image, picture, photo, folder, directory, load, read, open"
    icon = "icons/import-images.svg"
    priority = 10
    replaces = ["orangecontrib.imageanalytics.widgets.owimageimport.OWImportImages"]

    class Outputs:
        data = Output("Data", Table, default=True)
        skipped = Output("Skipped Files", Table)

    class Error(OWWidget.Error):
        failed = Msg("{}")

    class Warning(OWWidget.Warning):
        skipped = Msg("{} left out; the first: {}: {}. See the output Skipped Files.")

    class Information(OWWidget.Information):
        cancelled = Msg("Cancelled. Press Reload to import the folder.")

    want_main_area = False
    resizing_enabled = False
    settings_version = 2

    # The folder travels in the workflow: relative to it where it lies inside its folder.
    folder: str = Setting("", schema_only=True)
    folder_in_workflow: str = Setting("", schema_only=True)

    def __init__(self) -> None:
        super().__init__()
        ConcurrentWidgetMixin.__init__(self)
        box = gui.vBox(self.controlArea, "Folder")
        row = QHBoxLayout()
        self.folder_combo = QComboBox(
            editable=True, minimumContentsLength=30, insertPolicy=QComboBox.NoInsert
        )
        self.folder_combo.setAccessibleName("Folder")
        self.folder_combo.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.folder_combo.setSizeAdjustPolicy(QComboBox.AdjustToMinimumContentsLengthWithIcon)
        self.folder_combo.lineEdit().setPlaceholderText("Choose a folder with images")
        self.folder_combo.activated.connect(self._folder_entered)
        self.folder_combo.lineEdit().returnPressed.connect(self._folder_entered)
        self.browse_button = QPushButton("…", toolTip="Choose a folder", autoDefault=False)
        self.browse_button.setAccessibleName("Choose a folder")
        self.browse_button.setIcon(self.style().standardIcon(QStyle.SP_DirOpenIcon))
        self.browse_button.clicked.connect(self.browse)
        self.reload_button = QPushButton("Reload", autoDefault=False)
        self.reload_button.setIcon(self.style().standardIcon(QStyle.SP_BrowserReload))
        self.reload_button.clicked.connect(self.reload)
        row.addWidget(self.folder_combo)
        for button in (self.browse_button, self.reload_button):
            button.setSizePolicy(QSizePolicy.Maximum, QSizePolicy.Fixed)
            row.addWidget(button)
        box.layout().addLayout(row)
        box = gui.vBox(self.controlArea, "Images")
        self.info_label = gui.widgetLabel(box, "")
        self.info_label.setWordWrap(True)
        self.info_label.setTextFormat(Qt.PlainText)
        self.cancel_button = gui.button(
            self.buttonsArea, self, "Cancel", callback=self.cancel_import, autoDefault=False
        )
        self.cancel_button.setEnabled(False)
        self.settingsAboutToBePacked.connect(self._note_folder_in_workflow)
        self._find_folder_in_workflow()
        self._list_recent()
        self.reload()

    def browse(self) -> None:
        """Let the user choose a folder."""
        start = self.folder or os.path.expanduser("~")
        folder = QFileDialog.getExistingDirectory(self, "Choose a folder with images", start)
        if folder:
            self.open_folder(folder)

    def open_folder(self, folder: str) -> None:
        """Import another folder."""
        folder = os.path.expanduser(folder)
        self.folder = os.path.abspath(folder) if os.path.isdir(folder) else folder
        self._remember_recent()
        self._list_recent()
        self.reload()

    def reload(self) -> None:
        """Import the folder anew."""
        self.cancel()
        self.clear_messages()
        self.reload_button.setEnabled(bool(self.folder))
        if not self.folder:
            self.info_label.setText("No folder chosen.")
            self._send(None)
            return
        self.info_label.setText("Reading …")
        self.cancel_button.setEnabled(True)
        self.start(import_in_background, self.folder)

    def cancel_import(self) -> None:
        """Stop reading the folder."""
        self.cancel()
        self.info_label.setText("")
        self.Information.cancelled()
        self._send(None)

    def on_done(self, result: ImportedImages) -> None:
        if result.skipped:
            first = result.skipped[0]
            files = "1 file" if len(result.skipped) == 1 else f"{len(result.skipped)} files"
            self.Warning.skipped(files, os.path.basename(first.path), first.reason)
        self.info_label.setText(_describe(result.table))
        self._send(result)

    def on_exception(self, ex: Exception) -> None:
        if isinstance(ex, Cancelled):
            return
        self.info_label.setText("")
        self._send(None)
        self.Error.failed(ex)
        if not isinstance(ex, ImageEmbeddingError):
            self.setInvalidated(False)  # else all that follows would wait for ever
            raise ex

    def on_partial_result(self, _: object) -> None:
        """Nothing comes in parts."""

    def _send(self, result: ImportedImages | None) -> None:
        self.cancel_button.setEnabled(False)
        self.Outputs.data.send(result and result.table)
        self.Outputs.skipped.send(result and table_of_skipped(result.skipped))

    def _folder_entered(self) -> None:
        index = self.folder_combo.currentIndex()
        text = self.folder_combo.currentText().strip()
        chosen = self.folder_combo.itemData(index) if index >= 0 else None
        folder = chosen if chosen and self.folder_combo.itemText(index) == text else text
        if folder:
            self.open_folder(folder)

    # The list of recent folders is the user's: it stays on this computer.

    def _list_recent(self) -> None:
        folders = _recent_folders()
        if self.folder and self.folder not in folders:
            folders.insert(0, self.folder)
        self.folder_combo.clear()
        for folder in folders:
            self.folder_combo.addItem(folder, folder)
        if self.folder:
            self.folder_combo.setCurrentIndex(folders.index(self.folder))
        else:
            self.folder_combo.setCurrentIndex(-1)
            self.folder_combo.clearEditText()
        self.folder_combo.setToolTip(self.folder)

    def _remember_recent(self) -> None:
        others = [folder for folder in _recent_folders() if folder != self.folder]
        QSettings().setValue(RECENT_KEY, [self.folder, *others][:MAX_RECENT])

    # A workflow that moves together with its images still finds them.

    def _find_folder_in_workflow(self) -> None:
        base = self.workflowEnv().get("basedir")
        if base and self.folder_in_workflow:
            self.folder = os.path.normpath(os.path.join(base, self.folder_in_workflow))
        elif base and self.folder and not os.path.isdir(self.folder):
            # From another computer: a folder of that name beside the workflow will be the one.
            beside = os.path.join(base, os.path.basename(self.folder.replace("\\", "/")))
            if os.path.isdir(beside):
                self.folder = beside

    def workflowEnvChanged(self, key: str, value: str, oldvalue: str) -> None:
        if key == "basedir":
            self._note_folder_in_workflow()

    def _note_folder_in_workflow(self) -> None:
        base = self.workflowEnv().get("basedir")
        self.folder_in_workflow = _relative(self.folder, base) if base and self.folder else ""

    def onDeleteWidget(self) -> None:
        self.shutdown()
        super().onDeleteWidget()

    def send_report(self) -> None:
        self.report_items((("Folder", self.folder), ("Images", self.info_label.text())))

    @classmethod
    def migrate_settings(cls, settings: dict, version: int | None) -> None:
        if version is None or version < 2:  # noqa: PLR2004
            recent = settings.pop("recent_paths", None)
            if recent:
                settings["folder"] = recent[0].abspath
                if recent[0].prefix == "basedir":
                    settings["folder_in_workflow"] = recent[0].relpath


def _recent_folders() -> list[str]:
    value = QSettings().value(RECENT_KEY, [])
    return [value] if isinstance(value, str) else list(value or [])  # Qt unwraps lists of one


def _relative(folder: str, base: str) -> str:
    """Path from `base` to a folder inside it, with "/"; "" if it lies elsewhere."""
    try:
        relative = os.path.relpath(folder, base)
    except ValueError:  # on another drive
        return ""
    outside = relative == os.pardir or relative.startswith(os.pardir + os.sep)
    return "" if outside else relative.replace(os.sep, "/")


def _describe(table: Table) -> str:
    n = len(table)
    images = "1 image" if n == 1 else f"{n} images"
    classes = table.domain.class_var
    return images if classes is None else f"{images} in {len(classes.values)} categories"


if __name__ == "__main__":  # pragma: no cover
    WidgetPreview(OWImportImages).run()
