"""Locations → vectors: read, embed in batches, collect failures with their reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.embeddings.backends.base import (
    Backend,
    EncodedImage,
    LoadedEmbedder,
    Vector,
)
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import BackendError, ImageError
from orangecontrib.imageembedding.images.fetch import fetch
from orangecontrib.imageembedding.progress import Progress, run_watched, say, silent

Results = list[tuple[int, Vector | ImageError]]


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
        Paths or URLs; "" where there is none.
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
        for row, result in results:
            if isinstance(result, ImageError):
                failures[row] = result.reason
            else:
                vectors[row] = _checked(result, spec)
            n_done += 1
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
    """Yield the results of batches as they come; few are under way at any time."""
    batches = iter(
        [range(i, min(i + embedder.batch_size, len(locations)))
         for i in range(0, len(locations), embedder.batch_size)]
    )  # fmt: skip
    pool = ThreadPoolExecutor(embedder.n_workers, thread_name_prefix="imageembedding")
    pending: set[Future[Results]] = set()
    try:
        while True:
            for rows in islice(batches, embedder.n_workers + 1 - len(pending)):
                pending.add(pool.submit(_embed_batch, rows, locations, embedder))
            if not pending:
                return
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _embed_batch(rows: range, locations: Sequence[str], embedder: LoadedEmbedder) -> Results:
    results: Results = []
    readable = []
    images = []
    for row in rows:
        try:
            if not locations[row]:
                raise ImageError("", "no path or URL")
            images.append(EncodedImage(locations[row], fetch(locations[row])))
            readable.append(row)
        except ImageError as error:
            results.append((row, error))
    if images:
        results.extend(zip(readable, embedder.embed(images), strict=True))
    return results
