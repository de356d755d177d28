"""One run of an embedder over many images: what is known, what is under way, what came out."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from orangecontrib.imageembedding.caches.filestate import file_state
from orangecontrib.imageembedding.embeddings.backends.base import (
    EncodedImage,
    LoadedEmbedder,
    Vector,
)
from orangecontrib.imageembedding.embeddings.cache import Cache
from orangecontrib.imageembedding.embeddings.feed import Batch, Item, Items
from orangecontrib.imageembedding.embeddings.key import content_hash
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import BackendError, ImageError
from orangecontrib.imageembedding.images.fetch import fetch, local_path
from orangecontrib.imageembedding.images.options import options_of
from orangecontrib.imageembedding.progress import Counts

LOOKED_UP_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, eq=False)  # as a key it is itself: not all its bytes
class _Read:
    """An image that was read."""

    item: Item
    content: bytes
    data: bytes
    file: tuple[str, str] | None  # its path and state, if it is a file that can be known again


class Job:
    """The state of a run; its methods may be called by several threads.

    Parameters
    ----------
    n_images : int
    spec : EmbedderSpec
    fingerprint : str or None
        See `Backend.fingerprint`.
    cache : Cache or None
        Where vectors are looked up and stored.

    Attributes
    ----------
    vectors : ndarray of shape (n_images, n_features), dtype float32
        NaN where there is none, or none yet.
    failures : dict of int to str
        Row → why it has no vector.
    """

    def __init__(
        self, n_images: int, spec: EmbedderSpec, fingerprint: str | None, cache: Cache | None
    ) -> None:
        self.vectors = np.full((n_images, spec.n_features), np.nan, dtype=np.float32)
        self.failures: dict[int, str] = {}
        self._spec = spec
        self._fingerprint = fingerprint
        self._cache = cache if fingerprint is not None else None
        self._lock = threading.Lock()
        self._n_done = 0
        self._n_known = 0
        self._last = ""
        # The same content is computed once in a run, even without a cache.
        self._outcomes: dict[bytes, int | ImageError] = {}  # the first row with the vector
        self._waiting: dict[bytes, list[Item]] = {}  # for a content that is being computed

    @property
    def counts(self) -> Counts:
        """How many images are done."""
        with self._lock:
            return Counts(self._n_done, len(self.vectors), self._n_known, self._last)

    def look_up(self, items: Items) -> Iterator[list[str]]:
        """Take the vectors of files that were embedded before and have not changed since.

        Yields
        ------
        rest : list of str
            The locations that are still to be embedded, a part of `items` at a time.
        """
        locations = items.locations()
        for start in range(0, len(locations), LOOKED_UP_AT_ONCE):
            part = locations[start : start + LOOKED_UP_AT_ONCE]
            yield part if self._cache is None else self._look_up(self._cache, items, part)

    def _look_up(self, cache: Cache, items: Items, locations: Sequence[str]) -> list[str]:
        paths = {location: _path_of(location) for location in locations}
        states = {path: state for path in paths.values() if path and (state := file_state(path))}
        contents = cache.contents(states)
        vectors = self._known(cache, list(set(contents.values())))
        rest = []
        for location, path in paths.items():
            vector = vectors.get(contents.get(path or "", b""))
            if vector is None:
                rest.append(location)
            else:
                self._succeed(items.item(location), vector, is_known=True)
        return rest

    def _known(self, cache: Cache, contents: Sequence[bytes]) -> dict[bytes, Vector]:
        """Look up vectors; those of another length are none of this embedder."""
        found = cache.vectors(str(self._fingerprint), contents)
        n_features = self._spec.n_features
        return {content: vector for content, vector in found.items() if len(vector) == n_features}

    def embed(self, batch: Batch, embedder: LoadedEmbedder) -> None:
        """Read some images, and embed those that no other thread has embedded or is embedding.

        Raises
        ------
        BackendError
            If the embedder fails.
        """
        claimed = self._claim(self._without_known(self._read(batch)))
        if not claimed:
            return
        images = [EncodedImage(read.item.location, read.data) for read in claimed]
        results = dict(zip(claimed, embedder.embed(images), strict=True))
        for result in results.values():
            if not isinstance(result, ImageError):
                self._check(result)
        self._keep(results)
        for read, result in results.items():
            self._finish(read, result)

    def _read(self, batch: Batch) -> list[_Read]:
        reads = []
        for item in batch:
            try:
                if not item.location:
                    raise ImageError("", "no path or URL")
                path = _path_of(item.location)
                state = file_state(path) if path and self._cache else None  # before it is read
                data = fetch(item.location) if item.data is None else item.data
                file = (path, state) if path and state else None
                reads.append(_Read(item, _content_of(data, item.location), data, file))
            except ImageError as error:
                self.fail(item, error)
        return reads

    def _without_known(self, reads: list[_Read]) -> list[_Read]:
        """Take the vectors of contents that were embedded before, in another place or name."""
        if self._cache is None:
            return reads
        vectors = self._known(self._cache, [read.content for read in reads])
        known = [read for read in reads if read.content in vectors]
        for read in known:
            self._succeed(read.item, vectors[read.content], is_known=True)
        self._note_files(known)
        return [read for read in reads if read.content not in vectors]

    def _claim(self, reads: list[_Read]) -> list[_Read]:
        """Claim what no thread has claimed; the other threads get the same result."""
        claimed = []
        for read in reads:
            with self._lock:
                outcome = self._outcomes.get(read.content)
                if outcome is None and read.content in self._waiting:
                    self._waiting[read.content].append(read.item)
                elif outcome is None:
                    self._waiting[read.content] = []
                    claimed.append(read)
            if outcome is not None:
                self._repeat(read.item, outcome)
        self._note_files([read for read in reads if read not in claimed])
        return claimed

    def _finish(self, read: _Read, result: Vector | ImageError) -> None:
        if isinstance(result, ImageError):
            outcome: int | ImageError = result
            self.fail(read.item, result)
        else:
            outcome = read.item.rows[0]
            self._succeed(read.item, result)
        with self._lock:
            self._outcomes[read.content] = outcome
            waiting = self._waiting.pop(read.content)
        for item in waiting:
            self._repeat(item, outcome)

    def _repeat(self, item: Item, outcome: int | ImageError) -> None:
        if isinstance(outcome, ImageError):
            self.fail(item, outcome)
        else:
            self._succeed(item, self.vectors[outcome], is_known=True)

    def _succeed(self, item: Item, vector: Vector, is_known: bool = False) -> None:
        self.vectors[list(item.rows)] = vector
        with self._lock:
            self._n_done += len(item.rows)
            self._n_known += len(item.rows) - (not is_known)  # in its other rows, it is repeated
            self._last = item.location

    def fail(self, item: Item, error: ImageError) -> None:
        """Note that an image has no vector, in all its rows."""
        with self._lock:
            self.failures |= dict.fromkeys(item.rows, error.reason)
            self._n_done += len(item.rows)
            self._last = item.location

    def _check(self, vector: Vector) -> None:
        if vector.shape != (self._spec.n_features,):
            raise BackendError(
                f"{self._spec.title} gave {vector.shape} numbers for an image instead of "
                f"{self._spec.n_features}."
            )

    def _keep(self, results: dict[_Read, Vector | ImageError]) -> None:
        """Write the vectors to disk, so that they outlive a crash of the next moment."""
        good = {r.content: v for r, v in results.items() if not isinstance(v, ImageError)}
        if self._cache is not None and good:
            files = _files(read for read in results if read.content in good)
            self._cache.store(str(self._fingerprint), good, files)

    def _note_files(self, reads: list[_Read]) -> None:
        """Note the contents of files whose vectors are already cached."""
        files = _files(reads)
        if self._cache is not None and files:
            self._cache.store(str(self._fingerprint), {}, files)


def _files(reads: Iterable[_Read]) -> list[tuple[str, str, bytes]]:
    return [(*read.file, read.content) for read in reads if read.file is not None]


def _path_of(location: str) -> str | None:
    """Get the path of a file whose vector is known by its state: one that is read as usual."""
    return None if options_of(location).channels else local_path(location)


def _content_of(data: bytes, location: str) -> bytes:
    """Get what tells one picture from all others: the same file may be shown in other colors."""
    channels = options_of(location).channels
    return content_hash(data + repr(channels).encode() if channels else data)
