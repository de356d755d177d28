"""Small tasks beside the main one of a widget; they may outlive it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from AnyQt.QtCore import QObject
from Orange.widgets.utils.concurrent import FutureWatcher, ThreadExecutor

T = TypeVar("T")


class Background(QObject):
    """Does some work in threads, and tells the thread of the window what came of it."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._executor = ThreadExecutor()
        self._watchers: list[FutureWatcher] = []

    @property
    def is_busy(self) -> bool:
        """Whether something is not done."""
        return bool(self._watchers)

    def run(self, work: Callable[[], T], done: Callable[[T], object]) -> None:
        """Do `work` in a thread, and `done` with its result in this one."""
        watcher = FutureWatcher(self._executor.submit(work), self)
        watcher.resultReady.connect(done)
        watcher.done.connect(self._drop)
        self._watchers.append(watcher)

    def close(self) -> None:
        """Forget what is under way: its end must not call a widget that is gone."""
        for watcher in self._watchers:
            watcher.blockSignals(True)
        self._executor.shutdown(wait=False)

    def _drop(self, _: object) -> None:
        self._watchers[:] = [one for one in self._watchers if not one.future().done()]
