"""What every format is decoded to, and the steps that follow, the same for all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.images.color import srgb_pixels


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Decoded pixels, and what remains to be done with them.

    Attributes
    ----------
    pixels : PIL image of any mode, or ndarray of shape (height, width, 3) and dtype uint8
        As stored; the latter is RGB.
    orientation : int or None
        As in EXIF; None where they are upright.
    profile : bytes or None
        ICC profile of the colors.
    alpha : ndarray of shape (height, width), dtype uint8, or None
        Opacity, where `pixels` does not have it.
    """

    pixels: Image.Image | NDArray[np.uint8]
    orientation: int | None = None
    profile: bytes | None = None
    alpha: NDArray[np.uint8] | None = None


def finished(picture: Picture) -> NDArray[np.uint8]:
    """Get upright sRGB pixels on white, of shape (height, width, 3) and dtype uint8."""
    pixels = picture.pixels
    if isinstance(pixels, np.ndarray) and (picture.profile or picture.alpha is not None):
        pixels = Image.fromarray(np.ascontiguousarray(pixels))
    if isinstance(pixels, Image.Image):
        pixels = srgb_pixels(pixels, picture.profile, picture.alpha)
    return upright(pixels, picture.orientation)


def upright(pixels: NDArray[np.uint8], orientation: int | None) -> NDArray[np.uint8]:
    """Turn pixels as an EXIF orientation says; values that are none change nothing.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), dtype uint8
        As stored.
    orientation : int or None
        1 to 8.

    Returns
    -------
    turned : ndarray of shape (height, width, 3) or (width, height, 3), dtype uint8
    """
    across = pixels.swapaxes(0, 1)
    turned = {
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: across,
        6: across[:, ::-1],
        7: across[::-1, ::-1],
        8: across[::-1],
    }.get(orientation or 1, pixels)
    return np.require(turned, requirements=("C", "W"))
