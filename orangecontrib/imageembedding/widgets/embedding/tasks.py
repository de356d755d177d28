"""What the Image Embedding widget lets be done in the background."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from Orange.data import Table
from Orange.widgets.utils.concurrent import TaskState

from orangecontrib.imageembedding.embeddings.backends.base import Backend
from orangecontrib.imageembedding.embeddings.backends.remote.backend import probe_server
from orangecontrib.imageembedding.embeddings.cache import Cache, clear_embedders
from orangecontrib.imageembedding.errors import ImageEmbeddingError
from orangecontrib.imageembedding.pipeline import EmbeddedImages, embed_images
from orangecontrib.imageembedding.widgets.shared.taskwidget import CountingProgress


@dataclass(frozen=True)
class Wanted:
    """What is to be done with the images, as the controls say."""

    embedder: str
    column: str
    backend: Backend
    own_file: str | None
    images_folder: str | None = None


def embed_in_background(data: Table, wanted: Wanted, state: TaskState) -> EmbeddedImages:
    """Embed a table, with progress in the widget."""
    return embed_images(
        data,
        wanted.embedder,
        image_column=wanted.column,
        images_folder=wanted.images_folder,
        backend=wanted.backend,
        weights=wanted.own_file,
        progress=CountingProgress(state),
    )


def clear_vectors(embedder_ids: Collection[str] | None) -> None:
    """Forget the vectors of some embedders, or all."""
    cache = Cache()
    if embedder_ids is None:
        cache.clear()
    else:
        clear_embedders(cache, embedder_ids)
    cache.close()


def models_of(url: str, api_key: str) -> tuple[str, ...] | None:
    """Ask a server what it offers; None if it does not answer, which is shown when it is used."""
    try:
        return probe_server(url, api_key or None).models
    except ImageEmbeddingError:
        return None
