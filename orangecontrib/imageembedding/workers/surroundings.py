"""What the process of the window has around it, and the worker is to have, too."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

OURS = "orangecontrib.imageembedding"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where modules and files are found, proxies and folders of the user, how much is logged."""

    python_path: tuple[str, ...]
    environment: dict[str, str]
    folder: str
    log_level: int


def surroundings() -> Surroundings:
    """Get those of this process."""
    try:
        folder = str(Path.cwd())
    except OSError:  # it was deleted
        folder = ""
    level = logging.getLogger(OURS).getEffectiveLevel()
    return Surroundings(tuple(sys.path), dict(os.environ), folder, level)


def take_over(wanted: Surroundings) -> None:
    """Make them those of this process."""
    sys.path[:] = wanted.python_path
    for name in os.environ.keys() - wanted.environment.keys():
        del os.environ[name]
    for name, value in wanted.environment.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    with suppress(OSError):
        os.chdir(wanted.folder)
    logging.getLogger().setLevel(wanted.log_level)
