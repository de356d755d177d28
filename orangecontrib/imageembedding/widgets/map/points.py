"""The points of a map, sorted so that those in a part of it are found without looking at all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from AnyQt.QtCore import QRectF
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from orangecontrib.imageembedding.maps.levels import density, levels_of
from orangecontrib.imageembedding.maps.picture import unit_square

N_BUCKETS = 64  # in each direction
WHOLE_CELL = 0.5  # side of a picture at level 0, as part of the map
FINE, COARSE = 2**0.5, 2.0  # ratio of the sizes of two levels, of many points and of very many
MAX_SIZES = 2.0**15  # of the first level to the last
HIDDEN = 99  # level of those that are never shown
FIRST_SIZES = 2.0**5  # of very many points, the first ones are chosen before the others
SOME, MANY = 20_000, 200_000
BELOW_1 = np.float32(1 - 1e-7)  # the right and lower edges of the map belong to it


class Buckets:
    """Places of the unit square, sorted by small squares.

    Attributes
    ----------
    order : ndarray of shape (n,), dtype int
        Of the places that were given; all else here is in this order.
    xs, ys : ndarray of shape (n,), dtype float32
    """

    def __init__(self, places: NDArray[np.float32]) -> None:
        cells = np.clip((places * N_BUCKETS).astype(np.int32), 0, N_BUCKETS - 1)
        keys = cells[:, 1] * N_BUCKETS + cells[:, 0]
        self.order = np.argsort(keys, kind="stable")
        self._starts = np.searchsorted(keys[self.order], np.arange(N_BUCKETS**2 + 1))
        self.xs = np.ascontiguousarray(places[self.order, 0])
        self.ys = np.ascontiguousarray(places[self.order, 1])

    def slices(self, part: QRectF) -> list[slice]:
        """Get where the points are that may be in a part of the map."""
        last = N_BUCKETS - 1
        left, right = max(int(part.left() * N_BUCKETS), 0), min(int(part.right() * N_BUCKETS), last)
        top, bottom = max(int(part.top() * N_BUCKETS), 0), min(int(part.bottom() * N_BUCKETS), last)
        if left > right or part.right() < 0 or part.bottom() < 0:
            return []
        firsts = np.arange(top, bottom + 1) * N_BUCKETS
        starts, stops = self._starts[firsts + left], self._starts[firsts + right + 1]
        return [
            slice(start, stop)
            for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
            if stop > start
        ]

    def inside(self, part: QRectF) -> NDArray[np.intp]:
        """Get the positions of the points in a part of the map: shape (n_inside,), dtype int."""
        found = [np.arange(piece.start, piece.stop) for piece in self.slices(part)]
        return self.those_in(part, np.concatenate(found)) if found else np.empty(0, np.intp)

    def those_in(self, part: QRectF, positions: NDArray[np.intp]) -> NDArray[np.intp]:
        """Get those of some positions whose points are in a part of the map.

        Positions have the shape (n,), dtype int; those found the shape (n_inside,), dtype int.
        """
        xs, ys = self.xs[positions], self.ys[positions]
        is_in = (xs >= part.left()) & (xs <= part.right())
        is_in &= (ys >= part.top()) & (ys <= part.bottom())
        return positions[is_in]

    def count_near(self, part: QRectF) -> int:
        """Get how many points are in a part of the map, or near its edge."""
        return sum(piece.stop - piece.start for piece in self.slices(part))


class MapPoints:
    """The rows that are on a map, in the order of `Buckets`.

    Parameters
    ----------
    coordinates : ndarray of shape (n_rows, 2)
        NaN for rows that are not on it.
    sizes : float
        Up to how many times as large the map is when the last pictures come; 0 for no pictures.

    Attributes
    ----------
    rows : ndarray of shape (n,), dtype int
        The row of each point.
    position_of : ndarray of shape (n_rows,), dtype int
        The point of each row; -1 if it is not on the map.
    places : ndarray of shape (n, 2), dtype float32
        In the unit square, x right and y down.
    levels : ndarray of shape (n,), dtype int8
        See `levels_of`; at level k pictures are ``WHOLE_CELL / ratio ** k`` wide;
        `HIDDEN` if at none.
    """

    def __init__(self, coordinates: NDArray[np.float32], sizes: float = MAX_SIZES) -> None:
        rows = np.flatnonzero(np.isfinite(coordinates).all(axis=1))
        places = np.minimum(unit_square(coordinates[rows]), BELOW_1)
        self.buckets = Buckets(places)
        order = self.buckets.order
        self.rows = rows[order]
        self.places = np.ascontiguousarray(places[order])
        self.position_of = np.full(len(coordinates), -1, dtype=np.int32)
        self.position_of[self.rows] = np.arange(len(rows))
        self.tree = cKDTree(self.places, balanced_tree=False, compact_nodes=False)
        self.levels = np.full(len(rows), HIDDEN, dtype=np.int8)
        self._ratio = FINE if len(rows) <= MANY else COARSE
        if sizes and len(rows):
            n_levels = round(np.log(sizes) / np.log(self._ratio))
            weights = density(self.places)
            self.levels = levels_of(self.places, weights, WHOLE_CELL, n_levels, self._ratio)
            self.levels[self.levels == n_levels] = HIDDEN
        self._by_level = np.argsort(self.levels, kind="stable")
        self._n_to_level = np.cumsum(np.bincount(self.levels, minlength=HIDDEN))

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def bounds(self) -> QRectF:
        """Get the part of the unit square in which the points lie."""
        if not len(self):
            return QRectF(0, 0, 1, 1)
        low, high = self.places.min(axis=0), self.places.max(axis=0)
        return QRectF(*low.tolist(), *(high - low).tolist())

    def level_at(self, scale: float, side: float) -> int:
        """Get the level at which pictures of a side do not overlap; below 0 none is shown."""
        level = np.log(max(scale * WHOLE_CELL / side, 1e-9)) / np.log(self._ratio)
        return min(int(np.floor(level + 1e-6)), HIDDEN - 1)

    def pictures_in(self, part: QRectF, level: int) -> NDArray[np.intp]:
        """Get the positions of the points that are shown as pictures in a part of the map.

        Shape (n_shown,), dtype int.
        """
        if level < 0:
            return np.empty(0, dtype=np.intp)
        n_shown = int(self._n_to_level[level])
        if n_shown <= self.buckets.count_near(part):
            return self.buckets.those_in(part, self._by_level[:n_shown])
        positions = self.buckets.inside(part)
        return positions[self.levels[positions] <= level]


def points_of(
    coordinates: NDArray[np.float32], show: Callable[[MapPoints], object] | None = None
) -> MapPoints:
    """Get the points of a map.

    Parameters
    ----------
    coordinates : ndarray of shape (n_rows, 2), dtype float32
        NaN for rows without a place.
    show : callable, optional
        For many points, called before all levels are computed.
    """
    if show is not None and len(coordinates) > SOME:
        show(MapPoints(coordinates, 0))
    if show is not None and len(coordinates) > MANY:
        show(MapPoints(coordinates, FIRST_SIZES))
    return MapPoints(coordinates)
