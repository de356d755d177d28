"""Points of a plane, such as those of a map, each moved to its own cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.grids.compete import EMPTY, assign, groups_of_near_cells
from orangecontrib.imageembedding.grids.halve import cells_by_halving
from orangecontrib.imageembedding.progress import Progress, silent

GROUP = 192
REACHES = (1.0, 0.5, 0.25)  # of the longer side; then as far as a group is wide
ROUNDS = 6  # at each
Cells = NDArray[np.intp]


def snap_points(
    points: NDArray[np.floating],
    n_rows: int,
    n_columns: int,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> Cells:
    """Give each point a cell so that the points move little.

    The sum of their squared distances to the cells is made small: exactly as small as can be up to
    `GROUP` cells, beyond that by exchanges inside groups of near cells.

    Parameters
    ----------
    points : ndarray of shape (n, 2), dtype float32 or float64
        Finite numbers, to the right and up; stretched to the grid.
    n_rows, n_columns : int
        Of the grid, which has at least n cells; which ones stay empty follows from the points.
    seed : int, optional
        The same seed gives the same cells.
    progress : Progress, optional
        Told the part that is done.

    Returns
    -------
    cells : ndarray of shape (n,), dtype int
        ``row * n_columns + column`` of each point; row 0 is at the top.
    """
    n, n_cells = len(points), n_rows * n_columns
    if n > n_cells:
        raise ValueError(f"{n} points do not fit into {n_cells} cells")
    if not n:
        return np.empty(0, np.intp)
    rng = np.random.default_rng(seed)
    free = np.arange(n_cells)
    places = _stretched(points * (1, -1), n_columns, n_rows)
    targets = np.column_stack(np.divmod(free, n_columns))[:, ::-1].astype(np.float32)
    image_in = np.full(n_cells, EMPTY)
    image_in[cells_by_halving(places, free, n_columns)] = np.arange(n)
    reaches = [part * max(n_rows, n_columns) for part in REACHES for _ in range(ROUNDS)]
    reaches += [np.sqrt(GROUP)] * ROUNDS
    for step, reach in enumerate(reaches if n_cells > GROUP else reaches[:1]):
        for groups in groups_of_near_cells(free, n_columns, GROUP, reach, rng):
            progress(step / len(reaches))
            assign(image_in, groups, places, targets)
    progress(1.0)
    cells = np.empty(n, np.intp)
    filled = np.flatnonzero(image_in != EMPTY)
    cells[image_in[filled]] = filled
    return cells


def _stretched(points: NDArray[np.floating], n_columns: int, n_rows: int) -> NDArray[np.float32]:
    """Fit points into the grid; a coordinate that is the same for all goes to the middle."""
    sides = np.array([n_columns - 1, n_rows - 1], dtype=float)
    low = points.min(axis=0)
    extent = np.ptp(points, axis=0)
    parts = np.where(extent > 0, (points - low) / np.where(extent > 0, extent, 1), 0.5)
    places: NDArray[np.float32] = (parts * sides).astype(np.float32)
    return places
