"""The embedders that can be chosen by id."""

from __future__ import annotations

from typing import cast

from orangecontrib.imageembedding.embeddings.models import MODELS
from orangecontrib.imageembedding.embeddings.plugins import (
    PluginFailure,
    are_at_hand,
    plugin_embedders,
)
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.workers.place import run_apart

DEFAULT_ID = "resnet50"
BUILT_IN_ID = "efficientnet-lite0"
TIMM = "timm:"
TIMM_SPEC = "orangecontrib.imageembedding.embeddings.timm_models:timm_spec"


def list_embedders() -> tuple[EmbedderSpec, ...]:
    """Get all embedders, the recommended one first, those of plug-ins last.

    Raises
    ------
    InputError
        If two of them have the same id; the message says where they come from.
    """
    found, failures = all_embedders()
    for failure in failures:
        if failure.is_duplicate:
            raise InputError(failure.message)
    return found


def all_embedders() -> tuple[tuple[EmbedderSpec, ...], tuple[PluginFailure, ...]]:
    """Get the embedders that can be used, and what is wrong with plug-ins that cannot."""
    specs, failures = plugin_embedders({spec.id: "this package" for spec in MODELS})
    return (*MODELS, *specs), failures


def embedders_at_hand() -> tuple[tuple[EmbedderSpec, ...], tuple[PluginFailure, ...]]:
    """Get as many of `all_embedders` as there are without waiting for plug-ins."""
    return all_embedders() if are_at_hand() else (MODELS, ())


def get_embedder(embedder: str | EmbedderSpec) -> EmbedderSpec:
    """Get the embedder with an id; a spec is given back as it is.

    Parameters
    ----------
    embedder : str or EmbedderSpec
        An id of `list_embedders`, or ``timm:NAME`` for any model of timm.

    Raises
    ------
    InputError
        If there is none with this id; the message lists those that there are.
    """
    if isinstance(embedder, EmbedderSpec):
        return embedder
    for spec in MODELS:  # without looking for plug-ins, which takes time
        if spec.id == embedder:
            return spec
    if embedder.startswith(TIMM):
        return cast("EmbedderSpec", run_apart(TIMM_SPEC, embedder.removeprefix(TIMM)))
    specs = list_embedders()
    for spec in specs:
        if spec.id == embedder:
            return spec
    known = ", ".join(spec.id for spec in specs)
    raise InputError(
        f"There is no embedder {embedder!r}. Choose one of: {known}; "
        "or timm:NAME for a model of timm."
    )
