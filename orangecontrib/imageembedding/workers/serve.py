"""The worker's side: runs calls until the window's process is gone."""

from __future__ import annotations

import faulthandler
import importlib
import logging
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any, cast

from orangecontrib.imageembedding.errors import BackendError, Cancelled
from orangecontrib.imageembedding.progress import Counts
from orangecontrib.imageembedding.workers.failures import failure_of
from orangecontrib.imageembedding.workers.frames import packed, receive, send
from orangecontrib.imageembedding.workers.surroundings import take_over

Tell = Callable[[str, int, object], None]

PARENT_POLL_S = 1.0
OOM_SCORE = "500"  # of -1000 to 1000: where memory runs out, Linux ends this process before Orange


def serve() -> None:
    """Run calls, each in its own thread, until stdin ends."""
    commands, replies = FileIO(os.dup(0), "r"), FileIO(os.dup(1), "w")
    _set_up()
    lock = threading.Lock()

    def tell(kind: str, number: int, body: object) -> None:
        parts = packed((kind, number, body))
        with lock, suppress(OSError):  # the window is gone: the main thread notices it, too
            send(replies, parts)

    logging.captureWarnings(True)
    logging.getLogger().addHandler(_ToWindow(tell))
    cancelled: set[int] = set()
    tell("started", 0, None)
    while True:
        try:
            kind, number, body = cast("tuple[str, int, Any]", receive(commands))
        except EOFError:
            os._exit(0)  # also while threads compute
        if kind == "surroundings":
            take_over(body)
        elif kind == "cancel":
            cancelled.add(number)
        else:
            arguments = (number, body, tell, cancelled)
            threading.Thread(target=_run, args=arguments, daemon=True).start()


def _set_up() -> None:
    """Keep the pipes for frames alone, and leave signals and memory to the window's process."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)  # what libraries print
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE, encoding="ascii")
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    """End with the window's process, also where a forked child of it holds our stdin open."""
    while os.getppid() == parent:
        time.sleep(PARENT_POLL_S)
    os._exit(0)


def _run(number: int, body: bytes, tell: Tell, cancelled: set[int]) -> None:
    tell("begun", number, None)
    try:
        function, args, options, has_progress = _unpickled(body)
        if has_progress:
            options["progress"] = _Reports(number, tell, cancelled)
        module, _, name = function.partition(":")
        result = getattr(importlib.import_module(module), name)(*args, **options)
        tell("done", number, result)
    except BaseException as error:  # noqa: BLE001 - handed over to the window, which raises it
        tell("failed", number, failure_of(error))
    finally:
        cancelled.discard(number)


def _unpickled(body: bytes) -> tuple[str, tuple[object, ...], dict[str, object], bool]:
    try:
        return pickle.loads(body)  # type: ignore[no-any-return]
    except Exception as error:  # somebody else's classes
        raise BackendError(
            "The worker process cannot use what it was sent: "
            f"{type(error).__name__}: {error}. A backend must be defined in a module that can be "
            "imported."
        ) from error


class _Reports:
    """The progress that a function sees; says nothing twice."""

    def __init__(self, number: int, tell: Tell, cancelled: set[int]) -> None:
        self._number = number
        self._tell = tell
        self._cancelled = cancelled
        self._last: tuple[str, object] | None = None

    def __call__(self, fraction: float) -> None:
        self._report("progress", fraction)

    def say(self, text: str) -> None:
        self._report("say", text)

    def count(self, counts: Counts) -> None:
        self._report("count", counts)

    def _report(self, kind: str, body: object) -> None:
        if self._number in self._cancelled:
            raise Cancelled
        if (kind, body) != self._last:
            self._last = (kind, body)
            self._tell(kind, self._number, body)


class _ToWindow(logging.Handler):
    """Hands log records on."""

    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self._to_window = tell

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)  # with the traceback, which cannot be sent
        except Exception:  # noqa: BLE001 - of any logger
            self.handleError(record)
            return
        fields = {"name": record.name, "levelno": record.levelno, "levelname": record.levelname}
        self._to_window("log", 0, fields | {"msg": text})
