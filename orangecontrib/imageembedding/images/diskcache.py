"""A small SQLite file in the user's cache folder, shared by all processes.

It is a convenience: where it is broken, locked or cannot be written, everything is as if it were
empty.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

LOCK_TIMEOUT_S = 2.0


def cache_file(name: str) -> Path:
    """Get where a cache of ours is, or will be, by the rules of the platform."""
    import platformdirs

    return platformdirs.user_cache_path("Orange3-ImageEmbedding", appauthor=False) / name


@dataclass(frozen=True, slots=True)
class DiskCache:
    """One such file.

    Attributes
    ----------
    name : str
        Of the file.
    schema : str
        SQL that makes its tables, where they are not there.
    """

    name: str
    schema: str

    @property
    def path(self) -> Path:
        """The file, which need not exist."""
        return cache_file(self.name)

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do `work` in a transaction; None where there is no file, or it cannot be used."""
        return self.write(work) if self.path.exists() else None

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do `work` in a transaction; quietly leave it where the file cannot be used."""
        path = self.path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with closing(sqlite3.connect(path, timeout=LOCK_TIMEOUT_S)) as base, base:
                # No write-ahead log: home folders on network drives cannot have one.
                base.execute("PRAGMA synchronous = OFF")  # a loss is no harm; damage is noticed
                base.executescript(self.schema)
                return work(base)
        except (sqlite3.OperationalError, OSError):
            return None  # locked, read-only, no room: next time perhaps
        except (sqlite3.Error, ValueError, TypeError):  # not a database, or not ours: begin anew
            for suffix in ("", "-journal"):
                with suppress(OSError):
                    path.with_name(path.name + suffix).unlink()
            return None
