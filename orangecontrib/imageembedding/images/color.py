"""Pixels of any depth and color space → 8-bit sRGB."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from orangecontrib.imageembedding.images.lab import srgb_of_lab

# White lies under transparent pixels, as on paper.
WHITE = 255

SAME_LEVELS = 2  # by which profiles of sRGB differ from each other
BLOCK_PIXELS = 1 << 21
KEPT_INFO = {"transparency"}


def scaled_to_8_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale pixels of any depth to 0-255; nothing is clipped.

    Parameters
    ----------
    values : ndarray of shape (height, width, ...), dtype of integers or floats
        Unsigned 8 bit stay as they are. Unsigned 16 bit are taken for the smallest of 8, 10,
        12, 14 and 16 bits that holds the largest value. All others are scaled from their
        smallest to their largest finite value; NaN becomes the smallest, infinities the ends.
        The same scale serves all channels.

    Returns
    -------
    scaled : ndarray of shape (height, width, ...), dtype uint8
        0 everywhere for a constant of the last kind.
    """
    if values.dtype == np.uint8:
        return cast("NDArray[np.uint8]", values)
    if values.dtype.newbyteorder("=") == np.uint16:
        return _scaled_16_bits(values)
    ends = [_finite_ends(values[rows]) for rows in _blocks(values.shape)]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    scaled = np.zeros(values.shape, np.uint8)
    if low / 2 < high / 2:
        for rows in _blocks(values.shape):
            scaled[rows] = _scaled(values[rows], low, high)
    return scaled


def _scaled_16_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    largest = int(values.max(initial=0))
    n_levels = next(2**bits for bits in (8, 10, 12, 14, 16) if largest < 2**bits)
    gray_of = np.rint(np.arange(n_levels) * (255 / (n_levels - 1))).astype(np.uint8)
    scaled = np.empty(values.shape, np.uint8)
    for rows in _blocks(values.shape):
        scaled[rows] = gray_of[values[rows]]
    return scaled


def _finite_ends(values: NDArray[np.generic]) -> tuple[float, float]:
    with np.errstate(invalid="ignore"):  # signalling NaN
        numbers = values.astype(np.float64)
    finite = np.isfinite(numbers)
    low = numbers.min(where=finite, initial=np.inf)
    return float(low), float(numbers.max(where=finite, initial=-np.inf))


def _scaled(values: NDArray[np.generic], low: float, high: float) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):  # signalling NaN
        numbers = values.astype(np.float64)
    # Halves, because the span of huge numbers may overflow.
    numbers = np.nan_to_num(numbers, copy=False, nan=low, posinf=high, neginf=low) / 2
    return cast("NDArray[np.float64]", np.rint((numbers - low / 2) / (high / 2 - low / 2) * 255))


def _blocks(shape: tuple[int, ...]) -> list[slice]:
    """Cut an array into blocks of rows, so that what is made in between stays small."""
    n_rows = max(1, BLOCK_PIXELS // max(1, shape[1]))
    return [slice(start, start + n_rows) for start in range(0, shape[0], n_rows)]


def srgb_pixels(
    image: Image.Image, profile: bytes | None, alpha: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Convert a picture to RGB on white.

    Parameters
    ----------
    image : PIL image
        Of any mode; deep ones are scaled by `scaled_to_8_bits`.
    profile : bytes or None
        Its ICC profile; one that is broken or does not fit is ignored.
    alpha : ndarray of shape (height, width), dtype uint8, optional
        Its opacity, where `image` has none.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), dtype uint8
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = Image.fromarray(scaled_to_8_bits(np.asarray(image)))
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    for rows in _blocks((height, width)):
        block = image.crop((0, rows.start, width, min(rows.stop, height)))
        block.info.update({key: image.info[key] for key in KEPT_INFO & image.info.keys()})
        opacity = None if alpha is None else Image.fromarray(alpha[rows])
        pixels[rows] = np.asarray(_to_srgb(block, profile, opacity))
    return pixels


def _to_srgb(image: Image.Image, profile: bytes | None, opacity: Image.Image | None) -> Image.Image:
    if opacity is None and image.has_transparency_data:
        rgba = image if image.mode == "RGBA" else image.convert("RGBA")
        image, opacity = rgba.convert("RGB"), rgba.getchannel("A")
    elif image.mode == "LAB":
        image = Image.fromarray(srgb_of_lab(np.asarray(image)))
    elif image.mode in ("P", "1", "PA"):
        image = image.convert("RGB")
    colors = _with_profile(image, profile)
    if opacity is None:
        return colors
    white = Image.new("RGB", image.size, (WHITE, WHITE, WHITE))
    white.paste(colors, mask=opacity)
    return white


def _with_profile(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile and image.mode in ("L", "RGB", "CMYK"):
        try:
            transform = _transform_to_srgb(profile, image.mode)
            if transform is not None:
                return ImageCms.applyTransform(image, transform) or image
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # a broken profile says nothing about the colors
    return image.convert("RGB")


@lru_cache(maxsize=16)
def _transform_to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Get what turns colors into sRGB; None where they are sRGB, whatever the profile's name."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    if mode == "CMYK":
        return transform
    levels = np.arange(0, 256, 17, dtype=np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(len(levels), -1, 3)
    sample = Image.fromarray(grid if mode == "RGB" else grid[..., 0])
    plain, changed = (np.asarray(image, np.int16) for image in (
        sample.convert("RGB"), ImageCms.applyTransform(sample, transform)
    ))  # fmt: skip
    return transform if np.abs(plain - changed).max() > SAME_LEVELS else None
