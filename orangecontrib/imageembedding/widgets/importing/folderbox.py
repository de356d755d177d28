"""The folders of Import Images: chosen, typed, taken from the list of those opened lately."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from AnyQt.QtCore import Qt, pyqtSignal
from AnyQt.QtGui import QKeySequence
from AnyQt.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QPushButton,
    QShortcut,
    QSizePolicy,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from orangecontrib.imageembedding.files.archiveformats import ENDINGS
from orangecontrib.imageembedding.widgets.importing.folders import recent_folders

LIST_HEIGHT = 90


class FolderBox(QWidget):
    """Shows the folders and files of a workflow; says which ones the user wants instead."""

    chosen = pyqtSignal(list)
    reload_asked = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._paths: Sequence[str] = ()
        self.combo = self._make_combo()
        self.browse_button = make_button("…", self.browse, "Choose a folder")
        self.browse_button.setIcon(self.style().standardIcon(QStyle.SP_DirOpenIcon))
        self.archive_button = make_button(
            "Archive …", self.browse_archive, "Choose a .zip, .tar or .7z file with images"
        )
        self.add_button = make_button("Add …", self.browse_more, "Add another folder")
        self.remove_button = make_button("Remove", self.remove_chosen, "Remove from the list")
        self.reload_button = make_button("Reload", self.reload_asked.emit, "Read the folders again")
        self.reload_button.setIcon(self.style().standardIcon(QStyle.SP_BrowserReload))
        self.path_list = QListWidget(selectionMode=QListWidget.ExtendedSelection)
        self.path_list.setAccessibleName("Folders and files")
        self.path_list.setTextElideMode(Qt.ElideMiddle)
        self.path_list.setMaximumHeight(LIST_HEIGHT)
        delete = QShortcut(QKeySequence(QKeySequence.Delete), self.path_list)
        delete.setContext(Qt.WidgetShortcut)
        delete.activated.connect(self.remove_chosen)
        layout, row, buttons = QVBoxLayout(self), QHBoxLayout(), QHBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.combo)
        row.addWidget(self.browse_button)
        for button in (
            self.archive_button, self.add_button, self.remove_button, self.reload_button,
        ):  # fmt: skip
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout.addLayout(row)
        layout.addWidget(self.path_list)
        layout.addLayout(buttons)

    def _make_combo(self) -> QComboBox:
        combo = QComboBox(editable=True, minimumContentsLength=24, insertPolicy=QComboBox.NoInsert)
        combo.setAccessibleName("Folder")
        combo.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        combo.setSizeAdjustPolicy(QComboBox.AdjustToMinimumContentsLengthWithIcon)
        combo.lineEdit().setPlaceholderText("Choose a folder, or type the URL of an archive")
        combo.activated.connect(self._entered)
        combo.lineEdit().returnPressed.connect(self._entered)
        return combo

    def show_paths(self, paths: Sequence[str]) -> None:
        """Show the folders and files of the workflow, and the folders opened lately."""
        self._paths = paths
        folders = recent_folders()  # of the user: they stay on this computer
        first = paths[0] if paths else ""
        if first and first not in folders:
            folders.insert(0, first)
        self.combo.clear()
        for folder in folders:
            self.combo.addItem(folder, folder)
        self.combo.setCurrentIndex(folders.index(first) if first else -1)
        if not first:
            self.combo.clearEditText()
        self.combo.setToolTip(
            first or "Folder with images, or archive (.zip, .tar, .7z), or the URL of an archive"
        )
        self.path_list.clear()
        self.path_list.addItems(paths)
        self.path_list.setVisible(len(paths) > 1)
        self.remove_button.setVisible(len(paths) > 1)

    def browse(self) -> None:
        """Let the user choose a folder."""
        if folder := self._ask("Choose a folder with images"):
            self.chosen.emit([folder])

    def browse_archive(self) -> None:
        """Let the user choose an archive of images."""
        start = self._paths[0] if self._paths else os.path.expanduser("~")
        endings = " ".join(f"*{ending}" for ending in ENDINGS)
        path, _ = QFileDialog.getOpenFileName(
            self, "Choose an archive of images", start, f"Archives ({endings})"
        )
        if path:
            self.chosen.emit([path])

    def browse_more(self) -> None:
        """Let the user choose one more folder."""
        if folder := self._ask("Add a folder with images"):
            self.chosen.emit([*self._paths, folder])

    def _ask(self, title: str) -> str:
        start = self._paths[0] if self._paths else os.path.expanduser("~")
        return QFileDialog.getExistingDirectory(self, title, start)

    def remove_chosen(self) -> None:
        """Leave out the folders that are chosen in the list."""
        rows = {index.row() for index in self.path_list.selectedIndexes()}
        if rows:
            self.chosen.emit([path for i, path in enumerate(self._paths) if i not in rows])

    def _entered(self) -> None:
        index = self.combo.currentIndex()
        text = self.combo.currentText().strip()
        data = self.combo.itemData(index) if index >= 0 else None
        folder = data if data and self.combo.itemText(index) == text else text
        if folder:
            self.chosen.emit([folder])


def make_button(text: str, callback: Callable[[], object], tip: str) -> QPushButton:
    """Make a button as wide as its text."""
    button = QPushButton(text, toolTip=tip, autoDefault=False)
    button.setAccessibleName(tip)
    button.setSizePolicy(QSizePolicy.Maximum, QSizePolicy.Fixed)
    button.clicked.connect(lambda: callback())
    return button
