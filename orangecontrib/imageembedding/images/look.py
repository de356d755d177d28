"""Bytes of an image → what tells whether it is a copy of another."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.fetch import fetch


class Seen(NamedTuple):
    """An image that was read.

    Attributes
    ----------
    digest : str
        Of the upright pixels and their size.
    n_bytes : int
        Of the file.
    pixels : ndarray of shape (height, width, 3), dtype uint8
    """

    digest: str
    n_bytes: int
    pixels: NDArray[np.uint8]


def see(location: str) -> Seen:
    """Read one image.

    Raises
    ------
    ImageError
        If it cannot be had or read, with the reason.
    """
    data = fetch(location)
    pixels = decode(data, location)
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return Seen(digest.hexdigest(), len(data), pixels)
