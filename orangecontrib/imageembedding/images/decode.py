"""Bytes → upright RGB pixels, or the reason why not. The only decoder of this package."""

from __future__ import annotations

import io
import struct
import zlib
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from orangecontrib.imageembedding.errors import DecodeError

MAX_MEGAPIXELS = 178  # a larger picture is refused from its header; uncompressed RGB: 534 MB

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
    struct.error,
    zlib.error,
)

# How files begin that Pillow does not read, and what that says.
_BROKEN = "{} image that is damaged or of a kind that is not supported"
SIGNATURES = {
    b"\xff\xd8\xff": _BROKEN.format("JPEG"),
    b"\x89PNG": _BROKEN.format("PNG"),
    b"GIF8": _BROKEN.format("GIF"),
    b"BM": _BROKEN.format("BMP"),
    b"II*\0": _BROKEN.format("TIFF"),
    b"MM\0*": _BROKEN.format("TIFF"),
    b"II+\0": _BROKEN.format("TIFF"),
    b"MM\0+": _BROKEN.format("TIFF"),
    b"<!doctype html": "not an image: HTML page",
    b"<html": "not an image: HTML page",
    b"<svg": "not supported: SVG; save it as PNG",
    b"<?xml": "not supported: SVG or other XML; save it as PNG",
    b"%PDF": "not supported: PDF; save its pages as PNG",
}

EXIF_ORIENTATION = 0x0112
TURNED_BY_90_DEGREES = (5, 6, 7, 8)


def read_size(path: str) -> tuple[int, int]:
    """Get (width, height) in pixels of the upright picture in a file, from its header alone.

    Raises
    ------
    DecodeError
        If the file is not an image that `decode` would accept by its header.
    """
    try:
        file = open(path, "rb")  # noqa: SIM115, PTH123
    except OSError as error:
        raise DecodeError(path, f"cannot be read: {error.strerror}") from error
    with file, _open(file, path) as image:
        width, height = image.size
        try:
            # Pillow turns TIFF itself: its size is the upright one already.
            orientation = None if image.format == "TIFF" else image.getexif().get(EXIF_ORIENTATION)
            turned = orientation in TURNED_BY_90_DEGREES
        except DAMAGE:
            turned = False
    return (height, width) if turned else (width, height)


def decode(data: bytes, location: str) -> NDArray[np.uint8]:
    """Decode one image to upright RGB pixels.

    Parameters
    ----------
    data : bytes
        A whole encoded file (PNG, JPEG, ...).
    location : str
        Where `data` came from; named in the error, never opened.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), dtype uint8
        sRGB values 0-255, rows top to bottom, turned upright by EXIF. The first frame of an
        animation or stack. Transparent parts lie on white. More than 8 bits a channel are
        scaled: unsigned 16 bit by the smallest of 8, 10, 12, 14, 16 bits that holds the
        largest value, others from their smallest to their largest finite value.

    Raises
    ------
    DecodeError
        If `data` is not a complete image, or is larger than `MAX_MEGAPIXELS`.
    """
    with _open(io.BytesIO(data), location) as image:
        try:
            image.load()
            return np.asarray(_to_rgb(_upright(image)))
        except DAMAGE as error:
            raise DecodeError(location, f"damaged image: {_said(error)}") from error


def _open(file: IO[bytes], location: str) -> Image.Image:
    """Read the header; refuse what is no image, and what is too large to decode."""
    try:
        image = Image.open(file)
    except UnidentifiedImageError as error:
        file.seek(0)
        raise DecodeError(location, _why_no_image(file.read(64))) from error
    except Image.DecompressionBombError as error:
        raise DecodeError(location, f"more than {MAX_MEGAPIXELS} megapixels") from error
    except DAMAGE as error:
        raise DecodeError(location, f"damaged image: {_said(error)}") from error
    if image.width * image.height > MAX_MEGAPIXELS * 1_000_000:
        image.close()
        raise DecodeError(
            location,
            f"{image.width} × {image.height} pixels, more than {MAX_MEGAPIXELS} megapixels",
        )
    return image


def _why_no_image(start: bytes) -> str:
    """Say what a file is that begins with `start` and is no image that Pillow reads."""
    for signature, reason in SIGNATURES.items():
        if start.lstrip().lower().startswith(signature.lower()):
            return reason
    if start[4:8] == b"ftyp":
        return "not supported: HEIC or video; save it as JPEG or PNG"
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in start):  # noqa: PLR2004
        return "not an image: text" if start else "empty file"
    return "not an image, or of an unknown format"


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except DAMAGE:  # broken EXIF says nothing about the pixels
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_to_8_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _to_8_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale grey values (height, width) of any depth to 0-255."""
    numbers = values.astype(np.float64)
    finite = np.isfinite(numbers)
    if not finite.any():
        return np.zeros(values.shape, np.uint8)
    low, high = numbers[finite].min(), numbers[finite].max()
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:  # noqa: PLR2004
        low, high = 0.0, next(2.0**bits - 1 for bits in (8, 10, 12, 14, 16) if high < 2**bits)
    scale = 255.0 / (high - low) if high > low else 0.0
    numbers = np.nan_to_num(numbers, nan=low, posinf=high, neginf=low)
    return cast("NDArray[np.uint8]", np.rint((numbers - low) * scale).astype(np.uint8))
