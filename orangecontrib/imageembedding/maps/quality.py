"""How far a map can be trusted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.maps.reduce import Vectors

N_NEAREST = 15
N_SAMPLE_ROWS = 1000  # standard deviation of the kept neighbors .005
BLOCK_ROWS = 64
FAR = 0.1  # of the map's side


def kept_neighbors(
    neighbors: NDArray[np.intp], coordinates: NDArray[np.float32], seed: int = 0
) -> float:
    """Get the part of the nearest neighbors that are among the nearest on the map, too.

    Parameters
    ----------
    neighbors : ndarray of shape (n, k), dtype int
        The true nearest others of each row, nearest first; the first `N_NEAREST` are looked at.
    coordinates : ndarray of shape (n, 2), dtype float32
        The map.
    seed : int, optional
        Chooses the rows that are looked at, `N_SAMPLE_ROWS` at most.

    Returns
    -------
    kept : float
        0.0 to 1.0; at random about ``k / n``. NaN if there are no neighbors.
    """
    n, k = len(coordinates), min(N_NEAREST, neighbors.shape[1] if neighbors.ndim > 1 else 0)
    if k == 0:
        return float("nan")
    rows = _sample(n, seed)
    near = _nearest_on_map(coordinates, rows, k)
    kept = 0
    for row, others in zip(rows, near, strict=True):
        kept += len(np.intersect1d(others, neighbors[row, :k]))
    return kept / (k * len(rows))


def trustworthiness(points: Vectors, coordinates: NDArray[np.float32], seed: int = 0) -> float:
    """Tell how near the neighbors on the map truly are (Venna and Kaski 2001).

    It takes about a second for 100,000 rows. It flatters: also maps that keep few neighbors have
    high values, so `kept_neighbors` tells more.

    Parameters
    ----------
    points : ndarray of shape (n, n_features), dtype float32
        Their Euclidean distances are the true ones.
    coordinates : ndarray of shape (n, 2), dtype float32
        The map.
    seed : int, optional
        Chooses the rows that are looked at, `N_SAMPLE_ROWS` at most.

    Returns
    -------
    trustworthiness : float
        1.0 if the `N_NEAREST` nearest on the map are the truly nearest ones; about 0.5 at random.
        NaN with fewer than four rows.
    """
    n = len(points)
    k = min(N_NEAREST, (n - 1) // 2)
    if k < 1 or n < 4:
        return float("nan")
    rows = _sample(n, seed)
    near = _nearest_on_map(coordinates, rows, k)
    squares = np.einsum("ij,ij->i", points, points)
    too_far = 0
    for start in range(0, len(rows), BLOCK_ROWS):
        block = rows[start : start + BLOCK_ROWS]
        distances = squares - 2 * (points[block] @ points.T)
        distances[np.arange(len(block)), block] = np.inf
        for from_row, others in zip(distances, near[start : start + BLOCK_ROWS], strict=True):
            ranks = (from_row < from_row[others, None]).sum(axis=1) + 1
            too_far += int(np.maximum(ranks - k, 0).sum())
    return 1 - 2 * too_far / (len(rows) * k * (2 * n - 3 * k - 1))


def torn_apart(neighbors: NDArray[np.intp], coordinates: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell of each row whether most of its nearest neighbors lie far from it on the map.

    Far is a tenth of the map's larger side, or twice the radius of a circle that would hold
    `N_NEAREST` rows, if they lay evenly; whichever is more. With fewer than `4 * N_NEAREST` rows,
    none is torn apart.

    Parameters
    ----------
    neighbors : ndarray of shape (n, k), dtype int
        The true nearest others of each row, nearest first; the first `N_NEAREST` are looked at.
    coordinates : ndarray of shape (n, 2), dtype float32
        The map.

    Returns
    -------
    is_torn : ndarray of shape (n,), dtype bool
    """
    n, k = len(neighbors), min(N_NEAREST, neighbors.shape[1])
    if n < 4 * N_NEAREST:
        return np.zeros(n, dtype=bool)
    side = float(np.ptp(coordinates, axis=0).max())
    far = side * max(FAR, 2 * (k / (np.pi * n)) ** 0.5)
    n_far = np.zeros(n, dtype=np.int32)
    for others in neighbors[:, :k].T:
        n_far += ((coordinates[others] - coordinates) ** 2).sum(axis=1) > far**2
    return np.asarray(n_far > k / 2)


def _sample(n: int, seed: int) -> NDArray[np.intp]:
    if n <= N_SAMPLE_ROWS:
        return np.arange(n)
    return np.random.default_rng(seed).choice(n, N_SAMPLE_ROWS, replace=False)


def _nearest_on_map(
    coordinates: NDArray[np.float32], rows: NDArray[np.intp], k: int
) -> NDArray[np.intp]:
    """Get the `k` nearest others of some rows, shape (n_rows, k)."""
    from scipy.spatial import cKDTree

    tree = cKDTree(coordinates, balanced_tree=False, compact_nodes=False)
    _, near = tree.query(coordinates[rows], k + 1)
    is_self = near == rows[:, None]
    is_self[~is_self.any(axis=1), k] = True  # of many equal places, the last one found
    return np.asarray(near[~is_self].reshape(-1, k))
