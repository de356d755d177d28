"""Repair of a damaged cache file."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

from orangecontrib.imageembedding.caches.layout import Layout, limit, prepare, set_limit

LOCK_TIMEOUT_S = 5.0
FILES = ("", "-wal", "-shm", "-journal")
# Beginnings of what SQLite says of the world around the file; all else it says of the file.
OUTSIDE = (
    "access permission",
    "attempt to write a readonly",
    "database is locked",
    "database or disk is full",
    "database schema is locked",
    "database table is locked",
    "disk I/O error",
    "interrupted",
    "it was written by a newer version",
    "locking protocol",
    "out of memory",
    "unable to open",
)
# What reading values of wrong types, lengths and encodings raises.
WRONG_VALUES = (ValueError, TypeError, LookupError, OverflowError)


def is_damage(error: Exception) -> bool:
    """Tell whether an error comes of what is in the file."""
    if isinstance(error, sqlite3.ProgrammingError):
        return False
    if isinstance(error, sqlite3.Error):
        return not str(error).startswith(OUTSIDE)
    return isinstance(error, WRONG_VALUES)


def check_length(db: sqlite3.Connection, path: Path) -> None:
    """Notice a file whose last page is cut, as SQLite does not.

    Raises
    ------
    sqlite3.DatabaseError
        If it is.
    """
    if path.stat().st_size % db.execute("PRAGMA page_size").fetchone()[0]:
        raise sqlite3.DatabaseError("its end is missing")


def files_of(path: Path) -> list[Path]:
    """List the files that belong to a cache, which need not exist."""
    return [path.with_name(path.name + end) for end in FILES] + [aside(path)]


def aside(path: Path) -> Path:
    """Get the path to which a file that is not a database is moved."""
    return path.with_name(path.name + ".damaged")


def empty(db: sqlite3.Connection, layout: Layout) -> None:
    """Replace all that is in a file in one transaction, except its limit.

    Other processes can continue to use it.

    Raises
    ------
    sqlite3.Error
        If so little is left of it that it is not a database.
    """
    until = time.monotonic() + LOCK_TIMEOUT_S

    def give_up(*_: object) -> None:
        if time.monotonic() > until:
            raise sqlite3.OperationalError("database is locked")

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        fresh.execute(f"PRAGMA page_size = {db.execute('PRAGMA page_size').fetchone()[0]}")
        prepare(fresh, layout)
        with suppress(sqlite3.DatabaseError):  # the limit, if it can still be read
            set_limit(fresh, limit(db, layout))
        fresh.backup(db, progress=give_up)


def move_aside(path: Path) -> None:
    """Make way for a new file, unless another process has done so."""
    from filelock import FileLock

    with FileLock(path.with_name(path.name + ".lock"), timeout=LOCK_TIMEOUT_S):
        if not _is_database(path):
            with suppress(FileNotFoundError):
                path.replace(aside(path))
            for end in FILES[1:]:  # left to the new file, they would be taken for its own
                path.with_name(path.name + end).unlink(missing_ok=True)


def _is_database(path: Path) -> bool:
    with closing(sqlite3.connect(path, timeout=LOCK_TIMEOUT_S)) as db:
        try:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
        except sqlite3.DatabaseError as error:
            return not is_damage(error)
