"""Locations → what their images are compared by; each is decoded once in its life."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from orangecontrib.imageembedding.caches.filestate import file_state
from orangecontrib.imageembedding.checks.measures import measure
from orangecontrib.imageembedding.duplicates import lookcache
from orangecontrib.imageembedding.duplicates.hashes import MIN_QUALITY, hash_turns
from orangecontrib.imageembedding.duplicates.looks import Look
from orangecontrib.imageembedding.errors import ImageError
from orangecontrib.imageembedding.images.fetch import fetch, local_path
from orangecontrib.imageembedding.images.look import pixel_digest, see
from orangecontrib.imageembedding.images.options import USUAL, options_of
from orangecontrib.imageembedding.progress import Counts, Progress, count

AT_ONCE = 500  # images that are looked up, then kept, at a time


class _Read(NamedTuple):
    """What came of one file: a look or the reason why there is none; whether it is kept."""

    look: Look | str
    file: lookcache.File | None = None
    is_known: bool = False


def looks_of(locations: Sequence[str], progress: Progress) -> list[Look | str]:
    """Get the looks of images; for those that cannot be read, the reason.

    Parameters
    ----------
    locations : sequence of str
        Paths or URLs; the same one is read once.
    progress : Progress
        Told how many images are done. What was read until it raised `Cancelled` is kept.
    """
    each = list(dict.fromkeys(locations))
    done: dict[str, Look | str] = {}
    n_cached = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(each), AT_ONCE):
            part = each[start : start + AT_ONCE]
            known = _known(part)
            done |= known
            n_cached += len(known)
            reads: list[_Read] = []
            try:
                rest = [location for location in part if location not in known]
                for location, read in zip(rest, pool.map(_read, rest), strict=True):
                    reads.append(read)
                    done[location] = read.look
                    count(progress, Counts(len(done), len(each), n_cached, location))
            finally:
                _keep(reads)
            count(progress, Counts(len(done), len(each), n_cached, part[-1]))
    return [done[location] for location in locations]


def pixel_digests(
    locations: Sequence[str], looks: Sequence[Look], progress: Progress
) -> dict[str, str]:
    """Get digests of all pixels of some images, by their contents; they are kept.

    Images that are gone by now have none.
    """
    found: dict[str, Look] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for n_done, look in enumerate(pool.map(_with_pixels, locations, looks), start=1):
            if look is not None:
                found[look.content] = look
            progress(n_done / len(locations))
    lookcache.keep(found.values())
    return {content: look.pixels for content, look in found.items()}


def _with_pixels(location: str, look: Look) -> Look | None:
    try:
        data = fetch(location)
        is_same = _content_of(data, location) == look.content
        return replace(look, pixels=pixel_digest(data, location)) if is_same else None
    except ImageError:
        return None


def _known(locations: Sequence[str]) -> dict[str, Look | str]:
    """Get the looks of files that have not changed since they were seen."""
    paths = {location: _path_of(location) for location in locations}
    states = {path: state for path in paths.values() if path and (state := file_state(path))}
    contents = lookcache.contents_of(states)
    looks = lookcache.looks_of(list(set(contents.values())))
    known: dict[str, Look | str] = {}
    for location, path in paths.items():
        look = looks.get(contents.get(path or "", ""))
        if look is not None:
            known[location] = look
    return known


def _read(location: str) -> _Read:
    if not location:
        return _Read("no path or URL")
    path = _path_of(location)
    state = file_state(path) if path else None  # before it is read
    file = (path, state) if path and state else None
    try:
        data = fetch(location)
        content = _content_of(data, location)
        known = lookcache.looks_of([content])  # in another place, or under another name
        if known:
            return _Read(known[content], file, is_known=True)
        seen = see(data, location, path)
        hashes, quality = hash_turns(seen.pixels)
        # Only its pixels tell a blank picture from another one.
        pixels = pixel_digest(data, location) if quality < MIN_QUALITY else ""
    except ImageError as error:
        return _Read(error.reason)
    size = seen.width_px, seen.height_px
    measures = measure(seen.pixels, *size)
    return _Read(Look(content, hashes, quality, *size, len(data), pixels, measures), file)


def _keep(reads: Sequence[_Read]) -> None:
    looks = [read.look for read in reads if isinstance(read.look, Look) and not read.is_known]
    files = [(read.file, read.look.content) for read in reads
             if read.file is not None and isinstance(read.look, Look)]  # fmt: skip
    if looks or files:
        lookcache.keep(looks, files)


def _path_of(location: str) -> str | None:
    """Get the path of a file that is known by its state: one that is read as usual."""
    return local_path(location) if options_of(location) == USUAL else None


def _content_of(data: bytes, location: str) -> str:
    """Get what tells one picture from all others: the same file may be shown in other colors."""
    channels = options_of(location).channels
    told = data + repr(channels).encode() if channels else data
    return hashlib.sha256(told).hexdigest()


def paths_of(locations: Sequence[str]) -> list[str | None]:
    """Get absolute paths of those that are files on this computer; None of the others."""
    return [local_path(location) if location else None for location in locations]
