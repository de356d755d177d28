"""Web address of a large file → a copy in the cache, asked for again only if it has changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from http import HTTPStatus
from pathlib import Path

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.http.client import Client, Download
from orangecontrib.imageembedding.http.failures import HttpError
from orangecontrib.imageembedding.http.retry import refused
from orangecontrib.imageembedding.progress import Progress, say, silent

MAX_BYTES = 10 << 30  # of one file
MAX_CACHE_BYTES = 20 << 30  # of all; the least recently used go first
MIN_FREE_BYTES = 1 << 30  # left on the disk
TIMEOUT_S = 30.0  # between two pieces
NOTES = "notes.json"
CONDITIONS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


def download_file(url: str, name: str, cache: Path, progress: Progress = silent) -> Path:
    """Get a file from the web; only the address is sent.

    Parameters
    ----------
    url : str
        ``http`` or ``https``; redirects are followed.
    name : str
        Of the copy.
    cache : Path
        Folder of all copies. The same address always gets the same path in it.
    progress : Progress, optional
        Told the part that is there; may cancel, and nothing unfinished is left.

    Returns
    -------
    path : Path
        Of the copy; an earlier one where the server says that it is still right, or cannot be
        reached.

    Raises
    ------
    InputError
        If the server has no such file or cannot be reached, the file is larger than `MAX_BYTES`,
        or the disk is full.
    """
    place = cache / hashlib.sha256(url.encode("utf-8", "surrogateescape")).hexdigest()[:24]
    copy = place / name
    say(progress, f"Downloading {url}")
    try:
        place.mkdir(parents=True, exist_ok=True)
        with closing(Client(read_timeout_s=TIMEOUT_S)) as client:
            _renew(client, url, copy, progress)
        os.utime(place)
        _make_room(cache, place)
    except HttpError as error:
        raise InputError(f"{url} cannot be downloaded: {error.reason}. {error.advice}") from error
    except OSError as error:
        raise InputError(
            f"{url} cannot be stored in {cache}: {error.strerror or error}. Make room there."
        ) from error
    progress(1.0)
    return copy


def _renew(client: Client, url: str, copy: Path, progress: Progress) -> None:
    """Download unless the copy is still right."""
    notes = _notes(copy) if copy.is_file() else {}
    conditions = {CONDITIONS[key]: value for key, value in notes.items() if key in CONDITIONS}
    headers = {"Accept-Encoding": "identity", **conditions}
    done = 0.0
    try:
        download = client.download(url, headers, lambda: progress(done))
    except HttpError:
        if copy.is_file():
            return
        raise
    reply = download.reply
    if reply.status == HTTPStatus.NOT_MODIFIED and conditions:
        return
    if reply.status != HTTPStatus.OK:
        raise refused(reply)
    handle, unfinished = tempfile.mkstemp(dir=copy.parent, prefix=".unfinished-")
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - of a descriptor
            for piece in _bounded(download, copy.parent):
                file.write(piece)
                total = _announced(reply.headers)
                done = min(file.tell() / total, 1.0) if total else 0.0
                progress(done)
        Path(unfinished).replace(copy)
    finally:
        with suppress(FileNotFoundError):
            Path(unfinished).unlink()
    told = {key: reply.headers[key] for key in CONDITIONS if key in reply.headers}
    (copy.parent / NOTES).write_text(json.dumps(told), "utf-8")


def _bounded(download: Download, folder: Path) -> Iterator[bytes]:
    """Yield the pieces of a body as long as it is not too large."""
    n_bytes, announced = 0, _announced(download.reply.headers)
    if announced > MAX_BYTES:
        raise HttpError(f"larger than {MAX_BYTES >> 30} GiB")
    for piece in download.pieces:
        n_bytes += len(piece)
        if n_bytes > MAX_BYTES:
            raise HttpError(f"larger than {MAX_BYTES >> 30} GiB")
        if shutil.disk_usage(folder).free < len(piece) + MIN_FREE_BYTES:
            raise OSError(f"the disk is nearly full ({n_bytes / 1e6:,.0f} MB have come)")
        yield piece
    if n_bytes < announced:
        raise HttpError("the answer is not complete")


def _announced(headers: Mapping[str, str]) -> int:
    """Get the size that a server announces of what comes as it is; 0 if it does not."""
    length = headers.get("content-length", "")
    return int(length) if length.isdigit() and "content-encoding" not in headers else 0


def _notes(copy: Path) -> dict[str, str]:
    try:
        notes = json.loads((copy.parent / NOTES).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}


def _make_room(cache: Path, used: Path) -> None:
    """Remove the copies that were used longest ago, until the rest is small enough."""
    places = sorted(
        (place for place in cache.iterdir() if place.is_dir()),
        key=lambda place: -place.stat().st_mtime_ns,
    )
    n_bytes = 0
    for place in places:
        n_bytes += sum(file.stat().st_size for file in place.iterdir())
        if n_bytes > MAX_CACHE_BYTES and place != used:
            shutil.rmtree(place, ignore_errors=True)
