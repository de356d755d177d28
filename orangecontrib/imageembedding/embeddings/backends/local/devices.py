"""What this computer can compute on, and with which numbers."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING, Literal

from orangecontrib.imageembedding.errors import BackendError

if TYPE_CHECKING:
    import torch

Precision = Literal["exact", "fast"]
PRECISIONS = ("exact", "fast")
DEVICES = ("auto", "cpu", "cuda", "mps", "openvino")

TITLES = {"cpu": "processor", "cuda": "NVIDIA GPU", "mps": "Apple GPU"}
REMEDIES = {
    "cuda": "no NVIDIA GPU that this installation of torch can use",
    "mps": "no Apple GPU that this installation of torch can use",
    "openvino": "no package openvino; pip install Orange3-ImageEmbedding[openvino]",
}


def is_device(name: str) -> bool:
    """Tell whether a name is one of `DEVICES`, or one of several NVIDIA GPUs: ``cuda:1``."""
    kind, is_one, number = name.partition(":")
    return name in DEVICES or bool(is_one and kind == "cuda" and number.isdecimal())


def kind_of(device: str) -> str:
    """Get what a device is, without its number."""
    return device.partition(":")[0]


def gpus() -> list[str]:
    """Get the names of all NVIDIA GPUs.

    Raises
    ------
    BackendError
        If there is none.
    """
    import torch

    names = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if not names:
        raise BackendError(f"There is no GPU to use: this computer has {REMEDIES['cuda']}.")
    return names


def available_devices() -> list[str]:
    """Get the names of the devices that are there, the one that "auto" means first."""
    import torch

    is_there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
        "openvino": importlib.util.find_spec("openvino") is not None,
    }
    return [name for name, there in is_there.items() if there]


def resolve_device(device: str) -> str:
    """Get what "auto" means here; any other name is checked.

    Raises
    ------
    BackendError
        If the device is not there.
    """
    there, kind = available_devices(), kind_of(device)
    if device == "auto":
        return there[0]
    if kind not in there:
        raise BackendError(
            f"The device {device!r} cannot be used: this computer has {REMEDIES[kind]}. "
            f"Choose one of: auto, {', '.join(there)}."
        )
    if device != kind and device not in gpus():
        raise BackendError(f"There is no {device}, only: {', '.join(gpus())}.")
    return device


def number_type(device: str, precision: Precision) -> torch.dtype:
    """Get the type to compute in: for "fast" a short one, where the hardware has it."""
    import torch

    if precision == "exact":
        return torch.float32
    if kind_of(device) in ("cuda", "mps"):
        return torch.float16
    return torch.bfloat16 if _has_bfloat16() else torch.float32


def _has_bfloat16() -> bool:
    """Tell whether the processor computes with bfloat16; emulated, it would be slower."""
    import torch

    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, bool)() for name in names)


def n_usable_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
