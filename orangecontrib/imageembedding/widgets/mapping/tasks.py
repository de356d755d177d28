"""What Image Map does in the background, with progress in the widget."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from Orange.data import Table
from Orange.widgets.utils.concurrent import TaskState

from orangecontrib.imageembedding import pipeline
from orangecontrib.imageembedding.pipeline.results import MapOfRows
from orangecontrib.imageembedding.progress import say
from orangecontrib.imageembedding.tables.locate import FoundImages
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
    map : MapOfRows or None
        What is known of the finished map.
    """

    coordinates: NDArray[np.float32]
    points: MapPoints
    map: MapOfRows | None = None


def lay_out_in_background(
    find: Callable[[], FoundImages] | None,
    data: Table,
    method: str,
    axes: tuple[str, str] | None,
    is_spread: bool,
    state: TaskState,
) -> LaidOut:
    """Find the images, and give each row its place, by its numbers or as two columns say.

    The images found, and the map as it comes, are told as partial results.
    """
    if find is not None:
        state.set_partial_result(find())
    live = _Live(state)
    if axes is not None:
        live(np.column_stack([data.get_column(name) for name in axes]).astype(np.float32))
        method = TSNE
    done = pipeline.map_images(data, method, 0, TaskProgress(state), map_columns=axes, live=live)
    show = partial(_show, state, done.coordinates)
    laid_out = LaidOut(done.coordinates, points_of(done.coordinates, show), done)
    return spread_in_background(laid_out, state) if is_spread else laid_out


def _show(state: TaskState, coordinates: NDArray[np.float32], points: MapPoints) -> None:
    state.set_partial_result(LaidOut(coordinates, points))


def spread_in_background(laid_out: LaidOut, state: TaskState) -> LaidOut:
    """Move pictures apart, so that none covers another."""
    state.set_partial_result(laid_out)
    progress = TaskProgress(state)
    say(progress, "Spreading the pictures out")
    return replace(laid_out, points=points_of(spread_out(laid_out.coordinates, progress)))


def gather_in_background(laid_out: LaidOut, _: TaskState) -> LaidOut:
    """Move pictures to their own places again."""
    return replace(laid_out, points=points_of(laid_out.coordinates))


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
            _show(self._state, coordinates, points)
            took = time.monotonic() - start
            self._next = start + max(SHOWN_EVERY_S, took / PART_FOR_SHOWING)
