"""Stored embeddings → the embedder and the backend that computed them, where they are here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from orangecontrib.imageembedding.embeddings.backends.base import Backend
from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.backends.local.devices import PRECISIONS
from orangecontrib.imageembedding.embeddings.backends.registry import get_backend
from orangecontrib.imageembedding.embeddings.backends.remote.backend import Remote
from orangecontrib.imageembedding.embeddings.backends.remote.trust import allowed_servers
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.embeddings.plugins import plugin_backends
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import BackendError, ImageEmbeddingError, InputError
from orangecontrib.imageembedding.progress import Progress, silent

SERVER, OTHER = "server", "other"


def mark_of(fingerprint: str, backend: Backend) -> str:
    """Get a short text by which the origin of vectors is recognized.

    It is written into tables: it begins with a letter, and tells no path, no address, no secret.

    Parameters
    ----------
    fingerprint : str
        That of the vectors, see `Backend.fingerprint`.
    backend : Backend
        What computed them.
    """
    if isinstance(backend, Local):
        kind: str = backend.precision
    else:
        kind = SERVER if isinstance(backend, Remote) else OTHER
    return f"{kind}-{hashlib.sha256(fingerprint.encode()).hexdigest()[:20]}"


def recognized(
    embedder_id: str, mark: str, progress: Progress = silent
) -> tuple[EmbedderSpec, Backend]:
    """Get the embedder and the backend that compute vectors with a mark.

    Parameters
    ----------
    embedder_id : str
        Of the embedder.
    mark : str
        See `mark_of`.
    progress : Progress, optional
        Told about downloads of weights.

    Raises
    ------
    BackendError
        If they are not here, or not the same.
    """
    reasons = []
    for backend in _candidates(mark.partition("-")[0]):
        try:
            is_remote = isinstance(backend, Remote)
            spec = backend.embedder(embedder_id) if is_remote else get_embedder(embedder_id)  # type: ignore[attr-defined]
            fingerprint = backend.fingerprint(spec, progress)
        except ImageEmbeddingError as error:
            reasons.append(
                str(error) if not isinstance(error, InputError) else "it is not available here"
            )
            continue
        if fingerprint is not None and mark_of(fingerprint, backend) == mark:
            return spec, backend
        reasons.append("the one here has different weights or prepares images differently")
    reason = reasons[0].rstrip(".") if reasons else "what computed them is not available here"
    raise BackendError(
        f"The embeddings were computed by {embedder_id!r}, which cannot embed other images "
        f"here: {reason}. Choose an embedder in Image Embedding, and embed all images with it."
    )


def _candidates(kind: str) -> Iterator[Backend]:
    if kind in PRECISIONS:
        yield Local(precision=kind)  # type: ignore[arg-type]
    elif kind == SERVER:
        yield from map(Remote, allowed_servers())
    else:
        yield from map(get_backend, plugin_backends()[0])
