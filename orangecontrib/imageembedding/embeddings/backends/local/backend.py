"""The backend that computes on this computer: images are sent nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from orangecontrib.imageembedding.caches.filestate import file_state
from orangecontrib.imageembedding.embeddings.backends.local.devices import (
    DEVICES,
    PRECISIONS,
    Precision,
    is_device,
    resolve_device,
)
from orangecontrib.imageembedding.embeddings.backends.local.embedder import LocalEmbedder, Network
from orangecontrib.imageembedding.embeddings.backends.local.kept import KEPT
from orangecontrib.imageembedding.embeddings.key import fingerprint
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.embeddings.weights import obtain_weights, weights_hash
from orangecontrib.imageembedding.errors import BackendError, InputError, WeightsError
from orangecontrib.imageembedding.progress import Progress, say

BUILT_IN = "EfficientNet-Lite0 (efficientnet-lite0) is built in and works at once."


@dataclass(frozen=True)
class Local:
    """Computes on this computer, with torch: no image leaves it.

    Parameters
    ----------
    weights_folder : str or Path, optional
        Folder with weights files that the user has put there; None means torch's usual place,
        with a download on first use.
    device : {"auto", "cpu", "cuda", "mps", "openvino"}
        Where to compute; "auto" takes a GPU where there is one. "openvino" is there with the
        extra of that name. With several NVIDIA GPUs, each has a number: "cuda:1".
    precision : {"exact", "fast"}
        "exact" computes in float32 and gives the same numbers on every machine, within 1e-4.
        "fast" computes in 16 bits where the hardware has them: up to twice as fast on a
        processor, with a cosine to the exact vectors of 0.998 typically and 0.995 at worst.

    Raises
    ------
    InputError
        If there is no such device or precision.
    """

    weights_folder: str | Path | None = field(default=None, compare=False)
    device: str = field(default="auto", compare=False)
    precision: Precision = "exact"

    def __post_init__(self) -> None:
        for name, value, known, is_known in (
            ("device", self.device, (*DEVICES, "cuda:N"), is_device(self.device)),
            ("precision", self.precision, PRECISIONS, self.precision in PRECISIONS),
        ):
            if not is_known:
                raise InputError(
                    f"There is no {name} {value!r}. Choose one of: {', '.join(known)}."
                )

    def fingerprint(self, spec: EmbedderSpec, progress: Progress) -> str:
        """Get what the vectors depend on, as `Backend` says."""
        self._check(spec)
        return fingerprint(
            spec, weights_hash(spec.weights, self.weights_folder, progress), self.precision
        )

    def load(self, spec: EmbedderSpec, progress: Progress) -> LocalEmbedder:
        """Get the weights and build the network, or reuse the one of an earlier call.

        Raises
        ------
        WeightsError
            If the weights cannot be had; the message names the built-in embedder.
        BackendError
            If this computer cannot run this embedder.
        """
        self._check(spec)
        path = None
        if spec.weights is not None:
            path = self._weights_path(spec, progress)
        say(progress, f"Loading {spec.title}")
        state = "" if path is None else file_state(str(path))
        if state is None:  # it was changed this moment: another content may come with the same key
            return self._loaded(spec, path)
        key = (repr(spec), path, state, self.device, self.precision)
        return KEPT.get(key, lambda: self._loaded(spec, path))

    def _loaded(self, spec: EmbedderSpec, path: Path | None) -> LocalEmbedder:
        try:
            return LocalEmbedder(self._network(spec, path), spec.preparation)
        except (ImportError, OSError, RuntimeError) as error:  # a broken torch raises any of these
            raise BackendError(f"{spec.title} cannot be loaded: {error}") from error

    def _check(self, spec: EmbedderSpec) -> None:
        if spec.is_remote_only:
            raise BackendError(
                f"{spec.title} runs on embedding servers only: there are no weights for it on "
                "this computer. Choose a server, or another embedder."
            )

    def _weights_path(self, spec: EmbedderSpec, progress: Progress) -> Path:
        assert spec.weights is not None  # noqa: S101 - for the type checker
        try:
            return obtain_weights(spec.weights, self.weights_folder, progress)
        except WeightsError as error:
            if spec.is_built_in:
                raise
            raise WeightsError(f"{error} {BUILT_IN}") from error

    def _network(self, spec: EmbedderSpec, path: Path | None) -> Network:
        if spec.network.startswith("onnx:"):
            from orangecontrib.imageembedding.embeddings.backends.local.onnx_network import (
                OnnxNetwork,
            )

            return OnnxNetwork(str(path))
        from orangecontrib.imageembedding.embeddings.backends.local.networks import build_network

        device = resolve_device(self.device)
        network = build_network(spec, path)
        if device == "openvino":
            from orangecontrib.imageembedding.embeddings.backends.local.openvino_network import (
                OpenVinoNetwork,
            )

            return OpenVinoNetwork(network, self.precision, spec.input_px)
        from orangecontrib.imageembedding.embeddings.backends.local.torch_network import (
            TorchNetwork,
        )

        return TorchNetwork(network, device, self.precision, spec.input_px)
