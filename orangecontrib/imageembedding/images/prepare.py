"""Upright pixels → the input of a network: resize, crop, normalise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_ASPECT_RATIO = 8

IMAGENET_MEAN = (0.485 * 255, 0.456 * 255, 0.406 * 255)
IMAGENET_STD = (0.229 * 255, 0.224 * 255, 0.225 * 255)


@dataclass(frozen=True)
class Preparation:
    """How a network wants its pictures; part of what an embedder is.

    Attributes
    ----------
    resize_px : int
        The short side is resized to this.
    crop_px : int
        Side of the square that is cut from the center.
    interpolation : {"bilinear", "bicubic"}
        Filter of the resize (antialiased, as Pillow's).
    mean, std : tuple of 3 floats
        For R, G, B in gray levels 0-255: the input is ``(value - mean) / std``.
    fit : {"crop", "squash"}
        Whether the aspect ratio is kept, so that the crop cuts off what is too long, or both
        sides are resized to `resize_px`.
    """

    resize_px: int = 256
    crop_px: int = 224
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    fit: Literal["crop", "squash"] = "crop"


def prepare(pixels: NDArray[np.uint8], preparation: Preparation) -> NDArray[np.float32]:
    """Make the input of a network from one picture.

    Gives exactly what torchvision's ``Resize``, ``CenterCrop`` and ``Normalize`` give.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), dtype uint8
        As `decode` gives them.
    preparation : Preparation
        What the network wants.

    Returns
    -------
    prepared : ndarray of shape (3, crop_px, crop_px), dtype float32
    """
    filters = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
    image = Image.fromarray(pixels)
    resample = filters[preparation.interpolation]
    if preparation.fit == "squash":
        size = (preparation.resize_px, preparation.resize_px)
    else:
        size = _resized_size(*image.size, preparation.resize_px)
    cropped = _resize_and_crop(image, size, preparation.crop_px, resample)
    values = np.asarray(cropped, dtype=np.float32).transpose(2, 0, 1)
    mean = np.array(preparation.mean, dtype=np.float32)[:, None, None]
    std = np.array(preparation.std, dtype=np.float32)[:, None, None]
    return np.ascontiguousarray((values - mean) / std)


def _resize_and_crop(
    image: Image.Image, size: tuple[int, int], side: int, resample: Image.Resampling
) -> Image.Image:
    width, height = size
    left, top = round((width - side) / 2), round((height - side) / 2)
    if max(size) <= MAX_ASPECT_RATIO * min(size):
        return image.resize((width, height), resample).crop((left, top, left + side, top + side))
    # Of a sliver only what is inside the crop is computed: it would become huge. (Not of other
    # pictures: Pillow stores the box in single precision, which turns some pixels by one level.)
    x_scale, y_scale = image.width / width, image.height / height
    box = (left * x_scale, top * y_scale, (left + side) * x_scale, (top + side) * y_scale)
    return image.resize((side, side), resample, box=box)


def _resized_size(width: int, height: int, short_px: int) -> tuple[int, int]:
    """Size with the short side at `short_px`; the long side is cut off as torchvision does."""
    if width <= height:
        return short_px, int(short_px * height / width)
    return int(short_px * width / height), short_px
