"""Pillow, held within bounds: which formats it may read, how large, what its errors mean."""

from __future__ import annotations

import logging
import re
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from PIL import Image, UnidentifiedImageError

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.limits import max_megapixels, refuse_too_large
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
TURNED_BY_90_DEGREES = (5, 6, 7, 8)
TEXT_WEIGHT = 64  # numbers written as text are read one by one
WEBP_WEIGHT = 2  # its decoder keeps two whole pictures
MAX_WORDS_CHARACTERS = 200

# Files with a PNG, JPEG or JPEG 2000 file inside, whose size need not be theirs.
HOLDING_OTHER_FILES = ("BLP", "ICNS", "ICO")

_opening = threading.Lock()
_PRINTS_NOTHING = logging.NullHandler()


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
        Not loaded; its size is checked only where its format has a limit of its own.

    Raises
    ------
    DecodeError
        If it is no image that Pillow reads by itself.
    """
    if kind == "WEBP" and (size := webp_size(start)) is not None:
        refuse_too_large(*size, location, WEBP_WEIGHT)
    silence("PIL")
    formats = [kind] if kind in PILLOW_FORMATS else _available_formats()
    try:
        with _own_limit(kind == "ICO"):  # which is decoded as soon as it is opened
            image = Image.open(file, formats=formats)
    except UnidentifiedImageError as error:
        raise DecodeError(location, why_no_image(start)) from error
    except Image.DecompressionBombError as error:
        raise DecodeError(location, f"too large: {said(error)}") from error
    except DAMAGE as error:
        raise DecodeError(location, f"damaged image: {said(error)}") from error
    if image.format == "PPM" and start[:2] in (b"P1", b"P2", b"P3"):
        refuse_too_large(*image.size, location, TEXT_WEIGHT)
    return image


def load_image(image: Image.Image, location: str) -> None:
    """Let Pillow decode an opened image.

    Raises
    ------
    DecodeError
        If it has a file inside that is too large, whatever the header says.
    """
    if image.format not in HOLDING_OTHER_FILES:
        image.load()
        return
    try:
        with _own_limit(True):
            image.load()
    except Image.DecompressionBombError as error:
        raise DecodeError(location, f"too large: {said(error)}") from error


@contextmanager
def _own_limit(is_checked_by_pillow: bool) -> Iterator[None]:
    """Put aside Pillow's limit of pixels, which belongs to the whole process, or set it to ours.

    Pillow refuses twice its limit.
    """
    with _opening:
        ours = int(max_megapixels() * 1e6 / 2) if is_checked_by_pillow else None
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, ours
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _available_formats() -> list[str]:
    Image.init()
    return [name for name in PILLOW_FORMATS if name in Image.OPEN]


def exif_orientation(image: Image.Image) -> int | None:
    """Get the EXIF orientation of an opened image; None where it is turned or has none."""
    if image.format == "TIFF":  # which Pillow turns itself, and tells the turned size
        return None
    try:
        value = image.getexif().get(EXIF_ORIENTATION)
    except DAMAGE:  # broken EXIF says nothing about the pixels
        return None
    return value if isinstance(value, int) else None


def silence(package: str) -> None:
    """Have the remarks of a library on broken metadata not printed; handlers of logs get them.

    For the whole process: `warnings.catch_warnings` would mix up the filters of other threads.
    Does nothing the second time.
    """
    logging.getLogger(package).addHandler(_PRINTS_NOTHING)
    modules = rf"{package}\."
    for category in (UserWarning, RuntimeWarning):
        if ("ignore", None, category, re.compile(modules), 0) not in warnings.filters:
            warnings.filterwarnings("ignore", category=category, module=modules)


def said(error: BaseException) -> str:
    """Get the words of an error, short and on one line; its kind if it has none."""
    words = " ".join(str(error).split())
    return words[:MAX_WORDS_CHARACTERS] or type(error).__name__
