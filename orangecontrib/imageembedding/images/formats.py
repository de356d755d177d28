"""What formats of files can hold, and what pictures become that they cannot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.images.color import scaled_to_8_bits, srgb_pixels
from orangecontrib.imageembedding.images.stored import Stored

WHITE = 255


@dataclass(frozen=True, slots=True)
class FileFormat:
    """What a format of files can hold.

    Attributes
    ----------
    ending : str
        Of the names of its files.
    depths : str
        Letters of the types of numbers, as numpy's: ``?`` bool, ``B`` uint8, ``H`` uint16; "" any.
    modes : tuple of str
        Kinds of channels.
    holds_profile : bool
        Whether a color profile can go with the pixels.
    """

    ending: str
    depths: str
    modes: tuple[str, ...]
    holds_profile: bool = True


FORMATS = {
    "PNG": FileFormat(".png", "?BH", ("L", "LA", "RGB", "RGBA")),
    "JPEG": FileFormat(".jpg", "B", ("L", "RGB", "CMYK")),
    "TIFF": FileFormat(".tif", "", ("L", "LA", "RGB", "RGBA", "CMYK")),
    "WEBP": FileFormat(".webp", "B", ("RGB", "RGBA")),
    "BMP": FileFormat(".bmp", "B", ("L", "RGB"), holds_profile=False),
    "GIF": FileFormat(".gif", "B", ("RGB", "RGBA"), holds_profile=False),
    "PDF": FileFormat(".pdf", "B", ("RGB",), holds_profile=False),
}


def fitting(stored: Stored, file_format: FileFormat) -> Stored:
    """Make of a picture what a format of files can hold, and no less."""
    modes, depths = file_format.modes, file_format.depths
    if depths and stored.values.dtype.char not in depths:
        stored = replace(stored, values=_of_8_bits(stored.values, stored.mode))
    if stored.mode == "CMYK" and "CMYK" not in modes:
        stored = _in_srgb(stored)
    if stored.profile and not (file_format.holds_profile and _colors(stored.mode) in modes):
        stored = _in_srgb(stored)
    if stored.mode.endswith("A") and "RGBA" not in modes:
        stored = on_white(stored)
    if stored.mode not in modes:  # gray where there is only color
        colors = np.repeat(stored.values[..., :1], 3, axis=-1)
        values = np.concatenate([colors, stored.values[..., 1:]], axis=-1)
        stored = replace(stored, values=values, mode="RGBA" if stored.mode == "LA" else "RGB")
    return stored


def _colors(mode: str) -> str:
    return mode.removesuffix("A")


def _of_8_bits(values: NDArray[Any], mode: str) -> NDArray[np.uint8]:
    if values.dtype == bool:
        return values.astype(np.uint8) * 255
    if not mode.endswith("A"):
        return scaled_to_8_bits(values)
    opacity = np.nan_to_num(values[..., -1:].astype(np.float64))
    full = np.iinfo(values.dtype).max if values.dtype.kind in "ui" else 1.0
    levels = np.rint(np.clip(opacity / full, 0, 1) * 255).astype(np.uint8)
    return np.concatenate([scaled_to_8_bits(values[..., :-1]), levels], axis=-1)


def _in_srgb(stored: Stored) -> Stored:
    """Apply the color profile, in 8 bits."""
    if stored.values.dtype != np.uint8:
        stored = replace(stored, values=_of_8_bits(stored.values, stored.mode))
    n_colors = stored.values.shape[-1] - stored.mode.endswith("A")
    colors = srgb_pixels(pillow_image(stored.values[..., :n_colors], _colors(stored.mode)),
                         stored.profile)  # fmt: skip
    values = np.concatenate([colors, stored.values[..., n_colors:]], axis=-1)
    mode = "RGBA" if stored.mode.endswith("A") else "RGB"
    return replace(stored, values=values, mode=mode, profile=None)


def on_white(stored: Stored) -> Stored:
    """Lay a picture of 8 bits on white, as on paper."""
    opacity = stored.values[..., -1:].astype(np.float32) / WHITE
    blended = stored.values[..., :-1] * opacity + WHITE * (1 - opacity)
    return replace(stored, values=np.rint(blended).astype(np.uint8), mode=_colors(stored.mode))


def pillow_image(values: NDArray[Any], mode: str) -> Image.Image:
    """Make an image of values of shape (height, width, channels), with the dtype of its mode."""
    if mode == "L":
        return Image.fromarray(np.ascontiguousarray(values[..., 0]))
    return Image.fromarray(np.ascontiguousarray(values), mode)
