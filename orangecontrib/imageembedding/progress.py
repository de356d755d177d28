"""How long work tells how far it is, and how it is stopped.

A *progress* is any callable that takes the finished part as a float from 0.0 to 1.0. It stops the
work by raising `Cancelled`. One that also has a method ``say(text)`` is told what is being done;
each announced step counts from 0 to 1 anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from orangecontrib.imageembedding.errors import Cancelled

Progress = Callable[[float], object]
T = TypeVar("T")

POLL_S = 0.05  # how often a watched thread is looked at: the longest wait of a Cancel


def silent(fraction: float) -> None:
    """Take no notice: the progress of work that nobody watches."""


def say(progress: Progress, text: str) -> None:
    """Announce the next step, where `progress` can show it."""
    tell = getattr(progress, "say", None)
    if tell is not None:
        tell(text)


def run_watched(work: Callable[[Progress], T], progress: Progress) -> T:
    """Get the result of `work`, computed in a thread of its own.

    `progress` is called in the calling thread only, at least every `POLL_S` seconds, so
    `Cancelled` comes through at once, whatever `work` is waiting for. The thread then stops at
    its next report; it never keeps the process alive.

    Parameters
    ----------
    work : callable
        Called with a progress to report to.
    progress : Progress
        Where the reports go.

    Raises
    ------
    Cancelled
        If `progress` raised it.
    Exception
        Whatever `work` raised.
    """
    relay = _Relay()
    thread = threading.Thread(target=relay.run, args=(work,), daemon=True, name="imageembedding")
    thread.start()
    try:
        while not relay.finished.wait(POLL_S):
            relay.forward(progress)
        relay.forward(progress)
    except BaseException:
        relay.cancelled = True
        raise
    if relay.error is not None:
        raise relay.error
    return relay.result  # type: ignore[return-value]


class _Relay:
    """The progress that a watched thread sees; keeps the latest report for the watcher."""

    def __init__(self) -> None:
        self.finished = threading.Event()
        self.cancelled = False
        self.result: object = None
        self.error: BaseException | None = None
        self._reports: list[float | str] = []
        self._latest = 0.0
        self._lock = threading.Lock()

    def run(self, work: Callable[[Progress], object]) -> None:
        try:
            self.result = work(self)
        except BaseException as error:  # noqa: BLE001 - handed over to the watcher, which raises it
            self.error = error
        self.finished.set()

    def __call__(self, fraction: float) -> None:
        self._report(fraction)

    def say(self, text: str) -> None:
        self._report(text)

    def _report(self, report: float | str) -> None:
        if self.cancelled:
            raise Cancelled
        with self._lock:
            # Between two looks of the watcher only the newest of several fractions is of use.
            if self._reports and isinstance(report, float) and isinstance(self._reports[-1], float):
                self._reports[-1] = report
            else:
                self._reports.append(report)

    def forward(self, progress: Progress) -> None:
        with self._lock:
            reports, self._reports = self._reports, []
        for report in reports or [self._latest]:
            if isinstance(report, str):
                self._latest = 0.0
                say(progress, report)
            else:
                self._latest = report
                progress(report)
