"""A SQLite file in the user's cache folder, shared by all threads and processes.

It is a convenience: where it cannot be written, the work continues without it; where it is damaged,
it is emptied, or moved aside, and works again. `Store.problem` and `Store.note` say so, once.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from orangecontrib.imageembedding.caches import layout as layouts
from orangecontrib.imageembedding.caches.damage import (
    LOCK_TIMEOUT_S,
    aside,
    check_length,
    empty,
    files_of,
    is_damage,
    move_aside,
)
from orangecontrib.imageembedding.caches.layout import Layout

LOG = logging.getLogger(__name__)
T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

REST_S = 30.0  # so long a file that cannot be used is left alone
MAX_REPAIRS = 3  # of one store; then it is the disk

# Never closed: closing would remove the log of the file that has taken the place of theirs.
_ABANDONED: list[sqlite3.Connection] = []


def cache_file(name: str) -> Path:
    """Get where a cache of ours is, or will be, by the rules of the platform."""
    import platformdirs

    return platformdirs.user_cache_path("Orange3-ImageEmbedding", appauthor=False) / name


class Store:
    """One such file; opened when it is first used.

    Parameters
    ----------
    layout : Layout
        What it holds.
    path : Path, optional
        The file; by default that of the user.

    Attributes
    ----------
    problem : str or None
        Why it is not used, for the user; None if all is well.
    note : str or None
        What was repaired, for the user.
    """

    def __init__(self, layout: Layout, path: Path | None = None) -> None:
        self.layout = layout
        self.problem: str | None = None
        self.note: str | None = None
        self._path = path
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None
        self._opened_as: tuple[object, ...] = ()
        self._rests_until = 0.0
        self._n_repairs = 0
        self._has_complained = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know."""
        return tuple(text for text in (self.note, self.problem) if text is not None)

    @property
    def path(self) -> Path:
        """The file, which need not exist."""
        return self._path or cache_file(self.layout.name)

    def read(self, work: Work[T], otherwise: T) -> T:
        """Get what `work` reads; `otherwise` if there is no file, or it cannot be used.

        Parameters
        ----------
        work : callable
            Gets the connection, which begins no transactions by itself. Called a second time,
            with an empty file, where the first one is damaged.
        otherwise : any
            What to return without a file.
        """
        return self._use(work, otherwise) if self.path.exists() else otherwise

    def write(self, work: Work[object]) -> None:
        """Do `work`, in one transaction, and apply the size limit; see `read`."""

        def change(db: sqlite3.Connection) -> None:
            with layouts.writing(db):
                work(db)
            layouts.evict(db, self.layout)

        self._use(change, None)

    def n_bytes(self) -> int:
        """Get the size on disk."""
        return sum(path.stat().st_size for path in files_of(self.path) if path.is_file())

    def limit_bytes(self) -> int:
        """Get the size above which the least recently used entries are removed."""
        return self.read(lambda db: layouts.limit(db, self.layout), self.layout.limit_bytes)

    def set_limit(self, n_bytes: int) -> None:
        """Set the limit, and remove at once what is too much."""
        self.write(lambda db: layouts.set_limit(db, n_bytes))
        self.shrink()

    def shrink(self) -> None:
        """Give free space back to the disk."""
        self.read(layouts.shrink, None)

    def clear(self) -> None:
        """Forget everything, whatever state the file is in; the limit stays."""

        def forget(db: sqlite3.Connection) -> None:
            empty(db, self.layout)
            layouts.shrink(db)

        with self._lock:
            self._rests_until, self.problem = 0.0, None
            self.read(forget, None)
            if self.problem is not None and "locked" not in self.problem:
                self._rests_until, self.problem = 0.0, None
                self._remove(files_of(self.path))
            elif self.problem is None:
                self._remove([aside(self.path)])

    def _remove(self, files: list[Path]) -> None:
        try:
            for path in files:
                path.unlink(missing_ok=True)
        except OSError as error:
            self._rest(error)

    def close(self) -> None:
        """Let go of the file; it is opened again when it is needed."""
        with self._lock:
            if self._db is not None:
                with suppress(sqlite3.Error):
                    self._db.close()
            self._db = None

    def _use(self, work: Work[T], otherwise: T) -> T:
        with self._lock:
            if time.monotonic() < self._rests_until:
                return otherwise
            try:
                return self._tried(work)
            except sqlite3.ProgrammingError:
                raise  # a bug
            except (sqlite3.Error, OSError) as error:
                self._rest(error)
                return otherwise

    def _tried(self, work: Work[T]) -> T:
        try:
            return work(self._opened())
        except Exception as error:
            if not is_damage(error):
                raise
            if self._n_repairs == MAX_REPAIRS:
                raise sqlite3.DatabaseError(str(error)) from error
            self._repair(error)
        return work(self._opened())

    def _opened(self) -> sqlite3.Connection:
        path = self.path
        if self._db is not None:
            if self._opened_as == _identity(path):
                return self._db
            if self._opened_as[1:2] != (path,):
                self.close()
            else:  # this is another process, or there is another file in its place
                _ABANDONED.append(self._db)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_at_rest = not path.with_name(path.name + "-wal").exists()
        self._db = sqlite3.connect(
            path, timeout=LOCK_TIMEOUT_S, check_same_thread=False, isolation_level=None
        )
        layouts.prepare(self._db, self.layout)
        if is_at_rest:
            check_length(self._db, path)
        self._opened_as = _identity(path)
        return self._db

    def _repair(self, error: Exception) -> None:
        """Get a file that works: the same one, emptied, or a new one."""
        self._n_repairs += 1
        path = self.path
        self.note = (
            f"The cache of {self.layout.contents} {path} was damaged; a new one was started."
        )
        try:
            if self._db is None:
                raise error
            empty(self._db, self.layout)
        except Exception as failure:
            if not is_damage(failure):
                raise
            self.close()
            move_aside(path)
            self.note += f" The old file is now {aside(path)}."
        LOG.warning("%s (%s)", self.note, error)

    def _rest(self, error: Exception) -> None:
        """Leave the file alone for a while; say why, once."""
        self.problem = (
            f"The cache of {self.layout.contents} {self.path} cannot be used: {error}. "
            "The work goes on without it."
        )
        self._rests_until = time.monotonic() + REST_S
        self.close()
        if not self._has_complained:
            LOG.warning(self.problem)
        self._has_complained = True


def _identity(path: Path) -> tuple[object, ...]:
    """Get what tells one opened file from another, and a process from those that it forks."""
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return os.getpid(), path, status.st_dev, status.st_ino
