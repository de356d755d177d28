"""The statements of the cache's SQLite file; `cache` says what they are for."""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.caches.layout import Layout, forget_orphans

Vector = NDArray[np.float32]

AT_ONCE = 500  # values in one question; SQLite allows 999

VECTORS = Layout(
    name="vectors.sqlite",
    contents="vectors",
    schema="""
CREATE TABLE IF NOT EXISTS embedders (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS vectors (
    embedder INTEGER NOT NULL, content BLOB NOT NULL, used_at REAL NOT NULL,
    checksum INTEGER NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (embedder, content));
CREATE INDEX IF NOT EXISTS by_use ON vectors (used_at);
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, state TEXT NOT NULL, content BLOB NOT NULL, checksum INTEGER NOT NULL)
""",
    entries="vectors",
    payload="vector",
    limit_bytes=2 << 30,
    orphans="DELETE FROM files WHERE content NOT IN (SELECT content FROM vectors)",
)


def _number(db: sqlite3.Connection, fingerprint: str) -> int | None:
    row = db.execute("SELECT id FROM embedders WHERE fingerprint = ?", (fingerprint,)).fetchone()
    return row[0] if row else None


def contents(db: sqlite3.Connection, states: Mapping[str, str]) -> dict[str, bytes]:
    """Look up which content unchanged files have."""
    found = {}
    paths = {os.fsencode(path): path for path in states}
    for part in _parts(list(paths)):
        query = f"SELECT path, state, content, checksum FROM files WHERE path IN ({_marks(part)})"
        for path, state, content, checksum in db.execute(query, part):
            text = states[paths[path]]
            if state == text and checksum == _checksum(path, state.encode(), content):
                found[paths[path]] = content
    return found


def vectors(
    db: sqlite3.Connection, fingerprint: str, contents: Sequence[bytes]
) -> dict[bytes, Vector]:
    """Look up vectors by content, and note that they were used.

    Returns
    -------
    found : dict of bytes to ndarray of shape (n_features,), dtype float32
        Those that are cached.
    """
    number = _number(db, fingerprint)
    found = {}
    for part in _parts(contents) if number is not None else ():
        which = f"embedder = ? AND content IN ({_marks(part)})"
        rows = db.execute(
            f"SELECT content, checksum, vector FROM vectors WHERE {which}", (number, *part)
        )
        for content, checksum, vector in rows:
            if checksum == _checksum(content, vector):  # else the disk has changed it
                found[content] = np.frombuffer(vector, dtype="<f4")
        with suppress(sqlite3.OperationalError):  # reading works where writing does not
            db.execute(
                f"UPDATE vectors SET used_at = ? WHERE {which}", (time.time(), number, *part)
            )
    return found


def store(
    db: sqlite3.Connection,
    fingerprint: str,
    vectors: Mapping[bytes, bytes],
    files: Iterable[tuple[bytes, str, bytes]],
) -> None:
    """Keep the bytes of vectors, and which files they are of."""
    now = time.time()
    db.execute("INSERT OR IGNORE INTO embedders (fingerprint) VALUES (?)", (fingerprint,))
    number = _number(db, fingerprint)
    db.executemany(
        "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?, ?)",
        [
            (number, content, now, _checksum(content, data), data)
            for content, data in vectors.items()
        ],
    )
    db.executemany(
        "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
        [
            (path, state, content, _checksum(path, state.encode(), content))
            for path, state, content in files
        ],
    )


def embedders(db: sqlite3.Connection) -> list[tuple[str, int, int]]:
    """List fingerprint, number of vectors and their bytes of the embedders that have some."""
    # By the index alone: reading every row would read the whole file.
    counts = dict(db.execute("SELECT embedder, COUNT(*) FROM vectors GROUP BY embedder"))
    found = []
    for number, fingerprint in db.execute("SELECT * FROM embedders ORDER BY fingerprint"):
        if number in counts:
            query = "SELECT LENGTH(vector) FROM vectors WHERE embedder = ? LIMIT 1"
            (length,) = db.execute(query, (number,)).fetchone()
            found.append((fingerprint, counts[number], counts[number] * length))
    return found


def clear(db: sqlite3.Connection, fingerprint: str) -> None:
    """Remove the vectors of one embedder."""
    db.execute("DELETE FROM vectors WHERE embedder = ?", (_number(db, fingerprint),))
    forget_orphans(db, VECTORS)


def _parts(values: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]


def _marks(values: Sequence[bytes]) -> str:
    return ",".join("?" * len(values))


def _checksum(*parts: bytes) -> int:
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    return checksum
