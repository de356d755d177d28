"""What Image Grid does in the background, with progress in the widget."""

from __future__ import annotations

import time

from Orange.data import Table
from Orange.widgets.utils.concurrent import TaskState

from orangecontrib.imageembedding import pipeline
from orangecontrib.imageembedding.pipeline import GridOfRows
from orangecontrib.imageembedding.widgets.shared.taskwidget import TaskProgress

SHOWN_EVERY_S = 0.2  # while the grid settles


def sort_in_background(
    data: Table, n_columns: int | None, map_columns: tuple[str, str] | None, state: TaskState
) -> GridOfRows:
    """Sort the rows of a table into a grid, which is seen while it settles."""
    last_shown = 0.0

    def show(grid: GridOfRows) -> None:
        nonlocal last_shown
        now = time.monotonic()
        if now - last_shown >= SHOWN_EVERY_S:
            last_shown = now
            state.set_partial_result(grid)

    return pipeline.sort_into_grid(
        data, n_columns, progress=TaskProgress(state), map_columns=map_columns, settled=show
    )
