"""Which branches the settings of Hierarchical Clustering select."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orangecontrib.imageembedding.clusters.silhouette import best_number
from orangecontrib.imageembedding.clusters.tree import Tree
from orangecontrib.imageembedding.widgets.clustering.controls import (
    BY_CLICK,
    BY_HEIGHT,
    BY_NUMBER,
    BY_SCORE,
)

N_SIZES_SHOWN = 8


@dataclass(frozen=True, slots=True, eq=False)
class BranchSelection:
    """A way to select branches of a tree.

    Attributes
    ----------
    tree : Tree
        Where they are.
    mode : str
        `BY_CLICK`, `BY_HEIGHT`, `BY_NUMBER` or one of `BY_SCORE`; each looks at one of the others.
    clicked : sequence of int
        Nodes.
    height_percent : float
        Of the height of the tree.
    n_clusters : int
        How many are wanted; there may be fewer leaves.
    scores : ndarray or None
        Of the cuts into 2, 3, … clusters, by the mode; None as long as they are not known.
    picked : sequence of int
        Clicked among the clusters that another mode than `BY_CLICK` makes.
    """

    tree: Tree
    mode: str
    clicked: Sequence[int]
    height_percent: float
    n_clusters: int
    scores: np.ndarray | None
    picked: Sequence[int] = ()

    @property
    def number_of_clusters(self) -> int | None:
        """Get how many clusters are asked for, by number or score; None if not so."""
        n_leaves = self.tree.n_leaves
        if self.mode == BY_NUMBER:
            return min(self.n_clusters, n_leaves)
        if self.mode in BY_SCORE and self.scores is not None:
            return best_number(self.scores, n_leaves)
        return None

    @property
    def cut_height(self) -> float | None:
        """Get where the tree is cut; None if it is not."""
        if self.mode == BY_HEIGHT:
            return self.height_percent / 100 * float(self.tree.top_heights[-1])
        n_clusters = self.number_of_clusters
        return None if n_clusters is None else self.tree.height_of_cut(n_clusters)

    def nodes(self) -> list[int]:
        """Get the nodes on top of the selected branches, in the order C1, C2 and so on."""
        n_clusters = self.number_of_clusters
        if n_clusters is not None:
            return self.tree.branches(n_clusters).tolist()
        if self.mode == BY_HEIGHT:
            return self.tree.branches(height=self.cut_height).tolist()
        return self.tree.in_leaf_order(self.clicked) if self.mode == BY_CLICK else []

    def chosen(self, nodes: Sequence[int]) -> list[int] | None:
        """Get the positions in `nodes` of the clusters that are picked; None if it is all."""
        picked = set(self.picked) if self.mode != BY_CLICK else set()
        return [i for i, node in enumerate(nodes) if node in picked] or None

    def at(self, node: int) -> list[int]:
        """Get the clusters that lie in a branch, or in which it lies."""
        shape, nodes = self.tree.outline, np.asarray(self.nodes(), dtype=np.intp)
        first, end = shape.first_leaf[nodes], shape.first_leaf[nodes] + shape.n_leaves[nodes]
        low, high = shape.first_leaf[node], shape.first_leaf[node] + shape.n_leaves[node]
        return nodes[(first < high) & (end > low)].tolist()

    def describe(self, nodes: Sequence[int]) -> str:
        """Say how many branches there are, and their sizes."""
        chosen = self.chosen(nodes)
        n_nodes = len(nodes)
        nodes = nodes if chosen is None else [nodes[i] for i in chosen]
        sizes = sorted(self.tree.sizes_of(nodes).tolist(), reverse=True)
        shown = ", ".join(map(str, sizes[:N_SIZES_SHOWN]))
        shown += ", …" if len(sizes) > N_SIZES_SHOWN else ""
        branches = "1 branch" if len(sizes) == 1 else f"{len(sizes)} branches"
        if chosen is not None:
            branches = f"{len(sizes)} of {n_nodes} branches"
        rows = "row" if sizes == [1] else "rows"
        text = f"{branches}: {shown} {rows}" if sizes else "Nothing selected"
        if self.mode in BY_SCORE and self.scores is not None:
            text += f"\n{BY_SCORE[self.mode]} {self.scores.max(initial=0):.3f}"
        return text
