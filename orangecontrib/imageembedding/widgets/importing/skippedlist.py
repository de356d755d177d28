"""A window with the files that were skipped, and why."""

from __future__ import annotations

import os
from collections.abc import Sequence

from AnyQt.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt
from AnyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from orangecontrib.imageembedding.widgets.shared.filemanager import show_in_folder

COLUMNS = "File", "Reason"
SIZE_PX = (860, 400)
MAX_WRAPPED = 2000


class SkippedModel(QAbstractTableModel):
    """Paths and reasons."""

    def __init__(self, rows: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._rows = rows

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> str | None:
        if role not in (Qt.DisplayRole, Qt.ToolTipRole):
            return None
        text = self._rows[index.row()][index.column()]
        return text.encode(errors="surrogateescape").decode(errors="replace")

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.DisplayRole
    ) -> str | None:
        is_name = role == Qt.DisplayRole and orientation == Qt.Horizontal
        return COLUMNS[section] if is_name else None


class SkippedList(QDialog):
    """Shows files with reasons; a double click shows the folder that one lies in.

    Parameters
    ----------
    rows : sequence of (str, str)
        Path and reason of each.
    parent : QWidget, optional
        Window that it belongs to.
    """

    def __init__(self, rows: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paths = [path for path, _ in rows]
        folder = _shared_folder(self._paths)
        self.setWindowTitle(f"Skipped files ({len(rows):,})")
        self.setAttribute(Qt.WA_DeleteOnClose)
        self.resize(*SIZE_PX)
        self.model = SkippedModel([(path[len(folder) :], reason) for path, reason in rows])
        sorted_model = QSortFilterProxyModel(self)
        sorted_model.setSourceModel(self.model)
        self.table = QTableView(selectionBehavior=QTableView.SelectRows)
        self.table.setAccessibleName("Skipped files")
        self.table.setModel(sorted_model)
        self.table.setSortingEnabled(True)
        self.table.setTextElideMode(Qt.ElideMiddle)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSortIndicator(-1, Qt.AscendingOrder)  # first as they were found
        header.resizeSection(0, SIZE_PX[0] * 2 // 5)
        header.setStretchLastSection(True)
        if len(rows) <= MAX_WRAPPED:  # measuring each row takes its time
            self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeToContents)
        self.table.doubleClicked.connect(self._show_in_folder)
        buttons = QDialogButtonBox(QDialogButtonBox.Close)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        if folder:
            layout.addWidget(QLabel(f"In {folder}", textInteractionFlags=Qt.TextSelectableByMouse))
        layout.addWidget(self.table)
        layout.addWidget(buttons)

    def _show_in_folder(self, index: QModelIndex) -> None:
        row = self.table.model().mapToSource(index).row()
        # On behalf of the parent: this one may be closed before there is an answer.
        show_in_folder(self._paths[row], self.parent() or self)


def _shared_folder(paths: Sequence[str]) -> str:
    """Get the folder that all paths begin with, with its separator; "" if there is none."""
    shared = os.path.commonprefix([os.path.dirname(path) + os.sep for path in paths])
    return shared[: shared.rfind(os.sep) + 1]
