"""The tree of a clustering, and the clusters that a cut gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.clusters.outline import Outline, outline


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A dendrogram.

    Attributes
    ----------
    linkage : ndarray of shape (n - 1, 4), dtype float64
        The merges in scipy's form, usable with `scipy.cluster.hierarchy`.
    outline : Outline
        Where each node lies.
    """

    linkage: NDArray[np.float64]
    outline: Outline = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "outline", outline(self.linkage))

    @property
    def n_leaves(self) -> int:
        """Number of rows that were clustered."""
        return len(self.linkage) + 1

    @property
    def leaf_order(self) -> NDArray[np.intp]:
        """Rows in the order of the leaves, first to last, shape (n,)."""
        return self.outline.leaf_order

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
        labels : ndarray of shape (n,), dtype int
            The cluster of each row, numbered from 1: for a height the same as scipy's
            ``fcluster(linkage, height, "distance")``.

        Raises
        ------
        ValueError
            If not exactly one of the two is given, or `n_clusters` is out of range.
        """
        from scipy.cluster.hierarchy import fcluster

        if (n_clusters is None) == (height is None):
            raise ValueError("give either n_clusters or height")
        if height is not None:
            if np.isnan(height):
                raise ValueError("height must be a number; got nan")
            n_merges = int(np.searchsorted(self.linkage[:, 2], height, side="right"))
            n_clusters = self.n_leaves - n_merges
        if not isinstance(n_clusters, int | np.integer) or not 1 <= n_clusters <= self.n_leaves:
            raise ValueError(
                f"n_clusters must be a whole number from 1 to {self.n_leaves}; got {n_clusters!r}"
            )
        # The order of the merges is a criterion without ties: it gives exactly n_clusters.
        order = np.arange(self.n_leaves - 1, dtype=np.float64)
        last_merge = self.n_leaves - n_clusters - 1
        labels = fcluster(self.linkage, last_merge, "monocrit", monocrit=order)
        return cast("NDArray[np.intp]", labels.astype(np.intp))

    def branches(self, n_clusters: int) -> NDArray[np.intp]:
        """Get the node on top of each cluster that `cut` makes, in the order of its labels."""
        n = self.n_leaves
        undone = self.linkage[n - n_clusters :, :2].astype(np.intp).ravel()
        # What the undone merges had joined, and they have not joined themselves.
        nodes = undone[undone < 2 * n - n_clusters] if n_clusters > 1 else np.array([2 * n - 2])
        shape = self.outline
        labels = self.cut(n_clusters=n_clusters)[shape.leaf_order[shape.first_leaf[nodes]]]
        return nodes[np.argsort(labels)]

    def in_leaf_order(self, nodes: Sequence[int]) -> list[int]:
        """Sort nodes by where their branches lie."""
        return sorted(nodes, key=self.outline.first_leaf.__getitem__)

    def sizes_of(self, nodes: Sequence[int]) -> NDArray[np.intp]:
        """Get the number of leaves under each node."""
        return self.outline.n_leaves[np.asarray(nodes, dtype=np.intp)]

    def overlap(self, a: int, b: int) -> bool:
        """Tell whether two nodes have leaves in common: one is the other or lies under it."""
        first, n_leaves = self.outline.first_leaf, self.outline.n_leaves
        return bool(first[a] < first[b] + n_leaves[b] and first[b] < first[a] + n_leaves[a])

    def labels_of(self, nodes: Sequence[int] | NDArray[np.intp]) -> NDArray[np.intp]:
        """Get for each row the number, from 1, of the node that it is under; 0 if under none."""
        shape = self.outline
        labels = np.zeros(self.n_leaves, dtype=np.intp)
        for number, node in enumerate(nodes, start=1):
            first = shape.first_leaf[node]
            labels[shape.leaf_order[first : first + shape.n_leaves[node]]] = number
        return labels
