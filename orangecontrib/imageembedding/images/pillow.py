"""Pillow, held within bounds: which formats it may read, how large, what its errors mean."""

from __future__ import annotations

import logging
import os
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
from orangecontrib.imageembedding.images.claims import refuse_impossible
from orangecontrib.imageembedding.images.isoboxes import is_cut
from orangecontrib.imageembedding.images.limits import VARIABLE, max_megapixels, refuse_too_large
from orangecontrib.imageembedding.images.reasons import reason_of
from orangecontrib.imageembedding.images.sniff import PILLOW_FORMATS, webp_size
from orangecontrib.imageembedding.images.unread import why_no_image, why_unread

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
WEIGHTS = {"AVIF": 1.25, "JPEG2000": 3.0}  # so that decoding stays below 500 MB
WEBP_WEIGHT = 2  # its decoder holds two whole pictures
MAX_WORDS_CHARACTERS = 200
TOO_LARGE_INSIDE = (
    f"too large: the picture inside has too many megapixels (set {VARIABLE} to allow more)"
)

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
        Not loaded; its size is checked only if its format has a separate limit.

    Raises
    ------
    DecodeError
        If it is not an image that Pillow reads by itself.
    """
    _refuse_unopened(file, kind, start, location)
    silence("PIL")
    formats = [kind] if kind in PILLOW_FORMATS else _available_formats()
    try:
        with _own_limit(kind == "ICO"):  # which is decoded as soon as it is opened
            image = Image.open(file, formats=formats)
    except UnidentifiedImageError as error:
        raise DecodeError(location, why_no_image(start)) from error
    except Image.DecompressionBombError as error:
        raise DecodeError(location, TOO_LARGE_INSIDE) from error
    except DAMAGE as error:
        raise DecodeError(location, reason_of(error, kind)) from error
    _refuse_opened(file, image, start, location)
    return image


def _refuse_unopened(file: IO[bytes], kind: str | None, start: bytes, location: str) -> None:
    if kind is None and (reason := why_unread(start)) is not None:
        raise DecodeError(location, reason)
    if kind == "WEBP" and (size := webp_size(start)) is not None:
        refuse_too_large(*size, location, WEBP_WEIGHT)
    if kind == "AVIF":
        if is_cut(file.read()):
            raise DecodeError(location, "damaged image: the AVIF file is cut")
        file.seek(0)


def _refuse_opened(file: IO[bytes], image: Image.Image, start: bytes, location: str) -> None:
    if image.format == "PPM" and start[:2] in (b"P1", b"P2", b"P3"):
        refuse_too_large(*image.size, location, TEXT_WEIGHT)
    if image.format in WEIGHTS:
        refuse_too_large(*image.size, location, WEIGHTS[image.format])
    # What is too large for its format is refused as that; a JPEG may be reduced.
    if image.format == "JPEG" or image.width * image.height <= max_megapixels() * 1e6:
        refuse_impossible(image.format, image.size, _n_bytes(file), start, location)


def _n_bytes(file: IO[bytes]) -> int:
    here = file.tell()  # where the decoder continues
    n_bytes = file.seek(0, os.SEEK_END)
    file.seek(here)
    return n_bytes


def load_image(image: Image.Image, location: str) -> None:
    """Let Pillow decode an opened image.

    Raises
    ------
    DecodeError
        If it is damaged, or has a file inside that is too large, whatever the header says.
    """
    try:
        if image.format not in HOLDING_OTHER_FILES:
            image.load()
            return
        with _own_limit(True):
            image.load()
    except Image.DecompressionBombError as error:
        raise DecodeError(location, TOO_LARGE_INSIDE) from error
    except DAMAGE as error:
        raise DecodeError(location, reason_of(error, image.format)) from error


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
