"""Locations → vectors: take what is known, embed the rest in batches as they come."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.caches.parked import the_parking
from orangecontrib.imageembedding.embeddings.backends.base import Backend, LoadedEmbedder
from orangecontrib.imageembedding.embeddings.cache import Cache
from orangecontrib.imageembedding.embeddings.feed import Batch, Feed, Items
from orangecontrib.imageembedding.embeddings.job import Job
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.progress import Progress, count, run_watched, say, silent
from orangecontrib.imageembedding.workers.place import has_window, run_apart

Batches = dict[Future[None], Batch]

PATIENCE_S = 0.05  # how soon a Cancel is noticed while nothing comes
APART = "orangecontrib.imageembedding.embeddings.run:embed_to_the_end"


@dataclass(frozen=True, slots=True)
class Embedded:
    """What came of a list of images.

    Attributes
    ----------
    vectors : ndarray of shape (n_images, n_features), dtype float32
        In the order of the images; a row of NaN where there is none.
    failures : dict of int to str
        Row → why it has no vector.
    n_cached : int
        Images that were not embedded, because that was done before.
    notes : tuple of str
        What the user should know, besides the failures.
    fingerprint : str or None
        What the vectors depend on, see `Backend.fingerprint`; None if that is not known, or there
        were no images.
    """

    vectors: NDArray[np.float32]
    failures: dict[int, str]
    n_cached: int = 0
    notes: tuple[str, ...] = ()
    fingerprint: str | None = None


def embed_locations(
    locations: Sequence[str],
    spec: EmbedderSpec,
    backend: Backend,
    progress: Progress = silent,
    *,
    cache: bool = True,
) -> Embedded:
    """Embed the images at some locations.

    In a program with windows another process computes, unless `backend` is light.

    Parameters
    ----------
    locations : sequence of str
        Paths or URLs; "" where there is none. The same one is read and embedded only once, and so
        are different ones with the same content.
    spec : EmbedderSpec
        What to compute.
    backend : Backend
        What computes it.
    progress : Progress, optional
        Told the part of the images that are done, skipped ones too.
    cache : bool, optional
        Whether vectors are taken from the user's cache and put into it.

    Returns
    -------
    embedded : Embedded

    Raises
    ------
    BackendError
        If the embedder cannot run at all.
    Cancelled
        If `progress` raised it, within a tenth of a second. Finished vectors are cached.
    """
    if has_window() and not getattr(backend, "is_light", False):
        done = run_apart(APART, list(locations), spec, backend, progress=progress, cache=cache)
        return cast("Embedded", done)
    return run_watched(lambda relay: _embed(locations, spec, backend, relay, cache, {}), progress)


def embed_to_the_end(
    locations: Sequence[str],
    spec: EmbedderSpec,
    backend: Backend,
    progress: Progress,
    *,
    cache: bool = True,
) -> Embedded:
    """Embed the images at some locations in the calling thread; see `embed_locations`.

    Also when it is cancelled or fails, it does not end before the batches that were begun do.
    """
    batches: Batches = {}
    try:
        return _embed(locations, spec, backend, progress, cache, batches)
    finally:
        wait(batches)


def _embed(
    locations: Sequence[str], spec: EmbedderSpec, backend: Backend, progress: Progress,
    cache: bool, batches: Batches,
) -> Embedded:  # fmt: skip
    store = Cache() if cache and locations else None
    try:
        fingerprint = backend.fingerprint(spec, progress) if locations else None
        job = Job(len(locations), spec, fingerprint, store)
        items = Items(locations)
        rest: list[str] = []
        for part in job.look_up(items):
            rest += part
            progress(job.counts.n_done / len(locations))
        if rest:
            embedder = backend.load(spec, progress)
            # Plug-ins need not derive from `LoadedEmbedder`.
            n_shares = getattr(embedder, "n_shares", LoadedEmbedder.n_shares)
            feed = Feed(items, rest, embedder.batch_size, n_shares)
            _embed_rest(feed, job, embedder, batches, progress)
        progress(1.0)
        failures = dict(sorted(job.failures.items()))
        notes = store.notes if store else ()
        return Embedded(job.vectors, failures, job.counts.n_cached, notes, fingerprint)
    finally:
        if store is not None:
            _close(store, batches)


def _close(cache: Cache, batches: Batches) -> None:
    """Close the cache soon; after an interruption, once the work under way is stored."""
    begun = [batch for batch in batches if not batch.cancelled()]
    if not begun:
        the_parking().park(cache)
        return

    def close_later() -> None:
        wait(begun)
        the_parking().park(cache)

    threading.Thread(target=close_later, daemon=True, name="imageembedding-close").start()


def _embed_rest(
    feed: Feed, job: Job, embedder: LoadedEmbedder, batches: Batches, progress: Progress
) -> None:
    say(progress, "Embedding images")
    try:
        for _ in _rounds(feed, job, embedder, batches):
            # Also when nothing has come: this is where a Cancel comes through.
            count(progress, job.counts)
    finally:
        if hasattr(embedder, "close"):
            embedder.close()


def _rounds(feed: Feed, job: Job, embedder: LoadedEmbedder, batches: Batches) -> Iterator[None]:
    """Work; yield whenever something was done, and now and then while nothing comes.

    `batches` are those under way: if this is interrupted, they run to their end.
    """
    pool = ThreadPoolExecutor(embedder.n_workers, thread_name_prefix="imageembedding")
    with feed:
        try:
            while True:
                # First the batches: what they take leaves room for downloads.
                while len(batches) <= embedder.n_workers and (
                    batch := feed.next_batch(is_idle=not batches)
                ):
                    batches[pool.submit(job.embed, batch, embedder)] = batch
                downloads = feed.begin_downloads()
                if not batches and not downloads:
                    return
                pending: list[Future[Any]] = [*batches, *downloads]
                wait(pending, PATIENCE_S, FIRST_COMPLETED)
                for batch_done in [future for future in batches if future.done()]:
                    feed.done(batches.pop(batch_done))
                    batch_done.result()
                for download in downloads:
                    if download.done():
                        for item, error in feed.take_in(download):
                            job.fail(item, error)
                yield
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
