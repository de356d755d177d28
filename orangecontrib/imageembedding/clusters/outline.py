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


def outline(linkage: NDArray[np.float64]) -> Outline:
    """Lay out a tree; O(n).

    Parameters
    ----------
    linkage : ndarray of shape (n - 1, 4)
        Merges in scipy's form; the branch in the first column comes first.
    """
    n = len(linkage) + 1
    children = linkage[:, :2].astype(np.intp)
    pairs = children.tolist()
    sizes = [1] * n + linkage[:, 3].astype(np.intp).tolist()
    first = [0] * (2 * n - 1)
    for k in range(n - 2, -1, -1):
        a, b = pairs[k]
        first[a] = first[n + k]
        first[b] = first[n + k] + sizes[a]
    position = [float(place) for place in first]
    for k, (a, b) in enumerate(pairs):
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
