"""How well 2, 3, 4, … clusters of a tree keep neighbors together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.clusters.distances import Distances
from orangecontrib.imageembedding.clusters.silhouette import MAX_CLUSTERS, sample_of
from orangecontrib.imageembedding.clusters.tree import Tree
from orangecontrib.imageembedding.progress import Progress, silent

N_NEIGHBORS = 8


def modularities(
    tree: Tree, distances: Distances, progress: Progress = silent
) -> NDArray[np.float64]:
    """Get the modularity of the tree cut into 2, 3, … clusters.

    Rows are linked if one is among the 8 nearest of the other, as strongly as the number of
    nearest ones that they share (Jarvis and Patrick 1973). Modularity (Newman and Girvan 2004) is
    the part of the links that lie within clusters, less what it would be by chance.

    Parameters
    ----------
    tree : Tree
        Of n rows.
    distances : Distances
        Between its rows.
    progress : Progress, optional
        Told the part of the numbers that are done.

    Returns
    -------
    scores : ndarray of shape (m,), dtype float64
        Below 1, as those of `silhouettes`: for 2 to m + 1 clusters, of at most 1,000 rows.
    """
    sample = sample_of(tree)
    links = _shared_neighbors(distances.between(sample, sample))
    most = min(MAX_CLUSTERS, tree.n_leaves - 1)
    if most < 2:
        return np.empty(0)
    # Only sums between the finest clusters are needed: all others consist of them.
    _, first, finest = np.unique(
        tree.cut(n_clusters=most)[sample], return_index=True, return_inverse=True
    )
    member = np.eye(len(first))[finest]
    between = member.T @ links @ member
    between /= max(between.sum(), 1)
    scores = []
    for k in range(2, most + 1):
        _, cluster = np.unique(tree.cut(n_clusters=k)[sample[first]], return_inverse=True)
        part = np.eye(cluster.max() + 1)[cluster]
        merged = part.T @ between @ part
        scores.append(np.trace(merged) - (merged.sum(axis=0) ** 2).sum())
        progress(k / most)
    return np.array(scores)


def _shared_neighbors(square: NDArray[np.float64]) -> NDArray[np.float64]:
    """Get how many of their nearest rows two neighbors share, shape (n, n); 0 for others."""
    n = len(square)
    np.fill_diagonal(square, np.inf)
    nearest = np.argsort(square, axis=1, kind="stable")[:, : min(N_NEIGHBORS, n - 1)]
    is_near = np.zeros((n, n), dtype=np.float32)
    is_near[np.arange(n)[:, None], nearest] = 1
    shared = (is_near @ is_near.T) * ((is_near + is_near.T) > 0)
    np.fill_diagonal(shared, 0)
    return np.asarray(shared, dtype=np.float64)
