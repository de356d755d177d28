"""How a worker process is started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from orangecontrib.imageembedding.workers.ends import why_ended

# The folder in which Orange was started is no place to import from before the window's path is
# known; what comes on stdin until then is that path.
BOOT = """import sys; sys.path[:1] = []
import pickle
sys.path[:] = pickle.load(open(0, "rb", buffering=0, closefd=False))
from orangecontrib.imageembedding.workers.serve import serve; serve()"""
COMMAND = (sys.executable, "-c", BOOT)


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a worker; the first that it reads from stdin is the pickled path of the window.

    Raises
    ------
    WorkerError
        If there is no such program, or no room for a process.
    """
    options: dict[str, Any] = {"start_new_session": True}  # Ctrl-C in a terminal is for Orange
    if os.name == "nt":
        options = {
            "creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP  # type: ignore[attr-defined]
        }
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(command, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe, **options)
    except OSError as error:
        raise why_ended(None, False, [str(error)]) from error
