"""Linkage of items that count several times each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.progress import Progress, silent

CHAIN_LINKAGES = ("average", "complete", "ward", "weighted", "single")


def weighted_linkage(
    condensed: NDArray[np.float64],
    weights: NDArray[np.intp],
    linkage: str,
    progress: Progress = silent,
) -> NDArray[np.float64]:
    """Link items as if each stood for several equal ones.

    By chains of nearest neighbors with the update formula of Lance and Williams (Murtagh 1983,
    The Computer Journal 26); O(n²) time and memory. No library links with weights.

    Parameters
    ----------
    condensed : ndarray of shape (n * (n - 1) / 2,), dtype float64
        Distances between the items; for ward they are Euclidean.
    weights : ndarray of shape (n,), dtype int
        How many equal items each item represents.
    linkage : str
        One of `CHAIN_LINKAGES`.
    progress : Progress, optional
        Told the part of the merges that are done.

    Returns
    -------
    merges : ndarray of shape (n - 1, 4), dtype float64
        As scipy's `linkage`, where each item is one leaf.
    """
    from scipy.spatial.distance import squareform

    square = squareform(condensed, checks=False)
    sizes = weights.astype(np.float64)
    if linkage == "ward":
        square **= 2
        square *= 2 * sizes[:, None] * sizes / (sizes[:, None] + sizes)
    np.fill_diagonal(square, np.inf)
    n = len(sizes)
    found = np.empty((n - 1, 3))
    chain: list[int] = []
    alive = np.ones(n, dtype=bool)
    for k in range(n - 1):
        i, j, gap = _nearest_pair(square, chain, alive)
        found[k] = i, j, gap
        row = _updated(square, sizes, i, j, gap, linkage)
        alive[i] = False
        square[i] = square[:, i] = np.inf
        row[~alive] = np.inf
        row[j] = np.inf
        square[j] = square[:, j] = row
        sizes[j] += sizes[i]
        progress(k / n)
    if linkage == "ward":
        found[:, 2] = np.sqrt(found[:, 2])
    return _numbered(found)


def _nearest_pair(
    square: NDArray[np.float64], chain: list[int], alive: NDArray[np.bool_]
) -> tuple[int, int, float]:
    """Follow nearest neighbors until two are each other's; they leave the chain."""
    if not chain:
        chain.append(int(np.argmax(alive)))
    while True:
        last = chain[-1]
        nearest = int(np.argmin(square[last]))
        # Of several at the same distance the one before comes first: else the chain never ends.
        if len(chain) > 1 and square[last, chain[-2]] <= square[last, nearest]:
            nearest = chain[-2]
            del chain[-2:]
            return last, nearest, float(square[last, nearest])
        chain.append(nearest)


def _updated(
    square: NDArray[np.float64],
    sizes: NDArray[np.float64],
    i: int,
    j: int,
    gap: float,
    linkage: str,
) -> NDArray[np.float64]:
    """Get the distances of all to what `i` and `j` become."""
    to_i, to_j, size_i, size_j = square[i], square[j], sizes[i], sizes[j]
    if linkage == "single":
        return np.asarray(np.minimum(to_i, to_j))
    if linkage == "complete":
        return np.asarray(np.maximum(to_i, to_j))
    if linkage == "weighted":
        return np.asarray((to_i + to_j) / 2)
    if linkage == "average":
        return np.asarray((size_i * to_i + size_j * to_j) / (size_i + size_j))
    total = size_i + size_j + sizes
    return np.asarray(((size_i + sizes) * to_i + (size_j + sizes) * to_j - sizes * gap) / total)


def _numbered(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sort merges by height and number the nodes as scipy does."""
    n = len(found) + 1
    merges = np.empty((n - 1, 4))
    node = list(range(n))  # of the cluster whose root is the item
    size = [1] * n
    parent = list(range(n))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = item = parent[parent[item]]
        return item

    for k, index in enumerate(np.argsort(found[:, 2], kind="stable")):
        i, j = root(int(found[index, 0])), root(int(found[index, 1]))
        parent[i] = j
        size[j] += size[i]
        merges[k] = min(node[i], node[j]), max(node[i], node[j]), found[index, 2], size[j]
        node[j] = n + k
    return merges
