"""JPEG: decoded at a reduced size where that is enough, and damage in its middle noticed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.jpegmarkers import SOF, SOS, bare, segments
from orangecontrib.imageembedding.images.jpegstrays import are_strays
from orangecontrib.imageembedding.images.limits import refuse_too_large
from orangecontrib.imageembedding.images.reasons import reason_of

COLOR_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}

# Baseline, extended, progressive; the latter two also in arithmetic codes.
DECODED_PROCESSES, LOSSLESS = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA), 0xC3

# Every scan of a progressive file goes over the whole picture; there are ten, in a bomb thousands.
MAX_SCANNED_PIXELS = 1_200_000_000

# libjpeg only warns of these, and continues with gray or garbage.
DAMAGE = ("Corrupt JPEG data", "Premature end", "Unsupported marker", "Invalid JPEG")


def decode_jpeg(
    data: bytes, header: Image.Image, location: str, at_least_px: int | None
) -> Image.Image | NDArray[np.uint8]:
    """Decode a JPEG file whose header Pillow has read.

    Parameters
    ----------
    data : bytes
        The whole file.
    header : PIL image
        Opened, not loaded: tells mode, size and how CMYK is stored.
    location : str
        Named in errors.
    at_least_px : int or None
        The picture may come at a half, a quarter or an eighth of its size, as long as its short
        side has at least this many pixels. None: full size.

    Returns
    -------
    picture : PIL image, or ndarray of shape (height, width, 3) and dtype uint8
        The latter for RGB.

    Raises
    ------
    DecodeError
        If it is cut, damaged or too large.
    """
    refuse_too_many_scans(data, header.size, location)
    factor = reduction(header.size, at_least_px)
    width, height = (math.ceil(side / factor) for side in header.size)
    # A progressive file is held in memory whole before it is reduced.
    refuse_too_large(
        *(header.size if header.info.get("progressive") else (width, height)), location
    )
    options = {
        "colorspace": COLOR_SPACES[header.mode],
        "min_width": width,
        "min_height": height,
    }
    pixels = _decoded(data, location, options)
    if pixels is None:
        process = next((marker for marker, *_ in segments(data) if marker in SOF), None)
        if process not in DECODED_PROCESSES:
            kind = "lossless JPEG" if process == LOSSLESS else "this rare kind of JPEG"
            raise DecodeError(location, f"{kind} is not supported; export it as PNG")
        header.load()
        return header
    if header.mode == "RGB":
        return pixels
    if header.mode == "CMYK" and "adobe" in header.info:
        pixels = 255 - pixels
    return Image.fromarray(np.squeeze(pixels, -1) if header.mode == "L" else pixels, header.mode)


def _decoded(data: bytes, location: str, options: dict[str, Any]) -> NDArray[np.uint8] | None:
    """Decode as strictly as pixels are touched; None for a kind that Pillow alone decodes.

    libjpeg tells its first warning only, which may be of metadata and hide the one of the pixels.
    """
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, **options))
    except ValueError:
        data = bare(data)
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, **options))
    except ValueError as error:
        if str(error).startswith(DAMAGE) and not are_strays(str(error), data):
            raise DecodeError(location, reason_of(error, "JPEG")) from error
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, strict=False, **options))
    except ValueError:
        return None


def refuse_too_many_scans(data: bytes, size: tuple[int, int], location: str) -> None:
    """Check that decoding a JPEG file of such a size takes no longer than for a large photo."""
    max_scans = MAX_SCANNED_PIXELS // (size[0] * size[1] or 1)
    if data.count(bytes((0xFF, SOS))) <= max_scans:  # quick, and no less than there are
        return
    n_scans = sum(marker == SOS for marker, *_ in segments(data))
    if n_scans > max_scans:
        reason = f"too large: {n_scans} scans of {size[0]} × {size[1]} pixels"
        raise DecodeError(location, reason)


def reduction(size: tuple[int, int], at_least_px: int | None) -> int:
    """Get the factor by which a picture can be reduced while decoding: 1, 2, 4 or 8."""
    if at_least_px is None:
        return 1
    fitting = (factor for factor in (8, 4, 2) if min(size) >= factor * at_least_px)
    return next(fitting, 1)
