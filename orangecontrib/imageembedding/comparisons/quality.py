"""Vectors of images → how much they tell, without any class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.comparisons.score import Score, mean_score
from orangecontrib.imageembedding.maps import neighbors
from orangecontrib.imageembedding.maps.reduce import unit_rows

N_NEAREST = 5
N_GRAPH_NEIGHBORS = 10
MIN_IMAGES = 10  # fewer make no communities
SEED = 0

Vectors = NDArray[np.float32]


def nearest(vectors: Vectors, k: int = N_NEAREST) -> NDArray[np.intp]:
    """Get the nearest others of each row by cosine distance.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32
        Finite numbers.
    k : int, optional
        How many.

    Returns
    -------
    rows : ndarray of shape (n, min(k, n - 1)), dtype int
        The nearest first.
    """
    k = max(min(k, len(vectors) - 1), 0)
    if not k:
        return np.empty((len(vectors), 0), dtype=np.intp)
    return neighbors.nearest(unit_rows(vectors), k)[0]


def communities(vectors: Vectors) -> NDArray[np.intp]:
    """Get the community of each row in the graph of nearest neighbors.

    By Louvain's method (Blondel et al. 2008), on edges that are as heavy as the neighbors of both
    ends are the same (Jaccard index; Levine et al. 2015, PhenoGraph).

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32
        Finite numbers.

    Returns
    -------
    numbers : ndarray of shape (n,), dtype int
    """
    import networkx as nx

    near = nearest(vectors, N_GRAPH_NEIGHBORS)
    sets = [{row, *others} for row, others in enumerate(near.tolist())]
    graph = nx.Graph()
    graph.add_nodes_from(range(len(sets)))
    for row, others in enumerate(near.tolist()):
        for other in others:
            weight = len(sets[row] & sets[other]) / len(sets[row] | sets[other])
            graph.add_edge(row, other, weight=weight)
    labels = np.zeros(len(vectors), dtype=np.intp)
    for label, members in enumerate(nx.community.louvain_communities(graph, seed=SEED)):
        labels[list(members)] = label
    return labels


def community_score(vectors: Vectors) -> Score:
    """Get the mean silhouette of the communities of nearest neighbors, -1 to 1.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32
        NaN if there are fewer than `MIN_IMAGES`, or all are one community.
    """
    from sklearn.metrics import silhouette_samples  # slow to import

    if len(vectors) < MIN_IMAGES:
        return Score()
    labels = communities(vectors)
    if not 1 < labels.max() + 1 < len(labels):
        return Score()
    return mean_score(silhouette_samples(unit_rows(vectors), labels, metric="cosine"), low=-1.0)


def stability_score(vectors: Vectors, rows: NDArray[np.intp], changed: Vectors) -> Score:
    """Tell how much small changes of an image change its nearest neighbors.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32
        Of all images.
    rows : ndarray of shape (m,), dtype int
        Those that were changed.
    changed : ndarray of shape (m, n_changes, n_features), dtype float32
        The vectors of each of these after each change; NaN where there is none.

    Returns
    -------
    score : Score
        Which part of the `N_NEAREST` nearest others are the nearest after the change, too, 0 to
        1; at random about ``N_NEAREST / n``.
    """
    k = min(N_NEAREST, len(vectors) - 1)
    if k < 1 or not len(rows):
        return Score()
    before = nearest(vectors, k)[rows]
    closeness = unit_rows(changed) @ unit_rows(vectors).T  # (m, n_changes, n)
    closeness[np.arange(len(rows)), :, rows] = -np.inf
    after = np.argsort(-closeness, axis=2, kind="stable")[:, :, :k]
    kept = (after[:, :, :, None] == before[:, None, None, :]).any(axis=3).mean(axis=2)
    kept[np.isnan(changed).any(axis=2)] = np.nan
    of_image = [np.nanmean(one) if not np.isnan(one).all() else np.nan for one in kept]
    return mean_score(of_image)
