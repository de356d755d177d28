"""A `Progress` for work in the background thread of a widget."""

from __future__ import annotations

from Orange.widgets.utils.concurrent import TaskState

from orangecontrib.imageembedding.errors import Cancelled


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
