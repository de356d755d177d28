"""Thumbnails of local files, cached on disk: a folder seen before is shown at once."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
import zlib

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from orangecontrib.imageembedding.caches.filestate import file_state
from orangecontrib.imageembedding.caches.layout import Layout
from orangecontrib.imageembedding.caches.store import Store

SIDES_PX = (64, 128, 256, 512)  # one of them serves all sizes below it
USED_STEP_S = 24 * 3600.0  # looking up writes nothing if the last use is not older than this
JPEG_QUALITY = 90

THUMBNAILS = Layout(
    name="thumbnails.sqlite",
    contents="thumbnails",
    schema="""
DROP TABLE IF EXISTS thumbnails;
CREATE TABLE IF NOT EXISTS pictures (
    key BLOB PRIMARY KEY, used_at REAL NOT NULL, checksum INTEGER NOT NULL, jpeg BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS by_use ON pictures (used_at)
""",
    entries="pictures",
    payload="jpeg",
    limit_bytes=512 << 20,
)
CACHE = Store(THUMBNAILS)


def kept_side(side_px: int) -> int | None:
    """Get the size at which the thumbnail for `side_px` is cached; None if it is too large."""
    return next((kept for kept in SIDES_PX if kept >= side_px), None)


def key_of(path: str, side_px: int) -> bytes | None:
    """Get the key of a file's thumbnail: it changes with the file. None where `file_state` is.

    Parameters
    ----------
    path : str
        Of a file.
    side_px : int
        One of `SIDES_PX`.
    """
    state = file_state(path)
    if state is None:
        return None
    told = (os.path.abspath(path), state, side_px)
    return hashlib.sha256(repr(told).encode("utf-8", "surrogateescape")).digest()


def look_up(key: bytes) -> NDArray[np.uint8] | None:
    """Get a cached thumbnail: shape (height, width, 3), dtype uint8; None if there is none."""
    now = time.time()

    def work(base: sqlite3.Connection) -> NDArray[np.uint8] | None:
        query = "SELECT jpeg, used_at, checksum FROM pictures WHERE key = ?"
        row = base.execute(query, (key,)).fetchone()
        if row is None or _checksum(key, row[0]) != row[2]:
            return None
        if now - row[1] > USED_STEP_S:
            base.execute("UPDATE pictures SET used_at = ? WHERE key = ?", (now, key))
        return np.asarray(simplejpeg.decode_jpeg(row[0]))

    return CACHE.read(work, None)


def keep(key: bytes, pixels: NDArray[np.uint8]) -> None:
    """Cache a thumbnail: shape (height, width, 3), dtype uint8."""
    pixels = np.ascontiguousarray(pixels)
    jpeg = simplejpeg.encode_jpeg(pixels, quality=JPEG_QUALITY, colorsubsampling="444")
    row = (key, time.time(), _checksum(key, jpeg), jpeg)
    insert = "INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?)"
    CACHE.write(lambda base: base.execute(insert, row))


def _checksum(key: bytes, jpeg: bytes) -> int:
    """Get what tells a thumbnail that the disk has changed, and one of another file."""
    return zlib.crc32(jpeg, zlib.crc32(key))
