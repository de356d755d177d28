"""The list of clusters beside the tree: click, sort, rename, copy."""

from __future__ import annotations

from collections.abc import Sequence

from AnyQt.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QSize,
    QSortFilterProxyModel,
    Qt,
    pyqtSignal,
)
from AnyQt.QtGui import QKeyEvent, QKeySequence, QPaintEvent
from AnyQt.QtWidgets import QApplication, QHeaderView, QMenu, QTreeView

from orangecontrib.imageembedding.pipeline import ClusterDescription
from orangecontrib.imageembedding.widgets.clustering.clustermodel import (
    CLUSTER,
    COLUMNS,
    ICON_PX,
    MAJORITY,
    PURITY,
    SORT_ROLE,
    TYPICAL,
    ClusterModel,
    texts_of,
)
from orangecontrib.imageembedding.widgets.shared.hint import paint_hint
from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps

MAX_LISTED = 1000
MAX_COLUMN_PX = 130
HINT = "Select branches of the tree to see here what is in them."


class ClusterList(QTreeView):
    """Shows descriptions of clusters; emits which are meant.

    Parameters
    ----------
    pixmaps : Pixmaps
        Decodes the most typical images.
    """

    chosen = pyqtSignal(int, object)
    """A cluster that was clicked, by its node, and the keyboard modifiers."""
    opened = pyqtSignal(int)
    """A cluster of which the most typical image is to be shown large."""

    def __init__(self, pixmaps: Pixmaps) -> None:
        super().__init__(rootIsDecorated=False, uniformRowHeights=True, sortingEnabled=True)
        self.clusters = ClusterModel(pixmaps)
        self._sorted = QSortFilterProxyModel(sortRole=SORT_ROLE)
        self._sorted.setSortCaseSensitivity(Qt.CaseInsensitive)
        self._sorted.setSortLocaleAware(True)
        self._sorted.setSourceModel(self.clusters)
        self.setModel(self._sorted)
        self.sortByColumn(CLUSTER, Qt.AscendingOrder)
        self.setSelectionMode(QTreeView.ExtendedSelection)
        self.setAllColumnsShowFocus(True)
        self.setIconSize(QSize(ICON_PX, ICON_PX))
        self.setAccessibleName("Clusters")
        self.setToolTip("Click selects or shows a cluster, Ctrl+C copies, a heading sorts")
        self.header().setSectionResizeMode(QHeaderView.ResizeToContents)
        self.header().setStretchLastSection(False)
        self.header().setMaximumSectionSize(MAX_COLUMN_PX)
        self.setContextMenuPolicy(Qt.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)
        self.clicked.connect(self._clicked)
        self.doubleClicked.connect(self._double_clicked)

    def show_clusters(
        self,
        clusters: Sequence[ClusterDescription],
        typical: dict[int, tuple[str, str]],
        chosen: Sequence[int] | None,
    ) -> None:
        """Show other clusters; those at the positions `chosen`, if any, as selected."""
        if [_key(cluster) for cluster in clusters] == [_key(old) for old in self.clusters.clusters]:
            self.clusters.set_typical(typical)
        else:
            self.clusters.set_clusters(clusters, typical)
        for column in (MAJORITY, PURITY):
            self.setColumnHidden(column, not any(cluster.majority for cluster in clusters))
        self._select(chosen or ())
        self.viewport().update()

    def node_at(self, index: QModelIndex) -> int:
        """Get the node of a row."""
        return self.clusters.clusters[self._sorted.mapToSource(index).row()].node

    def copy(self) -> None:
        """Copy the selected rows, or all, with headings, in columns for spreadsheets."""
        columns = [i for i in range(len(COLUMNS)) if not self.isColumnHidden(i)]
        rows = sorted({index.row() for index in self.selectedIndexes()})
        lines = [[COLUMNS[i] for i in columns]]
        for row in rows or range(self._sorted.rowCount()):
            lines.append([str(self._sorted.index(row, i).data()) for i in columns])
        QApplication.clipboard().setText("\n".join("\t".join(line) for line in lines))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.matches(QKeySequence.Copy):
            self.copy()
        elif event.key() in (Qt.Key_Return, Qt.Key_Enter) and index.isValid():
            self.chosen.emit(self.node_at(index), event.modifiers())
        elif event.key() == Qt.Key_Space and index.isValid():
            self.opened.emit(self.node_at(index))
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.clusters.rowCount():
            paint_hint(self.viewport(), HINT)

    def _select(self, rows: Sequence[int]) -> None:
        selection = QItemSelection()
        for row in rows:
            if row < self.clusters.rowCount():
                index = self._sorted.mapFromSource(self.clusters.index(row, 0))
                selection.select(index, index)
        how = QItemSelectionModel.ClearAndSelect | QItemSelectionModel.Rows
        self.selectionModel().select(selection, how)

    def _clicked(self, index: QModelIndex) -> None:
        self.chosen.emit(self.node_at(index), QApplication.keyboardModifiers())

    def _double_clicked(self, index: QModelIndex) -> None:
        if index.column() == TYPICAL:
            self.opened.emit(self.node_at(index))

    def _open_menu(self, point: QPoint) -> None:
        index = self.indexAt(point)
        menu = QMenu(self)
        menu.setAttribute(Qt.WA_DeleteOnClose)
        if index.isValid():
            name = self._sorted.index(index.row(), CLUSTER)
            node = self.node_at(index)
            menu.addAction("Rename cluster", lambda: self.edit(name))
            menu.addAction("Show most typical image", lambda: self.opened.emit(node))
        menu.addAction("Copy", self.copy)
        menu.popup(self.viewport().mapToGlobal(point))


def _key(cluster: ClusterDescription) -> tuple[int, list[str]]:
    """Get what is equal for equal descriptions; an unknown purity is not equal to itself."""
    return cluster.node, texts_of(cluster, "")
