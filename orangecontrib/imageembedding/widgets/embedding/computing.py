"""Where to compute: the device, the precision, or a server; and where images go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from AnyQt.QtCore import pyqtSignal as Signal
from AnyQt.QtWidgets import (
    QComboBox,
    QCompleter,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QWidget,
)


class ComputingBox(QWidget):
    """Lets the user choose, and says in words where images go; decides nothing.

    Parameters
    ----------
    devices, precisions : dict of str to str
        Id → title of what can be chosen.
    servers : sequence of str
        Addresses to complete what is typed.

    Attributes
    ----------
    where_label : QLabel
        Says where images go; it stands outside this box, always in sight.
    """

    device_chosen = Signal(str)
    precision_chosen = Signal(str)
    server_typed = Signal(str, str)  # address and API key

    def __init__(
        self, devices: Mapping[str, str], precisions: Mapping[str, str], servers: Sequence[str]
    ) -> None:
        super().__init__()
        self.device_combo = _combo(devices, self.device_chosen.emit)
        self.precision_combo = _combo(precisions, self.precision_chosen.emit)
        self.precision_combo.setToolTip(
            "Fast computes in 16 bits where the hardware can: up to twice the speed. Vectors "
            "differ a little: about 1 in 20 nearest neighbors differs."
        )
        self.url_edit = QLineEdit(placeholderText="http://localhost:8000")
        self.url_edit.setCompleter(QCompleter(list(servers), self.url_edit))
        self.key_edit = QLineEdit(
            placeholderText="only if the server requires one", echoMode=QLineEdit.Password
        )
        self.where_label = QLabel(wordWrap=True)
        self.where_label.setAccessibleName("Where the images go")
        self._typed = ("", "")
        self._lay_out()

    def _lay_out(self) -> None:
        form = QFormLayout(fieldGrowthPolicy=QFormLayout.ExpandingFieldsGrow)
        self._server_parts: list[QWidget] = []
        for title, field in (
            ("Compute &on:", self.device_combo),
            ("&Precision:", self.precision_combo),
            ("&Server:", self.url_edit),
            ("API &key:", self.key_edit),
        ):
            label = QLabel(title)
            label.setBuddy(field)
            field.setAccessibleName(title.replace("&", "").rstrip(":"))
            form.addRow(label, field)
            if isinstance(field, QLineEdit):
                field.editingFinished.connect(self._tell_server)
                self._server_parts += [label, field]
        form.setContentsMargins(0, 0, 0, 0)
        self.setLayout(form)

    def show_choice(self, device: str, precision: str, url: str) -> None:
        """Show what is chosen, without a signal."""
        for combo, value in ((self.device_combo, device), (self.precision_combo, precision)):
            combo.setCurrentIndex(combo.findData(value))
        self.url_edit.setText(url)
        self._typed = (url, self.key_edit.text())

    def show_where(self, text: str, is_remote: bool, has_precision: bool) -> None:
        """Say where images go; on a server it stands out."""
        for part in self._server_parts:
            part.setVisible(is_remote)
        self.precision_combo.setEnabled(has_precision)
        self.where_label.setText(text)
        font = self.where_label.font()
        font.setBold(is_remote)
        self.where_label.setFont(font)

    def _tell_server(self) -> None:
        typed = (self.url_edit.text().strip(), self.key_edit.text())
        if typed != self._typed:
            self._typed = typed
            self.server_typed.emit(*typed)


def _combo(titles: Mapping[str, str], chosen: Callable[[str], None]) -> QComboBox:
    combo = QComboBox()
    for value, title in titles.items():
        combo.addItem(title, value)
    combo.activated.connect(lambda index: chosen(combo.itemData(index)))
    combo.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
    return combo
