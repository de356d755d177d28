"""Descriptions of clusters as the rows of a list that can be sorted."""

from __future__ import annotations

import math
from collections.abc import Sequence

from AnyQt.QtCore import QAbstractTableModel, QModelIndex, Qt, pyqtSignal

from orangecontrib.imageembedding.pipeline import ClusterDescription
from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps

COLUMNS = "Cluster", "Most typical", "Size", "Majority", "Purity"
CLUSTER, TYPICAL, SIZE, MAJORITY, PURITY = range(len(COLUMNS))
TIPS = (
    "Its name: double click to change it",
    "The row that is nearest to all others of the cluster: double click to see it large",
    "Number of rows",
    "The most frequent class in the cluster",
    "The part of the most frequent class in the rows whose class is known",
)
ICON_PX = 32
SORT_ROLE = Qt.UserRole


class ClusterModel(QAbstractTableModel):
    """A row for each cluster."""

    renamed = pyqtSignal(int, str)
    """A cluster, by its node, and its new name."""

    def __init__(self, pixmaps: Pixmaps) -> None:
        super().__init__()
        self.clusters: Sequence[ClusterDescription] = ()
        self._typical: dict[int, tuple[str, str]] = {}
        self._pixmaps = pixmaps
        pixmaps.ready.connect(self._image_ready)

    def set_clusters(
        self, clusters: Sequence[ClusterDescription], typical: dict[int, tuple[str, str]]
    ) -> None:
        """Show other clusters.

        Parameters
        ----------
        clusters : sequence of ClusterDescription
            In their order in the tree.
        typical : dict of int to (str, str)
            Label and location of the most typical image of a node, as far as it is known.
        """
        self.beginResetModel()
        self.clusters, self._typical = clusters, typical
        self.endResetModel()

    def set_typical(self, typical: dict[int, tuple[str, str]]) -> None:
        """Show the most typical image of each cluster."""
        self._typical = typical
        self._column_changed()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.clusters)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        flags = super().flags(index)
        return flags | Qt.ItemIsEditable if index.column() == CLUSTER else flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> str | None:
        if orientation != Qt.Horizontal or role not in (Qt.DisplayRole, Qt.ToolTipRole):
            return None
        return (COLUMNS if role == Qt.DisplayRole else TIPS)[section]

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> object:
        cluster, column = self.clusters[index.row()], index.column()
        label, location = self._typical.get(cluster.node, ("", ""))
        texts = texts_of(cluster, label)
        if role in (Qt.DisplayRole, Qt.ToolTipRole):
            return texts[column]
        if role == Qt.EditRole:
            return cluster.name
        if role == Qt.TextAlignmentRole and column in (SIZE, PURITY):
            return int(Qt.AlignRight | Qt.AlignVCenter)
        if role == Qt.DecorationRole and column == TYPICAL and location:
            return self._pixmaps.pixmap(location, ICON_PX)
        if role == SORT_ROLE:
            purity = -1.0 if math.isnan(cluster.purity) else cluster.purity
            number = {CLUSTER: index.row(), SIZE: cluster.size, PURITY: purity}
            return number.get(column, texts[column])
        return None

    def setData(self, index: QModelIndex, value: object, role: int = Qt.EditRole) -> bool:
        if role != Qt.EditRole or str(value) == self.clusters[index.row()].name:
            return False
        self.renamed.emit(self.clusters[index.row()].node, str(value).strip())
        return True

    def _image_ready(self, location: str) -> None:
        if any(place == location for _, place in self._typical.values()):
            self._column_changed()

    def _column_changed(self) -> None:
        if self.clusters:
            last = len(self.clusters) - 1
            self.dataChanged.emit(self.index(0, TYPICAL), self.index(last, TYPICAL))


def texts_of(cluster: ClusterDescription, typical: str) -> list[str]:
    """Get what is written about a cluster, a text for each of `COLUMNS`."""
    purity = "" if math.isnan(cluster.purity) else f"{cluster.purity:.0%}"
    return [cluster.name, typical, f"{cluster.size:,}", cluster.majority, purity]
