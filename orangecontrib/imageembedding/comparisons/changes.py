"""An image → the same one, changed a little, as it might have been taken or saved otherwise."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from orangecontrib.imageembedding.errors import ImageError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.fetch import fetch
from orangecontrib.imageembedding.progress import Progress, silent

SIDE_PX = 512  # more than networks see
KEPT = 0.9  # of width and height
BRIGHTER = 1.25
JPEG_QUALITY = 95
NAMES = ("cropped", "half the size", "brighter", "mirrored")


def changed_files(locations: Sequence[str], progress: Progress = silent) -> list[list[bytes]]:
    """Read images and change each as `changed_images` does; [] for one that cannot be read."""
    changed: list[list[bytes]] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for images in pool.map(_changes_of, locations):
            changed.append(images)
            progress(len(changed) / len(locations))
    return changed


def _changes_of(location: str) -> list[bytes]:
    try:
        return changed_images(decode(fetch(location), location))
    except ImageError:
        return []  # its reason is told by those who embed it


def changed_images(pixels: NDArray[np.uint8]) -> list[bytes]:
    """Change an image in each of the ways of `NAMES`.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), dtype uint8
        As `decode` gives them.

    Returns
    -------
    changed : list of bytes
        JPEG files, at most `SIDE_PX` pixels high and wide: the left and the upper tenth cut off,
        half the size, brighter by a quarter, mirrored.
    """
    image = Image.fromarray(pixels)
    image.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
    width, height = image.size
    left, top = round(width * (1 - KEPT)), round(height * (1 - KEPT))
    changed = (
        image.crop((left, top, width, height)),
        image.resize((max(width // 2, 1), max(height // 2, 1)), Image.Resampling.BICUBIC),
        ImageEnhance.Brightness(image).enhance(BRIGHTER),
        ImageOps.mirror(image),
    )
    return [_jpeg(one) for one in changed]


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()
