"""Work in the background thread of a widget: its progress, its cancel, its errors."""

from __future__ import annotations

from typing import Any

from Orange.widgets.utils.concurrent import ConcurrentWidgetMixin, TaskState

from orangecontrib.imageembedding.errors import Cancelled, ImageEmbeddingError
from orangecontrib.imageembedding.progress import Counts


class TaskProgress:
    """Show progress in the widget's bar and status line; stop when the task is cancelled."""

    def __init__(self, state: TaskState) -> None:
        self._state = state

    def __call__(self, fraction: float) -> None:
        """Take the finished part, 0.0 to 1.0."""
        if self._state.is_interruption_requested():
            raise Cancelled
        self._state.set_progress_value(100 * fraction)

    def say(self, text: str) -> None:
        """Show what is being done."""
        self._state.set_status(text)


class CountingProgress(TaskProgress):
    """Hands everything on to the widget, as partial results."""

    def __call__(self, fraction: float) -> None:
        """Take the finished part, 0.0 to 1.0."""
        super().__call__(fraction)
        self._state.set_partial_result(fraction)

    def say(self, text: str) -> None:
        """Begin a step."""
        self._state.set_partial_result(text)

    def count(self, counts: Counts) -> None:
        """Take how many images are done."""
        self._state.set_partial_result(counts)


class TaskWidget(ConcurrentWidgetMixin):
    """A widget whose work runs in the background, one task at a time.

    Known errors become its message ``Error.failed``; others are raised, so that Orange shows its
    report. A widget may override `task_failed`, `on_done` and `on_partial_result`.
    """

    def on_exception(self, ex: Exception) -> None:
        """Show why the task failed."""
        if isinstance(ex, Cancelled):
            return
        self.task_failed(ex)
        self.Error.failed(ex)
        if not isinstance(ex, ImageEmbeddingError):
            self.setInvalidated(False)  # else all following widgets would wait forever
            raise ex

    def task_failed(self, error: Exception) -> None:
        """Take back what the failed task has promised: outputs, buttons, texts."""

    def on_partial_result(self, result: Any) -> None:
        """Take a partial result; by default, there is none."""
