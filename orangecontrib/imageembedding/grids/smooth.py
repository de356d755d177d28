"""What the surroundings of each cell look like: the mean of the vectors in a box around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

OWN_WEIGHT = 0.5
"""Weight of a cell's own vector in its box. Below 1 an image that would do as well elsewhere lets
others pass; found by trial: 0.5 to 0.7 is best, at 0 and at 1 the quality is lower."""
TINY = np.float32(1e-12)


def surroundings(cells: Floats, weights: Floats, radius: float) -> Floats:
    """Get the mean vector around each cell.

    Parameters
    ----------
    cells : ndarray of shape (n_rows, n_columns, n_features), dtype float32
        The vector in each cell.
    weights : ndarray of shape (n_rows, n_columns, 1), dtype float32
        How much it counts; 0 in empty cells.
    radius : float
        Cells up to this distance are in the box, in rows and in columns; at its border in part.

    Returns
    -------
    means : ndarray of shape (n_rows, n_columns, n_features), dtype float32
        Zeros where all cells in the box are empty.
    """
    cells = cells * weights
    sums = _box_sums(cells, radius) - (1 - OWN_WEIGHT) * cells
    counts = _box_sums(weights, radius) - (1 - OWN_WEIGHT) * weights
    means: Floats = sums / np.maximum(counts, TINY)
    return means


def _box_sums(cells: Floats, radius: float) -> Floats:
    once = _line_sums(cells, radius).transpose(1, 0, 2)
    return _line_sums(once, radius).transpose(1, 0, 2)


def _line_sums(cells: Floats, radius: float) -> Floats:
    """Add up along the first axis, from `radius` before to `radius` after each place."""
    n = len(cells)
    inner = int(radius - 0.5)
    part = np.float32(radius - 0.5 - inner)  # of the cells just beyond
    ends = np.zeros((n + 1, *cells.shape[1:]), np.float32)
    np.cumsum(cells, axis=0, out=ends[1:])
    sums = _sums_within(ends, inner)
    return sums if part == 0 else (1 - part) * sums + part * _sums_within(ends, inner + 1)


def _sums_within(ends: Floats, reach: int) -> Floats:
    places = np.arange(len(ends) - 1)
    after = np.minimum(places + reach + 1, len(ends) - 1)
    sums: Floats = ends[after] - ends[np.maximum(places - reach, 0)]
    return sums
