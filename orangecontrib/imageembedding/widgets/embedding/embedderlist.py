"""A searchable, grouped list of embedders to choose one from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from AnyQt.QtCore import QItemSelectionModel, QModelIndex, QSortFilterProxyModel, Qt
from AnyQt.QtCore import pyqtSignal as Signal
from AnyQt.QtGui import QStandardItem, QStandardItemModel
from AnyQt.QtWidgets import QHeaderView, QLineEdit, QTreeView, QVBoxLayout, QWidget

ID_ROLE = Qt.UserRole
TEXT_ROLE = Qt.UserRole + 1  # what is searched
TIMM = "timm:"
HEADINGS = ["Embedder", "Size", "Numbers"]


@dataclass(frozen=True, slots=True)
class Row:
    """One embedder to show.

    Attributes
    ----------
    id : str
        Description shown when it is chosen.
    title, size, n_features : str
        The three columns; `size` is that of the download, "" if there is none.
    group : str
        Heading under which it stands.
    text : str
        What else is searched, and shown as a tooltip.
    """

    id: str
    title: str
    size: str
    n_features: str
    group: str
    text: str


class EmbedderList(QWidget):
    """Shows embedders under headings; `chosen` tells the id that the user has picked."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit(
            clearButtonEnabled=True,
            placeholderText="Search, or timm:name for any model of timm",
        )
        self.search.setAccessibleName("Search embedders")
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._take_search)
        self._model = QStandardItemModel(self)
        self._proxy = QSortFilterProxyModel(
            self, recursiveFilteringEnabled=True, filterRole=TEXT_ROLE,
            filterCaseSensitivity=Qt.CaseInsensitive,
        )  # fmt: skip
        self._proxy.setSourceModel(self._model)
        self.view = QTreeView(rootIsDecorated=False, itemsExpandable=False, indentation=12)
        self.view.setModel(self._proxy)
        self.view.setAccessibleName("Embedders")
        self.view.setEditTriggers(QTreeView.NoEditTriggers)
        self.view.selectionModel().currentChanged.connect(self._current_changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.search)
        layout.addWidget(self.view)
        self._current = ""

    def set_rows(self, rows: Sequence[Row], current: str) -> None:
        """Show these embedders, in this order, and mark one."""
        self._current = ""  # the highlighting below is not a choice of the user
        self._model.clear()
        self._model.setHorizontalHeaderLabels(HEADINGS)
        self._model.horizontalHeaderItem(1).setToolTip("Size of the download")
        self._model.horizontalHeaderItem(2).setToolTip("How many numbers describe an image")
        groups: dict[str, QStandardItem] = {}
        for row in rows:
            if row.group not in groups:
                groups[row.group] = self._heading(row.group)
            groups[row.group].appendRow(_items(row))
        header = self.view.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeToContents)
            self._model.horizontalHeaderItem(column).setTextAlignment(Qt.AlignRight)
        self._spread()
        self.set_current(current)

    def set_current(self, embedder_id: str) -> None:
        """Mark an embedder, without telling anybody."""
        self._current = embedder_id
        for index in self._leaves():
            if index.data(ID_ROLE) == embedder_id:
                flags = QItemSelectionModel.ClearAndSelect | QItemSelectionModel.Rows
                self.view.selectionModel().setCurrentIndex(index, flags)
                self.view.scrollTo(index)

    def ids(self) -> list[str]:
        """Get the ids of the embedders that the search lets through."""
        return [index.data(ID_ROLE) for index in self._leaves()]

    def _heading(self, title: str) -> QStandardItem:
        item = QStandardItem(title)
        item.setFlags(Qt.ItemIsEnabled)
        font = item.font()
        font.setBold(True)
        item.setFont(font)
        self._model.appendRow([item, QStandardItem(), QStandardItem()])
        return item

    def _leaves(self) -> list[QModelIndex]:
        return [
            self._proxy.index(row, 0, group)
            for group in self._groups()
            for row in range(self._proxy.rowCount(group))
        ]

    def _groups(self) -> list[QModelIndex]:
        return [self._proxy.index(row, 0) for row in range(self._proxy.rowCount())]

    def _spread(self) -> None:
        self.view.expandAll()
        for row in range(self._proxy.rowCount()):
            self.view.setFirstColumnSpanned(row, QModelIndex(), True)

    def _filter(self, text: str) -> None:
        marked = self._current
        self._current = ""
        self._proxy.setFilterFixedString(text)
        self._spread()
        self.set_current(marked)

    def _take_search(self) -> None:
        """Choose the only one that is found, or any model of timm by its name."""
        text, found = self.search.text().strip(), self.ids()
        if text.startswith(TIMM) and len(text) > len(TIMM):
            self.chosen.emit(text)
        elif len(found) == 1:
            self.set_current(found[0])
            self.chosen.emit(found[0])

    def _current_changed(self, index: QModelIndex) -> None:
        embedder_id = index.siblingAtColumn(0).data(ID_ROLE)
        if self._current and embedder_id and embedder_id != self._current:
            self._current = embedder_id
            self.chosen.emit(embedder_id)


def _items(row: Row) -> list[QStandardItem]:
    title = QStandardItem(row.title)
    size, n_features = QStandardItem(row.size), QStandardItem(row.n_features)
    title.setData(row.id, ID_ROLE)
    title.setData(f"{row.title} {row.id} {row.text}", TEXT_ROLE)
    for number in (size, n_features):
        number.setTextAlignment(Qt.AlignRight | Qt.AlignVCenter)
    for item in (title, size, n_features):
        item.setToolTip(row.text)
    return [title, size, n_features]
