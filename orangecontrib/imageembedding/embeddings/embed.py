"""Images → vectors, without any table: Orange, which takes a second to load, is not needed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace

from orangecontrib.imageembedding.embeddings.backends.base import Backend
from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.catalogue import DEFAULT_ID, get_embedder
from orangecontrib.imageembedding.embeddings.listed import locations_of
from orangecontrib.imageembedding.embeddings.run import Embedded, embed_locations
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.embeddings.user_models import own_embedder
from orangecontrib.imageembedding.progress import Progress, run_watched, silent


def embed_files(
    paths: Iterable[object],
    embedder: str | EmbedderSpec = DEFAULT_ID,
    *,
    backend: Backend | None = None,
    weights: str | os.PathLike[str] | None = None,
    cache: bool = True,
    progress: Progress = silent,
) -> Embedded:
    """Embed images without any table.

    Parameters
    ----------
    paths : iterable
        Paths or URLs; also images in memory: bytes of files, PIL images, uint8 arrays of shape
        (height, width, 3). What is missing, or is none of these, is one failure. A pandas Series
        is such a list, too.
    embedder, backend, weights, cache, progress
        As for `embed_images` of the pipeline.

    Returns
    -------
    embedded : Embedded
        ``vectors``: float32 array of shape (len(paths), n_features) with rows of NaN for
        failures; ``failures``: dict of row to reason.

    Raises
    ------
    ValueError
        If `paths` is one path or image, not a list of them.
    """
    locations, reasons = locations_of(paths)
    backend = backend or Local()
    spec = spec_of(embedder, weights, backend, progress)
    done = embed_locations(locations, spec, backend, progress, cache=cache)
    return replace(done, failures={**done.failures, **reasons})


def spec_of(
    embedder: str | EmbedderSpec,
    weights: str | os.PathLike[str] | None,
    backend: Backend,
    progress: Progress,
) -> EmbedderSpec:
    """Describe an embedder: from a file of the user, from a server, or from the catalogue.

    Parameters
    ----------
    embedder : str or EmbedderSpec
        Id, or the description itself.
    weights : str or path or None
        A file of the user, see `own_embedder`.
    backend : Backend
        A server is asked what it has under the id.
    progress : Progress
        May raise `Cancelled`.

    Raises
    ------
    InputError
        If there is no such embedder.
    BackendError
        If the server or the file cannot be used.
    """
    if weights is not None:
        return own_embedder(weights, embedder)
    if isinstance(embedder, str) and not isinstance(backend, Local):
        # Here, because its HTTP library takes a tenth of a second to import.
        from orangecontrib.imageembedding.embeddings.backends.remote.backend import Remote

        if isinstance(backend, Remote):
            return run_watched(lambda relay: backend.embedder(embedder, relay), progress)
    return get_embedder(embedder)
