"""Files that are replaced when the new one is complete, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from orangecontrib.imageembedding.errors import Cancelled, ImageEmbeddingError, InputError


@contextmanager
def written_whole(path: str, what: str = "file") -> Iterator[str]:
    """Give a path to write to; at the end of the block the file takes its place at `path`.

    Parameters
    ----------
    path : str
        Where the file belongs. What is there stays until the new file is complete.
    what : str
        What the message of the error calls it.

    Yields
    ------
    unfinished : str
        The same name in a new, hidden folder beside it; other files written there go along.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    folder, name = os.path.split(os.path.abspath(path))
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".saving-") as unfinished:
            yield os.path.join(unfinished, name)
            for file in os.listdir(unfinished):
                os.replace(  # noqa: PTH105
                    os.path.join(unfinished, file), os.path.join(folder, file)
                )
    except (ImageEmbeddingError, Cancelled):
        raise
    except Exception as error:  # each writer raises its own kinds on a full disk
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise InputError(f"The {what} {path} cannot be written: {reason}.") from error
