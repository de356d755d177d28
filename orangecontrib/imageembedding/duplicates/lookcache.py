"""Looks of images, kept on disk by content: a file is decoded once in its life."""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from orangecontrib.imageembedding.caches.layout import Layout
from orangecontrib.imageembedding.caches.store import Store
from orangecontrib.imageembedding.duplicates.looks import Look, unpacked

LOOKS_VERSION = 2  # goes up when the same image gets another look, or measures, than before
AT_ONCE = 500  # values in one question; SQLite allows 999

LOOKS = Layout(
    name=f"looks-{LOOKS_VERSION}.sqlite",
    contents="hashes and measures of images",
    schema="""
CREATE TABLE IF NOT EXISTS looks (
    content TEXT PRIMARY KEY, used_at REAL NOT NULL, checksum INTEGER NOT NULL,
    look BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS by_use ON looks (used_at);
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, state TEXT NOT NULL, content TEXT NOT NULL)
""",
    entries="looks",
    payload="look",
    limit_bytes=1 << 30,  # two million
    orphans="DELETE FROM files WHERE content NOT IN (SELECT content FROM looks)",
)
CACHE = Store(LOOKS)

File = tuple[str, str]
"""Absolute path of a file, and its `file_state`."""


def contents_of(states: Mapping[str, str]) -> dict[str, str]:
    """Get the contents of files that have not changed since they were seen.

    Parameters
    ----------
    states : dict of str to str
        Absolute path → `file_state`.
    """

    def work(db: sqlite3.Connection) -> dict[str, str]:
        found = {}
        paths = {os.fsencode(path): path for path in states}
        for part in _parts(list(paths)):
            query = f"SELECT path, state, content FROM files WHERE path IN ({_marks(part)})"
            for path, state, content in db.execute(query, part):
                if state == states[paths[path]]:
                    found[paths[path]] = content
        return found

    return CACHE.read(work, {})


def looks_of(contents: Sequence[str]) -> dict[str, Look]:
    """Get the looks that are kept of some contents, and note that they were used."""

    def work(db: sqlite3.Connection) -> dict[str, Look]:
        found = {}
        for part in _parts(contents):
            which = f"content IN ({_marks(part)})"
            rows = db.execute(f"SELECT content, checksum, look FROM looks WHERE {which}", part)
            for content, checksum, data in rows:
                if checksum == _checksum(content, data):  # else the disk has changed it
                    found[content] = unpacked(content, data)
            with suppress(sqlite3.OperationalError):  # reading goes on where writing cannot
                db.execute(f"UPDATE looks SET used_at = ? WHERE {which}", (time.time(), *part))
        return found

    return CACHE.read(work, {})


def keep(looks: Iterable[Look], files: Iterable[tuple[File, str]] = ()) -> None:
    """Keep looks, and which files have these contents."""
    now = time.time()
    packed = [(look.content, look.packed()) for look in looks]
    rows = [(content, now, _checksum(content, data), data) for content, data in packed]
    paths = [(os.fsencode(path), state, content) for (path, state), content in files]

    def work(db: sqlite3.Connection) -> None:
        db.executemany("INSERT OR REPLACE INTO looks VALUES (?, ?, ?, ?)", rows)
        db.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", paths)

    CACHE.write(work)


def _parts(values: Sequence[bytes | str]) -> Iterator[Sequence[bytes | str]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]


def _marks(values: Sequence[bytes | str]) -> str:
    return ",".join("?" * len(values))


def _checksum(content: str, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(content.encode()))
