"""Places that are moved apart as little as can be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.grids.snap import snap_points
from orangecontrib.imageembedding.progress import Progress

ROOM = 1.6  # cells for each picture


def spread_out(coordinates: NDArray[np.float32], progress: Progress) -> NDArray[np.float32]:
    """Give each row its own cell near its place; proportions stay.

    Parameters
    ----------
    coordinates : ndarray of shape (n_rows, 2), dtype float32
        NaN for rows without a place.
    progress : Progress
        Told the part that is done.

    Returns
    -------
    spread : ndarray of shape (n_rows, 2), dtype float32
    """
    spread = np.full_like(coordinates, np.nan)
    rows = np.flatnonzero(np.isfinite(coordinates).all(axis=1))
    if not len(rows):
        return spread
    points = coordinates[rows]
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    width, height = np.maximum(extent, 0.05 * extent.max() or 1.0).tolist()
    n_cells = ROOM * len(rows)
    n_columns = max(int(np.ceil((n_cells * width / height) ** 0.5)), 1)
    n_rows = int(np.ceil(n_cells / n_columns))
    cells = snap_points(points, n_rows, n_columns, progress=progress)
    lines, columns = np.divmod(cells, n_columns)
    left, bottom = low + extent / 2 - np.array([width, height]) / 2
    spread[rows, 0] = left + columns * (width / max(n_columns - 1, 1))
    spread[rows, 1] = bottom + (n_rows - 1 - lines) * (height / max(n_rows - 1, 1))
    return spread
