"""The clusters of a tree in a list; what is most typical of each is found in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from AnyQt.QtCore import QEventLoop, QTimer, pyqtSignal
from Orange.data import DiscreteVariable

from orangecontrib.imageembedding.errors import Cancelled
from orangecontrib.imageembedding.pipeline import (
    ClusterDescription,
    ClusteredRows,
    describe_clusters,
    find_medoids,
)
from orangecontrib.imageembedding.widgets.clustering.clusterlist import MAX_LISTED, ClusterList
from orangecontrib.imageembedding.widgets.shared.background import Background
from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps

REST_MS = 200  # without a change, before typical images are looked for
LONGEST_WAIT_MS = 10_000

ImageOfLeaf = Callable[[int], tuple[str, str]]
"""Gives label and location of the image of a leaf."""


class ClusterSide(ClusterList):
    """Describes the clusters of a tree."""

    found = pyqtSignal()
    """The most typical images of all clusters in the list are known."""

    def __init__(self, pixmaps: Pixmaps) -> None:
        super().__init__(pixmaps)
        self._clustered: ClusteredRows | None = None
        self._image_of: ImageOfLeaf = lambda leaf: ("", "")
        self._background = Background(self)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._find)

    def describe(
        self,
        clustered: ClusteredRows | None,
        branches: tuple[Sequence[int], Sequence[str], Sequence[int] | None],
        by: DiscreteVariable | None,
        image_of: ImageOfLeaf,
    ) -> None:
        """Show the clusters of a tree.

        Parameters
        ----------
        clustered : ClusteredRows or None
            Where they are; None while there is no tree.
        branches : (sequence of int, sequence of str, sequence of int or None)
            The nodes on top, their names, and the positions of those that are selected.
        by : DiscreteVariable or None
            Of which majority and purity are told.
        image_of : callable
            Gives label and location of the image of a leaf.
        """
        self._clustered, self._image_of = clustered, image_of
        nodes, names, chosen = branches
        nodes, names = nodes[:MAX_LISTED], names[:MAX_LISTED]
        listed = [] if clustered is None else describe_clusters(clustered, nodes, names, by)
        self.show_clusters(listed, self._typical(listed), chosen)
        self._rest.start()

    def leaf_of(self, node: int) -> int | None:
        """Get the leaf that is most typical of a cluster; None while it is not known."""
        if self._clustered is None:
            return None
        row = self._clustered.medoids.get(node)
        return None if row is None else int(self._clustered.tree.leaf_of_row[row])

    def described(self) -> list[tuple[ClusterDescription, tuple[str, str]]]:
        """Get the clusters, with label and location of what is most typical; wait for it."""
        if self._missing():
            self._rest.stop()
            loop = QEventLoop()
            self.found.connect(loop.quit)
            QTimer.singleShot(LONGEST_WAIT_MS, loop.quit)
            self._find()
            loop.exec()
            self.found.disconnect(loop.quit)
        clusters = self.clusters.clusters
        typical = self._typical(clusters)
        return [(cluster, typical.get(cluster.node, ("", ""))) for cluster in clusters]

    def close_threads(self) -> None:
        """Stop for good."""
        self._rest.stop()
        self._clustered = None
        self._background.close()

    def _typical(self, clusters: Sequence[ClusterDescription]) -> dict[int, tuple[str, str]]:
        leaves = {cluster.node: self.leaf_of(cluster.node) for cluster in clusters}
        return {node: self._image_of(leaf) for node, leaf in leaves.items() if leaf is not None}

    def _missing(self) -> list[int]:
        nodes = [cluster.node for cluster in self.clusters.clusters]
        return [node for node in nodes if self.leaf_of(node) is None]

    def _find(self) -> None:
        clustered, missing = self._clustered, self._missing()
        if clustered is None or not missing:  # they may be known by what was sent
            self._show_typical()
            return

        def go_on(_: float) -> None:
            if self._clustered is None or self._clustered.medoids is not clustered.medoids:
                raise Cancelled

        find = partial(find_medoids, clustered, missing, go_on)
        self._background.run(find, lambda _: self._show_typical())

    def _show_typical(self) -> None:
        if self._clustered is not None:
            self.clusters.set_typical(self._typical(self.clusters.clusters))
            if not self._missing():
                self.found.emit()
