"""Runs an ONNX file of the user with onnxruntime."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.embeddings.backends.local.devices import n_usable_cores
from orangecontrib.imageembedding.errors import BackendError, WeightsError

BATCH_SIZE = 8
INPUT_SHAPE = 4  # numbers in (n, 3, S, S)


class OnnxNetwork:
    """A network in an ONNX file; see `LocalEmbedder`.

    Parameters
    ----------
    path : str
        Its first input takes images, its first output is the embedding.

    Attributes
    ----------
    input_px : int or None
        Side of the pictures that it takes; None if any.

    Raises
    ------
    WeightsError
        If it cannot be read, or takes no images.
    BackendError
        If onnxruntime is not installed.
    """

    def __init__(self, path: str) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise BackendError(
                "ONNX files need onnxruntime: pip install Orange3-ImageEmbedding[onnx]"
            ) from error
        self.n_workers = n_usable_cores()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # each worker computes a batch of its own
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises kinds of its own
            raise WeightsError(f"The ONNX file {path} cannot be read: {error}") from error
        entry = self._session.get_inputs()[0]
        if len(entry.shape) != INPUT_SHAPE or entry.shape[1] != 3:
            raise WeightsError(
                f"The ONNX file {path} takes no images of shape (n, 3, S, S), but {entry.shape}."
            )
        self._input = entry.name
        n_images, _, side, _ = entry.shape
        self.input_px = side if isinstance(side, int) else None
        # Many files are exported for a single image.
        self._n_at_once = n_images if isinstance(n_images, int) else BATCH_SIZE
        self.batch_size = BATCH_SIZE

    def __call__(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network: (n, 3, S, S) → (n, n_features), both float32."""
        vectors = []
        for start in range(0, len(inputs), self._n_at_once):
            part = inputs[start : start + self._n_at_once]
            n_missing = 0 if self._n_at_once == BATCH_SIZE else self._n_at_once - len(part)
            padded = np.concatenate([part, np.zeros((n_missing, *part.shape[1:]), np.float32)])
            try:
                output = self._session.run(None, {self._input: padded})[0]
            except Exception as error:  # onnxruntime raises kinds of its own
                raise BackendError(f"onnxruntime failed: {error}") from error
            vectors.append(np.asarray(output, np.float32).reshape(len(padded), -1)[: len(part)])
        return cast("NDArray[np.float32]", np.concatenate(vectors))
