"""An embedder as the server runs it: what is known from the cache, the rest computed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.embeddings.backends.base import EncodedImage, Vector
from orangecontrib.imageembedding.embeddings.backends.local.embedder import LocalEmbedder
from orangecontrib.imageembedding.embeddings.cache import Cache
from orangecontrib.imageembedding.embeddings.key import content_hash
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import (
    BackendError,
    ImageEmbeddingError,
    ImageError,
)
from orangecontrib.imageembedding.images.encode import encode_png
from orangecontrib.imageembedding.server.batcher import Batcher
from orangecontrib.imageembedding.server.fleet import FleetEmbedder
from orangecontrib.imageembedding.server.metrics import Metrics

LOG = logging.getLogger(__name__)

PROBE_S = 2.0
RETIRE_POLL_S = 0.05
PROBE = EncodedImage("a probe", encode_png(np.full((64, 64, 3), 128, dtype=np.uint8)))

Picture = bytes | NDArray[np.float32]  # a whole encoded file, or prepared: (3, S, S)
Outcome = Vector | ImageError


class Served(Protocol):
    """What the app needs of an embedder, wherever it runs.

    Attributes
    ----------
    spec : EmbedderSpec
    fingerprint : str
        Names everything a vector depends on, except the image.
    """

    spec: EmbedderSpec
    fingerprint: str

    @property
    def n_waiting(self) -> int:
        """Count the images whose computation has not begun."""
        ...

    @property
    def is_well(self) -> bool:
        """Tell whether it can compute."""
        ...

    def embed(self, pictures: Sequence[Picture]) -> Awaitable[list[Outcome]]:
        """Embed some pictures: for each a vector, or why there is none, in order.

        Raises
        ------
        BackendError
            If the embedder cannot run any more.
        """
        ...

    def retire(self) -> Awaitable[None]:
        """Finish what is begun, and free the memory; nothing new is given to it."""
        ...


class ServedHere:
    """An embedder in this process; see `Served`.

    Parameters
    ----------
    spec : EmbedderSpec
    fingerprint : str
    embedder : LocalEmbedder or FleetEmbedder
    cache : Cache or None
        The cache of vectors; None for no cache.
    metrics : Metrics
    """

    def __init__(
        self,
        spec: EmbedderSpec,
        fingerprint: str,
        embedder: LocalEmbedder | FleetEmbedder,
        cache: Cache | None,
        metrics: Metrics,
    ) -> None:
        self.spec = spec
        self.fingerprint = fingerprint
        self.is_well = True
        self._probing: asyncio.Task[None] | None = None
        self._embedder = embedder
        self._cache = cache
        self._metrics = metrics
        self._batcher: Batcher[Picture, Outcome] = Batcher(
            self._compute, embedder.batch_size, embedder.n_workers
        )

    @property
    def n_waiting(self) -> int:
        """Images whose computation has not begun."""
        return self._batcher.n_waiting

    async def embed(self, pictures: Sequence[Picture]) -> list[Outcome]:
        """Embed some pictures, as `Served` says."""
        try:
            return await self._batcher.results(pictures)
        finally:
            if not self.is_well and self._probing is None:
                self._probing = asyncio.ensure_future(self._probe())

    def refuse_waiting(self) -> None:
        """Refuse what has not begun: the server is shutting down."""
        self._batcher.refuse(BackendError("the server is shutting down"))

    async def _probe(self) -> None:
        """Try a picture of our own until it works: no traffic comes to what is not ready."""
        while not self.is_well:
            await asyncio.sleep(PROBE_S)
            try:
                (outcome,) = await self._batcher.run(lambda: self._embed([PROBE]))
                self.is_well = not isinstance(outcome, ImageError)
            except BackendError as error:
                LOG.warning("%s does not work yet: %s", self.spec.id, error)
        self._probing = None

    async def retire(self) -> None:
        """Finish what is begun, and free the memory."""
        while self._batcher.n_waiting or self._batcher.is_running:
            await asyncio.sleep(RETIRE_POLL_S)
        self.close()
        if isinstance(self._embedder, FleetEmbedder):
            await asyncio.to_thread(self._embedder.close)

    def close(self) -> None:
        """Let the threads end."""
        if self._probing is not None:
            self._probing.cancel()
        self._batcher.close()

    def _compute(self, pictures: list[Picture]) -> list[Outcome]:
        """Embed a batch, in a thread of the batcher."""
        self._metrics.note_batch(self.spec.id, len(pictures))
        try:
            files = [picture for picture in pictures if isinstance(picture, bytes)]
            arrays = [picture for picture in pictures if not isinstance(picture, bytes)]
            of_files = iter(self._embed_files(files))
            of_arrays = iter(self._embedder.network(np.stack(arrays)) if arrays else ())
            outcomes = [
                _checked(next(of_files if isinstance(picture, bytes) else of_arrays))
                for picture in pictures
            ]
        except BackendError:
            self.is_well = False
            raise
        self.is_well = True
        return outcomes

    def _embed_files(self, files: list[bytes]) -> list[Outcome]:
        """Embed encoded files, each content once."""
        contents = [content_hash(data) for data in files]
        known: dict[bytes, Outcome] = {}
        if self._cache is not None and files:
            known |= self._cache.vectors(self.fingerprint, list(set(contents)))
        new = {key: data for key, data in zip(contents, files, strict=True) if key not in known}
        images = [EncodedImage("the image", data) for data in new.values()]
        outcomes = dict(zip(new, self._embed(images) if images else (), strict=True))
        self._metrics.note_known(self.spec.id, len(files) - len(new))
        vectors = {
            key: outcome
            for key, outcome in outcomes.items()
            if not isinstance(outcome, ImageError) and np.isfinite(outcome).all()
        }
        if self._cache is not None and vectors:
            self._cache.store(self.fingerprint, vectors)
        known |= outcomes
        return [known[content] for content in contents]

    def _embed(self, images: list[EncodedImage]) -> list[Outcome]:
        try:
            return self._embedder.embed(images)
        except ImageEmbeddingError:
            raise
        except Exception as error:  # a picture that breaks a decoder must not harm its mates
            if len(images) > 1:
                return [outcome for image in images for outcome in self._embed([image])]
            LOG.exception("An image could not be embedded")
            return [ImageError(images[0].location, f"it cannot be read ({type(error).__name__})")]


def _checked(outcome: Outcome) -> Outcome:
    if isinstance(outcome, ImageError) or np.isfinite(outcome).all():
        return outcome
    return ImageError("the image", "the network gives numbers for it that are not finite")
