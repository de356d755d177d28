"""A window with the files that were left out, and why."""

from __future__ import annotations

from collections.abc import Sequence

from AnyQt.QtCore import QAbstractTableModel, QModelIndex, Qt
from AnyQt.QtWidgets import QDialog, QHeaderView, QTableView, QVBoxLayout, QWidget

from orangecontrib.imageembedding.widgets.shared.filemanager import show_in_folder

COLUMNS = "File", "Reason"


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
        self.setWindowTitle(f"Skipped files ({len(rows):,})")
        self.setAttribute(Qt.WA_DeleteOnClose)
        self.resize(760, 360)
        self.table = QTableView(selectionBehavior=QTableView.SelectRows, wordWrap=False)
        self.table.setAccessibleName("Skipped files")
        self.model = SkippedModel(rows)
        self.table.setModel(self.model)
        self.table.setTextElideMode(Qt.ElideMiddle)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.Stretch)
        header.resizeSection(1, 300)
        self.table.doubleClicked.connect(self._show_in_folder)
        QVBoxLayout(self).addWidget(self.table)

    def _show_in_folder(self, index: QModelIndex) -> None:
        # On behalf of the parent: this one may be closed before there is an answer.
        show_in_folder(self._paths[index.row()], self.parent() or self)
