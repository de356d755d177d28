"""The tree of a clustering, and the clusters that a cut gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field
from typing import cast

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.clusters.outline import Outline, outline


def _unknown() -> NDArray[np.intp]:
    return np.empty(0, dtype=np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A dendrogram.

    Attributes
    ----------
    linkage : ndarray of shape (n - 1, 4), dtype float64
        The merges in scipy's form, usable with `scipy.cluster.hierarchy`.
    leaf_of_row : ndarray of shape (n_rows,), dtype int
        The leaf that each row belongs to; the row itself unless the tree has prototypes.
    typical_rows : ndarray of shape (n,), dtype int
        The row that represents each leaf.
    known_outline : Outline, optional
        The outline, where it is known.
    outline : Outline
        Where each node lies.
    """

    linkage: NDArray[np.float64]
    leaf_of_row: NDArray[np.intp] = field(default_factory=_unknown, repr=False)
    typical_rows: NDArray[np.intp] = field(default_factory=_unknown, repr=False)
    known_outline: InitVar[Outline | None] = None
    outline: Outline = field(init=False, repr=False)
    _rows: NDArray[np.intp] = field(init=False, repr=False)
    _first_row: NDArray[np.intp] = field(init=False, repr=False)

    def __post_init__(self, known_outline: Outline | None) -> None:
        shape = outline(self.linkage) if known_outline is None else known_outline
        if not len(self.leaf_of_row):
            object.__setattr__(self, "leaf_of_row", np.arange(self.n_leaves))
            object.__setattr__(self, "typical_rows", np.arange(self.n_leaves))
        place_of_row = shape.first_leaf[self.leaf_of_row]
        counts = np.bincount(place_of_row, minlength=self.n_leaves)
        object.__setattr__(self, "outline", shape)
        object.__setattr__(self, "_rows", np.argsort(place_of_row, kind="stable"))
        object.__setattr__(self, "_first_row", np.concatenate([[0], np.cumsum(counts)]))

    @property
    def n_leaves(self) -> int:
        """Number of leaves: of rows, or of prototypes."""
        return len(self.linkage) + 1

    @property
    def n_rows(self) -> int:
        """Number of rows that were clustered."""
        return len(self.leaf_of_row)

    @property
    def leaf_order(self) -> NDArray[np.intp]:
        """Leaves in the order in which they lie: shape (n,), dtype int."""
        return self.outline.leaf_order

    def rows_of(self, node: int) -> NDArray[np.intp]:
        """Get the rows under a node, in the order of the leaves: shape (n_under,), dtype int."""
        first = self.outline.first_leaf[node]
        last = first + self.outline.n_leaves[node]
        return self._rows[self._first_row[first] : self._first_row[last]]

    def cut(
        self, *, n_clusters: int | None = None, height: float | None = None
    ) -> NDArray[np.intp]:
        """Cut the tree into clusters.

        Parameters
        ----------
        n_clusters : int, optional
            How many clusters to make, 1 to n.
        height : float, optional
            Rows that are merged at this distance or below stay together.

        Returns
        -------
        labels : ndarray of shape (n_rows,), dtype int
            The cluster of each row, numbered from 1: for a height the same as scipy's
            ``fcluster(linkage, height, "distance")``, of the leaf that the row belongs to.

        Raises
        ------
        ValueError
            If not exactly one of the two is given, or `n_clusters` is out of range.
        """
        if (n_clusters is None) == (height is None):
            raise ValueError("give either n_clusters or height")
        if height is not None:
            labels = self._leaf_labels_at(height)
        else:
            labels = self._leaf_labels(n_clusters)
        return labels[self.leaf_of_row]

    def _leaf_labels_at(self, height: float) -> NDArray[np.intp]:
        from scipy.cluster.hierarchy import fcluster

        if np.isnan(height):
            raise ValueError("height must be a number; got nan")
        return cast("NDArray[np.intp]", fcluster(self.linkage, height, "distance").astype(np.intp))

    def _leaf_labels(self, n_clusters: object) -> NDArray[np.intp]:
        from scipy.cluster.hierarchy import fcluster

        if not isinstance(n_clusters, int | np.integer) or not 1 <= n_clusters <= self.n_leaves:
            raise ValueError(
                f"n_clusters must be a whole number from 1 to {self.n_leaves}; got {n_clusters!r}"
            )
        # The order of the merges is a criterion without ties: it gives exactly n_clusters.
        order = np.arange(self.n_leaves - 1, dtype=np.float64)
        last_merge = self.n_leaves - n_clusters - 1
        labels = fcluster(self.linkage, last_merge, "monocrit", monocrit=order)
        return cast("NDArray[np.intp]", labels.astype(np.intp))

    def branches(
        self, n_clusters: int | None = None, *, height: float | None = None
    ) -> NDArray[np.intp]:
        """Get the top node of each cluster that `cut` makes, in the order of its labels.

        Shape (n_clusters,), dtype int.
        """
        labels = self._leaf_labels(n_clusters) if height is None else self._leaf_labels_at(height)
        shape = self.outline
        by_place = labels[shape.leaf_order]
        # A cluster is a run of leaves that lie side by side; its top is the largest node in it.
        starts = np.flatnonzero(np.diff(by_place, prepend=0))
        n_leaves = np.diff(np.append(starts, len(by_place)))
        size_of_run = np.zeros(len(by_place), dtype=np.intp)
        size_of_run[starts] = n_leaves
        tops = np.flatnonzero(size_of_run[shape.first_leaf] == shape.n_leaves)
        return tops[np.argsort(by_place[shape.first_leaf[tops]])]

    @property
    def top_heights(self) -> NDArray[np.float64]:
        """Largest height in each merge's branch, sorted: shape (n - 1,), dtype float64.

        The heights themselves, except for centroid and median linkage.
        """
        heights = self.linkage[:, 2]
        if (np.diff(heights) >= 0).all():
            return heights
        from scipy.cluster.hierarchy import maxdists

        return np.sort(maxdists(self.linkage))

    def height_of_cut(self, n_clusters: int) -> float:
        """Get a height at which a cut makes so many clusters, if there is one."""
        heights = np.concatenate([[0.0], self.top_heights])
        place = self.n_leaves - n_clusters
        return float(heights[place : place + 2].mean())

    def common_branch(self, leaf_a: int, leaf_b: int) -> int:
        """Get the smallest branch that holds two leaves."""
        shape = self.outline
        low, high = sorted((shape.first_leaf[leaf_a], shape.first_leaf[leaf_b]))
        holds = (shape.first_leaf <= low) & (high < shape.first_leaf + shape.n_leaves)
        nodes = np.flatnonzero(holds)
        return int(nodes[np.argmin(shape.n_leaves[nodes])])

    def rotated(self, node: int) -> Tree:
        """Get the tree with the two branches of a node swapped."""
        merges = self.linkage.copy()
        k = node - self.n_leaves
        merges[k, :2] = merges[k, 1::-1]
        return Tree(merges, self.leaf_of_row, self.typical_rows, self.outline.rotated(node))

    def in_leaf_order(self, nodes: Sequence[int]) -> list[int]:
        """Sort nodes by where their branches lie."""
        return sorted(nodes, key=self.outline.first_leaf.__getitem__)

    def sizes_of(self, nodes: Sequence[int] | NDArray[np.intp]) -> NDArray[np.intp]:
        """Get the number of rows under each node.

        Parameters
        ----------
        nodes : sequence of int, or ndarray of shape (n_nodes,), dtype int
            Numbers of nodes.

        Returns
        -------
        sizes : ndarray of shape (n_nodes,), dtype int
        """
        chosen = np.asarray(nodes, dtype=np.intp)
        first = self.outline.first_leaf[chosen]
        last = first + self.outline.n_leaves[chosen]
        return np.asarray(self._first_row[last] - self._first_row[first])

    def labels_of(self, nodes: Sequence[int] | NDArray[np.intp]) -> NDArray[np.intp]:
        """Get for each row which of some nodes it is under.

        Parameters
        ----------
        nodes : sequence of int, or ndarray of shape (n_nodes,), dtype int
            Nodes of which none is under another one.

        Returns
        -------
        labels : ndarray of shape (n_rows,), dtype int
            The position of the node in `nodes`, counted from 1; 0 if a row is under none.
        """
        labels = np.zeros(self.n_rows, dtype=np.intp)
        for number, node in enumerate(nodes, start=1):
            labels[self.rows_of(node)] = number
        return labels
