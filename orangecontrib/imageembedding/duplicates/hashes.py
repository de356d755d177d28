"""Perceptual hashes that know a picture again when it is turned or mirrored.

After PDQ (Facebook, 2019, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing
Algorithm"): the lowest frequencies of the gray picture, each one bit, above or below the median.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE_PX = 64
N_FREQUENCIES = 16
N_BITS = N_FREQUENCIES**2
N_TURNS = 8  # four turns, each also mirrored
MIN_QUALITY = 0.5  # below, a picture is so flat that its bits are noise

GRAY = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def hash_turns(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Get the hashes of a picture in all ways it can be turned and mirrored.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), dtype uint8
        A thumbnail will do.

    Returns
    -------
    hashes : ndarray of shape (8, 32), dtype uint8
        256 bits each; the first of the picture as it is.
    quality : float
        Mean step from pixel to pixel in gray levels, 0 for a flat picture; see `MIN_QUALITY`.
    """
    image = Image.fromarray(pixels).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    gray = np.asarray(image, dtype=np.float32) @ GRAY
    quality = float(np.abs(np.diff(gray, axis=0)).mean() + np.abs(np.diff(gray, axis=1)).mean())
    waves = _cosines()
    frequencies = waves @ gray @ waves.T
    # Mirroring changes the sign of every second frequency along its axis.
    signs = np.where(np.arange(1, N_FREQUENCIES + 1) % 2, -1, 1)
    turned = []
    for turn in (frequencies, frequencies.T):
        for down in (1, signs[:, None]):
            turned += [turn * down, turn * down * signs]
    bits = [turn > np.median(turn) for turn in turned]
    return np.packbits(np.array(bits).reshape(N_TURNS, N_BITS), axis=1), quality


@lru_cache(maxsize=1)
def _cosines() -> NDArray[np.float32]:
    """Get the first frequencies without the mean, shape (16, 64), of the cosine transform."""
    places = (2 * np.arange(SIDE_PX) + 1) * np.pi / (2 * SIDE_PX)
    waves = np.cos(np.arange(1, N_FREQUENCIES + 1)[:, None] * places)
    return np.asarray(waves * np.sqrt(2 / SIDE_PX), dtype=np.float32)
