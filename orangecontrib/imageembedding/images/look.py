"""Bytes of an image → what it is compared by with others."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.header import header_of
from orangecontrib.imageembedding.images.thumbnail import keep_shrunk

SMALL_PX = 256


class Seen(NamedTuple):
    """An image that was read.

    Attributes
    ----------
    width_px, height_px : int
        Of the whole upright picture.
    pixels : ndarray of shape (height, width, 3), dtype uint8
        Of the picture, shrunk to fit `SMALL_PX`.
    """

    width_px: int
    height_px: int
    pixels: NDArray[np.uint8]


def see(data: bytes, location: str, path: str | None = None) -> Seen:
    """Read one image, large ones at a lower resolution.

    Parameters
    ----------
    data : bytes
        Of the whole file.
    location : str
        Where `data` came from.
    path : str, optional
        Of the file, if it is one: its thumbnail is then kept for the next time, too.

    Raises
    ------
    ImageError
        If it is not an image, with the reason.
    """
    header = header_of(data, location)
    pixels = decode(data, location, at_least_px=SMALL_PX)
    return Seen(header.width_px, header.height_px, keep_shrunk(pixels, path, SMALL_PX))


def pixel_digest(data: bytes, location: str) -> str:
    """Get what two files share that hold the same picture: a digest of all upright pixels.

    Raises
    ------
    ImageError
        If it is not an image, with the reason.
    """
    pixels = decode(data, location)
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
