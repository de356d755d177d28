"""Images that are missing while a column of embeddings computes itself: who is informed.

A transformation of which no image can be read raises `EmbeddingsMissing`, which Orange's widgets
show. If some images are missing, their values are missing, and a warning says so.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.errors import ImageEmbeddingError
from orangecontrib.imageembedding.tables import notices

# Orange's Concatenate gives all tables the columns of all: those of a table without images are
# rightly empty.
JOINING = "Orange.widgets.data.owconcatenate"
WIDGETS = "Orange.widgets."


class EmbeddingWarning(UserWarning):
    """Images could not be embedded: the values are missing."""


class EmbeddingsMissing(ImageEmbeddingError, ValueError):  # noqa: N818
    """Images that a model or a transformation needs could not be embedded.

    Of all errors that Orange's widgets expect, Test and Score shows only a ValueError
    what is wrong.
    """


class Failures:
    """The rows that have no image, in one call of a model.

    Attributes
    ----------
    ids : set of int
        Those of the rows.
    summary : str
        What is wrong, for people; "" if nothing is.
    """

    def __init__(self) -> None:
        self.ids: set[int] = set()
        self.summary = ""


class _Current(threading.local):
    failures: Failures | None = None


_CURRENT = _Current()


@contextmanager
def collected() -> Iterator[Failures | None]:
    """Collect the failures of this thread; None if somebody outside collects them already."""
    if _CURRENT.failures is not None:
        yield None
        return
    _CURRENT.failures = Failures()
    try:
        yield _CURRENT.failures
    finally:
        _CURRENT.failures = None


def report(ids: NDArray[np.int_], n_rows: int, summary: str) -> None:
    """Say that rows are without images.

    Parameters
    ----------
    ids : ndarray of shape (n_missing,), dtype int
        Of these rows.
    n_rows : int
        How many rows there are, with those that have images.
    summary : str
        What is wrong, for people.

    Raises
    ------
    EmbeddingsMissing
        If these are all rows, and the failures are not collected.
    """
    failures = _CURRENT.failures
    if failures is not None:
        failures.ids.update(ids.tolist())
        failures.summary = failures.summary or summary
    elif len(ids) == n_rows and not is_called_by(JOINING):
        raise EmbeddingsMissing(summary)
    else:
        say(f"Embeddings are missing. {summary}")


def say(message: str) -> None:
    """Warn, every time, and notify the window if there is one."""
    warnings.warn_explicit(message, EmbeddingWarning, __file__, 1)
    notices.tell(message)


def is_called_by(module: str) -> bool:
    """Tell whether a module whose name begins so is waiting for what happens now."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(module):
            return True
        frame = frame.f_back
    return False
