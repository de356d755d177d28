"""The folders of a workflow, and those that the user has opened lately."""

from __future__ import annotations

import os

from AnyQt.QtCore import QSettings

from orangecontrib.imageembedding.files.archives import is_archive
from orangecontrib.imageembedding.images.fetch import is_web

RECENT_KEY = "imageembedding/recent-folders"
MAX_RECENT = 15


def recent_folders() -> list[str]:
    """Get the folders that the user has opened lately, on this computer, the last one first."""
    value = QSettings().value(RECENT_KEY, [])
    return [value] if isinstance(value, str) else list(value or [])  # Qt unwraps lists of one


def remember_folders(paths: list[str]) -> None:
    """Put folders first in the list of those opened lately."""
    new = [path for path in paths if is_archive(path) or not os.path.isfile(path)]
    others = [folder for folder in recent_folders() if folder not in new]
    QSettings().setValue(RECENT_KEY, [*new, *others][:MAX_RECENT])


def relative_to(base: str | None, path: str) -> str:
    """Get the path from `base` to a file or folder inside it, with "/"; "" if it is elsewhere."""
    if not base or not path or is_web(path):
        return ""
    try:
        relative = os.path.relpath(path, base)
    except ValueError:  # on another drive
        return ""
    outside = relative == os.pardir or relative.startswith(os.pardir + os.sep)
    return "" if outside else relative.replace(os.sep, "/")


def found_again(base: str | None, path: str, relative: str) -> str:
    """Get where a file or folder of a workflow is now.

    Parameters
    ----------
    base : str or None
        Folder of the workflow.
    path : str
        Where it was, or a web address, which stays; it may have been on another computer.
    relative : str
        Its path from `base`; "" if it did not lie inside it.
    """
    if not base or is_web(path):
        return path
    if relative:
        return os.path.normpath(os.path.join(base, relative))
    if not os.path.exists(path):
        # From another computer: a file of that name next to the workflow replaces it.
        beside = os.path.join(base, os.path.basename(path.replace("\\", "/").rstrip("/")))
        if os.path.exists(beside):
            return beside
    return path


def unknown_addresses(paths: list[str]) -> list[str]:
    """Get the web addresses that nobody has chosen on this computer: of somebody's workflow."""
    known = recent_folders()
    return [path for path in paths if is_web(path) and path not in known]
