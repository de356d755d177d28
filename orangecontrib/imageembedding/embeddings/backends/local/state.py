"""A weights file → its tensors by name → in a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from orangecontrib.imageembedding.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor, nn

State = dict[str, "Tensor"]


def read_state(path: Path | None) -> State:
    """Read the tensors of a weights file; never runs code that is in it."""
    import torch

    content: Any
    try:
        if path is not None and path.suffix == ".safetensors":
            from safetensors.torch import load

            content = load(path.read_bytes())
        else:
            # Not mapped into memory: a file that is overwritten meanwhile would end the process.
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds on files of other formats
        if "weights_only" in str(error) or "Unsupported" in str(error):
            raise WeightsError(
                f"The weights file {path} holds Python objects, which could run code, and is "
                "refused. Save the tensors only: torch.save(model.state_dict(), path)."
            ) from error
        raise WeightsError(f"The weights file {path} cannot be read: {error}") from error
    return _tensors(content, path)


def _tensors(content: object, path: Path | None) -> State:
    """Find the tensors: as they are, or in one of the wrappings in which training leaves them."""
    import torch

    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not content:
        raise WeightsError(f"The weights file {path} holds no tensors by name (a state_dict).")
    state = {name: value for name, value in content.items() if isinstance(value, torch.Tensor)}
    for prefix in ("module.", "_orig_mod.", "model."):
        if state and all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    return state


def load_state(network: nn.Module, state: State, ignored: tuple[str, ...] = ()) -> None:
    """Put tensors into a network.

    Parameters
    ----------
    network : Module
        May be on the device "meta": the tensors become its own.
    state : dict of str to Tensor
        By name.
    ignored : tuple of str
        Parts that are not wanted: the classifier, whose size is that of somebody's classes.

    Raises
    ------
    WeightsError
        If tensors are missing, too many, or of another shape; the message names some.
    """
    wanted = {
        name: tensor
        for name, tensor in state.items()
        if not any(name == part or name.startswith(part + ".") for part in ignored)
    }
    try:
        network.load_state_dict(wanted, assign=True)
    except (RuntimeError, AttributeError) as error:
        lines = str(error).splitlines()
        raise WeightsError(
            f"The weights do not fit the network: {' '.join(line.strip() for line in lines)[:400]}"
        ) from error
