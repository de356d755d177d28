"""Any model of timm, by name, as an `EmbedderSpec`."""

from __future__ import annotations

import math
from difflib import get_close_matches
from typing import Any, Literal

from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec, WeightsFile
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.images.prepare import Preparation

HUB_FILE = "model.safetensors"
FITS: dict[str, Literal["crop", "squash"]] = {"center": "crop", "squash": "squash"}
LEVELS = 255
BYTES_PER_WEIGHT = 4


def timm_spec(name: str) -> EmbedderSpec:
    """Describe a model of timm; imports timm, but loads no weights.

    Raises
    ------
    InputError
        If timm has no such model, or no weights for it.
    """
    import timm
    import torch

    try:
        cfg = timm.models.get_pretrained_cfg(name) if timm.models.is_model(name) else None
    except RuntimeError:  # it has no such tag
        cfg = None
    if cfg is None or not cfg.hf_hub_id:
        close = get_close_matches(name, timm.list_models(pretrained=True), 3)
        hint = f" Did you mean {', '.join(close)}?" if close else ""
        raise InputError(f"timm has no model {name!r} with trained weights.{hint}")
    if cfg.tag and "." not in name:
        name = f"{name}.{cfg.tag}"  # the default weights may be others in the next version
    preparation = _preparation(name, cfg)
    side = preparation.crop_px
    with torch.device("meta"):
        network = timm.create_model(name, pretrained=False, num_classes=0).eval()
        n_features = network(torch.zeros(1, 3, side, side)).shape[1]
    source = f"https://huggingface.co/{cfg.hf_hub_id}"
    return EmbedderSpec(
        id=f"timm:{name}",
        title=name,
        description="A model of timm, chosen by name.",
        n_features=n_features,
        network=f"timm:{name}",
        preparation=preparation,
        weights=WeightsFile(
            name=f"{name}.safetensors",
            n_bytes=BYTES_PER_WEIGHT * sum(weight.numel() for weight in network.parameters()),
            sha256_start="",
            url=f"{source}/resolve/main/{cfg.hf_hub_filename or HUB_FILE}",
        ),
        licence=cfg.license or "see source",
        source=source,
    )


def _preparation(name: str, cfg: Any) -> Preparation:
    """Get the preparation with which timm evaluates a model."""
    if cfg.crop_mode not in FITS or cfg.interpolation not in ("bilinear", "bicubic"):
        raise InputError(
            f"The timm model {name!r} needs images prepared in a way that is not supported "
            f"({cfg.crop_mode}, {cfg.interpolation}). Choose another one."
        )
    side = cfg.input_size[-1]
    return Preparation(
        resize_px=math.floor(side / cfg.crop_pct),
        crop_px=side,
        interpolation=cfg.interpolation,
        mean=tuple(LEVELS * value for value in cfg.mean),
        std=tuple(LEVELS * value for value in cfg.std),
        fit=FITS[cfg.crop_mode],
    )
