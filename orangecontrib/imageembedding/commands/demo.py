"""``image-embedding demo``."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.terminal import FINE, tell
from orangecontrib.imageembedding.errors import InputError

if TYPE_CHECKING:
    import argparse


def run_demo(options: argparse.Namespace) -> int:
    """Run the example workflow."""
    try:
        from orangecontrib.imageembedding.examples import demo
    except ImportError as error:
        needed = 'pip install "Orange3-ImageEmbedding[gui]"'
        raise InputError(f"The demo needs Qt: {needed} ({error}).") from error
    for line in demo.run_demo(options.folder or _free_folder()):
        tell(line)
    return FINE


def _free_folder() -> Path:
    """Get the first of ``demo``, ``demo-2``, … that is not there, or empty."""
    for number in count(1):
        folder = Path("demo" if number == 1 else f"demo-{number}")
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return folder
    raise AssertionError("there is always a next number")
