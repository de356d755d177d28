"""Thumbnails of local files, kept on disk: a folder seen before is shown at once.

One SQLite file in the user's cache folder, shared by all processes. It is a convenience: where it
is broken, locked or cannot be written, everything is as if it were empty.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import numpy as np
import simplejpeg
from numpy.typing import NDArray

T = TypeVar("T")

SIDES_PX = (64, 128, 256, 512)  # one of them serves all sizes below it
MAX_CACHE_BYTES = 512 << 20  # of all entries; the least recently used go first
KEPT_PART = 0.9  # what stays when they go
LOOK_EVERY = 500  # entries, until the sum is looked at again
LOCK_TIMEOUT_S = 1.0
USED_STEP_S = 24 * 3600.0  # looking up writes nothing if the last use is not older than this
JPEG_QUALITY = 90

SCHEMA = """
CREATE TABLE IF NOT EXISTS thumbnails (
    key BLOB PRIMARY KEY, used_at REAL NOT NULL, n_bytes INTEGER NOT NULL, jpeg BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS thumbnails_by_use ON thumbnails (used_at, n_bytes);
"""
EVICT = """
DELETE FROM thumbnails WHERE key IN (SELECT key FROM
    (SELECT key, SUM(n_bytes) OVER (ORDER BY used_at DESC, key) AS n FROM thumbnails) WHERE n > ?)
"""


def cache_path() -> Path:
    """Get the file of the cache, which need not exist, by the rules of the platform."""
    import platformdirs

    folder = platformdirs.user_cache_path("Orange3-ImageEmbedding", appauthor=False)
    return folder / "thumbnails.sqlite"


def kept_side(side_px: int) -> int | None:
    """Get the size at which a thumbnail is kept that serves for `side_px`; None if too large."""
    return next((kept for kept in SIDES_PX if kept >= side_px), None)


def key_of(path: str, side_px: int) -> bytes | None:
    """Get the key of a file's thumbnail: it changes with the file. None if there is no file.

    Parameters
    ----------
    path : str
        Of a file.
    side_px : int
        One of `SIDES_PX`.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    told = (os.path.abspath(path), status.st_size, status.st_mtime_ns, side_px)
    return hashlib.sha256(repr(told).encode("utf-8", "surrogateescape")).digest()


def look_up(key: bytes) -> NDArray[np.uint8] | None:
    """Get the pixels that are kept, shape (height, width, 3); None if there are none."""
    now = time.time()

    def work(base: sqlite3.Connection) -> bytes | None:
        query = "SELECT jpeg, used_at FROM thumbnails WHERE key = ?"
        row = base.execute(query, (key,)).fetchone()
        if row is None:
            return None
        if now - row[1] > USED_STEP_S:
            base.execute("UPDATE thumbnails SET used_at = ? WHERE key = ?", (now, key))
        return bytes(row[0])

    jpeg = _with_base(work, create=False)
    if jpeg is None:
        return None
    try:
        return np.asarray(simplejpeg.decode_jpeg(jpeg))
    except ValueError:  # damaged: it will be made and kept anew
        return None


def keep(key: bytes, pixels: NDArray[np.uint8]) -> None:
    """Keep a thumbnail, shape (height, width, 3)."""
    pixels = np.ascontiguousarray(pixels)
    jpeg = simplejpeg.encode_jpeg(pixels, quality=JPEG_QUALITY, colorsubsampling="444")

    def work(base: sqlite3.Connection) -> None:
        row = (key, time.time(), len(jpeg), jpeg)
        insert = "INSERT OR REPLACE INTO thumbnails VALUES (?, ?, ?, ?)"
        if (base.execute(insert, row).lastrowid or 0) % LOOK_EVERY:
            return
        total = base.execute("SELECT SUM(n_bytes) FROM thumbnails").fetchone()[0]
        if total > MAX_CACHE_BYTES:
            base.execute(EVICT, (int(MAX_CACHE_BYTES * KEPT_PART),))

    _with_base(work, create=True)


def _with_base(work: Callable[[sqlite3.Connection], T], create: bool) -> T | None:
    """Do `work` in a transaction; quietly leave it where the cache cannot be used."""
    path = cache_path()
    if not create and not path.exists():
        return None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=LOCK_TIMEOUT_S)) as base, base:
            # No write-ahead log: home folders on network drives cannot have one.
            base.execute("PRAGMA synchronous = OFF")  # a loss is no harm, and damage is noticed
            if create:
                base.executescript(SCHEMA)
            return work(base)
    except (sqlite3.OperationalError, OSError):
        return None  # locked, read-only, no room: next time perhaps
    except (sqlite3.Error, ValueError, TypeError):  # not a database, or not ours: begin anew
        for suffix in ("", "-journal"):
            with suppress(OSError):
                path.with_name(path.name + suffix).unlink()
        return None
