"""Networks of users → what they take and give."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from orangecontrib.imageembedding.embeddings.backends.local.embedder import Network
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import BackendError, WeightsError


def probed(spec: EmbedderSpec, path: Path) -> EmbedderSpec:
    """Run a network once, to complete its description.

    Parameters
    ----------
    spec : EmbedderSpec
        With everything but the right ``n_features``; its preparation is adapted where the
        network wants another size of images.
    path : Path
        The TorchScript or ONNX file.

    Raises
    ------
    WeightsError
        If it takes no images, or does not give one vector for each.
    """
    run: Network
    if spec.network == "onnx:":
        from orangecontrib.imageembedding.embeddings.backends.local.onnx_network import OnnxNetwork

        run = OnnxNetwork(str(path))
        spec = _resized(spec, run.input_px)
    else:
        from orangecontrib.imageembedding.embeddings.backends.local.networks import build_network
        from orangecontrib.imageembedding.embeddings.backends.local.torch_network import (
            TorchNetwork,
        )

        run = TorchNetwork(build_network(spec, path), "cpu", "exact", spec.input_px)
    side = spec.input_px
    try:
        vectors = run(np.zeros((2, 3, side, side), dtype=np.float32))
    except BackendError as error:
        raise WeightsError(
            f"The network in {path} does not take images of shape (n, 3, {side}, {side}): {error}"
        ) from error
    if len(vectors) != 2:
        raise WeightsError(
            f"The network in {path} gives no vector for each image: {vectors.shape}."
        )
    return dataclasses.replace(spec, n_features=vectors.shape[1])


def _resized(spec: EmbedderSpec, input_px: int | None) -> EmbedderSpec:
    """Adapt the preparation to the size of image that a network takes."""
    if input_px is None or input_px == spec.input_px:
        return spec
    resize_px = round(spec.preparation.resize_px * input_px / spec.input_px)
    preparation = dataclasses.replace(spec.preparation, resize_px=resize_px, crop_px=input_px)
    return dataclasses.replace(spec, preparation=preparation)
