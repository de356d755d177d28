"""Distances → tree: merges by linkage, leaves in an order that is pleasant to read."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.clusters.distances import Vectors, condensed_distances
from orangecontrib.imageembedding.clusters.tree import Tree
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.progress import Progress, say, silent

LINKAGES = ("average", "complete", "ward", "weighted", "single")


def tree_of_vectors(
    vectors: Vectors, metric: str = "cosine", linkage: str = "average", progress: Progress = silent
) -> Tree:
    """Cluster the rows of a matrix.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), float32 or float64
        Finite numbers.
    metric : str
        One of `METRICS`. Ward's linkage needs Euclidean distances: with cosine or correlation
        it gets those between the rows scaled to length 1, ``sqrt(2 * cosine distance)``.
    linkage : str
        One of `LINKAGES`.
    progress : Progress, optional
        Told the part of the distances that are done.

    Raises
    ------
    InputError
        If there are fewer than two rows, a number is missing, or ward is to work on Manhattan
        distances.
    ValueError
        If metric or linkage is unknown.
    """
    if linkage == "ward" and metric == "manhattan":
        raise InputError("Ward's linkage needs euclidean, cosine or correlation distances.")
    say(progress, "Computing distances")
    condensed = condensed_distances(vectors, metric, progress)
    if linkage == "ward" and metric != "euclidean":
        condensed = np.sqrt(2 * condensed)
    say(progress, "Building the tree")
    tree = Tree(link(condensed, linkage))
    progress(1.0)
    return tree


def tree_of_distances(
    matrix: NDArray[np.float64], linkage: str = "average", progress: Progress = silent
) -> Tree:
    """Cluster by a square matrix of distances.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)
        Symmetric, zero on the diagonal; only the part above the diagonal is read.
    linkage, progress
        As for `tree_of_vectors`.

    Raises
    ------
    InputError
        If there are fewer than two items, or a distance is missing or negative.
    """
    n = len(matrix)
    if matrix.shape != (n, n):
        raise InputError(f"Distances must form a square; these are {n} × {matrix.shape[-1]}.")
    if n < 2:  # noqa: PLR2004
        raise InputError("A tree needs at least two rows.")
    condensed = np.concatenate([np.asarray(matrix[i, i + 1 :], dtype=float) for i in range(n - 1)])
    if not np.isfinite(condensed).all():
        raise InputError("Some distances are missing or infinite.")
    if condensed.min() < 0:
        raise InputError("Some distances are negative.")
    say(progress, "Building the tree")
    tree = Tree(link(condensed, linkage))
    progress(1.0)
    return tree


def link(condensed: NDArray[np.float64], linkage: str = "average") -> NDArray[np.float64]:
    """Build the tree of agglomerative hierarchical clustering.

    Parameters
    ----------
    condensed : ndarray of shape (n * (n - 1) / 2,)
        As `condensed_distances` gives them; for ward they must be Euclidean.
    linkage : {"average", "complete", "ward", "weighted", "single"}
        How the distance between two clusters follows from those of their leaves.

    Returns
    -------
    merges : ndarray of shape (n - 1, 4), dtype float64
        As scipy's `linkage`: the two merged nodes, their distance, number of leaves.
        Nodes 0 to n-1 are the leaves. The leaves are ordered by `order_leaves`.

    Raises
    ------
    ValueError
        If the linkage is unknown.
    InputError
        If there are fewer than two leaves.
    """
    import fastcluster

    if linkage not in LINKAGES:
        raise ValueError(f"linkage must be one of {', '.join(LINKAGES)}; got {linkage!r}")
    if len(condensed) == 0:
        raise InputError("A tree needs at least two rows.")
    merges = fastcluster.linkage(condensed, method=linkage, preserve_input=True)
    return order_leaves(cast("NDArray[np.float64]", merges), condensed)


def order_leaves(
    merges: NDArray[np.float64], condensed: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Turn branches so that leaves next to each other are alike.

    At every merge, from the bottom up, the two branches are turned so that the leaves that
    come to lie side by side are the closest of the four pairs of outer leaves (Gruvaeus and
    Wainer 1972, British Journal of Mathematical and Statistical Psychology 25).

    Parameters
    ----------
    merges : ndarray of shape (n - 1, 4)
        A tree in scipy's form.
    condensed : ndarray of shape (n * (n - 1) / 2,)
        The distances between the leaves.

    Returns
    -------
    ordered : ndarray of shape (n - 1, 4)
        The same tree; each merge names the branch that comes first in its first column.
    """
    n = len(merges) + 1
    first = [*range(n), *[0] * (n - 1)]  # outer leaves of each node, as it lies so far
    last = first.copy()
    children = merges[:, :2].astype(np.intp).tolist()
    # Whether the branch of a node is mirrored within the branch of its parent.
    mirrored = [False] * (2 * n - 1)

    def distance(i: int, j: int) -> float:
        if i > j:
            i, j = j, i
        return float(condensed[n * i - i * (i + 1) // 2 + j - i - 1])

    for k, (a, b) in enumerate(children):
        pairs = (
            (last[a], first[b], False, False),
            (last[a], last[b], False, True),
            (first[a], first[b], True, False),
            (first[a], last[b], True, True),
        )
        _, _, mirrored[a], mirrored[b] = min(pairs, key=lambda pair: distance(pair[0], pair[1]))
        first[n + k] = last[a] if mirrored[a] else first[a]
        last[n + k] = first[b] if mirrored[b] else last[b]
    ordered = merges.copy()
    for k in range(n - 2, -1, -1):  # from the root down: a mirrored branch mirrors all in it
        if mirrored[n + k]:
            a, b = children[k]
            ordered[k, :2] = b, a
            mirrored[a] = not mirrored[a]
            mirrored[b] = not mirrored[b]
    return ordered
