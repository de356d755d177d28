"""Places on a map → from which zoom on each picture is shown, so that none covers another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

MAX_DENSE_CELLS = 4_000_000
MAX_ROUNDS = 40
OFFSETS = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]


def levels_of(
    places: NDArray[np.float32],
    weights: NDArray[np.float32],
    cell: float,
    n_levels: int,
    ratio: float = 2.0,
) -> NDArray[np.int8]:
    """Choose which pictures are shown at each zoom: a greedy choice on a pyramid of grids.

    At level k, where all is ``ratio ** k`` times as large, no two pictures shown are nearer than
    `cell` to each other in both directions, every picture that is not shown has one that is
    within `cell`, and heavy ones go first. What is shown at a level is shown at all further ones.

    Parameters
    ----------
    places : ndarray of shape (n, 2), dtype float32
        In the unit square.
    weights : ndarray of shape (n,), dtype float32
        How much a picture is to be preferred: how typical it is of its surroundings.
    cell : float
        Side of a picture at level 0, as part of the map.
    n_levels : int
        Number of levels.
    ratio : float, optional
        Of the sizes of two levels.

    Returns
    -------
    levels : ndarray of shape (n,), dtype int8
        The first level at which each is shown; `n_levels` if at none.
    """
    n = len(places)
    levels = np.full(n, n_levels, dtype=np.int8)
    rank = np.empty(n, dtype=np.int32)
    rank[np.argsort(-weights, kind="stable")] = np.arange(n, dtype=np.int32)
    for level in range(n_levels):
        if (levels < level).all():
            break
        _fill_level(places, rank, levels, level, cell / ratio**level)
    return levels


def _fill_level(
    places: NDArray[np.float32],
    rank: NDArray[np.int32],
    levels: NDArray[np.int8],
    level: int,
    side: float,
) -> None:
    """Add to a level what has room between the pictures of earlier levels."""
    slot_of, n_slots, key, width = _grid(places, side)
    shown = _Shown(n_slots, side)
    before = np.flatnonzero(levels < level)
    shown.add(slot_of(key[before]), places[before])
    free = np.flatnonzero(levels >= level)
    near = np.stack([slot_of(key[free] + dy * width + dx) for dy, dx in OFFSETS])
    best = np.empty(n_slots, dtype=np.int32)
    for _ in range(MAX_ROUNDS):
        has_room = shown.leaves_room(near, places[free])
        free, near = free[has_room], near[:, has_room]
        if not len(free):
            return
        best[:] = len(rank)
        own = near[len(OFFSETS) // 2]
        np.minimum.at(best, own, rank[free])
        wins = best[near].min(axis=0) == rank[free]  # the heaviest of its nine cells
        levels[free[wins]] = level
        shown.add(own[wins], places[free[wins]])


def _grid(
    places: NDArray[np.float32], side: float
) -> tuple[Callable[[NDArray[np.int64]], NDArray[np.intp]], int, NDArray[np.int64], int]:
    """Get how keys of cells become slots, the number of slots, each place's key, and the width."""
    width = int(np.ceil(1 / side)) + 3
    cells = (places / side).astype(np.int64) + 1
    key = cells[:, 1] * width + cells[:, 0]
    if width * width <= MAX_DENSE_CELLS:
        return lambda keys: np.asarray(keys, dtype=np.intp), width * width, key, width
    used = np.unique(key)

    def slot_of(keys: NDArray[np.int64]) -> NDArray[np.intp]:
        found = np.minimum(np.searchsorted(used, keys), len(used) - 1)
        return np.where(used[found] == keys, found, len(used))  # the last slot stays empty

    return slot_of, len(used) + 1, key, width


class _Shown:
    """The places shown already, at most one in each cell."""

    def __init__(self, n_slots: int, side: float) -> None:
        self._side = side
        self._is_there = np.zeros(n_slots, dtype=bool)
        self._x, self._y = np.zeros((2, n_slots), dtype=np.float32)

    def add(self, slots: NDArray[np.intp], places: NDArray[np.float32]) -> None:
        self._is_there[slots] = True
        self._x[slots], self._y[slots] = places.T

    def leaves_room(self, near: NDArray[np.intp], places: NDArray[np.float32]) -> NDArray[np.bool_]:
        is_covered = np.zeros(len(places), dtype=bool)
        xs, ys = np.ascontiguousarray(places.T)
        for slots in near:
            is_near = np.abs(self._x[slots] - xs) < self._side
            is_near &= np.abs(self._y[slots] - ys) < self._side
            is_covered |= is_near & self._is_there[slots]
        return ~is_covered


def density(
    places: NDArray[np.float32], n_cells: int = 512, blur: float = 3.0
) -> NDArray[np.float32]:
    """Get how many others lie around each place.

    Parameters
    ----------
    places : ndarray of shape (n, 2), dtype float32
        In the unit square.
    n_cells : int
        Cells of the histogram, in each direction.
    blur : float
        Standard deviation of the Gaussian filter, in cells.

    Returns
    -------
    density : ndarray of shape (n,), dtype float32
    """
    from scipy.ndimage import gaussian_filter

    cells = np.clip((places * n_cells).astype(int), 0, n_cells - 1)
    counts = np.bincount(cells[:, 1] * n_cells + cells[:, 0], minlength=n_cells * n_cells)
    image = gaussian_filter(counts.reshape(n_cells, n_cells).astype(np.float32), blur)
    return np.asarray(image[cells[:, 1], cells[:, 0]], dtype=np.float32)
