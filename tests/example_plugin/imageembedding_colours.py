"""An example plug-in: an embedder that sees colours only, and a backend without any network."""

from dataclasses import dataclass

import numpy as np

from orangecontrib.imageembedding.embeddings.backends.base import LoadedEmbedder
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import ImageError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.prepare import Preparation

EMBEDDERS = [
    EmbedderSpec(
        id="mean-colour",
        title="Mean colour",
        description="Red, green and blue, averaged over the image.",
        good_for="Sorting by colour.",
        n_features=3,
        network="python:imageembedding_colours:mean_colour",
        preparation=Preparation(resize_px=32, crop_px=32, mean=(0, 0, 0), std=(255, 255, 255)),
        weights=None,
        licence="MIT",
        source="this example",
        version="1",
    )
]


def mean_colour():
    """Build the network: (n, 3, S, S) → (n, 3)."""
    from torch import nn

    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


@dataclass(frozen=True)
class Histograms:
    """A backend that counts grey levels, whatever the embedder; needs no torch."""

    def fingerprint(self, spec, progress):
        """Name all that a vector depends on."""
        return f"{spec.id} histogram 1-{spec.n_features}"

    def load(self, spec, progress):
        """Make it ready."""
        return HistogramEmbedder(spec.n_features)


class HistogramEmbedder(LoadedEmbedder):
    """Counts the grey levels of images."""

    batch_size = 16
    n_workers = 2

    def __init__(self, n_features):
        self.n_features = n_features

    def embed(self, images):
        """Get a vector, or why there is none, for each image."""
        return [self._embed(image) for image in images]

    def _embed(self, image):
        try:
            grey = decode(image.data, image.location).mean(axis=2)
        except ImageError as error:
            return error
        counts, _ = np.histogram(grey, bins=self.n_features, range=(0, 256))
        return (counts / grey.size).astype(np.float32)
