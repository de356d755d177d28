"""`EmbedderSpec` + weights file → a torch module that ends with the embedding."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from orangecontrib.imageembedding.embeddings.backends.local.sscd import sscd_network
from orangecontrib.imageembedding.embeddings.backends.local.state import (
    State,
    load_state,
    read_state,
)
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import BackendError, WeightsError

if TYPE_CHECKING:
    from torch import nn

# torchvision's way of building networks of which the defaults do not fit the weights.
OPTIONS: dict[str, dict[str, object]] = {
    "inception_v3": {"transform_input": True, "init_weights": False}
}
# Parts that are there for training only.
TRAINING_ONLY = ("AuxLogits",)


def build_network(spec: EmbedderSpec, path: Path | None) -> nn.Module:
    """Build the network of `spec` without its classifier.

    Parameters
    ----------
    spec : EmbedderSpec
        ``network`` says how: ``torchvision:NAME``, ``timm:NAME``, ``python:MODULE:FUNCTION`` (which
        returns a torch module), ``sscd:NAME`` or ``torchscript:``.
    path : Path or None
        Its weights; None if the network has its own.

    Returns
    -------
    network : Module
        In eval mode, on the CPU, float32: (n, 3, S, S) → (n, n_features).

    Raises
    ------
    WeightsError
        If the file cannot be read, could run code, or does not fit the network.
    """
    library, _, name = spec.network.partition(":")
    if library == "torchvision":
        network = _torchvision_network(name, read_state(path))
    elif library == "sscd":
        network = sscd_network(name, spec.n_features, read_state(path))
    elif library == "timm":
        network = _timm_network(name, spec, path)
    elif library == "python":
        network = _python_network(name, path)
    elif library == "torchscript":
        network = _torchscript_network(path)
    else:
        raise BackendError(f"{spec.title} has a network of an unknown kind: {spec.network!r}.")
    return network.eval().float()


def _torchvision_network(name: str, state: State) -> nn.Module:
    import torch
    import torchvision

    with torch.device("meta"):  # no time is spent on random weights
        network = torchvision.models.get_model(name, weights=None, **OPTIONS.get(name, {}))
    head = cut_classifier(network)
    for part in TRAINING_ONLY:
        if hasattr(network, part):
            setattr(network, part, None)
    load_state(network, state, ignored=(head, *TRAINING_ONLY))
    return cast("nn.Module", network)


def cut_classifier(network: nn.Module) -> str:
    """Let a network of torchvision end with what enters its last layer.

    Returns
    -------
    head : str
        Name of what was cut off.
    """
    from torch import nn

    linear = [name for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    if linear:
        network.set_submodule(linear[-1], nn.Identity())
        return str(linear[-1])
    network.set_submodule("classifier", nn.AdaptiveAvgPool2d(1))  # SqueezeNet
    return "classifier"


def _timm_network(name: str, spec: EmbedderSpec, path: Path | None) -> nn.Module:
    import timm

    if spec.weights is not None and spec.weights.package is not None:
        return _shipped_timm_network(name, read_state(path))
    if spec.weights is not None and spec.weights.path is not None:
        return _own_timm_network(name, spec, read_state(path))
    try:
        network = timm.create_model(
            name,
            pretrained=True,
            pretrained_cfg_overlay={"file": str(path), "hf_hub_id": None, "url": ""},
            **_timm_options(name, spec),
        )
    except Exception as error:  # timm raises many kinds on files of other formats
        raise WeightsError(f"The weights file {path} does not fit {name}: {error}") from error
    return cast("nn.Module", network)


def _timm_options(name: str, spec: EmbedderSpec) -> dict[str, Any]:
    import timm

    cfg = timm.models.get_pretrained_cfg(name)
    # CLIP's last layer leads into the space of images and texts: its output is the embedding.
    n_classes = cfg.num_classes if cfg.num_classes == spec.n_features else 0
    side = spec.preparation.crop_px
    size = {"img_size": side} if cfg.fixed_input_size and cfg.input_size[-1] != side else {}
    return {"num_classes": n_classes, **size}


def _own_timm_network(name: str, spec: EmbedderSpec, state: State) -> nn.Module:
    """Load weights of the user: timm itself passes over what does not fit, without a word."""
    import timm

    network = timm.create_model(name, pretrained=False, **_timm_options(name, spec))
    wanted = network.state_dict()
    if not state.keys() & wanted.keys():  # of another implementation: other names, same order
        first = list(state.values())[: len(wanted)]
        if [one.shape for one in first] == [one.shape for one in wanted.values()]:
            state = dict(zip(wanted, first, strict=True))
    heads = network.pretrained_cfg.get("classifier") or ()
    load_state(network, state, (heads,) if isinstance(heads, str) else tuple(heads))
    return cast("nn.Module", network)


def _shipped_timm_network(name: str, state: State) -> nn.Module:
    """Load weights that another implementation may have written: other names, same order."""
    import timm

    network = timm.create_model(name, pretrained=False)
    names = list(network.state_dict())
    if len(names) != len(state):
        raise WeightsError(f"{name} has {len(names)} tensors, its weights file {len(state)}.")
    if state.keys() != set(names):
        state = dict(zip(names, state.values(), strict=True))
    load_state(network, state)
    network.reset_classifier(0)
    return cast("nn.Module", network)


def _python_network(name: str, path: Path | None) -> nn.Module:
    module, _, function = name.partition(":")
    try:
        network = getattr(import_module(module), function)()
    except Exception as error:  # somebody else's code
        raise BackendError(
            f"{name} of a plug-in failed: {type(error).__name__}: {error}"
        ) from error
    if path is not None:
        load_state(network, read_state(path))
    return cast("nn.Module", network)


def _torchscript_network(path: Path | None) -> nn.Module:
    import warnings

    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch.jit is deprecated, the users' files are there
            return cast("nn.Module", torch.jit.load(str(path), map_location="cpu"))
    except (RuntimeError, ValueError) as error:
        raise WeightsError(f"The TorchScript file {path} cannot be read: {error}") from error
