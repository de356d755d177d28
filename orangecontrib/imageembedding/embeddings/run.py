"""Locations → vectors: embed in batches as they come, collect failures with their reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.embeddings.backends.base import (
    Backend,
    EncodedImage,
    LoadedEmbedder,
    Vector,
)
from orangecontrib.imageembedding.embeddings.feed import Batch, Feed, Item
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import BackendError, ImageError
from orangecontrib.imageembedding.images.fetch import fetch
from orangecontrib.imageembedding.progress import Progress, run_watched, say, silent

PATIENCE_S = 0.05  # how soon a Cancel is noticed while nothing comes

Results = list[tuple[Item, Vector | ImageError]]


@dataclass(frozen=True, slots=True)
class Embedded:
    """What came of a list of images.

    Attributes
    ----------
    vectors : ndarray of shape (n_images, n_features), dtype float32
        In the order of the images; a row of NaN where there is none.
    failures : dict of int to str
        Row → why it has no vector.
    """

    vectors: NDArray[np.float32]
    failures: dict[int, str]


def embed_locations(
    locations: Sequence[str], spec: EmbedderSpec, backend: Backend, progress: Progress = silent
) -> Embedded:
    """Embed the images at some locations.

    Parameters
    ----------
    locations : sequence of str
        Paths or URLs; "" where there is none. The same one is read and embedded only once.
    spec : EmbedderSpec
        What to compute.
    backend : Backend
        What computes it.
    progress : Progress, optional
        Told the part of the images that are done, skipped ones too.

    Returns
    -------
    embedded : Embedded

    Raises
    ------
    BackendError
        If the embedder cannot run at all.
    Cancelled
        If `progress` raised it, within a tenth of a second.
    """
    return run_watched(lambda relay: _embed(locations, spec, backend, relay), progress)


def _embed(
    locations: Sequence[str], spec: EmbedderSpec, backend: Backend, progress: Progress
) -> Embedded:
    vectors = np.full((len(locations), spec.n_features), np.nan, dtype=np.float32)
    failures: dict[int, str] = {}
    if not locations:
        progress(1.0)
        return Embedded(vectors, failures)
    embedder = backend.load(spec, progress)
    say(progress, "Embedding images")
    n_done = 0
    for results in _results(locations, embedder, progress):
        for item, result in results:
            rows = list(item.rows)
            if isinstance(result, ImageError):
                failures |= dict.fromkeys(rows, result.reason)
            else:
                vectors[rows] = _checked(result, spec)
            n_done += len(rows)
        # Also when nothing has come: this is where a Cancel comes through.
        progress(n_done / len(locations))
    return Embedded(vectors, dict(sorted(failures.items())))


def _checked(vector: Vector, spec: EmbedderSpec) -> Vector:
    if vector.shape != (spec.n_features,):
        raise BackendError(
            f"{spec.title} gave {vector.shape} numbers for an image instead of {spec.n_features}."
        )
    return vector


def _results(
    locations: Sequence[str], embedder: LoadedEmbedder, progress: Progress
) -> Iterator[Results]:
    """Yield the results of images as they come, and nothing now and then while none comes."""
    pool = ThreadPoolExecutor(embedder.n_workers, thread_name_prefix="imageembedding")
    batches: dict[Future[Results], Batch] = {}
    with Feed(locations, embedder.batch_size) as feed:
        try:
            while True:
                # First the batches: what they take leaves room for downloads.
                while len(batches) <= embedder.n_workers and (
                    batch := feed.next_batch(is_idle=not batches)
                ):
                    batches[pool.submit(_embed_batch, batch, embedder)] = batch
                downloads = feed.begin_downloads()
                if not batches and not downloads:
                    return
                pending: list[Future[Any]] = [*batches, *downloads]
                wait(pending, PATIENCE_S, FIRST_COMPLETED)
                results: Results = []
                for batch_done in [future for future in batches if future.done()]:
                    feed.done(batches.pop(batch_done))
                    results += batch_done.result()
                for download in downloads:
                    if download.done():
                        results += feed.take_in(download)
                yield results
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _embed_batch(batch: Batch, embedder: LoadedEmbedder) -> Results:
    results: Results = []
    readable = []
    images = []
    for item in batch:
        try:
            if not item.location:
                raise ImageError("", "no path or URL")
            data = fetch(item.location) if item.data is None else item.data
            images.append(EncodedImage(item.location, data))
            readable.append(item)
        except ImageError as error:
            results.append((item, error))
    if images:
        results.extend(zip(readable, embedder.embed(images), strict=True))
    return results
