"""The window's side of one running worker process."""

from __future__ import annotations

import itertools
import logging
import pickle
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import RawIOBase
from queue import Empty, SimpleQueue
from typing import Any, cast

from orangecontrib.imageembedding.errors import WorkerError
from orangecontrib.imageembedding.progress import POLL_S, Progress, say, show_counts
from orangecontrib.imageembedding.workers.ends import why_ended
from orangecontrib.imageembedding.workers.failures import Failure, error_of
from orangecontrib.imageembedding.workers.frames import Parts, packed, receive, send
from orangecontrib.imageembedding.workers.start import start
from orangecontrib.imageembedding.workers.surroundings import Surroundings, surroundings

Frame = tuple[str, int, Any]
Inbox = SimpleQueue[tuple[str, Any]]

LOG = logging.getLogger(__name__)
N_LINES = 40  # of stderr that are remembered
RELAYS: dict[str, Callable[[Progress, Any], object]] = {
    "progress": lambda progress, fraction: progress(fraction),
    "say": say,
    "count": show_counts,
}


class NotBegunError(WorkerError):
    """The process ended before it accepted a call, which may start in another one."""


class Link:
    """A worker process and the calls that wait for it; threads may call at the same time.

    Parameters
    ----------
    command : sequence of str
        Starts the process.
    grace_s : float
        How long a cancelled call may continue before the process counts as hanging and is ended.

    Raises
    ------
    WorkerError
        If it cannot be started.
    """

    _numbers = itertools.count(1)

    def __init__(self, command: Sequence[str], grace_s: float) -> None:
        self._grace_s = grace_s
        self._lock = threading.Lock()
        self._inboxes: dict[int, Inbox] = {}
        self._not_begun: set[int] = set()
        self._busy: set[int] = set()  # also calls that were cancelled and still run
        self._outbox: SimpleQueue[Parts | None] = SimpleQueue()
        self._told: Surroundings | None = None
        self._last_words: deque[str] = deque(maxlen=N_LINES)
        self._has_started = False
        self.is_lost = False
        self.is_ended_by_us = False
        self.process = start(command)
        self._threads = [
            threading.Thread(target=work, daemon=True, name="worker-link")
            for work in (self._listen, self._read, self._write)
        ]
        for thread in self._threads:
            thread.start()

    def call(
        self, function: str, args: Sequence[object], options: dict[str, object],
        progress: Progress | None,
    ) -> object:  # fmt: skip
        """Run a function in the process; see `Worker.call`."""
        call = (function, tuple(args), options, progress is not None)
        body = _pickled(call)
        number, inbox = next(self._numbers), cast("Inbox", SimpleQueue())
        with self._lock:
            if self.is_lost:
                raise self._error(is_begun=False)
            self._inboxes[number] = inbox
            self._not_begun.add(number)
            self._busy.add(number)
            self._tell_surroundings()
            self._outbox.put(packed(("call", number, body)))
        try:
            return self._result(number, inbox, progress)
        except BaseException:
            self._cancel(number)
            raise
        finally:
            with self._lock:
                del self._inboxes[number]
                self._not_begun.discard(number)

    def _result(self, number: int, inbox: Inbox, progress: Progress | None) -> object:
        latest = 0.0
        while True:
            try:
                kind, body = inbox.get(timeout=POLL_S)
            except Empty:
                kind, body = "progress", latest  # here a Cancel comes through
            if kind not in RELAYS:
                return self._outcome(number, kind, body)
            latest = {"progress": body, "say": 0.0}.get(kind, latest)
            if progress is not None:
                RELAYS[kind](progress, body)

    def _outcome(self, number: int, kind: str, body: object) -> object:
        if kind == "failed":
            raise error_of(cast("Failure", body))
        if kind == "lost":
            raise self._error(is_begun=number not in self._not_begun)
        return body

    def _tell_surroundings(self) -> None:
        now = surroundings()
        if now != self._told:
            self._told = now
            self._outbox.put(packed(("surroundings", 0, now)))

    def _cancel(self, number: int) -> None:
        """Let a call stop; if it does not, the process hangs in native code."""
        if number not in self._busy or self.is_lost:
            return
        self._outbox.put(packed(("cancel", number, None)))
        timer = threading.Timer(self._grace_s, self._end_if_busy, (number,))
        timer.daemon = True
        timer.start()

    def _end_if_busy(self, number: int) -> None:
        if number in self._busy and not self.is_lost:
            LOG.warning("The worker process does not stop after Cancel; it is terminated.")
            self.end()

    def end(self) -> None:
        """End the process, whatever it does."""
        self.is_ended_by_us = True
        self.process.kill()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(1)

    def _write(self) -> None:
        stream = cast("RawIOBase", self.process.stdin)
        with suppress(OSError):  # it is gone; the reading thread notices it, too
            send(stream, [pickle.dumps(sys.path)])
            while (parts := self._outbox.get()) is not None:
                send(stream, parts)
        stream.close()

    def _read(self) -> None:
        stream = cast("RawIOBase", self.process.stdout)
        # After an error that comes of the content, nothing can be read any more.
        spoilt = (pickle.UnpicklingError, ImportError, AttributeError)
        with stream, suppress(EOFError, OSError, *spoilt):
            while True:
                self._take(cast("Frame", receive(stream)))
        self.process.kill()
        self.process.wait()
        self._threads[0].join(1)  # its last words
        self._outbox.put(None)
        with self._lock:
            self.is_lost = True
            inboxes = list(self._inboxes.values())
        if not self.is_ended_by_us:
            LOG.warning("%s\n%s", self._error(), "\n".join(self._last_words))
        for inbox in inboxes:
            inbox.put(("lost", None))

    def _take(self, frame: Frame) -> None:
        kind, number, body = frame
        if kind == "started":
            self._has_started = True
        elif kind == "begun":
            self._not_begun.discard(number)
        elif kind == "log":
            logger = logging.getLogger(body["name"])
            if logger.isEnabledFor(body["levelno"]):
                logger.handle(logging.makeLogRecord(body))
        else:
            with self._lock:
                if kind in ("done", "failed"):
                    self._busy.discard(number)
                inbox = self._inboxes.get(number)
            if inbox is not None:
                inbox.put((kind, body))

    def _listen(self) -> None:
        """Keep what the process prints; else the pipe would fill, and it would wait."""
        with cast("RawIOBase", self.process.stderr) as stream:
            for line in stream:
                text = line.decode(errors="replace").rstrip()
                self._last_words.append(text)
                LOG.debug("%s", text)

    def _error(self, is_begun: bool = True) -> WorkerError:
        error = why_ended(self.process.poll(), self._has_started, self._last_words)
        if is_begun or not self._has_started:
            return error
        return NotBegunError(*error.args)


def _pickled(call: object) -> bytes:
    try:
        return pickle.dumps(call, protocol=5)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise WorkerError(
            f"The embedder or backend cannot be sent to the worker process: {error}. "
            "It must be one that can be pickled, of a module that can be imported."
        ) from error
