"""``image-embedding demo``."""

from __future__ import annotations

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
    for line in demo.run_demo(options.folder):
        tell(line)
    return FINE
