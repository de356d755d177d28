"""Groups of a map → where their names are written, more of them at each zoom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_LEVELS = 5
COARSEST_CELLS = 24  # of the map's side, at level 0; twice as many at each further one
BLUR_CELLS = 1.5
APART_CELLS = 5  # no two names of one group are nearer
KERNEL_CELLS = 4 * np.pi * BLUR_CELLS**2  # each of these densest cells represents its surroundings
PART_OF_HIGHEST = 0.25  # lower peaks have no name


@dataclass(frozen=True, slots=True, eq=False)
class Anchors:
    """Where names are written, the first to be shown first, then the heaviest.

    Attributes
    ----------
    rows : ndarray of shape (n_anchors,), dtype int
        The row at whose place the name is.
    groups : ndarray of shape (n_anchors,), dtype int
        Whose name it is.
    levels : ndarray of shape (n_anchors,), dtype int8
        The zoom, ``2 ** level``, from which it is shown; it is shown at all further ones.
    weights : ndarray of shape (n_anchors,), dtype float32
        About how many rows of the group lie around it.
    """

    rows: NDArray[np.intp]
    groups: NDArray[np.intp]
    levels: NDArray[np.int8]
    weights: NDArray[np.float32]


def find_anchors(
    places: NDArray[np.float32], groups: NDArray[np.intp], n_levels: int = N_LEVELS
) -> Anchors:
    """Find the peaks of each group's density, at each zoom those that are new.

    Parameters
    ----------
    places : ndarray of shape (n, 2), dtype float32
        In the unit square.
    groups : ndarray of shape (n,), dtype int
        A class or region of each row, from 0; -1 if it has none.
    n_levels : int, optional
        Number of zoom steps.
    """
    found = []
    order = np.argsort(groups, kind="stable")
    first = np.searchsorted(groups[order], np.arange(int(groups.max(initial=-1)) + 2))
    for group in range(len(first) - 1):
        rows = order[first[group] : first[group + 1]]
        if len(rows):
            for row, level, weight in _peaks(places[rows], n_levels):
                found.append((level, -weight, group, int(rows[row])))
    found.sort()
    levels, weights, numbers, rows_at = zip(*found, strict=True) if found else ((),) * 4
    return Anchors(
        rows=np.array(rows_at, dtype=np.intp),
        groups=np.array(numbers, dtype=np.intp),
        levels=np.array(levels, dtype=np.int8),
        weights=-np.array(weights, dtype=np.float32),
    )


def _peaks(places: NDArray[np.float32], n_levels: int) -> list[tuple[int, int, float]]:
    """Get the row, level and weight of each peak of one group."""
    from scipy.ndimage import gaussian_filter, maximum_filter

    peaks: list[tuple[int, int, float]] = []
    for level in range(n_levels):
        n_cells = COARSEST_CELLS * 2**level
        at = places * n_cells
        low = np.floor(at.min(axis=0)) - APART_CELLS
        cells = (at - low).astype(int)
        width, height = cells.max(axis=0) + 1 + APART_CELLS
        counts = np.bincount(cells[:, 1] * width + cells[:, 0], minlength=width * height)
        image = counts.reshape(height, width).astype(np.float32)
        density = gaussian_filter(image, BLUR_CELLS, mode="constant")
        is_peak = density == maximum_filter(density, 2 * APART_CELLS + 1)
        is_peak &= density > PART_OF_HIGHEST * density.max()
        for y, x in sorted(np.argwhere(is_peak).tolist(), key=lambda cell: -density[tuple(cell)]):
            row = int(((at - low - (x + 0.5, y + 0.5)) ** 2).sum(axis=1).argmin())
            if all(np.abs(at[row] - at[other]).max() >= APART_CELLS for other, _, _ in peaks):
                weight = float(density[y, x]) * KERNEL_CELLS
                peaks.append((row, level, min(weight, float(len(places)))))
    return peaks
