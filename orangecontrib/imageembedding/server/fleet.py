"""Several devices of one computer: a process for each, behind the same line."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import cast

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.embeddings.backends.base import EncodedImage, Vector
from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.backends.local.embedder import LocalEmbedder
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import BackendError, ImageError
from orangecontrib.imageembedding.progress import Progress, say, silent
from orangecontrib.imageembedding.workers.worker import Worker

LOG = logging.getLogger(__name__)

HERE = __name__
N_TRIES = 3
REST_S = 5.0  # after a device has failed: others get its work for this time


class Fleet:
    """One process for each device; one that has died or failed is started again.

    Parameters
    ----------
    backends : sequence of Local
        One for each device.
    """

    def __init__(self, backends: Sequence[Local]) -> None:
        self.backends = list(backends)
        self._workers = [Worker() for _ in backends]
        self._free: SimpleQueue[int] = SimpleQueue()
        self._n_slots = 0
        self._lock = threading.Lock()

    def load(self, spec: EmbedderSpec, progress: Progress) -> FleetEmbedder:
        """Load an embedder in all processes.

        Raises
        ------
        BackendError
            If one of the devices cannot run it.
        """
        say(progress, f"Loading {spec.title} on {len(self.backends)} devices")
        with ThreadPoolExecutor(len(self.backends)) as pool:
            calls = [
                pool.submit(worker.call, f"{HERE}:load_here", spec, backend)
                for worker, backend in zip(self._workers, self.backends, strict=True)
            ]
            sizes = [cast("tuple[int, int]", call.result()) for call in calls]
        batch_size, n_cores = max(size for size, _ in sizes), max(n for _, n in sizes)
        n_each = max(1, n_cores // len(sizes))  # decoding takes the processor's cores
        self._make_slots(n_each)
        return FleetEmbedder(self, spec, batch_size, n_each * len(sizes))

    def unload(self, spec: EmbedderSpec) -> None:
        """Free the memory of an embedder in all processes."""
        for worker in self._workers:
            worker.call(f"{HERE}:unload_here", spec)

    def run(self, function: str, spec: EmbedderSpec, work: object) -> object:
        """Do some work on the first free device; on another one, if that dies.

        Raises
        ------
        BackendError
            If it fails again and again.
        """
        for n_tried in range(1, N_TRIES + 1):
            number = self._free.get()
            worker = self._workers[number]
            try:
                result = worker.call(f"{HERE}:{function}", spec, self.backends[number], work)
            except BackendError as error:  # also that the process has died
                LOG.warning("%s failed: %s", self.backends[number].device, error)
                self._start_again(number, worker)
                threading.Timer(REST_S, self._free.put, (number,)).start()
                if n_tried == N_TRIES:
                    raise
            except BaseException:
                self._free.put(number)
                raise
            else:
                self._free.put(number)
                return result
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """End the processes."""
        for worker in self._workers:
            worker.close()

    def _make_slots(self, n_each: int) -> None:
        with self._lock:
            while self._n_slots < n_each:
                self._n_slots += 1
                for number in range(len(self._workers)):
                    self._free.put(number)

    def _start_again(self, number: int, failed: Worker) -> None:
        """Put a new process in the place of one whose device may be stuck."""
        with self._lock:
            if self._workers[number] is failed:
                self._workers[number] = Worker()
        failed.close()


class FleetEmbedder:
    """An embedder in all processes of a fleet; see `LocalEmbedder`."""

    def __init__(self, fleet: Fleet, spec: EmbedderSpec, batch_size: int, n_workers: int) -> None:
        self.batch_size = batch_size
        self.n_workers = n_workers
        self._fleet = fleet
        self._spec = spec

    def embed(self, images: Sequence[EncodedImage]) -> list[Vector | ImageError]:
        """Embed some images, as `LoadedEmbedder` says."""
        found = self._fleet.run("embed_here", self._spec, list(images))
        return cast("list[Vector | ImageError]", found)

    def network(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network on inputs of shape (n, 3, S, S), dtype float32.

        The result has the shape (n, n_features), dtype float32.
        """
        return cast("NDArray[np.float32]", self._fleet.run("compute_here", self._spec, inputs))

    def close(self) -> None:
        """Free the memory."""
        self._fleet.unload(self._spec)


# In the processes

_LOADED: dict[EmbedderSpec, LocalEmbedder] = {}
_LOADING = threading.Lock()


def load_here(spec: EmbedderSpec, backend: Local) -> tuple[int, int]:
    """Load an embedder in this process; get its batch size and how many threads it likes."""
    embedder = _embedder(spec, backend)
    return embedder.batch_size, embedder.n_workers


def unload_here(spec: EmbedderSpec) -> None:
    """Forget an embedder."""
    _LOADED.pop(spec, None)


def embed_here(
    spec: EmbedderSpec, backend: Local, images: list[EncodedImage]
) -> list[Vector | ImageError]:
    """Embed some images in this process, as `LoadedEmbedder` says."""
    return _embedder(spec, backend).embed(images)


def compute_here(
    spec: EmbedderSpec, backend: Local, inputs: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Run a network in this process, as `FleetEmbedder.network` says."""
    return _embedder(spec, backend).network(inputs)


def _embedder(spec: EmbedderSpec, backend: Local) -> LocalEmbedder:
    with _LOADING:  # a process that was started again has not loaded it
        if spec not in _LOADED:
            _LOADED[spec] = backend.load(spec, silent)
        return _LOADED[spec]
