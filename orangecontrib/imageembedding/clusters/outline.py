"""The shape of a dendrogram as arrays: where each node lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """Places of the nodes of a tree with n leaves; nodes 0 to n-1 are the leaves.

    Attributes
    ----------
    leaf_order : ndarray of shape (n,), dtype int
        The leaf at each position.
    first_leaf : ndarray of shape (2n - 1,), dtype int
        Position of the first leaf under each node.
    n_leaves : ndarray of shape (2n - 1,), dtype int
        Number of leaves under each node: they lie side by side.
    position : ndarray of shape (2n - 1,), dtype float64
        Across the leaves: that of a leaf is its place in `leaf_order`, that of a merge is the
        middle between its two branches.
    height : ndarray of shape (2n - 1,), dtype float64
        Distance at which the node was merged; 0 for leaves.
    children : ndarray of shape (n - 1, 2), dtype int
        The two branches of nodes n, n + 1, …
    """

    leaf_order: NDArray[np.intp]
    first_leaf: NDArray[np.intp]
    n_leaves: NDArray[np.intp]
    position: NDArray[np.float64]
    height: NDArray[np.float64]
    children: NDArray[np.intp]

    def rotated(self, node: int) -> Outline:
        """Get the outline with the two branches of a node swapped."""
        n = len(self.leaf_order)
        end_of = self.first_leaf + self.n_leaves
        start, end = self.first_leaf[node], end_of[node]
        a, b = self.children[node - n]
        inside = (self.first_leaf >= start) & (end_of <= end) & (self.n_leaves < end - start)
        shift = np.where(self.first_leaf < self.first_leaf[b], self.n_leaves[b], -self.n_leaves[a])
        shift[~inside] = 0
        leaf_order, children = self.leaf_order.copy(), self.children.copy()
        leaf_order[start:end] = np.roll(leaf_order[start:end], self.n_leaves[b])
        children[node - n] = b, a
        position = self.position + shift
        # From the node up, each lies between the one below it and the branch beside that.
        path = np.flatnonzero((self.first_leaf <= start) & (end_of >= end) & (end_of > start + 1))
        beside = position[children[path[1:] - n].sum(axis=1) - path[:-1]]
        places = [float(position[a] + position[b]) / 2]
        for other in beside.tolist():
            places.append((places[-1] + other) / 2)
        position[path] = places
        return Outline(
            leaf_order, self.first_leaf + shift, self.n_leaves, position, self.height, children
        )


def outline(linkage: NDArray[np.float64]) -> Outline:
    """Lay out a tree; O(n).

    Parameters
    ----------
    linkage : ndarray of shape (n - 1, 4), dtype float64
        Merges in scipy's form; the branch in the first column comes first.
    """
    n = len(linkage) + 1
    children = linkage[:, :2].astype(np.intp)
    lefts, rights = children.T.tolist()  # no list for each pair: they would be garbage to collect
    sizes = [1] * n + linkage[:, 3].astype(np.intp).tolist()
    first = [0] * (2 * n - 1)
    for k in range(n - 2, -1, -1):
        a, b = lefts[k], rights[k]
        first[a] = first[n + k]
        first[b] = first[n + k] + sizes[a]
    position = [float(place) for place in first]
    for k, (a, b) in enumerate(zip(lefts, rights, strict=True)):
        position[n + k] = (position[a] + position[b]) / 2
    leaf_order = np.empty(n, dtype=np.intp)
    leaf_order[first[:n]] = np.arange(n)
    return Outline(
        leaf_order=leaf_order,
        first_leaf=np.array(first, dtype=np.intp),
        n_leaves=np.array(sizes, dtype=np.intp),
        position=np.array(position),
        height=np.concatenate([np.zeros(n), linkage[:, 2]]),
        children=children,
    )
