"""What the user sees on the terminal, and the files that are written."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from orangecontrib.imageembedding.errors import InputError

if TYPE_CHECKING:
    import argparse

FINE, SOME_SKIPPED, FAILED, INTERRUPTED = 0, 1, 2, 130


def tell(line: str) -> None:
    """Write a line of the result."""
    sys.stdout.write(f"{line}\n")


def complain(line: str) -> None:
    """Write a line beside the result."""
    sys.stderr.write(f"{line}\n")


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
        raise InputError(f"{path} exists already. Choose another name, or replace it by --force.")
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise InputError(f"The folder {folder} does not exist.")
    if not os.access(folder, os.W_OK):
        raise InputError(f"The folder {folder} cannot be written to.")
