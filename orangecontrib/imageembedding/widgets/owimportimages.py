"""Import Images: folders become a table of their images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from AnyQt.QtCore import QSize, Qt, QTimer
from AnyQt.QtGui import QDragEnterEvent, QDropEvent
from AnyQt.QtWidgets import QListView
from Orange.data import Table
from Orange.widgets import gui
from Orange.widgets.settings import Setting
from Orange.widgets.utils.concurrent import TaskState
from Orange.widgets.utils.widgetpreview import WidgetPreview
from Orange.widgets.widget import Msg, Output

from orangecontrib.imageembedding.files.patterns import split_patterns
from orangecontrib.imageembedding.files.record import Found
from orangecontrib.imageembedding.images.fetch import is_web
from orangecontrib.imageembedding.images.limits import DEFAULT_MAX_MEGAPIXELS
from orangecontrib.imageembedding.images.options import ReadOptions, parsed_channels
from orangecontrib.imageembedding.pipeline import ImportedImages, import_images, table_of_found
from orangecontrib.imageembedding.tables.arrange import some_of_each_class
from orangecontrib.imageembedding.tables.build import table_of_skipped
from orangecontrib.imageembedding.tables.describe import Titles, facts
from orangecontrib.imageembedding.tables.locate import default_image_locations
from orangecontrib.imageembedding.widgets.importing.folderbox import FolderBox, make_button
from orangecontrib.imageembedding.widgets.importing.folders import (
    found_again,
    relative_to,
    remember_folders,
    unknown_addresses,
)
from orangecontrib.imageembedding.widgets.importing.folderwatch import FolderWatch
from orangecontrib.imageembedding.widgets.importing.skippedlist import SkippedList
from orangecontrib.imageembedding.widgets.importing.tips import TIPS
from orangecontrib.imageembedding.widgets.shared.dragging import dropped_paths
from orangecontrib.imageembedding.widgets.shared.fold import Fold
from orangecontrib.imageembedding.widgets.shared.imagewidget import ImageWidget
from orangecontrib.imageembedding.widgets.shared.preview import Preview
from orangecontrib.imageembedding.widgets.shared.taskwidget import TaskProgress, TaskWidget
from orangecontrib.imageembedding.widgets.shared.tips import explain
from orangecontrib.imageembedding.widgets.thumbnails.view import ThumbnailView

STRIP_SIDE, MAX_STRIPS = 64, 100
HINT = "Choose a folder with images, or drop one here."
LABEL_WIDTH = 70
STRIP_WIDTH = 150  # at least, of the images of a class side by side
MAX_MEGAPIXELS = 10_000
LOOK_MS = 100  # how often the number of files found is shown


def import_in_background(
    paths: list[str], options: dict[str, Any], found: Found, state: TaskState
) -> tuple[ImportedImages, Table | None]:
    """Import folders, with progress in the widget; also make the table of what is skipped."""
    imported = import_images(paths, TaskProgress(state), found=found, **options)
    return imported, table_of_skipped(imported.skipped)


def table_in_background(
    paths: list[str], options: dict[str, Any], found: Found, state: TaskState
) -> tuple[ImportedImages, Table | None]:
    """Make the tables of what was found until the import was cancelled."""
    imported = table_of_found(paths, found, TaskProgress(state), **options)
    return imported, table_of_skipped(imported.skipped)


class OWImportImages(ImageWidget, TaskWidget):
    name = "Import Images"
    description = "Make a table of the images in folders."
    keywords = "image, picture, photo, folder, directory, load, read, open"
    icon = "icons/import-images.svg"
    priority = 10
    replaces = ["orangecontrib.imageanalytics.widgets.owimageimport.OWImportImages"]

    class Outputs:
        data = Output("Data", Table, default=True)
        skipped = Output("Skipped Files", Table)

    class Error(ImageWidget.Error):
        failed = Msg("{}")
        channels = Msg("{} does not name three channels. Write three numbers, for example 2,1,0.")

    class Warning(ImageWidget.Warning):
        skipped = Msg("{} skipped; the first: {}: {}. See the output Skipped Files.")

    class Information(ImageWidget.Information):
        cancelled = Msg("Cancelled. Press Reload to import the folder.")
        not_downloaded = Msg("The workflow names {}. Press Reload to download it.")
        changed = Msg("The folder has changed on disk. Press Reload to read it again.")

    settings_version = 3

    # The folders travel in the workflow: relative to it where they lie inside its folder.
    paths: list[str] = Setting([], schema_only=True)
    paths_in_workflow: list[str] = Setting([], schema_only=True)
    classes: bool = Setting(True)
    include: str = Setting("", schema_only=True)
    exclude: str = Setting("", schema_only=True)
    max_megapixels: int = Setting(int(DEFAULT_MAX_MEGAPIXELS), schema_only=True)
    channels: str = Setting("", schema_only=True)
    photo_data: bool = Setting(False)
    show_advanced: bool = Setting(False)

    def __init__(self) -> None:
        super().__init__()
        TaskWidget.__init__(self)
        self.found = Found()
        self.imported: ImportedImages | None = None
        self._preview: Preview | None = None
        self._watch = FolderWatch(self)
        self._watch.changed.connect(self.Information.changed)
        self._looking = QTimer(self, interval=LOOK_MS)
        self._looking.timeout.connect(self._show_progress)
        self.setAcceptDrops(True)
        self._add_folders()
        self._add_options()
        self._add_images()
        self.settingsAboutToBePacked.connect(self._note_paths_in_workflow)
        self._find_paths()
        self.folders.show_paths(self.paths)
        self.reload()
        explain(self, TIPS)

    def _add_folders(self) -> None:
        self.folders = FolderBox()
        self.folders.chosen.connect(self.open_paths)
        self.folders.reload_asked.connect(self._reload_asked)
        gui.vBox(self.controlArea, "Folders").layout().addWidget(self.folders)

    def _add_options(self) -> None:
        box = gui.vBox(self.controlArea, "Options")
        gui.checkBox(box, self, "classes", "Sub-folders are classes", callback=self.reload)
        tip = "Patterns of names, such as *.jpg or cat/*, separated by semicolons"
        for name, label, example in (
            ("include", "Only files:", "all"), ("exclude", "Exclude:", "nothing"),
        ):  # fmt: skip
            line = gui.hBox(box)
            gui.widgetLabel(line, label).setMinimumWidth(LABEL_WIDTH)
            edit = gui.lineEdit(line, self, name, callback=self.reload, tooltip=tip)
            edit.setPlaceholderText(example)
            edit.setAccessibleName(label.rstrip(":"))

        self.advanced = Fold("Advanced", self.show_advanced)
        self.advanced.toggled.connect(self._advanced_toggled)
        content = self.advanced.content
        gui.spin(
            content, self, "max_megapixels", 1, MAX_MEGAPIXELS, label="Largest image (megapixels):",
            callback=self.reload,
            tooltip="Larger images are skipped; decoding takes 8 MB for each megapixel",
        )  # fmt: skip
        edit = gui.lineEdit(
            content, self, "channels", label="Red, green, blue are channels:",
            orientation=Qt.Horizontal, callback=self.reload,
            tooltip="Of images with several channels, such as those of microscopes: three numbers, "
            "0 for none, for example 2,1,0",
        )  # fmt: skip
        edit.setPlaceholderText("as in ImageJ")
        edit.setAccessibleName("Channels of red, green and blue")
        gui.checkBox(
            content, self, "photo_data", "Photo data as columns", callback=self.reload,
            tooltip="Date taken, camera, latitude and longitude, where files tell them (EXIF)",
        )  # fmt: skip
        box.layout().addWidget(self.advanced)

    def _advanced_toggled(self, is_open: bool) -> None:
        self.show_advanced = is_open

    def _add_images(self) -> None:
        box = gui.vBox(self.controlArea, "Images")
        self.info_label = gui.widgetLabel(box, "")
        self.info_label.setWordWrap(True)
        self.info_label.setTextFormat(Qt.PlainText)
        self.skipped_button = make_button(
            "", self.show_skipped, "Show which files were skipped, and why"
        )
        self.use_button = make_button("Use what was found", self.use_found, "Use these images")
        for button in (self.skipped_button, self.use_button):
            button.hide()
            box.layout().addWidget(button)
        gui.rubber(self.controlArea)
        self.cancel_button = gui.button(
            self.buttonsArea, self, "Cancel", callback=self.cancel_import, autoDefault=False
        )
        self.cancel_button.hide()
        self.strip = ThumbnailView()
        self.strip.setAccessibleName("Some images of each class")
        self.strip.setSelectionMode(QListView.NoSelection)
        self.strip.set_side(STRIP_SIDE)
        self.strip.set_title_lines(0)
        self.strip.setMinimumWidth(STRIP_WIDTH)
        self.strip.opened.connect(self._open_preview)
        self.strip.columns_changed.connect(self._arrange_strip, Qt.QueuedConnection)
        self.mainArea.layout().addWidget(self.strip)

    def sizeHint(self) -> QSize:
        return QSize(860, 520)

    # Which folders

    def open_paths(self, paths: Sequence[str]) -> None:
        """Import other folders and files."""
        expanded = [os.path.expanduser(path) for path in paths]
        known = [os.path.abspath(path) if os.path.exists(path) else path for path in expanded]
        self.paths = list(dict.fromkeys(known))
        remember_folders(self.paths)
        self.folders.show_paths(self.paths)
        self.reload()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = dropped_paths(event.mimeData())
        if paths:
            event.acceptProposedAction()
            qt6 = hasattr(event, "modifiers")
            adds = (event.modifiers() if qt6 else event.keyboardModifiers()) & Qt.ControlModifier
            self.open_paths([*(self.paths if adds else ()), *paths])

    # Importing

    def reload(self) -> None:
        """Import the folders again."""
        self.cancel()
        self.clear_messages()
        self._watch.stop()
        self.use_button.hide()
        self.folders.reload_button.setEnabled(bool(self.paths))
        self.strip.hint = "" if self.paths else HINT
        if not self.paths:
            self.info_label.setText("No folder chosen.")
            self._send(None, None)
            return
        try:
            is_usual = self.max_megapixels == DEFAULT_MAX_MEGAPIXELS
            limit = None if is_usual else self.max_megapixels
            self._reading = ReadOptions(limit, parsed_channels(self.channels))
        except ValueError:
            self.Error.channels(self.channels)
            self.info_label.setText("")
            self._send(None, None)
            return
        if unknown := unknown_addresses(self.paths):
            self.Information.not_downloaded(unknown[0])
            self.info_label.setText("")
            self._send(None, None)
            return
        self.info_label.setText("Reading …")
        self.cancel_button.show()
        self.found = Found()
        self._looking.start()
        options = {
            "classes": self.classes,
            "include": split_patterns(self.include),
            "exclude": split_patterns(self.exclude),
            "max_megapixels": self._reading.max_megapixels,
            "channels": self._reading.channels,
            "photo_data": self.photo_data,
        }
        self.start(import_in_background, list(self.paths), options, self.found)

    def _reload_asked(self) -> None:
        remember_folders(self.paths)
        self.reload()

    def _show_progress(self) -> None:
        found = self.found
        if not found.n_listed and any(map(is_web, self.paths)):  # the status bar tells how far
            self.info_label.setText("Downloading and unpacking …")
            return
        n_done = len(found.files) + len(found.skipped)
        folder = found.current_folder.encode(errors="surrogateescape").decode(errors="replace")
        self.info_label.setText(f"{n_done:,} of {found.n_listed:,} files\n{folder}")

    def cancel_import(self) -> None:
        """Stop reading; what was found until now can be used."""
        self.cancel()
        self._looking.stop()
        n_found = len(self.found.files)
        self.Information.cancelled()
        self._send(None, None)
        self.info_label.setText(f"{n_found:,} images found so far." if n_found else "")
        self.use_button.setVisible(n_found > 0)

    def use_found(self) -> None:
        """Send what was found until the import was cancelled."""
        self.use_button.hide()
        options = {
            "classes": self.classes, "options": self._reading, "photo_data": self.photo_data,
        }  # fmt: skip
        self.start(table_in_background, list(self.paths), options, self.found)

    def on_done(self, result: tuple[ImportedImages, Table | None]) -> None:
        self._looking.stop()
        imported, skipped = result
        if imported.skipped:
            first = imported.skipped[0]
            files = _counted(len(imported.skipped), "file")
            self.Warning.skipped(files, os.path.basename(first.path), first.reason)
        self._send(imported, skipped)
        origins = [f"From {path}" for path in self.paths if is_web(path)]
        self.info_label.setText("\n".join([_describe(imported.table), *origins]))
        self._watch.watch(self.found.folders, self.strip.images.locations)

    def task_failed(self, error: Exception) -> None:
        self._looking.stop()
        self.info_label.setText("")
        self._send(None, None)

    def _send(self, imported: ImportedImages | None, skipped: Table | None) -> None:
        self.imported = imported
        self.cancel_button.hide()
        self._show_strip()
        n_skipped = len(imported.skipped) if imported else 0
        self.skipped_button.setText(f"{_counted(n_skipped, 'skipped file')}…")
        self.skipped_button.setVisible(n_skipped > 0)
        self.Outputs.data.send(imported and imported.table)
        self.Outputs.skipped.send(skipped)

    # What was found

    def _show_strip(self) -> None:
        if self._preview is not None:
            self._preview.forget()
        if self.imported is None:
            self.strip.set_images((), ())
            return
        table = self.imported.table
        self.strip.set_images(default_image_locations(table), Titles(table, table.domain.metas[:1]))
        self._arrange_strip()

    def _arrange_strip(self) -> None:
        """Show one line of each class."""
        if self.imported is not None:
            n_columns = self.strip.n_columns
            self.strip.arrange(*some_of_each_class(self.imported.table, n_columns, MAX_STRIPS))

    def _open_preview(self, position: int) -> None:
        if self.imported is None:
            return
        if self._preview is None:
            self._preview = Preview(self)
        table, locations = self.imported.table, self.strip.images.locations
        self._preview.set_images(
            len(table), lambda row: locations[row], lambda row: facts(table, row),
            self.strip.pixmaps.small,
        )  # fmt: skip
        self._preview.open_at(int(self.strip.images.rows[position]))

    def show_skipped(self) -> None:
        """Open the list of the files that were skipped."""
        if self.imported is not None:
            rows = [(file.path, file.reason) for file in self.imported.skipped]
            SkippedList(rows, self).show()

    # A workflow that moves together with its images still finds them.

    def _find_paths(self) -> None:
        base = self.workflowEnv().get("basedir")
        known = zip_longest(self.paths, self.paths_in_workflow, fillvalue="")
        found = [found_again(base, path, inside) for path, inside in known]
        self.paths = [path for path in found if path]

    def workflowEnvChanged(self, key: str, value: str, oldvalue: str) -> None:
        if key == "basedir":
            self._note_paths_in_workflow()

    def _note_paths_in_workflow(self) -> None:
        base = self.workflowEnv().get("basedir")
        self.paths_in_workflow = [relative_to(base, path) for path in self.paths]

    def onDeleteWidget(self) -> None:
        self._watch.stop()
        self._looking.stop()
        self.shutdown()
        self.strip.pixmaps.close()
        if self._preview is not None:
            self._preview.close_threads()
        super().onDeleteWidget()

    def send_report(self) -> None:
        items = [
            ("Folders", ", ".join(self.paths)),
            ("Images", self.info_label.text()),
            ("Only files", self.include),
            ("Excluded by name", self.exclude),
        ]
        self.report_items([(name, text) for name, text in items if text])
        if self.imported is not None and self.imported.skipped:
            self.report_items([("Skipped", _counted(len(self.imported.skipped), "file"))])

    @classmethod
    def migrate_settings(cls, settings: dict[str, Any], version: int | None) -> None:
        if version is None or version < 2:
            recent = settings.pop("recent_paths", None)
            if recent:
                settings["folder"] = recent[0].abspath
                if recent[0].prefix == "basedir":
                    settings["folder_in_workflow"] = recent[0].relpath
        if version is None or version < 3:
            settings.pop("savedWidgetGeometry", None)  # of another layout
            if folder := settings.pop("folder", ""):
                settings["paths"] = [folder]
            if inside := settings.pop("folder_in_workflow", ""):
                settings["paths_in_workflow"] = [inside]


def _counted(n: int, noun: str) -> str:
    return f"1 {noun}" if n == 1 else f"{n:,} {noun}s"


def _describe(table: Table) -> str:
    images = _counted(len(table), "image")
    classes = table.domain.class_var
    return images if classes is None else f"{images} in {len(classes.values)} categories"


if __name__ == "__main__":  # pragma: no cover
    WidgetPreview(OWImportImages).run()
