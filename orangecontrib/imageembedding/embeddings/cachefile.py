"""The statements of the cache's SQLite file; `cache` says what they are for."""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

SCHEMA_VERSION = 1
DEFAULT_LIMIT_BYTES = 2 << 30
AT_ONCE = 500  # values in one question; SQLite allows 999
ROOM = 0.95  # a full cache is emptied to this part of its limit, not at every vector anew

# Ordinary rowid tables: WITHOUT ROWID is three times slower with rows as long as vectors.
SCHEMA = """
CREATE TABLE embedders (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE);
CREATE TABLE vectors (
    embedder INTEGER NOT NULL, content BLOB NOT NULL, used_at REAL NOT NULL,
    checksum INTEGER NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (embedder, content));
CREATE INDEX by_use ON vectors (used_at);
CREATE TABLE files (
    path BLOB PRIMARY KEY, state TEXT NOT NULL, content BLOB NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL)
"""
FORGET_FILES = "DELETE FROM files WHERE content NOT IN (SELECT content FROM vectors)"


def prepare(db: sqlite3.Connection) -> None:
    """Make the tables where there are none; check that they are ours."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise sqlite3.DatabaseError("it was written by a newer version of this add-on")
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # counts only before anything is written
    with suppress(sqlite3.OperationalError):  # another process does the same at this moment
        db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing
    if version == SCHEMA_VERSION:
        return
    with _writing(db):
        if db.execute("PRAGMA user_version").fetchone() == (0,):
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


@contextmanager
def _writing(db: sqlite3.Connection) -> Iterator[None]:
    """Make one change of several statements: all of it or nothing."""
    db.execute("BEGIN IMMEDIATE")
    with db:
        yield


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
    """Look up vectors by content, and note that they were used."""
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
        with suppress(sqlite3.OperationalError), db:  # reading goes on where writing cannot
            db.execute(
                f"UPDATE vectors SET used_at = ? WHERE {which}", (time.time(), number, *part)
            )
    return found


def store(
    db: sqlite3.Connection,
    fingerprint: str,
    vectors: Mapping[bytes, Vector],
    files: Iterable[tuple[str, str, bytes]],
) -> None:
    """Keep vectors, and which files they are of; remove old ones if there are too many."""
    now = time.time()
    with _writing(db):
        db.execute("INSERT OR IGNORE INTO embedders (fingerprint) VALUES (?)", (fingerprint,))
        number = _number(db, fingerprint)
        db.executemany(
            "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?, ?)",
            [
                (number, content, now, _checksum(content, data), data)
                for content, vector in vectors.items()
                for data in [np.ascontiguousarray(vector, dtype="<f4").tobytes()]
            ],
        )
        db.executemany(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
            [
                (data, state, content, _checksum(data, state.encode(), content))
                for path, state, content in files
                for data in [os.fsencode(path)]
            ],
        )
    _evict(db)


def limit(db: sqlite3.Connection) -> int:
    """Get the size in bytes above which the least recently used vectors go."""
    row = db.execute("SELECT value FROM settings WHERE name = 'limit_bytes'").fetchone()
    return int(row[0]) if row else DEFAULT_LIMIT_BYTES


def set_limit(db: sqlite3.Connection, n_bytes: int) -> None:
    """Set the limit and keep to it at once."""
    with db:
        db.execute("INSERT OR REPLACE INTO settings VALUES ('limit_bytes', ?)", (n_bytes,))
    _evict(db)
    _shrink(db)


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


def clear(db: sqlite3.Connection, fingerprint: str | None) -> None:
    """Remove the vectors of one embedder, or of all."""
    with db:
        if fingerprint is None:
            db.execute("DELETE FROM vectors")
        else:
            number = _number(db, fingerprint)
            db.execute("DELETE FROM vectors WHERE embedder = ?", (number,))
        db.execute(FORGET_FILES)
    _shrink(db)


def _evict(db: sqlite3.Connection) -> None:
    """Remove the least recently used vectors if there are more than the limit allows."""
    most = limit(db)
    too_much = _used_bytes(db) - most
    while too_much > 0:
        with _writing(db):
            rows = db.execute(
                "SELECT rowid, LENGTH(vector) FROM vectors ORDER BY used_at"
            ).fetchmany(AT_ONCE)
            to_free = too_much + (1 - ROOM) * most
            gone = []
            for row, n_bytes in rows:
                if to_free <= 0:
                    break
                gone.append((row,))
                to_free -= n_bytes
            db.executemany("DELETE FROM vectors WHERE rowid = ?", gone)
            db.execute(FORGET_FILES)
        if not gone:  # nothing is left but the tables themselves
            return
        too_much = _used_bytes(db) - most


def _used_bytes(db: sqlite3.Connection) -> int:
    """Get the size of the file without what is free in it."""
    n_pages, n_free, page = (
        db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((n_pages - n_free) * page)


def _shrink(db: sqlite3.Connection) -> None:
    """Give free space back to the disk."""
    db.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)")


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
