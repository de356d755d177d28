"""The server's log: a line of JSON for each event, without anything of the images."""

from __future__ import annotations

import atexit
import json
import logging
import os
import sys
import threading
from contextlib import suppress
from datetime import datetime, timezone
from queue import Full, Queue
from time import monotonic, sleep

from orangecontrib.imageembedding.server.exchange import CURRENT

MAX_LINES = 10_000
FLUSH_S, FLUSH_POLL_S = 1.0, 0.01
LOGGERS = ("orangecontrib.imageembedding", "uvicorn.error")


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON; its attribute ``fields`` is put in."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        exchange = CURRENT.get()
        if exchange is not None:
            line["request_id"] = exchange.id
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class AsideHandler(logging.Handler):
    """Writes lines in its own thread: a slow reader of the log does not stop the server.

    Parameters
    ----------
    file : int
        Descriptor; not a stream, which could not be left while it is written to.
    """

    def __init__(self, file: int) -> None:
        super().__init__()
        self._file = file
        self._lines: Queue[str] = Queue(MAX_LINES)
        self._n_lost = 0
        threading.Thread(target=self._write, daemon=True, name="server-log").start()
        atexit.register(self.flush)

    def emit(self, record: logging.LogRecord) -> None:
        """Put a line in the queue; drop it if thousands of lines are unread."""
        try:
            self._lines.put_nowait(self.format(record))
        except Full:
            self._n_lost += 1

    def flush(self) -> None:
        """Wait for what is in the queue, for a limited time."""
        end = monotonic() + FLUSH_S
        while self._lines.unfinished_tasks and monotonic() < end:
            sleep(FLUSH_POLL_S)

    def _write(self) -> None:
        while True:
            line = self._lines.get()
            if self._n_lost:
                line += "\n" + json.dumps({"event": "log lines lost", "lines": self._n_lost})
                self._n_lost = 0
            rest = f"{line}\n".encode()
            with suppress(OSError):  # it is no longer read
                while rest:
                    rest = rest[os.write(self._file, rest) :]
            self._lines.task_done()


def log_to_stderr() -> None:
    """Write the log of this package and of the HTTP server to the error output."""
    handler = AsideHandler(sys.stderr.fileno())
    handler.setFormatter(JsonFormatter())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
