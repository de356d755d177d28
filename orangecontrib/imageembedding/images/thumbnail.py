"""Location → a small picture for the screen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.fetch import fetch


def thumbnail(location: str, side_px: int) -> NDArray[np.uint8]:
    """Read one image and shrink it to fit a square; never enlarge it.

    Parameters
    ----------
    location : str
        Path or URL.
    side_px : int
        Side of the square in pixels.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), dtype uint8
        The longer side is at most `side_px`.

    Raises
    ------
    ImageError
        If the image cannot be had or read, with the reason.
    """
    image = Image.fromarray(decode(fetch(location), location, at_least_px=side_px))
    image.thumbnail((side_px, side_px), Image.Resampling.BOX, reducing_gap=2.0)
    return np.asarray(image)
