"""Pillow, held within bounds: which formats it may read, how large, what its errors mean."""

from __future__ import annotations

import struct
import threading
import zlib
from typing import IO

from PIL import Image, UnidentifiedImageError

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.limits import refuse_too_large
from orangecontrib.imageembedding.images.sniff import PILLOW_FORMATS, webp_size, why_no_image

# What Pillow raises on damaged files of one format or another.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    EOFError,
    OverflowError,
    ZeroDivisionError,
    NotImplementedError,
    RuntimeError,
    AssertionError,
    MemoryError,
    RecursionError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

EXIF_ORIENTATION = 0x0112

_opening = threading.Lock()


def open_image(file: IO[bytes], kind: str | None, start: bytes, location: str) -> Image.Image:
    """Let Pillow read the header of an image file.

    Parameters
    ----------
    file : binary file
        At its beginning.
    kind : str or None
        What `sniff` says of `start`.
    start : bytes
        The first bytes of the file.
    location : str
        Named in errors.

    Returns
    -------
    image : PIL image
        Not loaded; its size is not checked yet.

    Raises
    ------
    DecodeError
        If it is no image that Pillow reads by itself.
    """
    if kind == "WEBP" and (size := webp_size(start)) is not None:
        refuse_too_large(*size, location)
    formats = [kind] if kind in PILLOW_FORMATS else _available_formats()
    try:
        with _opening:
            # The limit is ours: Pillow's belongs to the whole process, and warns besides.
            limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            try:
                return Image.open(file, formats=formats)
            finally:
                Image.MAX_IMAGE_PIXELS = limit
    except UnidentifiedImageError as error:
        raise DecodeError(location, why_no_image(start)) from error
    except DAMAGE as error:
        raise DecodeError(location, f"damaged image: {said(error)}") from error


def _available_formats() -> list[str]:
    Image.init()
    return [name for name in PILLOW_FORMATS if name in Image.OPEN]


def exif_orientation(image: Image.Image) -> int | None:
    """Get the EXIF orientation of an opened image; None where it is turned or has none."""
    if image.format in ("TIFF", "AVIF"):  # these Pillow turns itself, and tells the turned size
        return None
    try:
        value = image.getexif().get(EXIF_ORIENTATION)
    except DAMAGE:  # broken EXIF says nothing about the pixels
        return None
    return value if isinstance(value, int) else None


def said(error: BaseException) -> str:
    """Get the words of an error; its kind if it has none."""
    return str(error) or type(error).__name__
