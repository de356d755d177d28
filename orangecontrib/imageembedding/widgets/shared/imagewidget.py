"""What all widgets of this package have in common."""

from __future__ import annotations

from typing import Any

from AnyQt.QtCore import QEvent, QSize, Qt
from AnyQt.QtGui import QPalette
from AnyQt.QtWidgets import QScrollArea, QVBoxLayout, QWidget
from Orange.widgets.widget import OWWidget

NO_COLUMN = (
    "No column was recognized as paths or URLs of images. If there is one, choose it. "
    "Import Images makes such data."
)
NOT_FOUND = "Images were not found, for example {}. Choose the folder of the images."

FAINT = 150  # of 255: as quiet as can be while it can be read
AROUND_PX = 70  # of the controls of a window without main area
SCREEN_PART = 0.85  # that a window takes at most when it opens


class ImageWidget(OWWidget, openclass=True):  # type: ignore[call-arg]
    """A widget in which faint texts, such as those in empty fields, can be read on any ground.

    Palettes made for a dark ground often leave out the color of placeholders: Qt's is a faint
    black. Here it follows that of texts, also in the parts that come later.

    Attributes
    ----------
    controls_box : QWidget
        Holds the controls: Orange's control area, after `scroll_controls` what scrolls in it.
    """

    Error: Any  # Orange's
    Warning: Any
    Information: Any

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.controls_box: QWidget = self.controlArea
        self._match_placeholders()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.PaletteChange, QEvent.ApplicationPaletteChange):
            self._match_placeholders()

    def _match_placeholders(self) -> None:
        color = self.palette().color(QPalette.Text)
        color.setAlpha(FAINT)
        if color != self.palette().color(QPalette.PlaceholderText):
            own = QPalette()
            own.setColor(QPalette.PlaceholderText, color)
            self.setPalette(own)

    def scroll_controls(self, min_width_px: int) -> None:
        """Let all controls be reached on a low screen; Orange does so beside a main area only."""
        self.controlArea.setMinimumWidth(min_width_px)
        self.controls_box = QWidget()
        QVBoxLayout(self.controls_box).setContentsMargins(0, 0, 0, 0)
        scroll = QScrollArea(widgetResizable=True, frameShape=QScrollArea.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        scroll.setWidget(self.controls_box)
        self.controlArea.layout().addWidget(scroll)

    def sizeHint(self) -> QSize:
        """Get the size in which nothing has to be scrolled to, if the screen is high enough."""
        hint: QSize = super().sizeHint()
        if self.controls_box is self.controlArea:
            return hint
        around = self.buttonsArea.sizeHint().height() + AROUND_PX
        height = self.controls_box.sizeHint().height() + around
        screen = self.screen().availableGeometry().height()
        width = max(self.controlArea.minimumWidth(), self.controls_box.minimumSizeHint().width())
        return QSize(width + 2, min(height, round(SCREEN_PART * screen)))
