"""The options that say what computes, and which of them have an effect together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.sources import is_table
from orangecontrib.imageembedding.commands.terminal import refuse_without_effect

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from orangecontrib.imageembedding.embeddings.backends.base import Backend
    from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
    from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec

IMAGES = ("image_column", "images_folder")
READING = ("max_megapixels", "channels")
HERE = ("weights", "weights_folder", "device", "precision")
EMBEDDING = ("embedder", "server", *HERE)


def refuse_unused(options: argparse.Namespace) -> None:
    """Raise InputError if an option of ``embed`` or ``cluster`` would do nothing."""
    if not is_table(options.source):
        refuse_without_effect(options, IMAGES, "on a folder of images")
    elif getattr(options, "photo_data", False):
        refuse_without_effect(options, ["photo_data"], "on a table")
    if options.server is not None:
        refuse_without_effect(options, HERE, "with --server")
    if options.weights is not None:
        refuse_without_effect(options, ["weights_folder"], "with --weights")
        if options.weights.lower().endswith(".onnx"):
            refuse_without_effect(options, ["device", "precision"], "on an ONNX network")


def local_backend(options: argparse.Namespace, specs: Sequence[EmbedderSpec]) -> Local:
    """Get the backend of this computer that the options describe, for some embedders."""
    from orangecontrib.imageembedding.embeddings.backends.local.backend import Local

    if all(spec.weights is None or spec.weights.package is not None for spec in specs):
        names = ", ".join(spec.id for spec in specs)
        refuse_without_effect(options, ["weights_folder"], f"on what is built in ({names})")
    return Local(options.weights_folder, options.device or "auto", options.precision or "exact")


def embedder_of(options: argparse.Namespace) -> tuple[EmbedderSpec, Backend]:
    """Get the embedder, and what computes it; a server's may be one that only it knows."""
    from orangecontrib.imageembedding.embeddings.backends.remote.backend import Remote
    from orangecontrib.imageembedding.embeddings.catalogue import DEFAULT_ID, get_embedder

    name = options.embedder or DEFAULT_ID
    if options.server is not None:
        server = Remote(options.server)
        return server.embedder(name), server
    spec = get_embedder(name)
    return spec, local_backend(options, [spec])
