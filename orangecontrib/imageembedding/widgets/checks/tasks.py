"""What Check Images does in the background, with progress in the widget."""

from __future__ import annotations

from Orange.data import Table
from Orange.widgets.utils.concurrent import TaskState

from orangecontrib.imageembedding import pipeline
from orangecontrib.imageembedding.pipeline import CheckedImages
from orangecontrib.imageembedding.widgets.shared.taskwidget import TaskProgress


def check_in_background(data: Table, reference: Table | None, state: TaskState) -> CheckedImages:
    """Check the images of a table."""
    return pipeline.check_images(data, reference, progress=TaskProgress(state))
