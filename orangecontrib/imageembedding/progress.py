"""How long work tells how far it is, and how it is stopped.

A *progress* is any callable that takes the finished part as a float from 0.0 to 1.0. It stops the
work by raising `Cancelled`. One that is also a `StepProgress` is told what is being done, one that
is a `CountProgress` how many images are done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from orangecontrib.imageembedding.errors import Cancelled

Progress = Callable[[float], object]
T = TypeVar("T")

POLL_S = 0.05  # how often a watched thread is looked at: the longest wait of a Cancel


def silent(fraction: float) -> None:
    """Take no notice: the progress of work that nobody watches."""


def say(progress: Progress, text: str) -> None:
    """Announce the next step, where `progress` can show it."""
    if isinstance(progress, StepProgress):
        progress.say(text)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many images are done.

    Attributes
    ----------
    n_done, n_total : int
        Skipped ones count, too.
    n_cached : int
        Of those that are done: their vectors were computed before.
    location : str
        The image that was done last.
    """

    n_done: int
    n_total: int
    n_cached: int = 0
    location: str = ""


@runtime_checkable
class StepProgress(Protocol):
    """A progress that shows steps; each of them counts from 0 to 1 anew."""

    def say(self, text: str) -> object:
        """Show which step has begun."""
        ...


@runtime_checkable
class CountProgress(Protocol):
    """A progress that shows how many images are done."""

    def count(self, counts: Counts) -> object:
        """Show the numbers."""
        ...


def count(progress: Progress, counts: Counts) -> None:
    """Tell how many images are done, where `progress` can show it, and the part they are."""
    show_counts(progress, counts)
    progress(counts.n_done / counts.n_total)


def show_counts(progress: Progress, counts: Counts) -> None:
    """Tell how many images are done, where `progress` can show it, and nothing else."""
    if isinstance(progress, CountProgress):
        progress.count(counts)


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
        self._reports: list[float | str | Counts] = []
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

    def count(self, counts: Counts) -> None:
        self._report(counts)

    def _report(self, report: float | str | Counts) -> None:
        if self.cancelled:
            raise Cancelled
        with self._lock:
            # Between two looks of the watcher only the newest of each kind is of use.
            if not isinstance(report, str):
                self._drop_older(type(report))
            self._reports.append(report)

    def _drop_older(self, kind: type) -> None:
        for i in range(len(self._reports) - 1, -1, -1):
            if isinstance(self._reports[i], str):
                return
            if isinstance(self._reports[i], kind):
                del self._reports[i]
                return

    def forward(self, progress: Progress) -> None:
        with self._lock:
            reports, self._reports = self._reports, []
        for report in reports or [self._latest]:
            if isinstance(report, str):
                self._latest = 0.0
                say(progress, report)
            elif isinstance(report, Counts):
                show_counts(progress, report)
            else:
                self._latest = report
                progress(report)
