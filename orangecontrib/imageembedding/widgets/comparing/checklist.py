"""A list of embedders with a box to tick at each that is ready."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from AnyQt.QtCore import QSize, Qt, pyqtSignal
from AnyQt.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from orangecontrib.imageembedding.widgets.comparing.choices import Choice

KEY_ROLE = Qt.UserRole
TITLE, NUMBERS, STATE = range(3)
SIZE_PX = 400, 220


class CheckList(QTreeWidget):
    """Shows embedders; `ticked_changed` tells that the user has ticked others."""

    ticked_changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__(rootIsDecorated=False, uniformRowHeights=True)
        self.setHeaderLabels(["Embedder", "Numbers", "State"])
        self.setAccessibleName("Embedders")
        header = self.header()
        header.setStretchLastSection(True)
        for column in (TITLE, NUMBERS):
            header.setSectionResizeMode(column, QHeaderView.ResizeToContents)
        self.itemChanged.connect(self._item_changed)

    def sizeHint(self) -> QSize:
        return QSize(*SIZE_PX)

    def set_choices(self, choices: Sequence[Choice], ticked: Collection[str]) -> None:
        """Show these, with some ticked; tells nobody."""
        current = self.currentItem()
        key = current.data(TITLE, KEY_ROLE) if current is not None else None
        self.blockSignals(True)
        self.clear()
        for choice in choices:
            item = QTreeWidgetItem([choice.title, choice.n_features, choice.state])
            item.setData(TITLE, KEY_ROLE, choice.key)
            item.setTextAlignment(NUMBERS, Qt.AlignRight | Qt.AlignVCenter)
            for column in range(3):
                item.setToolTip(column, f"{choice.state}\n{choice.text}".strip())
            if choice.is_ready:
                item.setFlags(Qt.ItemIsEnabled | Qt.ItemIsSelectable | Qt.ItemIsUserCheckable)
                state = Qt.Checked if choice.key in ticked else Qt.Unchecked
                item.setCheckState(TITLE, state)
            else:  # can be gone to, and read, but not ticked
                item.setFlags(Qt.ItemIsSelectable)
                item.setDisabled(True)
            self.addTopLevelItem(item)
            if choice.key == key:
                self.setCurrentItem(item)
        self.blockSignals(False)

    def ticked(self) -> list[str]:
        """Get the keys of those that are ticked, in the order shown."""
        return [
            item.data(TITLE, KEY_ROLE)
            for item in map(self.topLevelItem, range(self.topLevelItemCount()))
            if item.checkState(TITLE) == Qt.Checked and not item.isDisabled()
        ]

    def _item_changed(self, _: QTreeWidgetItem, column: int) -> None:
        if column == TITLE:
            self.ticked_changed.emit()
