"""Description of an embedder: one line, and the rest on request."""

from __future__ import annotations

from AnyQt.QtCore import Qt, QUrl
from AnyQt.QtGui import QDesktopServices
from AnyQt.QtWidgets import QLabel

TOGGLE = "#more"


class Description(QLabel):
    """Shows the first line of a text; *more…* shows all of it."""

    def __init__(self) -> None:
        super().__init__(wordWrap=True)
        self.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        self.setTextInteractionFlags(Qt.TextBrowserInteraction)
        self.setAccessibleName("About the embedder")
        self.linkActivated.connect(self._follow)
        self._html = ""
        self._is_whole = False

    def describe(self, html: str) -> None:
        """Set the text, as HTML whose lines are parted by ``<br>``."""
        self._html = html
        self._show()

    def set_whole(self, is_whole: bool) -> None:
        """Show all, or the first line only."""
        self._is_whole = is_whole
        self._show()

    def _show(self) -> None:
        first, _, rest = self._html.partition("<br>")
        link = f' <a href="{TOGGLE}">{"less" if self._is_whole else "more…"}</a>' if rest else ""
        self.setText((self._html if self._is_whole else first) + link)

    def _follow(self, link: str) -> None:
        if link == TOGGLE:
            self.set_whole(not self._is_whole)
        else:
            QDesktopServices.openUrl(QUrl(link))
