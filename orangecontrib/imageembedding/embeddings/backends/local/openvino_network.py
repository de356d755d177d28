"""Runs a torch network with OpenVINO, which is faster than torch on many processors."""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.embeddings.backends.local.devices import (
    Precision,
    n_usable_cores,
)
from orangecontrib.imageembedding.errors import BackendError

if TYPE_CHECKING:
    import openvino
    import torch

BATCH_SIZE = 8


class OpenVinoNetwork:
    """A torch network that OpenVINO has compiled; see `LocalEmbedder`.

    Parameters
    ----------
    network : Module
        In eval mode, on the CPU, float32.
    precision : {"exact", "fast"}
        "fast" leaves the choice of numbers to OpenVINO.
    input_px : int
        Side of the pictures that will come.
    """

    batch_size = BATCH_SIZE

    def __init__(self, network: torch.nn.Module, precision: Precision, input_px: int) -> None:
        import openvino
        import torch

        self.n_workers = n_usable_cores()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it traces with torch.jit, which is deprecated
            model = openvino.convert_model(
                network,
                example_input=torch.zeros(1, 3, input_px, input_px),
                input=[-1, 3, input_px, input_px],
            )
        options: dict[str, object] = {
            "NUM_STREAMS": self.n_workers,
            "INFERENCE_NUM_THREADS": self.n_workers,
            "ENABLE_CPU_PINNING": False,  # images are decoded on the same cores
        }
        if precision == "exact":
            options["INFERENCE_PRECISION_HINT"] = "f32"
        self._compiled = openvino.Core().compile_model(model, "CPU", options)
        self._own = threading.local()

    def __call__(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network: (n, 3, S, S) → (n, n_features), both float32."""
        try:
            (vectors,) = self._request().infer([inputs]).values()
        except RuntimeError as error:
            raise BackendError(f"OpenVINO failed: {error}") from error
        return cast("NDArray[np.float32]", vectors.reshape(len(inputs), -1))

    def _request(self) -> openvino.InferRequest:
        """Get the calling thread's own request: one cannot run twice at the same time."""
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        return self._own.request
