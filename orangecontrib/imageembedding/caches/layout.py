"""What a cache's file holds, and the statements that all caches share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

VERSION = 1
NEWEST_POSSIBLE = 1000  # a version above is damage, not a newer version of this add-on
AT_ONCE = 500  # entries that are looked at to make room
ROOM = 0.95  # a full cache is emptied to this part of its limit, not at every new entry

SYNCHRONOUS = "NORMAL"  # a killed process loses nothing, and a power cut damages nothing
SETTINGS = "CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL)"


class NewerVersionError(sqlite3.OperationalError):
    """The file was written by a newer version of this add-on."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of cache.

    Attributes
    ----------
    name : str
        Of its file.
    contents : str
        What it holds, for messages.
    schema : str
        ``CREATE ... IF NOT EXISTS``. Ordinary rowid tables: WITHOUT ROWID is three times slower
        with large rows.
    entries, payload : str
        The table of the entries, which has a column ``used_at``, and its largest column.
    limit_bytes : int
        Size of the file above which the least recently used entries are removed, unless the user
        has set another.
    orphans : str, optional
        Removes what belongs to entries that are gone.
    """

    name: str
    contents: str
    schema: str
    entries: str
    payload: str
    limit_bytes: int
    orphans: str = ""


def prepare(db: sqlite3.Connection, layout: Layout) -> None:
    """Make the tables where there are none.

    Raises
    ------
    NewerVersionError
        If this version does not know them.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if VERSION < version < NEWEST_POSSIBLE:
        raise NewerVersionError("it was written by a newer version of this add-on")
    if version == 0:
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # counts only before anything is written
    with suppress(sqlite3.OperationalError):  # another process does the same at this moment
        db.execute("PRAGMA journal_mode = WAL")
    db.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
    if version == VERSION:
        return
    if version != 0:
        raise sqlite3.DatabaseError(f"it has the version {version}")
    with writing(db):
        for statement in (*layout.schema.split(";"), SETTINGS):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def writing(db: sqlite3.Connection) -> Iterator[None]:
    """Make one change of several statements: all of it or nothing."""
    db.execute("BEGIN IMMEDIATE")
    with db:
        yield


def limit(db: sqlite3.Connection, layout: Layout) -> int:
    """Get the size in bytes above which the least recently used entries go."""
    row = db.execute("SELECT value FROM settings WHERE name = 'limit_bytes'").fetchone()
    if row is None:
        return layout.limit_bytes
    if not isinstance(row[0], int) or row[0] < 0:
        raise sqlite3.DatabaseError(f"the limit is {row[0]!r}")
    return row[0]


def set_limit(db: sqlite3.Connection, n_bytes: int) -> None:
    """Note the limit."""
    db.execute("INSERT OR REPLACE INTO settings VALUES ('limit_bytes', ?)", (n_bytes,))


def evict(db: sqlite3.Connection, layout: Layout) -> None:
    """Remove the least recently used entries if there are more than the limit allows."""
    most = limit(db, layout)
    too_much = _used_bytes(db) - most
    oldest = f"SELECT rowid, LENGTH({layout.payload}) FROM {layout.entries} ORDER BY used_at"
    while too_much > 0:
        with writing(db):
            to_free = too_much + (1 - ROOM) * most
            gone = []
            for row, n_bytes in db.execute(oldest).fetchmany(AT_ONCE):
                if to_free <= 0:
                    break
                gone.append((row,))
                to_free -= n_bytes
            db.executemany(f"DELETE FROM {layout.entries} WHERE rowid = ?", gone)
            forget_orphans(db, layout)
        if not gone:  # nothing is left but the tables themselves
            return
        too_much = _used_bytes(db) - most


def forget_orphans(db: sqlite3.Connection, layout: Layout) -> None:
    """Remove what belongs to entries that are gone."""
    if layout.orphans:
        db.execute(layout.orphans)


def shrink(db: sqlite3.Connection) -> None:
    """Give free space back to the disk."""
    db.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)")


def _used_bytes(db: sqlite3.Connection) -> int:
    """Get the size of the file without what is free in it."""
    n_pages, n_free, page = (
        db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((n_pages - n_free) * page)
