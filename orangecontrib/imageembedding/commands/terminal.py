"""What the user sees on the terminal, and the files that are written."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from orangecontrib.imageembedding.errors import InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

FINE, SOME_MISSING, FAILED, INTERRUPTED = 0, 1, 2, 130
KILOBYTE, MEGABYTE = 10**3, 10**6


def tell(line: str) -> None:
    """Write a line of the result."""
    if sys.stdout is not None:  # a daemon's may be closed
        sys.stdout.write(f"{line}\n")


def complain(line: str) -> None:
    """Write a line to stderr."""
    if sys.stderr is not None:
        with suppress(OSError):  # the exit code tells it, too
            sys.stderr.write(f"{line}\n")


def conclude(lines: Iterable[str], code: int) -> int:
    """Report what was written; if this cannot be printed, the result stays.

    Returns
    -------
    code : int
        The exit code: `code`, or `SOME_MISSING` if the lines are missing.
    """
    try:
        for line in lines:
            tell(line)
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        complain(f"image-embedding: {error}")
        return SOME_MISSING
    return code


def size_text(n_bytes: int) -> str:
    """Write a size with the unit that suits it: ``200 KB``, ``2,147 MB``."""
    if n_bytes < KILOBYTE:
        return f"{n_bytes} bytes"
    if n_bytes < MEGABYTE:
        return f"{n_bytes / KILOBYTE:,.0f} KB"
    return f"{n_bytes / MEGABYTE:,.{int(n_bytes < 10 * MEGABYTE)}f} MB"


class Bar:
    """A progress that draws a bar on the error output, if that is a terminal."""

    def __init__(self) -> None:
        self._bar = None

    def say(self, text: str) -> None:
        """Begin a new bar."""
        from tqdm import tqdm

        self.close()
        self._bar = tqdm(
            total=100,
            desc=text,
            disable=None,
            bar_format="{desc}: {percentage:3.0f} % |{bar}| {elapsed}, {remaining} left",
        )

    def __call__(self, fraction: float) -> None:
        """Draw so much of it."""
        if self._bar is not None:
            self._bar.update(100 * fraction - self._bar.n)

    def close(self) -> None:
        """End the bar."""
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def refuse_existing(options: argparse.Namespace, path: str) -> None:
    """Raise InputError if a file must not, or cannot, be written."""
    if os.path.isdir(path):
        raise InputError(f"{path} is a folder. Choose another name.")
    if os.path.exists(path) and not options.force:
        raise InputError(f"{path} already exists. Choose another name, or replace it with --force.")
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise InputError(f"The folder {folder} does not exist.")
    if not os.access(folder, os.W_OK):
        raise InputError(f"The folder {folder} cannot be written to.")


def refuse_without_effect(options: argparse.Namespace, names: Iterable[str], reason: str) -> None:
    """Raise InputError if the user has given an option that would do nothing.

    Parameters
    ----------
    options : Namespace
        Options that were not given are None or False.
    names : iterable of str
        Of attributes of `options`.
    reason : str
        When they have no effect.
    """
    given = [f"--{name.replace('_', '-')}" for name in names if getattr(options, name)]
    if given:
        raise InputError(f"{' and '.join(given)} would have no effect {reason}: leave it out.")
