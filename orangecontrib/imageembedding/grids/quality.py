"""How good a grid is, in numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

POWER = 16


def distance_preservation(
    vectors: NDArray[np.floating], cells: NDArray[np.intp], n_columns: int, power: int = POWER
) -> float:
    """Get the distance preservation quality DPQ_p (Barthel et al. 2023, doi 10.1111/cgf.14718).

    How much nearer than the average are the vectors in the nearest 1, 2, 3, … cells, as a part of
    how much nearer they are where each vector has its nearest ones around it; the p-norm of both
    over all numbers of cells. Of equally near cells the mean counts: sorted, as in the code of the
    paper, a grid by chance would reach 0.2 to 0.3.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32 or float64
        Two or more.
    cells : ndarray of shape (n,), dtype int
        ``row * n_columns + column`` of each.
    n_columns : int
        Of the grid; empty cells do not count.
    power : int, optional
        p; the larger it is, the more the nearest cells count.

    Returns
    -------
    quality : float
        0 as by chance to 1, which no grid may reach; 1 if all vectors are equal.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    n = len(vectors)
    squares = np.einsum("ij,ij->i", vectors, vectors)
    places = np.column_stack(np.divmod(cells, n_columns))
    in_grid, best = np.zeros(n - 1), np.zeros(n - 1)
    for row in range(n):
        distances = squares + squares[row] - 2 * vectors @ vectors[row]
        distances = np.sqrt(np.maximum(distances, 0))
        distances[row] = 0
        best += np.sort(distances)[1:]
        in_grid += _in_order(distances, ((places - places[row]) ** 2).sum(axis=1))[1:]
    mean = best.mean()
    gained, gainable = (_gain(sums, mean, power) for sums in (in_grid, best))
    return gained / gainable if gainable > 0 else 1.0


def _in_order(distances: NDArray[np.float64], far: NDArray[np.intp]) -> NDArray[np.float64]:
    """Sort distances by how far the cells are; equally far ones count with their mean."""
    order = np.argsort(far, kind="stable")
    ring = np.cumsum(np.diff(far[order], prepend=0) > 0)
    means: NDArray[np.float64] = np.bincount(ring, distances[order]) / np.bincount(ring)
    return means[ring]


def _gain(sums: NDArray[np.float64], mean: float, power: int) -> float:
    """Get the norm of how much nearer than the average the first 1, 2, 3, … are."""
    if mean <= 0:
        return 0.0
    means = np.cumsum(sums) / np.arange(1, len(sums) + 1)
    return float(np.linalg.norm(np.maximum(1 - means / mean, 0), ord=power))


def class_neighbor_share(
    classes: NDArray[np.generic], cells: NDArray[np.intp], n_columns: int
) -> float:
    """Get the mean share of the up to 8 neighbors of each image that are of its class.

    Parameters
    ----------
    classes : ndarray of shape (n,), any dtype
        Of the images.
    cells : ndarray of shape (n,), dtype int
        ``row * n_columns + column`` of each; the cells around one that are empty do not count.
    n_columns : int
        Of the grid.

    Returns
    -------
    share : float
        0 to 1; nan if no image has a neighbor.
    """
    codes = np.unique(classes, return_inverse=True)[1]
    row, column = np.divmod(cells, n_columns)
    grid = np.full((row.max() + 3, n_columns + 2), -1)  # with a border of empty cells
    grid[row + 1, column + 1] = codes
    steps = [(down, right) for down in (0, 1, 2) for right in (0, 1, 2) if (down, right) != (1, 1)]
    around = np.array([grid[row + down, column + right] for down, right in steps])
    n_around = (around >= 0).sum(axis=0)
    n_same = (around == codes).sum(axis=0)
    has_some = n_around > 0
    if not has_some.any():
        return float("nan")
    return float(np.mean(n_same[has_some] / n_around[has_some]))
