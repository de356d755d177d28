"""Encoded images → vectors, on this computer: decode, prepare, run the network."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.embeddings.backends.base import (
    EncodedImage,
    LoadedEmbedder,
    Vector,
)
from orangecontrib.imageembedding.errors import ImageError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.prepare import Preparation, prepare


class Network(Protocol):
    """A network that is ready to run; threads may call it at the same time.

    Attributes
    ----------
    batch_size, n_workers : int
        As of `LoadedEmbedder`.
    """

    batch_size: int
    n_workers: int

    def __call__(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run it: (n, 3, S, S) → (n, n_features), both float32."""
        ...


class LocalEmbedder(LoadedEmbedder):
    """A network with what comes before it; see `LoadedEmbedder`.

    Each calling thread decodes a batch and computes it alone: with one batch for each core,
    decoding and computing never wait for each other.

    Attributes
    ----------
    used_at : float
        When it was used last, by `time.monotonic`.
    """

    def __init__(self, network: Network, preparation: Preparation) -> None:
        self.batch_size = network.batch_size
        self.n_workers = network.n_workers
        self.n_shares = 2 * network.n_workers
        self.network = network
        self.used_at = time.monotonic()
        self._preparation = preparation

    def embed(self, images: Sequence[EncodedImage]) -> list[Vector | ImageError]:
        """Embed some images, as `LoadedEmbedder` says."""
        self.used_at = time.monotonic()
        results: list[Vector | ImageError | None] = []
        inputs = []
        for image in images:
            try:
                # Reduced to twice the size at most: the vectors stay the same (cosine > 0.999).
                at_least_px = 2 * self._preparation.resize_px
                pixels = decode(image.data, image.location, at_least_px)
                inputs.append(prepare(pixels, self._preparation))
                results.append(None)
            except ImageError as error:
                results.append(error)
        vectors = iter(self.network(np.stack(inputs)) if inputs else ())
        return [next(vectors) if result is None else result for result in results]
