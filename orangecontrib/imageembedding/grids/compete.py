"""Images in groups of near cells compete for them, each group by an optimal assignment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

EMPTY = -1
AT_ONCE = 64  # groups whose costs are computed together: a millisecond or two
Cells = NDArray[np.intp]


def groups_of_near_cells(
    free: Cells, n_columns: int, size: int, reach: float, rng: np.random.Generator
) -> Iterator[Cells]:
    """Divide the free cells at random into groups that lie close together.

    Parameters
    ----------
    free : ndarray of shape (n_free,), dtype int
        Numbers of the cells, row by row.
    n_columns : int
        Of the grid.
    size : int
        Cells in a group; the last has what is left.
    reach : float
        About how far apart they lie, in cells.
    rng : Generator
        Draws other groups each time.

    Yields
    ------
    groups : ndarray of shape (n_groups, size), dtype int
        `AT_ONCE` at most, and once more the one that is smaller.
    """
    window = max(int(reach) + 1, int(np.ceil(np.sqrt(size))))
    across, along = (axis // window for axis in _shifted(free, n_columns, window, rng))
    if rng.integers(2):
        across, along = along, across
    turning = np.where(across % 2, -along, along)  # line by line, to and fro
    order = free[np.lexsort((rng.random(len(free)), turning, across))]
    n_whole = len(order) // size
    whole = order[: n_whole * size].reshape(n_whole, size)
    for at in range(0, n_whole, AT_ONCE):
        yield whole[at : at + AT_ONCE]
    if n_whole * size < len(order):
        yield order[n_whole * size :][None]


def _shifted(
    free: Cells, n_columns: int, window: int, rng: np.random.Generator
) -> tuple[Cells, Cells]:
    row, column = np.divmod(free, n_columns)
    return row + rng.integers(window), column + rng.integers(window)


def assign(
    image_in: Cells, groups: Cells, vectors: NDArray[np.float32], targets: NDArray[np.float32]
) -> None:
    """Exchange the images inside each group so that they differ least from their cells' targets.

    Parameters
    ----------
    image_in : ndarray of shape (n_cells,), dtype int
        The image in each cell, or `EMPTY`; changed in place.
    groups : ndarray of shape (n_groups, size), dtype int
        Cells, each at most once.
    vectors : ndarray of shape (n_images, n_features), dtype float32
        Of the images.
    targets : ndarray of shape (n_cells, n_features), dtype float32
        Of the cells; an empty one is as good anywhere.
    """
    images = image_in[groups]
    wanted = targets[groups]
    # Half the squared distance, without the part that is the same in all cells.
    costs = -np.matmul(vectors[images], wanted.transpose(0, 2, 1))
    costs += 0.5 * np.einsum("gcf,gcf->gc", wanted, wanted)[:, None, :]
    costs[images == EMPTY] = 0
    for cells, members, cost in zip(groups, images, costs, strict=True):
        image_in[cells[linear_sum_assignment(cost)[1]]] = members
