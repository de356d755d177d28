"""Runs a network with torch, on a processor or a GPU."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.embeddings.backends.local.devices import (
    TITLES,
    Precision,
    kind_of,
    n_usable_cores,
    number_type,
)
from orangecontrib.imageembedding.embeddings.backends.local.single import SingleImages
from orangecontrib.imageembedding.errors import BackendError

if TYPE_CHECKING:
    import torch

BATCH_SIZES = {"cpu": 8, "mps": 32, "cuda": 64}  # on a processor, more fall out of its caches
OUT_OF_MEMORY = ("out of memory", "not enough memory", "can't allocate memory")


class TorchNetwork:
    """A network on a device; see `LocalEmbedder`.

    Parameters
    ----------
    network : Module
        In eval mode, on the CPU, float32.
    device : {"cpu", "cuda", "cuda:N", "mps"}
        Where to compute.
    precision : {"exact", "fast"}
        With which numbers.
    input_px : int
        Side of the pictures that will come.
    """

    def __init__(
        self, network: torch.nn.Module, device: str, precision: Precision, input_px: int
    ) -> None:
        import torch

        self.batch_size = BATCH_SIZES[kind_of(device)]
        self.n_workers = n_usable_cores()
        self._device = device
        self._lock = threading.Lock()
        self._n_running = 0
        self._singles = SingleImages(self.n_workers)
        self._type = number_type(device, precision)
        if device == "cpu":
            from orangecontrib.imageembedding.embeddings.backends.local.packing import packed

            example = torch.zeros(self.batch_size, 3, input_px, input_px, dtype=self._type)
            self._network = packed(
                network.to(memory_format=torch.channels_last),
                example.to(memory_format=torch.channels_last).normal_(),
            )
        else:
            # Else convolutions of float32 are computed with 10 bits instead of 23.
            torch.backends.cudnn.allow_tf32 = False
            torch.backends.cuda.matmul.allow_tf32 = False
            self._network = network.to(device, self._type, memory_format=torch.channels_last)

    def __call__(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network: (n, 3, S, S) → (n, n_features), both float32.

        Where memory is short it computes fewer images at a time, then and later.

        Raises
        ------
        BackendError
            If not even one image can be computed.
        """
        vectors: list[NDArray[np.float32]] = []
        n_done = 0
        while n_done < len(inputs):
            part = inputs[n_done : n_done + self.batch_size]
            try:
                vectors.append(self._compute(part))
                n_done += len(part)
            except (RuntimeError, MemoryError) as error:
                self._take_fewer(len(part), error)
        return vectors[0] if len(vectors) == 1 else np.concatenate(vectors)

    def _take_fewer(self, n_images: int, error: Exception) -> None:
        """Halve the batches if memory ran out, else raise."""
        device = TITLES[kind_of(self._device)]
        is_memory = isinstance(error, MemoryError) or any(
            text in str(error) for text in OUT_OF_MEMORY
        )
        if not is_memory:
            raise BackendError(f"The {device} failed: {error}") from error
        if n_images == 1:
            raise BackendError(
                f"The {device} has too little memory for a single image: {error}. "
                "Choose another device or a smaller embedder."
            ) from error
        self.batch_size = n_images // 2
        self._free_memory()

    def _free_memory(self) -> None:
        import torch

        if kind_of(self._device) == "cuda":
            torch.cuda.empty_cache()
        elif self._device == "mps":
            torch.mps.empty_cache()

    def _compute(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        with self._lock:
            self._n_running += 1
            is_alone = len(inputs) == 1 and self._n_running == 1
        n_threads = self._singles.n_threads() if is_alone else 1
        begun = time.perf_counter()
        try:
            return self._run(inputs, n_threads)
        finally:
            if is_alone:
                self._singles.took(n_threads, time.perf_counter() - begun)
            with self._lock:
                self._n_running -= 1

    def _run(self, inputs: NDArray[np.float32], n_threads: int) -> NDArray[np.float32]:
        import torch

        if self._device == "cpu" and torch.get_num_threads() != n_threads:
            torch.set_num_threads(n_threads)  # of this thread, and those that begin later
        with torch.inference_mode():
            batch = torch.from_numpy(inputs).to(
                self._device, self._type, memory_format=torch.channels_last
            )
            vectors = self._network(batch).flatten(1)
            return cast("NDArray[np.float32]", vectors.float().cpu().numpy())
