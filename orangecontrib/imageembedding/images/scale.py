"""Pixels → the same at another size."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Fit = Literal["stretch", "fit", "crop"]
FITS: tuple[Fit, ...] = get_args(Fit)
Box = tuple[float, float, float, float]


def size_and_box(
    width: int, height: int, size: tuple[int, int], fit: Fit
) -> tuple[tuple[int, int], Box]:
    """Get the size that a picture becomes, and the part of it that is used.

    Parameters
    ----------
    width, height : int
        Of the picture.
    size : tuple of 2 ints
        Width and height wanted, in pixels.
    fit : {"stretch", "fit", "crop"}
        Whether both sides become what is wanted, the aspect ratio is kept and the longer side
        fits, or the picture fills that size and what is beyond its middle is cut off.

    Returns
    -------
    size : tuple of 2 ints
    box : tuple of 4 floats
        Left, top, right, bottom.
    """
    x_scale, y_scale = size[0] / width, size[1] / height
    if fit == "fit":
        scale = min(x_scale, y_scale)
        size = max(1, round(width * scale)), max(1, round(height * scale))
    if fit == "crop":
        scale = max(x_scale, y_scale)
        x_cut, y_cut = width - size[0] / scale, height - size[1] / scale
        return size, (x_cut / 2, y_cut / 2, width - x_cut / 2, height - y_cut / 2)
    return size, (0, 0, width, height)


def scaled(values: NDArray[Any], mode: str, size: tuple[int, int], box: Box) -> NDArray[Any]:
    """Scale a picture, as deep as it is; hidden colors of transparent pixels stay hidden.

    Parameters
    ----------
    values : ndarray of shape (height, width, n_channels), any dtype
        The picture.
    mode : str
        What the channels are, as Pillow calls it; with an ``A`` at its end, the last is opacity.
    size, box
        As `size_and_box` gives them.

    Returns
    -------
    scaled : ndarray of shape (height, width, n_channels), dtype as before
        Only bool becomes uint8 of 0-255.
    """
    if values.dtype == bool:
        values = values.astype(np.uint8) * 255
    if values.dtype == np.uint8:
        image = Image.fromarray(values.squeeze(-1) if mode == "L" else values, mode)
        resized = np.asarray(image.resize(size, Image.Resampling.LANCZOS, box))
        return resized[..., None] if mode == "L" else resized
    return _deep_scaled(values, mode, size, box)


def _deep_scaled(values: NDArray[Any], mode: str, size: tuple[int, int], box: Box) -> NDArray[Any]:
    has_opacity = mode.endswith("A")
    numbers = values.astype(np.float32)
    if has_opacity:
        numbers[..., :-1] *= numbers[..., -1:]
    bands = [
        np.asarray(Image.fromarray(numbers[..., i]).resize(size, Image.Resampling.LANCZOS, box))
        for i in range(values.shape[-1])
    ]
    resized = np.dstack(bands)
    if has_opacity:
        resized[..., :-1] /= np.where(resized[..., -1:] > 0, resized[..., -1:], 1)
    if values.dtype.kind in "ui":
        ends = np.iinfo(values.dtype)
        # In double precision: the largest of 32 bits is none in single.
        resized = np.clip(np.rint(resized.astype(np.float64)), ends.min, ends.max)
    return resized.astype(values.dtype)
