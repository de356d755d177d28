"""The list of checks, each with the number of images that it tells."""

from __future__ import annotations

from collections.abc import Collection

from AnyQt.QtCore import QSize, Qt, pyqtSignal
from AnyQt.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from orangecontrib.imageembedding.checks.rules import CHECKS

TITLE, COUNT = range(2)
WHY_NOT = {
    "label doubtful": "Needs a categorical class with at least two values",
    "leak": "Needs Reference Data",
    "unusual": "Needs embeddings of at least six images",
    "typical": "Needs embeddings",
}


class CheckList(QTreeWidget):
    """One line a check: ticked ones are told; the current one is shown."""

    chosen = pyqtSignal(str)
    ticks_changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderLabels(["Check", "Images"])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAccessibleName("Checks")
        self.setToolTip("Only ticked checks flag images in the outputs")
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(TITLE, QHeaderView.Stretch)
        header.setSectionResizeMode(COUNT, QHeaderView.ResizeToContents)
        self._items: dict[str, QTreeWidgetItem] = {}
        for check in CHECKS:
            item = QTreeWidgetItem(self, [check.title, ""])
            item.setData(TITLE, Qt.UserRole, check.id)
            item.setTextAlignment(COUNT, Qt.AlignRight | Qt.AlignVCenter)
            item.setCheckState(TITLE, Qt.Checked if check.is_fault else Qt.Unchecked)
            self._items[check.id] = item
        self.currentItemChanged.connect(self._current_changed)
        self.itemChanged.connect(self._item_changed)

    def sizeHint(self) -> QSize:
        """Have room for all checks."""
        height = (len(self._items) + 2) * (self.fontMetrics().height() + 6)
        return QSize(230, height)

    @property
    def ticked(self) -> set[str]:
        """Ids of the checks that are ticked."""
        return {
            check_id for check_id, item in self._items.items()
            if item.checkState(TITLE) == Qt.Checked
        }  # fmt: skip

    def set_ticked(self, ids: Collection[str]) -> None:
        """Tick these checks and no others."""
        self.blockSignals(True)
        for check_id, item in self._items.items():
            item.setCheckState(TITLE, Qt.Checked if check_id in ids else Qt.Unchecked)
        self.blockSignals(False)

    def set_counts(self, counts: dict[str, int]) -> None:
        """Show how many images each check tells; those without a number could not be made."""
        self.blockSignals(True)
        for check_id, item in self._items.items():
            is_made = check_id in counts
            item.setText(COUNT, f"{counts[check_id]:,}" if is_made else "–")
            item.setToolTip(TITLE, "" if is_made or not counts else WHY_NOT.get(check_id, ""))
            item.setToolTip(COUNT, item.toolTip(TITLE))
        self.blockSignals(False)

    def choose(self, check_id: str) -> None:
        """Make a check the current one."""
        if check_id in self._items:
            self.setCurrentItem(self._items[check_id])

    def _current_changed(self, item: QTreeWidgetItem | None, _: object) -> None:
        if item is not None:
            self.chosen.emit(item.data(TITLE, Qt.UserRole))

    def _item_changed(self, item: QTreeWidgetItem, column: int) -> None:
        if column == TITLE:
            self.ticks_changed.emit()
