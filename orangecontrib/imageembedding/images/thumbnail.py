"""Location → a small picture for the screen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.images import thumbnailcache
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.fetch import fetch, is_url
from orangecontrib.imageembedding.images.options import USUAL, options_of


def thumbnail(location: str, side_px: int) -> NDArray[np.uint8]:
    """Read one image and shrink it to fit a square; never enlarge it.

    Parameters
    ----------
    location : str
        Path or URL. The result of a local file is cached on disk.
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
    kept_px = None if is_url(location) else thumbnailcache.kept_side(side_px)
    is_usual = options_of(location) == USUAL
    key = None if kept_px is None or not is_usual else thumbnailcache.key_of(location, kept_px)
    if key is None or kept_px is None:
        return _shrunk(decode(fetch(location), location, at_least_px=side_px), side_px)
    kept = thumbnailcache.look_up(key)
    if kept is None:
        kept = _keep(key, decode(fetch(location), location, at_least_px=kept_px), kept_px)
    return _shrunk(kept, side_px)


def keep_shrunk(pixels: NDArray[np.uint8], path: str | None, side_px: int) -> NDArray[np.uint8]:
    """Shrink a picture that was read for another reason, and keep that as its thumbnail.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), dtype uint8
        With at least `side_px` on its short side, unless the picture has fewer.
    path : str or None
        Of its file, if it is one and was read as usual.
    side_px : int
        One of `thumbnailcache.SIDES_PX`.

    Returns
    -------
    small : ndarray of shape (height, width, 3), dtype uint8
        The longer side is at most `side_px`.
    """
    key = None if path is None else thumbnailcache.key_of(path, side_px)
    return _shrunk(pixels, side_px) if key is None else _keep(key, pixels, side_px)


def _keep(key: bytes, whole: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    small = _shrunk(whole, side_px)
    if small.shape != whole.shape:  # a small picture is read as fast from its own file
        thumbnailcache.keep(key, small)
    return small


def _shrunk(pixels: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    if max(pixels.shape) <= side_px:
        return pixels
    image = Image.fromarray(pixels)
    image.thumbnail((side_px, side_px), Image.Resampling.BOX, reducing_gap=2.0)
    return np.asarray(image)
