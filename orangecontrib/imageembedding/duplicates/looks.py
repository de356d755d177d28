"""What is known of one image beside its vector."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.duplicates.hashes import N_BITS, N_TURNS

_NUMBERS = struct.Struct("<dQQQ")
_HASH_BYTES = N_TURNS * N_BITS // 8


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What is known of one image beside its vector.

    Attributes
    ----------
    content : str
        Digest of the bytes of its file.
    hashes : ndarray of shape (8, 32), dtype uint8
    quality : float
        See `hash_turns`.
    width_px, height_px : int
        Of the whole upright picture.
    n_bytes : int
        Of its file.
    pixels : str
        Digest of all its pixels; "" where nobody has asked for it.
    measures : ndarray of shape (n_measures,), dtype float32
        Taken in the same pass, for the checks of images; none are used here.
    """

    content: str
    hashes: NDArray[np.uint8]
    quality: float
    width_px: int
    height_px: int
    n_bytes: int
    pixels: str = ""
    measures: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))

    @property
    def n_pixels(self) -> int:
        """Of the whole picture."""
        return self.width_px * self.height_px

    def packed(self) -> bytes:
        """Get all but the content as bytes, for `unpacked`."""
        numbers = _NUMBERS.pack(self.quality, self.width_px, self.height_px, self.n_bytes)
        digest = bytes.fromhex(self.pixels)
        measures = self.measures.astype("<f4").tobytes()
        return numbers + self.hashes.tobytes() + bytes([len(digest)]) + digest + measures


def unpacked(content: str, data: bytes) -> Look:
    """Get a look from what `Look.packed` gave.

    Raises
    ------
    ValueError, struct.error
        If it is something else.
    """
    hashes = np.frombuffer(data, np.uint8, _HASH_BYTES, _NUMBERS.size).reshape(N_TURNS, -1)
    quality, width_px, height_px, n_bytes = _NUMBERS.unpack_from(data)
    start = _NUMBERS.size + _HASH_BYTES + 1
    end = start + data[start - 1]
    measures = np.frombuffer(data, "<f4", offset=end)
    return Look(
        content, hashes, quality, width_px, height_px, n_bytes, data[start:end].hex(), measures
    )
