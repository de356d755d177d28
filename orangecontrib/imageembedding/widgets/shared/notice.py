"""A message inside a window, with a button for each way to continue."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from AnyQt.QtCore import Qt, pyqtSignal
from AnyQt.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QVBoxLayout,
    QWidget,
)

Way = tuple[str, Callable[[], object]]
"""The text of a button, and what it does."""

ICON_PX = 24


class Notice(QFrame):
    """Hidden while there is nothing to say.

    Attributes
    ----------
    buttons : dict of str to QPushButton
        Those that are shown, by their text.
    """

    shown = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, frameShape=QFrame.StyledPanel)
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Maximum)
        self.buttons: dict[str, QPushButton] = {}
        self.label = QLabel(wordWrap=True, textFormat=Qt.PlainText)
        self.label.setTextInteractionFlags(Qt.TextSelectableByMouse)
        self.label.setAccessibleName("Notice")
        icon = QLabel(alignment=Qt.AlignTop)
        style = self.style()
        icon.setPixmap(style.standardIcon(QStyle.SP_MessageBoxWarning).pixmap(ICON_PX))
        row, self._button_row = QHBoxLayout(), QHBoxLayout()
        row.addWidget(icon)
        row.addWidget(self.label, 1)
        self._button_row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addLayout(self._button_row)
        self.hide()

    def show_notice(self, text: str, ways: Sequence[Way] = ()) -> None:
        """Say something; the first way on is the one to be recommended."""
        self.clear()
        self.label.setText(text)
        for title, act in ways:
            button = QPushButton(title, autoDefault=False)
            button.clicked.connect(lambda _, act=act: act())
            self._button_row.addWidget(button)
            self.buttons[title] = button
        self.show()
        self.shown.emit()

    def clear(self) -> None:
        """Have nothing to say."""
        self.hide()
        for button in self.buttons.values():
            button.setParent(None)
            button.deleteLater()  # it may be the one that was clicked
        self.buttons = {}
