"""The worker: a process that is started when it is first needed, and stays."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Sequence
from functools import cache

from orangecontrib.imageembedding.errors import WorkerError
from orangecontrib.imageembedding.progress import Progress
from orangecontrib.imageembedding.workers.link import Link, NotBegunError
from orangecontrib.imageembedding.workers.start import COMMAND

GRACE_S = 5.0
MOST_TRIES = 3  # to give a call to a process that lives


class Worker:
    """Starts the process when it is needed, reuses it, and starts another one when it is gone.

    Parameters
    ----------
    command : sequence of str, optional
        Starts the process.
    grace_s : float, optional
        How long a cancelled call may continue before the process counts as hanging and is ended.
    """

    def __init__(self, command: Sequence[str] = COMMAND, grace_s: float = GRACE_S) -> None:
        self._command = command
        self._grace_s = grace_s
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._is_closed = False

    def call(
        self, function: str, *args: object, progress: Progress | None = None, **options: object
    ) -> object:
        """Run a function in the worker; any thread may call, several at the same time.

        Parameters
        ----------
        function : str
            ``module:name``.
        *args, **options
            What it is called with; can be pickled.
        progress : Progress, optional
            If given, the function gets a progress, too, of which the reports end here. It is
            called in the calling thread, at least every `POLL_S` seconds.

        Raises
        ------
        Cancelled
            If `progress` raised it, at once.
        WorkerError
            If the process cannot be started, or ends in the middle.
        Exception
            Whatever the function raised.
        """
        n_tries = 0
        while True:
            link = self._running()
            n_tries += 1
            try:
                return link.call(function, args, options, progress)
            except WorkerError as error:
                is_too_late = isinstance(error, NotBegunError) and n_tries < MOST_TRIES
                # Or it was ended because another call hung: this one begins again.
                if not (is_too_late or link.is_ended_by_us):
                    raise

    @property
    def pid(self) -> int | None:
        """Id of the process; None if there is none."""
        link = self._link
        return None if link is None or link.is_lost else link.process.pid

    def close(self) -> None:
        """End the process, if there is one, for good."""
        with self._lock:
            self._is_closed = True
            link = self._link
        if link is not None:
            link.end()

    def _running(self) -> Link:
        with self._lock:
            if self._is_closed:
                raise WorkerError("This program is closing: nothing is computed any more.")
            if self._link is None or self._link.is_lost or self._link.is_ended_by_us:
                self._link = Link(self._command, self._grace_s)
            return self._link


@cache
def the_worker() -> Worker:
    """Get the one worker of this process, which ends with it."""
    worker = Worker()
    atexit.register(worker.close)
    return worker
