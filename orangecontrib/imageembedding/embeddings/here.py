"""Which embedders can compute on this computer now, without any download."""

from __future__ import annotations

from orangecontrib.imageembedding.embeddings.catalogue import list_embedders
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.embeddings.weights import weights_path
from orangecontrib.imageembedding.errors import WeightsError


def embedders_here(weights_folder: str | None = None) -> tuple[EmbedderSpec, ...]:
    """Get the embedders of the catalogue that are built in or have their weights here."""
    return tuple(spec for spec in list_embedders() if has_weights(spec, weights_folder))


def has_weights(spec: EmbedderSpec, weights_folder: str | None = None) -> bool:
    """Tell whether the weights are on this computer.

    Parameters
    ----------
    spec : EmbedderSpec
        Of the catalogue, or of the user's own.
    weights_folder : str, optional
        Where the user has put files; by default they are in torch's folder.
    """
    if spec.weights is None:
        return not spec.is_remote_only
    try:
        return weights_path(spec.weights, weights_folder or None).is_file()
    except WeightsError:
        return False


def weights_bytes(spec: EmbedderSpec, weights_folder: str | None = None) -> int | None:
    """Get the size of the weights: of the file, or where it is not here, as it is known."""
    if spec.weights is None:
        return None
    if has_weights(spec, weights_folder):
        return weights_path(spec.weights, weights_folder or None).stat().st_size
    return spec.weights.n_bytes
