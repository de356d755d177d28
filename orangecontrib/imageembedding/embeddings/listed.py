"""What a list of images may contain → locations: paths, URLs, and images in memory."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PNG_MODES = {"1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16"}
TIFF_MODES = {"CMYK", "F", "LAB", "YCbCr"}


def locations_of(items: Iterable[object]) -> tuple[list[str], dict[int, str]]:
    """Get the location of each item of a list.

    Parameters
    ----------
    items : iterable
        Paths or URLs (str or path objects), bytes of image files, PIL images, uint8 arrays of
        shape (height, width), (height, width, 3) or (height, width, 4). What is missing (None,
        NaN, an empty array) or anything else is one failure.

    Returns
    -------
    locations : list of str
        For images in memory, a ``data`` URL; "" where there is none.
    reasons : dict of int to str
        Position → why there is none.

    Raises
    ------
    ValueError
        If it is one item, not a list of them.
    """
    is_one_array = isinstance(items, np.ndarray) and items.ndim == 3 and items.shape[2] in (3, 4)
    if is_one_array or isinstance(items, str | bytes | bytearray | os.PathLike | Image.Image):
        what = items if isinstance(items, str | os.PathLike) else f"one {type(items).__name__}"
        raise ValueError(f"paths must be a list of paths or images; got {what!r}")
    locations: list[str] = []
    reasons: dict[int, str] = {}
    for position, item in enumerate(items):
        try:
            locations.append(_location_of(item))
        except (OSError, TypeError, ValueError) as error:  # PIL reads a file only now
            locations.append("")
            reasons[position] = str(error)
    return locations, reasons


def _location_of(item: object) -> str:
    """Get the location of one item; "" if it is missing, which has a reason of its own."""
    if isinstance(item, str | os.PathLike):
        return os.fsdecode(item)
    if isinstance(item, bytes | bytearray | memoryview):
        return _data_url(bytes(item))
    if isinstance(item, Image.Image):
        return _data_url(_file_of(item))
    if isinstance(item, np.ndarray):
        return _data_url(_file_of(_image_of(item))) if item.size else ""
    # Of what else there is, NaN, NaT and pandas' NA are not equal to themselves.
    if item is None or type(item).__name__ == "NAType" or item != item:
        return ""
    raise TypeError(f"neither a path nor an image: {type(item).__name__}")


def _image_of(pixels: NDArray[np.generic]) -> Image.Image:
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    is_image = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))
    if not is_image or pixels.dtype != np.uint8:
        raise ValueError(
            f"not an image: an array of {pixels.dtype} and shape {pixels.shape}; it must be uint8, "
            "(height, width, 3)"
        )
    return Image.fromarray(np.ascontiguousarray(pixels))


def _file_of(image: Image.Image) -> bytes:
    """Write an image as it is, with its orientation and color profile, without compression."""
    buffer = io.BytesIO()
    exif = image.getexif().tobytes()
    if image.mode in TIFF_MODES:
        image.save(buffer, "TIFF", exif=exif)
    else:
        plain = image if image.mode in PNG_MODES else image.convert("RGB")
        plain.save(buffer, "PNG", compress_level=0, exif=exif)
    return buffer.getvalue()


def _data_url(data: bytes) -> str:
    return f"data:;base64,{base64.b64encode(data).decode()}"
