"""What Image Map does in the background, with progress in the widget."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from Orange.data import Table
from Orange.widgets.utils.concurrent import TaskState

from orangecontrib.imageembedding import pipeline
from orangecontrib.imageembedding.progress import say
from orangecontrib.imageembedding.widgets.map.points import FIRST_SIZES, SOME, MapPoints, points_of
from orangecontrib.imageembedding.widgets.mapping.spread import spread_out
from orangecontrib.imageembedding.widgets.shared.taskwidget import TaskProgress

TSNE, PCA, COLUMNS = "tsne", "pca", "columns"
SHOWN_EVERY_S = 0.2  # while the map settles
PART_FOR_SHOWING = 0.25  # of the time


@dataclass(frozen=True, slots=True, eq=False)
class LaidOut:
    """Where the rows of a table lie.

    Attributes
    ----------
    coordinates : ndarray of shape (n_rows, 2), dtype float32
        NaN for rows without a place.
    points : MapPoints
        What is drawn, spread out or not.
    kept_neighbors : float
        See `MapOfRows`; NaN if it is not known.
    """

    coordinates: NDArray[np.float32]
    points: MapPoints
    kept_neighbors: float = float("nan")


def lay_out_in_background(
    data: Table, layout_id: str, axes: tuple[str, str] | None, is_spread: bool, state: TaskState
) -> LaidOut:
    """Give each row its place, by its numbers or as two columns say, and show how it comes."""
    progress = TaskProgress(state)
    if axes is not None:
        columns = [data.get_column(name) for name in axes]
        coordinates = np.column_stack(columns).astype(np.float32)
        laid_out = LaidOut(coordinates, points_of(coordinates, _shower(coordinates, state)))
    else:
        done = pipeline.map_images(data, layout_id, 0, progress, live=_Live(state))
        laid_out = LaidOut(done.coordinates, points_of(done.coordinates), done.kept_neighbors)
    return spread_in_background(laid_out, state) if is_spread else laid_out


def spread_in_background(laid_out: LaidOut, state: TaskState) -> LaidOut:
    """Move pictures apart, so that none covers another."""
    state.set_partial_result(laid_out)
    progress = TaskProgress(state)
    say(progress, "Spreading the pictures out")
    return replace(laid_out, points=points_of(spread_out(laid_out.coordinates, progress)))


def gather_in_background(laid_out: LaidOut, _: TaskState) -> LaidOut:
    """Move pictures to their own places again."""
    return replace(laid_out, points=points_of(laid_out.coordinates))


def _shower(coordinates: NDArray[np.float32], state: TaskState):  # type: ignore[no-untyped-def]
    return lambda points: state.set_partial_result(LaidOut(coordinates, points))


class _Live:
    """Shows the map as it comes, not so often that this takes most of the time."""

    def __init__(self, state: TaskState) -> None:
        self._state = state
        self._next = 0.0

    def __call__(self, coordinates: NDArray[np.float32]) -> None:
        start = time.monotonic()
        if start >= self._next:
            is_first = self._next == 0 and len(coordinates) > SOME
            points = MapPoints(coordinates, 0 if is_first else FIRST_SIZES)
            self._state.set_partial_result(LaidOut(coordinates, points))
            took = time.monotonic() - start
            self._next = start + max(SHOWN_EVERY_S, took / PART_FOR_SHOWING)
