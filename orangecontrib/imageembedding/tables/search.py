"""Paths that lead nowhere → the same images in the folders where they may be now."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from orangecontrib.imageembedding.errors import FetchError
from orangecontrib.imageembedding.images.fetch import is_url, path_of_file_url

N_SAMPLED = 32  # paths that are looked at to learn whether any is lost: all, in small tables
NOT_FOUND = "file not found"


def resolved(paths: Sequence[str], folders: Sequence[str]) -> list[str]:
    r"""Get locations at which the images are.

    Parameters
    ----------
    paths : sequence of str
        Paths of any system (``C:\cats\1.png`` also on Linux), relative or absolute, or URLs.
    folders : sequence of str
        Where they are looked for, the most likely one first.

    Returns
    -------
    locations : list of str
        One for each path. A relative one is taken to be in the first folder that has it, else in
        the first of all. One that leads nowhere is looked for in the folders by as much of its
        end as is there. What is found nowhere, and what two different paths would be taken
        for, stays as it is.
    """
    first = folders[0] if folders else ""
    plain = [_joined(first, path) for path in paths]
    step = max(len(plain) // N_SAMPLED, 1)
    search = _Search(folders)
    for path, location in zip(paths[::step], plain[::step], strict=True):
        if is_lost(location) and search.find(path):
            return search.find_all(paths, plain)
    return plain


def first_lost(locations: Sequence[str]) -> str:
    """Get a location that names a file that is not there, if one of a sample does; else ""."""
    sample = locations[:: max(len(locations) // N_SAMPLED, 1)]
    return next((location for location in sample if is_lost(location)), "")


def found_in(paths: Sequence[str], folder: str) -> bool:
    """Tell whether a folder has one of some files."""
    return any(os.path.isfile(place) for place in resolved(paths, [folder]))


def explained(reason: str, folders: Sequence[str]) -> str:
    """Get the reason why an image cannot be read, with the folders where it was looked for."""
    if reason != NOT_FOUND or not folders:
        return reason
    return f"{reason}; it was looked for in {' and '.join(folders)}"


class _Search:
    """Looks for files by the ends of their paths.

    Once one is found, its folder is searched first.
    """

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = folders or [""]
        self._moved: dict[str, str] = {}

    def find_all(self, paths: Sequence[str], plain: Sequence[str]) -> list[str]:
        """Look for all paths that lead nowhere."""
        found = [
            self.find(path) if is_lost(location) else location
            for path, location in zip(paths, plain, strict=True)
        ]
        path_of: dict[str, str] = {}
        doubtful = {
            location
            for path, location in zip(paths, found, strict=True)
            if location and path_of.setdefault(location, path) != path
            and _parts(path_of[location]) != _parts(path)
        }  # fmt: skip
        return [
            # Two images match: it is unknown which of them is meant.
            location if location and location not in doubtful else given
            for location, given in zip(found, plain, strict=True)
        ]

    def find(self, path: str) -> str:
        """Look for one path; "" if it is nowhere."""
        start = max(path.rfind("/"), path.rfind("\\")) + 1
        folder, name = path[:start], path[start:]
        known = self._moved.get(folder)
        if known is not None and os.path.isfile(location := os.path.join(known, name)):
            return location
        for location in self._candidates(path, _parts(path)):
            if os.path.isfile(location):
                if not is_url(path):  # the name in a URL may differ from that of the file
                    self._moved[folder] = os.path.dirname(location)
                return location
        return ""

    def _candidates(self, path: str, parts: tuple[str, ...]) -> Iterator[str]:
        if not is_absolute(path):
            for folder in self._folders:
                yield os.path.join(folder, path)
        for start in range(len(parts)):
            for folder in self._folders:
                # From where a script happens to run, only whole relative paths lead anywhere.
                if folder or (start == 0 and not is_absolute(path)):
                    yield os.path.join(folder, *parts[start:])


def _parts(path: str) -> tuple[str, ...]:
    """Get the names on the way to a file, whatever system wrote the path."""
    if is_url(path):
        try:
            path = path_of_file_url(path)
        except FetchError:  # on another computer
            path = path[len("file:") :]
    return tuple(part for part in re.split(r"[/\\]", path) if part not in ("", ".", ".."))


def is_absolute(path: str) -> bool:
    """Tell whether a path, of any system, or a URL is absolute."""
    return path[:1] in ("/", "\\") or path[1:3] in (":/", ":\\") or is_url(path)


def _joined(folder: str, path: str) -> str:
    return path if not path or not folder or is_absolute(path) else os.path.join(folder, path)


def is_lost(location: str) -> bool:
    """Tell whether a location names a file on this computer, and there is none."""
    if is_url(location):
        if location[:5].lower() != "file:":
            return False
        try:
            location = path_of_file_url(location)
        except FetchError:
            return True
    return bool(location) and not os.path.isfile(location)
