"""Vectors cached on disk, so that no image is embedded twice."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orangecontrib.imageembedding.caches.store import Store, cache_file
from orangecontrib.imageembedding.embeddings import cachefile
from orangecontrib.imageembedding.embeddings.cachefile import VECTORS, Vector


@dataclass(frozen=True, slots=True)
class CachedEmbedder:
    """What is cached for one embedder.

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
    return cache_file(VECTORS.name)


class Cache(Store):
    """The cache of vectors; threads may use it at the same time.

    Parameters
    ----------
    path : Path, optional
        The file; by default that of the user.
    """

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(VECTORS, path or cache_path())

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
        return self.read(lambda db: cachefile.contents(db, states), {})

    def vectors(self, fingerprint: str, contents: Sequence[bytes]) -> dict[bytes, Vector]:
        """Get the cached vectors of some contents.

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
        return self.read(lambda db: cachefile.vectors(db, fingerprint, contents), {})

    def store(
        self,
        fingerprint: str,
        vectors: Mapping[bytes, Vector],
        files: Iterable[tuple[str, str, bytes]] = (),
    ) -> None:
        """Store vectors; once this returns, a crash does not lose them.

        Parameters
        ----------
        fingerprint : str
            Of the embedder.
        vectors : dict of bytes to ndarray of shape (n_features,), dtype float32
            Vectors by content.
        files : iterable of (path, state, content)
            Which files hold these contents.
        """
        stored = {
            content: np.ascontiguousarray(vector, dtype="<f4").tobytes()
            for content, vector in vectors.items()
        }
        paths = [(os.fsencode(path), state, content) for path, state, content in files]
        self.write(lambda db: cachefile.store(db, fingerprint, stored, paths))

    def embedders(self) -> list[CachedEmbedder]:
        """List what is cached, by embedder."""
        nothing: list[tuple[str, int, int]] = []
        return [CachedEmbedder(*row) for row in self.read(cachefile.embedders, nothing)]

    def clear(self, fingerprint: str | None = None) -> None:
        """Forget the vectors of one embedder, or everything."""
        if fingerprint is None:
            super().clear()
        else:
            self.write(lambda db: cachefile.clear(db, fingerprint))
            self.shrink()


def clear_embedders(cache: Cache, embedder_ids: Collection[str]) -> None:
    """Forget the vectors of some embedders, whatever their weights and precision were."""
    for embedder in cache.embedders():
        if embedder.embedder_id in embedder_ids:
            cache.clear(embedder.fingerprint)
