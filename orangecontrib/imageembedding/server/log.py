"""The server's log: a line of JSON for each event, without anything of the images."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone

from orangecontrib.imageembedding.server.exchange import CURRENT

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


def log_to_stderr() -> None:
    """Write the log of this package and of the HTTP server to the error output."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
