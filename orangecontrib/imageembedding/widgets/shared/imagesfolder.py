"""The folder of the images, which a user can choose where a table does not lead to them."""

from __future__ import annotations

import os
import re

from AnyQt.QtCore import Qt, pyqtSignal
from AnyQt.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

CHOOSE = "Folder of Images…"
TIP = "Where the images are, if their paths are relative or the images were moved"
LABEL_PX = 150


class ImagesFolder(QWidget):
    """A button, the folder that was chosen, and a button to forget it.

    Parameters
    ----------
    folder : str
        As the workflow has it; "" for none.
    workflow_folder : str
        That of the workflow's file, with which the images may have been moved.
    """

    chosen = pyqtSignal(str)

    def __init__(self, folder: str, workflow_folder: str = "") -> None:
        super().__init__()
        self.button = QPushButton(CHOOSE, autoDefault=False, toolTip=TIP)
        self.button.clicked.connect(self.choose)
        self.label = QLabel()
        self.forget_button = QToolButton(text="✕", autoRaise=True)
        self.forget_button.setToolTip("Forget the folder of the images")
        self.forget_button.setAccessibleName("Forget the folder of the images")
        self.forget_button.clicked.connect(lambda: self._take(""))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.button)
        row.addWidget(self.label, 1)
        row.addWidget(self.forget_button)
        self.folder = ""
        self._show(moved_folder(folder, workflow_folder))

    def choose(self) -> None:
        """Ask for the folder."""
        folder = QFileDialog.getExistingDirectory(
            self, "Choose the folder of the images", self.folder
        )
        if folder:
            self._take(folder)

    def _take(self, folder: str) -> None:
        self._show(folder)
        self.chosen.emit(folder)

    def _show(self, folder: str) -> None:
        self.folder = folder
        self.label.setVisible(bool(folder))
        self.forget_button.setVisible(bool(folder))
        name = os.path.basename(os.path.normpath(folder)) if folder else ""
        self.label.setText(self.fontMetrics().elidedText(name, Qt.ElideMiddle, LABEL_PX))
        self.label.setToolTip(folder)


def moved_folder(folder: str, workflow_folder: str) -> str:
    """Get a folder that exists: the same one, or one next to the workflow; else the same."""
    if not folder or os.path.isdir(folder) or not workflow_folder:
        return folder
    parts = [part for part in re.split(r"[/\\]", folder) if part]
    ends = (os.path.join(workflow_folder, *parts[i:]) for i in range(len(parts)))
    return next((end for end in ends if os.path.isdir(end)), folder)
