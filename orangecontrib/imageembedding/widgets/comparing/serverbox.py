"""The server whose embedders are compared, too, if the user names one."""

from __future__ import annotations

from collections.abc import Sequence

from AnyQt.QtCore import pyqtSignal
from AnyQt.QtWidgets import QCompleter, QFormLayout, QLabel, QLineEdit, QWidget


class ServerBox(QWidget):
    """An address and an API key to type; decides nothing.

    Parameters
    ----------
    url : str
        As the workflow has it.
    known : sequence of str
        Addresses to complete what is typed.
    """

    typed = pyqtSignal(str, str)  # address and API key

    def __init__(self, url: str, known: Sequence[str]) -> None:
        super().__init__()
        self.url_edit = QLineEdit(url, placeholderText="http://localhost:8000")
        self.url_edit.setCompleter(QCompleter(list(known), self.url_edit))
        self.key_edit = QLineEdit(
            placeholderText="only if the server requires one", echoMode=QLineEdit.Password
        )
        self._typed = (url, "")
        form = QFormLayout(self, fieldGrowthPolicy=QFormLayout.ExpandingFieldsGrow)
        form.setContentsMargins(0, 0, 0, 0)
        for title, field in (("&Server:", self.url_edit), ("API &key:", self.key_edit)):
            label = QLabel(title)
            label.setBuddy(field)
            field.setAccessibleName(title.replace("&", "").rstrip(":"))
            form.addRow(label, field)
            field.editingFinished.connect(self._tell)

    def show_url(self, url: str) -> None:
        """Show an address; tells nobody."""
        self.url_edit.setText(url)
        self._typed = (url, self.key_edit.text())

    def _tell(self) -> None:
        typed = (self.url_edit.text().strip(), self.key_edit.text())
        if typed != self._typed:
            self._typed = typed
            self.typed.emit(*typed)
