"""A map of images as a picture file, for reports and the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.maps.levels import density, levels_of
from orangecontrib.imageembedding.pictures.placed import ReadThumbnail, save_placed

SIDE_PX = 3000
PICTURE_PX = 96
MARGIN_PX = PICTURE_PX // 2
DOT_PX = 5
GRAY = (150, 150, 150)


def unit_square(coordinates: NDArray[np.float32]) -> NDArray[np.float32]:
    """Move and scale a map into the unit square; its proportions stay.

    Parameters
    ----------
    coordinates : ndarray of shape (n, 2), dtype float32
        To the right and up.

    Returns
    -------
    places : ndarray of shape (n, 2), dtype float32
        0 to 1, to the right and down.
    """
    if not len(coordinates):
        return coordinates
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    span = float((high - low).max()) or 1.0
    places = (coordinates - (low + high) / 2) / span + 0.5
    places[:, 1] = 1 - places[:, 1]
    return np.asarray(np.clip(places, 0, 1), dtype=np.float32)


def save_map(coordinates: NDArray[np.float32], path: str | Path, read: ReadThumbnail) -> None:
    """Draw the images that have room on a map, typical ones first, and a dot for each other.

    Parameters
    ----------
    coordinates : ndarray of shape (n, 2), dtype float32
        NaN for images that are not on the map.
    path : str or Path
        Ends in .png, .svg or .pdf.
    read : callable
        Reads a thumbnail; see `ReadThumbnail`.
    """
    numbers = np.flatnonzero(np.isfinite(coordinates).all(axis=1))
    places = unit_square(coordinates[numbers])
    inner = SIDE_PX - 2 * MARGIN_PX
    levels = levels_of(places, density(places), PICTURE_PX / inner, 1)
    pixels = (MARGIN_PX + places * inner).round().astype(int)
    save_placed(_placed(numbers, pixels, levels == 0, read), (SIDE_PX, SIDE_PX), path)


def _placed(
    numbers: NDArray[np.intp],
    pixels: NDArray[np.intp],
    is_shown: NDArray[np.bool_],
    read: ReadThumbnail,
) -> Iterator[tuple[int, int, Image.Image]]:
    dot = Image.new("RGB", (DOT_PX, DOT_PX), GRAY)
    for x, y in pixels[~is_shown].tolist():
        yield x - DOT_PX // 2, y - DOT_PX // 2, dot
    for i in np.flatnonzero(is_shown):
        picture = read(int(numbers[i]), PICTURE_PX)
        x, y = pixels[i].tolist()
        if picture is None:
            yield x - DOT_PX // 2, y - DOT_PX // 2, dot
        else:
            height, width, _ = picture.shape
            yield x - width // 2, y - height // 2, Image.fromarray(picture)
