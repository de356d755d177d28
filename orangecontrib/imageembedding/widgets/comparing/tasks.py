"""What Compare Embedders does in the background."""

from __future__ import annotations

from collections.abc import Sequence

from Orange.data import Table
from Orange.widgets.utils.concurrent import TaskState

from orangecontrib.imageembedding.pipeline import (
    Candidate,
    ComparedEmbedders,
    compare_embedders,
)
from orangecontrib.imageembedding.widgets.shared.taskwidget import CountingProgress


def compare_in_background(
    data: Table, candidates: Sequence[Candidate], n_images: int, state: TaskState
) -> ComparedEmbedders:
    """Compare embedders; what is known after each is handed on."""
    return compare_embedders(
        data,
        candidates,
        n_images,
        progress=CountingProgress(state),
        live=state.set_partial_result,
    )
