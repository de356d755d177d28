"""Points of a plane → cells that lie about as they do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.intp]


def cells_by_halving(points: NDArray[np.floating], free: Cells, n_columns: int) -> Cells:
    """Cut cells and points in halves, again and again, until each point has its cell.

    The cells are cut along their longer side, the points in the order of their coordinate on it
    (Hilasaca and Paulovich 2019, arXiv 1903.06262): rough, but the order of the points stays.

    Parameters
    ----------
    points : ndarray of shape (n, 2), dtype float32 or float64
        To the right and down.
    free : ndarray of shape (n_free,), dtype int
        Numbers of the cells that may be used, row by row, at least n.
    n_columns : int
        Of the grid.

    Returns
    -------
    cells : ndarray of shape (n,), dtype int
        A different one of each point.
    """
    found = np.empty(len(points), np.intp)
    to_do = [(np.arange(len(points)), np.asarray(free))]
    while to_do:
        members, cells = to_do.pop()
        if len(cells) == 1 or not len(members):
            found[members] = cells[: len(members)]
            continue
        axis, cells, middle = _halves(cells, n_columns)
        n_first = round(len(members) * middle / len(cells))
        n_first = min(max(n_first, len(members) - (len(cells) - middle)), middle)
        members = members[np.argsort(points[members, axis], kind="stable")]
        to_do.append((members[:n_first], cells[:middle]))
        to_do.append((members[n_first:], cells[middle:]))
    return found


def _halves(cells: Cells, n_columns: int) -> tuple[int, Cells, int]:
    """Sort cells along their longer side; get its axis (0 across), them, and where to cut."""
    row, column = np.divmod(cells, n_columns)
    axis = 0 if np.ptp(column) >= np.ptp(row) else 1
    order = np.lexsort((row, column) if axis == 0 else (column, row))
    line = (column if axis == 0 else row)[order]
    middle = int(np.searchsorted(line, line[len(line) // 2]))  # between two lines of cells
    if middle == 0:
        middle = int(np.searchsorted(line, line[0], side="right"))
    return axis, cells[order], middle if middle < len(cells) else len(cells) // 2
