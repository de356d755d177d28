"""What all widgets of this package have in common."""

from __future__ import annotations

from typing import Any

from AnyQt.QtCore import QEvent
from AnyQt.QtGui import QPalette
from Orange.widgets.widget import OWWidget

FAINT = 150  # of 255: as quiet as can be while it can be read


class ImageWidget(OWWidget, openclass=True):  # type: ignore[call-arg]
    """A widget in which faint texts, such as those in empty fields, can be read on any ground.

    Palettes made for a dark ground often leave out the color of placeholders: Qt's is a faint
    black. Here it follows that of texts, also in the parts that come later.
    """

    Error: Any  # Orange's
    Warning: Any
    Information: Any

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
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
