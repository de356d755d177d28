"""Vectors that were computed before, kept on disk: no image is embedded twice.

One SQLite file in the user's cache folder, shared by all processes, written as results arrive.
It is a convenience: where it is broken, full or cannot be written, the work goes on without it,
`Cache.problem` says so once, and nothing else changes.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from orangecontrib.imageembedding.embeddings import cachefile
from orangecontrib.imageembedding.embeddings.cachefile import Vector
from orangecontrib.imageembedding.images.diskcache import cache_file

LOG = logging.getLogger(__name__)
T = TypeVar("T")

LOCK_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class CachedEmbedder:
    """What is kept of one embedder.

    Attributes
    ----------
    fingerprint : str
        Its id, precision and hash, as in `key.fingerprint`.
    n_vectors, n_bytes : int
    """

    fingerprint: str
    n_vectors: int
    n_bytes: int

    @property
    def embedder_id(self) -> str:
        """The id in the fingerprint."""
        return self.fingerprint.rsplit(" ", 2)[0]

    @property
    def precision(self) -> str:
        """The precision in the fingerprint."""
        return self.fingerprint.rsplit(" ", 2)[1]


def cache_path() -> Path:
    """Get the file of the cache, which need not exist, by the rules of the platform."""
    return cache_file("vectors.sqlite")


class Cache:
    """The vectors that are kept; threads may use it at the same time.

    Parameters
    ----------
    path : Path, optional
        The file; by default that of the user.

    Attributes
    ----------
    problem : str or None
        Why it is not used, for the user; None if all is well.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or cache_path()
        self.problem: str | None = None
        self._lock = threading.RLock()
        self._db = self._opened()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._db is not None:
                with suppress(sqlite3.Error):
                    self._db.close()
            self._db = None

    def contents(self, states: Mapping[str, str]) -> dict[str, bytes]:
        """Get the contents of files that have not changed since they were embedded.

        Parameters
        ----------
        states : dict of str to str
            Absolute path → `file_state`.

        Returns
        -------
        contents : dict of str to bytes
            Path → `content_hash`, where it is known.
        """
        return self._guarded(lambda db: cachefile.contents(db, states), {})

    def vectors(self, fingerprint: str, contents: Sequence[bytes]) -> dict[bytes, Vector]:
        """Get the vectors that are kept of some contents.

        Parameters
        ----------
        fingerprint : str
            Of the embedder.
        contents : sequence of bytes
            As `content_hash` gives them.

        Returns
        -------
        vectors : dict of bytes to ndarray of shape (n_features,), dtype float32
            Read-only.
        """
        return self._guarded(lambda db: cachefile.vectors(db, fingerprint, contents), {})

    def store(
        self,
        fingerprint: str,
        vectors: Mapping[bytes, Vector],
        files: Iterable[tuple[str, str, bytes]] = (),
    ) -> None:
        """Keep vectors, safe from a crash when this returns.

        Parameters
        ----------
        fingerprint : str
            Of the embedder.
        vectors : dict of bytes to ndarray
            Content → vector.
        files : iterable of (path, state, content)
            Which files hold these contents.
        """
        self._guarded(lambda db: cachefile.store(db, fingerprint, vectors, files), None)

    def embedders(self) -> list[CachedEmbedder]:
        """List what is kept."""
        nothing: list[tuple[str, int, int]] = []
        return [CachedEmbedder(*row) for row in self._guarded(cachefile.embedders, nothing)]

    def n_bytes(self) -> int:
        """Get the size on disk."""
        return sum(path.stat().st_size for path in self._files() if path.is_file())

    def limit_bytes(self) -> int:
        """Get the size above which the least recently used vectors are removed."""
        return self._guarded(cachefile.limit, cachefile.DEFAULT_LIMIT_BYTES)

    def set_limit(self, n_bytes: int) -> None:
        """Set the limit, and remove at once what is too much."""
        self._guarded(lambda db: cachefile.set_limit(db, n_bytes), None)

    def clear(self, fingerprint: str | None = None) -> None:
        """Forget the vectors of one embedder, or everything; a damaged file is replaced."""
        if fingerprint is None and self._db is None:
            for path in self._files():
                path.unlink(missing_ok=True)
            self.problem = None
            self._db = self._opened()
            return
        self._guarded(lambda db: cachefile.clear(db, fingerprint), None)

    def _files(self) -> list[Path]:
        return [self.path.with_name(self.path.name + end) for end in ("", "-wal", "-shm")]

    def _opened(self) -> sqlite3.Connection | None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self.path, timeout=LOCK_TIMEOUT_S, check_same_thread=False)
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)
            return None
        self._db = db
        self._guarded(cachefile.prepare, None)
        return self._db

    def _guarded(self, use: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Use the database; the first thing that goes wrong is said, and ends its use."""
        with self._lock:
            if self._db is None:
                return otherwise
            try:
                return use(self._db)
            except sqlite3.Error as error:
                self._give_up(error)
                self.close()
                return otherwise

    def _give_up(self, error: Exception) -> None:
        self.problem = (
            f"Vectors are not kept for the next time: the cache {self.path} cannot be used "
            f"({error}). If it is damaged, clear it: image-embedding cache clear"
        )
        LOG.warning(self.problem)


def clear_embedders(cache: Cache, embedder_ids: Collection[str]) -> None:
    """Forget the vectors of some embedders, whatever their weights and precision were."""
    for embedder in cache.embedders():
        if embedder.embedder_id in embedder_ids:
            cache.clear(embedder.fingerprint)
