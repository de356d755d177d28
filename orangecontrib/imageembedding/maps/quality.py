"""How far a map can be trusted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

N_NEAREST = 15
N_SAMPLE_ROWS = 1000  # standard deviation of the result .005


def kept_neighbors(
    neighbors: NDArray[np.intp], coordinates: NDArray[np.float32], seed: int = 0
) -> float:
    """Get the part of the nearest neighbors that are among the nearest on the map, too.

    Parameters
    ----------
    neighbors : ndarray of shape (n, k)
        The true nearest others of each row, nearest first; the first `N_NEAREST` are looked at.
    coordinates : ndarray of shape (n, 2)
        The map.
    seed : int, optional
        Chooses the rows that are looked at, `N_SAMPLE_ROWS` at most.

    Returns
    -------
    kept : float
        0.0 to 1.0; at random about ``k / n``. NaN if there are no neighbors.
    """
    from scipy.spatial import cKDTree

    n, k = len(coordinates), min(N_NEAREST, neighbors.shape[1] if neighbors.ndim > 1 else 0)
    if k == 0:
        return float("nan")
    rows = np.arange(n)
    if n > N_SAMPLE_ROWS:
        rows = np.random.default_rng(seed).choice(n, N_SAMPLE_ROWS, replace=False)
    tree = cKDTree(coordinates, balanced_tree=False, compact_nodes=False)
    _, near = tree.query(coordinates[rows], k + 1)
    kept = 0
    for row, found in zip(rows, near, strict=True):
        others = found[found != row][:k]
        kept += len(np.intersect1d(others, neighbors[row, :k]))
    return kept / (k * len(rows))
