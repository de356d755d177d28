"""What of a tree is shown, row by row, when branches are collapsed or too thin to be seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.clusters.outline import Outline


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """Rows of a dendrogram: each shows one leaf or one collapsed branch.

    Attributes
    ----------
    node : ndarray of shape (n_slots,), dtype int
        The leaf or collapsed branch in each slot.
    first_leaf : ndarray of shape (n_slots + 1,), dtype int
        Position of its first leaf; the last number is that of all leaves.
    first : ndarray of shape (2n - 1,), dtype int
        The first slot of each node.
    size : ndarray of shape (2n - 1,), dtype int
        Number of slots of each node.
    position : ndarray of shape (2n - 1,), dtype float64
        Where each node lies across the slots; that of a leaf is its slot.
    parent : ndarray of shape (2n - 1,), dtype int
        The node that holds each; the root holds itself.
    is_shown : ndarray of shape (2n - 1,), dtype bool
        Whether a node is not inside a collapsed branch.
    is_open : ndarray of shape (2n - 1,), dtype bool
        Whether it is shown with its two branches.
    """

    node: NDArray[np.intp]
    first_leaf: NDArray[np.intp]
    first: NDArray[np.intp]
    size: NDArray[np.intp]
    position: NDArray[np.float64]
    parent: NDArray[np.intp]
    is_shown: NDArray[np.bool_]
    is_open: NDArray[np.bool_]

    def fringe(self, max_size: float) -> NDArray[np.bool_]:
        """Mark the largest branches of at most `max_size` slots; together they cover all slots.

        Shape (2n - 1,), dtype bool.
        """
        fits = self.is_shown & (self.size <= max(max_size, 1))
        in_larger = fits[self.parent]
        in_larger[-1] = False  # the root is its own parent
        return np.asarray(fits & ~in_larger)

    def leaf_at(self, slot: NDArray[np.float64]) -> NDArray[np.intp]:
        """Get the position of the leaf at each place across the slots.

        Parameters
        ----------
        slot : ndarray of shape (n_places,), dtype float64
            Places, in slots from the first one.

        Returns
        -------
        positions : ndarray of shape (n_places,), dtype int
        """
        places = np.interp(slot, np.arange(len(self.first_leaf)), self.first_leaf)
        return np.clip(places, 0, self.first_leaf[-1] - 1).astype(np.intp)


def make_slots(shape: Outline, collapsed: Iterable[int] = ()) -> Slots:
    """Lay out a tree with some branches collapsed into one slot each; O(n)."""
    n = len(shape.leaf_order)
    last_leaf = shape.first_leaf + shape.n_leaves - 1
    starts = np.ones(n, dtype=bool)
    is_shown = np.ones(2 * n - 1, dtype=bool)
    closed = [node for node in collapsed if node >= n]
    for top in closed:
        low, high = shape.first_leaf[top], last_leaf[top]
        starts[low + 1 : high + 1] = False
        inside = (shape.first_leaf >= low) & (last_leaf <= high)
        inside &= shape.n_leaves < shape.n_leaves[top]
        is_shown[inside] = False
    slot = np.cumsum(starts) - 1
    first, last = slot[shape.first_leaf], slot[last_leaf]
    is_open = is_shown.copy()
    is_open[:n] = False
    is_open[closed] = False
    parent = np.full(2 * n - 1, 2 * n - 2)
    parent[shape.children] = np.arange(n, 2 * n - 1)[:, None]
    node = np.empty(slot[-1] + 1, dtype=np.intp)
    ends = np.flatnonzero(is_shown & ~is_open)
    node[first[ends]] = ends
    position = shape.position if not closed else _positions(shape, first, is_open)
    first_leaf = np.append(np.flatnonzero(starts), n)
    return Slots(node, first_leaf, first, last - first + 1, position, parent, is_shown, is_open)


def _positions(
    shape: Outline, first: NDArray[np.intp], is_open: NDArray[np.bool_]
) -> NDArray[np.float64]:
    n = len(shape.leaf_order)
    places = first.astype(float).tolist()
    opened = np.flatnonzero(is_open)
    lefts, rights = shape.children[opened - n].T.tolist()
    for node, a, b in zip(opened.tolist(), lefts, rights, strict=True):
        places[node] = (places[a] + places[b]) / 2
    return np.array(places)
