"""Runs embedders on this computer, with torch. The only module that imports torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from orangecontrib.imageembedding.embeddings.backends.base import EncodedImage, Vector
from orangecontrib.imageembedding.embeddings.catalogue import BUILT_IN_ID, get_embedder
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.embeddings.weights import obtain_weights
from orangecontrib.imageembedding.errors import BackendError, ImageError, WeightsError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.prepare import prepare
from orangecontrib.imageembedding.progress import Progress, say

if TYPE_CHECKING:
    import torch

BATCH_SIZE = 8  # larger ones fall out of the processor's caches

# torchvision's networks end in a classifier of this name; what enters it is the embedding.
TORCHVISION_HEADS = {"resnet50": "fc"}


class Local:
    """The backend that keeps images on this computer.

    Parameters
    ----------
    weights_folder : str or Path, optional
        Folder with weights files that the user has put there; None means torch's usual place,
        with a download on first use.
    """

    def __init__(self, weights_folder: str | Path | None = None) -> None:
        self.weights_folder = weights_folder

    def load(self, spec: EmbedderSpec, progress: Progress) -> TorchEmbedder:
        """Get the weights and build the network.

        Raises
        ------
        WeightsError
            If the weights cannot be had; the message names the built-in embedder.
        BackendError
            If torch cannot be imported, or weights and network do not fit.
        """
        try:
            path = obtain_weights(spec.weights, self.weights_folder, progress)
        except WeightsError as error:
            if spec.is_built_in:
                raise
            built_in = get_embedder(BUILT_IN_ID)
            raise WeightsError(
                f"{error} {built_in.title} ({built_in.id}) is built in and works at once."
            ) from error
        say(progress, f"Loading {spec.title}")
        try:
            network = _build_network(spec, path)
        except (ImportError, OSError, RuntimeError) as error:  # a broken one raises any of these
            raise BackendError(f"{spec.title} needs torch and torchvision: {error}") from error
        return TorchEmbedder(network, spec)


class TorchEmbedder:
    """A network in memory; see `LoadedEmbedder`.

    Each calling thread decodes a batch and computes it alone: with one batch for each core,
    decoding and computing never wait for each other.
    """

    batch_size = BATCH_SIZE

    def __init__(self, network: torch.nn.Module, spec: EmbedderSpec) -> None:
        self.n_workers = _n_usable_cores()
        self._network = network
        self._spec = spec

    def embed(self, images: Sequence[EncodedImage]) -> list[Vector | ImageError]:
        """Embed some images, as `LoadedEmbedder` says."""
        results: list[Vector | ImageError | None] = []
        inputs = []
        preparation = self._spec.preparation
        for image in images:
            try:
                # Reduced to twice the size at most: the vectors stay the same (cosine > 0.999).
                at_least_px = 2 * preparation.resize_px
                pixels = decode(image.data, image.location, at_least_px)
                inputs.append(prepare(pixels, preparation))
                results.append(None)
            except ImageError as error:
                results.append(error)
        vectors = iter(self._compute(inputs)) if inputs else iter(())
        return [next(vectors) if result is None else result for result in results]

    def _compute(self, inputs: list[np.ndarray]) -> np.ndarray:
        """Run the network: (n, 3, S, S) → (n, n_features), both float32."""
        import torch

        if torch.get_num_threads() != 1:  # for this thread, and those that begin later
            torch.set_num_threads(1)
        with torch.inference_mode():
            batch = torch.from_numpy(np.stack(inputs)).to(memory_format=torch.channels_last)
            return cast("np.ndarray", self._network(batch).numpy())


def _n_usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _build_network(spec: EmbedderSpec, path: Path) -> torch.nn.Module:
    """Build the network of `spec` without its classifier, with the weights in a file."""
    import torch

    try:
        # weights_only: a weights file must not be able to run code.
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds on files of other formats
        raise WeightsError(f"The weights file {path} cannot be read: {error}") from error
    library, _, name = spec.network.partition(":")
    network = _timm_network(name, state) if library == "timm" else _torchvision(name, state)
    return network.eval().to(memory_format=torch.channels_last)


def _torchvision(name: str, state: dict[str, torch.Tensor]) -> torch.nn.Module:
    import torch
    import torchvision

    network = torchvision.models.get_model(name, weights=None)
    _load(network, state)
    setattr(network, TORCHVISION_HEADS[name], torch.nn.Identity())
    return network


def _timm_network(name: str, state: dict[str, torch.Tensor]) -> torch.nn.Module:
    import timm

    network = timm.create_model(name, pretrained=False)
    names = list(network.state_dict())
    if len(names) != len(state):
        raise WeightsError(f"{name} has {len(names)} tensors, its weights file {len(state)}.")
    # The file was written by another implementation: other names, but the same order.
    _load(network, dict(zip(names, state.values(), strict=True)))
    network.reset_classifier(0)
    return network


def _load(network: torch.nn.Module, state: dict[str, torch.Tensor]) -> None:
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsError(f"The weights do not fit the network: {error}") from error
