"""Why a worker process is gone, in words."""

from __future__ import annotations

import signal
from collections.abc import Iterable

from orangecontrib.imageembedding.errors import WorkerError

TRY_AGAIN = "Finished vectors are cached: try again to continue from there."
MEMORY = " Perhaps the memory ran out: close other programs, or choose a smaller embedder."


def why_ended(code: int | None, has_started: bool, last_words: Iterable[str]) -> WorkerError:
    """Make an error of how a process ended.

    Parameters
    ----------
    code : int or None
        What the process returned; negative: minus the signal that ended it. None if unknown.
    has_started : bool
        Whether it ever was ready to work.
    last_words : iterable of str
        Lines of its stderr.
    """
    words = [line for line in last_words if line.strip()]
    if not has_started:
        reason = words[-1] if words else name_of_end(code)
        error = WorkerError(
            f"The process that computes embeddings could not be started: {reason}. "
            "Start Orange again; if that does not help, install this package again."
        )
    else:
        name = name_of_end(code)
        hint = MEMORY if name == "SIGKILL" else ""
        error = WorkerError(
            f"The process that computes embeddings ended unexpectedly ({name}).{hint} {TRY_AGAIN}"
        )
    if words:
        error.__cause__ = RuntimeError("its last words:\n" + "\n".join(words))
    return error


def name_of_end(code: int | None) -> str:
    """Name a return code: a signal by its name, those of Windows as they are looked up."""
    if code is None:
        return "no return code"
    if code >= 0:
        return f"return code {code:#x}" if code > 0xFF else f"return code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
