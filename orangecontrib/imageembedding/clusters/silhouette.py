"""How well a tree falls into 2, 3, 4, … clusters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.clusters.distances import Distances
from orangecontrib.imageembedding.clusters.tree import Tree
from orangecontrib.imageembedding.progress import Progress, silent

MAX_CLUSTERS = 100
N_SAMPLE_ROWS = 1000
SEED = 0


def silhouettes(
    tree: Tree, distances: Distances, progress: Progress = silent
) -> NDArray[np.float64]:
    """Get the mean silhouette (Rousseeuw 1987) of the tree cut into 2, 3, … clusters.

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
        From -1 to 1, for 2 to m + 1 clusters, at most `MAX_CLUSTERS` and n - 1; the mean over
        `N_SAMPLE_ROWS` rows chosen at random if there are more. Empty for two rows.
    """
    sample = sample_of(tree)
    square = distances.between(sample, sample)
    np.fill_diagonal(square, 0)
    most = min(MAX_CLUSTERS, tree.n_leaves - 1)
    scores = []
    for k in range(2, most + 1):
        scores.append(_score(square, tree.cut(n_clusters=k)[sample]))
        progress(k / most)
    return np.array(scores, dtype=float)


def best_number(scores: NDArray[np.float64], n_leaves: int) -> int:
    """Get the number of clusters with the highest score, of shape (n_cuts,), dtype float64.

    With two leaves, there is only one.
    """
    return int(np.argmax(scores)) + 2 if len(scores) else n_leaves


def sample_of(tree: Tree) -> NDArray[np.intp]:
    """Get all rows of a tree, or `N_SAMPLE_ROWS` drawn at random: shape (n,), dtype int."""
    if tree.n_rows <= N_SAMPLE_ROWS:
        return np.arange(tree.n_rows)
    return np.sort(np.random.default_rng(SEED).permutation(tree.n_rows)[:N_SAMPLE_ROWS])


def _score(square: NDArray[np.float64], labels: NDArray[np.intp]) -> float:
    from sklearn.metrics import silhouette_score  # slow to import

    if (labels == labels[0]).all():  # the sample lies in one cluster
        return 0.0
    return float(silhouette_score(square, labels, metric="precomputed"))
