"""Thumbnails of local files, kept on disk: a folder seen before is shown at once."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from orangecontrib.imageembedding.images.diskcache import DiskCache

SIDES_PX = (64, 128, 256, 512)  # one of them serves all sizes below it
MAX_CACHE_BYTES = 512 << 20  # of all entries; the least recently used go first
KEPT_PART = 0.9  # what stays when they go
LOOK_EVERY = 500  # entries, until the sum is looked at again
USED_STEP_S = 24 * 3600.0  # looking up writes nothing if the last use is not older than this
JPEG_QUALITY = 90

CACHE = DiskCache(
    "thumbnails.sqlite",
    """
CREATE TABLE IF NOT EXISTS thumbnails (
    key BLOB PRIMARY KEY, used_at REAL NOT NULL, n_bytes INTEGER NOT NULL, jpeg BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS thumbnails_by_use ON thumbnails (used_at, n_bytes);
""",
)
EVICT = """
DELETE FROM thumbnails WHERE key IN (SELECT key FROM
    (SELECT key, SUM(n_bytes) OVER (ORDER BY used_at DESC, key) AS n FROM thumbnails) WHERE n > ?)
"""


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

    jpeg = CACHE.read(work)
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

    CACHE.write(work)
