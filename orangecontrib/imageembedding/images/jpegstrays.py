"""Stray bytes among the coded pixels of a JPEG file, told from damage, which ends codes early.

libjpeg warns of both in the same words. After the last pixel a whole scan is filled up to a byte
with ones; three in four of the damaged ones are not.
"""

from __future__ import annotations

import re

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from orangecontrib.imageembedding.images.jpegmarkers import is_complete

_WARNING = re.compile(r"Corrupt JPEG data: (\d+) extraneous bytes before marker 0x(..)")
_BETWEEN = ("c4", "da", "dd", *(f"d{i}" for i in range(8)))  # parts of the picture
_END, _EOI = "d9", b"\xff\xd9"
FEW_BYTES, MANY_BYTES = 8, 128  # damage seldom leaves as few
READ_AHEAD_BYTES = 8


def are_strays(warning: str, data: bytes) -> bool:
    """Tell whether a warning of libjpeg is of bytes that no pixel misses.

    Parameters
    ----------
    warning : str
        The first one on `data`.
    data : bytes
        A JPEG file without trailers.
    """
    found = _WARNING.match(warning)
    if found is None or not is_complete(data):
        return False
    n_bytes, marker = int(found[1]), found[2]
    if n_bytes <= FEW_BYTES:
        return marker in (*_BETWEEN, _END)
    return marker == _END and n_bytes <= MANY_BYTES and _is_filled_up(data, n_bytes)


def _is_filled_up(data: bytes, n_strays: int) -> bool:
    """Tell whether only ones fill the last byte that has a code of a pixel in it."""
    last = data.rindex(_EOI) - n_strays
    for end in range(max(2, last - READ_AHEAD_BYTES), last + 1):
        pixels = _whole(data[:end] + _EOI)
        if pixels is None:
            continue
        byte = data[end - 1]
        lowest_zero = ~byte & (byte + 1)
        other = _whole(data[: end - 1] + bytes((byte ^ lowest_zero & 0xFF,)) + _EOI)
        return other is None or not np.array_equal(other, pixels)
    return False


def _whole(data: bytes) -> NDArray[np.uint8] | None:
    """Decode what needs no more bytes than are there; None if it needs more."""
    try:
        return np.asarray(simplejpeg.decode_jpeg(data))
    except ValueError as error:
        if _WARNING.match(str(error)) is None:
            return None
    return np.asarray(simplejpeg.decode_jpeg(data, strict=False))
