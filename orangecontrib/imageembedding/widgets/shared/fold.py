"""Controls that few need, folded away under a title."""

from __future__ import annotations

from AnyQt.QtCore import Qt, pyqtSignal
from AnyQt.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget


class Fold(QWidget):
    """A title to click; what is in `content` is shown while it is open."""

    toggled = pyqtSignal(bool)

    def __init__(self, title: str, is_open: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QToolButton(text=title, checkable=True, autoRaise=True)
        self.button.setToolButtonStyle(Qt.ToolButtonTextBesideIcon)
        self.button.setSizePolicy(QSizePolicy.Maximum, QSizePolicy.Fixed)
        self.content = QWidget()
        inner = QVBoxLayout(self.content)
        inner.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        layout.addWidget(self.content)
        self.set_open(is_open)
        self.button.clicked.connect(self.set_open)
        self.button.clicked.connect(self.toggled)

    @property
    def is_open(self) -> bool:
        """Whether the content is shown."""
        return self.button.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Show or hide the content."""
        self.button.setChecked(is_open)
        self.button.setArrowType(Qt.DownArrow if is_open else Qt.RightArrow)
        self.content.setVisible(is_open)
