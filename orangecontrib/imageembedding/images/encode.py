"""Image files as they may leave this computer: the same pixels, and nothing else in them."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.images import jpegmarkers
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.jpegmarkers import (
    APP0,
    APP1,
    APP2,
    EOI,
    SOS,
    is_of_pixels,
    segments,
)
from orangecontrib.imageembedding.images.pillow import (
    DAMAGE,
    EXIF_ORIENTATION,
    exif_orientation,
    open_image,
)
from orangecontrib.imageembedding.images.png import SIGNATURE, chunks
from orangecontrib.imageembedding.images.sniff import SNIFFED_BYTES, sniff

UPRIGHT = (None, 1)

JFIF_BYTES = 12  # without the thumbnail that may follow

# What the pixels and their colors are made of.
PNG_CHUNKS = (
    b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP",
    b"sBIT", b"acTL", b"fcTL", b"fdAT",
)  # fmt: skip
PNG_EXIF = (b"eXIf", b"Raw profile", b"com.adobe.xmp")  # where Pillow finds an orientation


def without_metadata(data: bytes, location: str) -> bytes:
    """Get a file that `decode` gives the same pixels of, without EXIF, XMP, comments or trailers.

    Parameters
    ----------
    data : bytes
        A whole encoded file.
    location : str
        Named in errors.

    Returns
    -------
    data : bytes
        JPEG and PNG stay what they are; all other formats become PNG. What remains is the color
        profile, and the orientation.

    Raises
    ------
    DecodeError
        If `data` is not a complete image.
    """
    kind = sniff(data[:SNIFFED_BYTES])
    if kind in ("JPEG", "PNG"):
        image = open_image(io.BytesIO(data), kind, data[:SNIFFED_BYTES], location)
        with suppress(*DAMAGE):  # the decoder says what it is, or reads it all the same
            if kind == "PNG" and any(mark in data for mark in PNG_EXIF):
                image.load()  # it may stand behind the pixels
            orientation = exif_orientation(image)
            return (_bare_jpeg if kind == "JPEG" else _bare_png)(data, orientation)
    return encode_png(decode(data, location))


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode pixels of shape (height, width, 3), dtype uint8, without loss and quickly."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def stretched_jpeg(data: bytes, location: str, side_px: int) -> bytes:
    """Get an image as the predecessor sends it: a JPEG, stretched to a square.

    Raises
    ------
    DecodeError
        If `data` is not a complete image.
    """
    image = Image.fromarray(decode(data, location))
    buffer = io.BytesIO()
    image.resize((side_px, side_px), Image.Resampling.LANCZOS).save(buffer, "JPEG")
    return buffer.getvalue()


def _orientation_exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    return exif.tobytes()


def _bare_jpeg(data: bytes, orientation: int | None) -> bytes:
    parts = [data[:2]]
    if orientation not in UPRIGHT:
        parts.append(jpegmarkers.encoded(APP1, _orientation_exif(orientation or 1)))
    marker = None
    for marker, start, end, scan_end in segments(data):
        if marker == SOS and scan_end == len(data):
            break
        parts += [_kept_segment(data, marker, start, end), data[max(start, end) : scan_end]]
    if marker != EOI:
        raise ValueError("cut")
    return b"".join(parts)


def _kept_segment(data: bytes, marker: int, start: int, end: int) -> bytes:
    payload = data[start:end]
    if marker == APP0 and payload.startswith(b"JFIF\0"):
        return jpegmarkers.encoded(marker, payload[:JFIF_BYTES] + b"\0\0")
    is_profile = marker == APP2 and payload.startswith(b"ICC_PROFILE\0")
    if is_profile or is_of_pixels(data, marker, start):
        return jpegmarkers.encoded(marker, payload)
    return b""


def _bare_png(data: bytes, orientation: int | None) -> bytes:
    parts = [SIGNATURE]
    kind, end = b"", 0
    for kind, start, end in chunks(data):
        if kind == b"IDAT" and orientation not in UPRIGHT:
            exif = _orientation_exif(orientation or 1).removeprefix(b"Exif\0\0")
            checksum = zlib.crc32(b"eXIf" + exif)
            parts.append(struct.pack(">I4s", len(exif), b"eXIf") + exif)
            parts.append(struct.pack(">I", checksum))
            orientation = None
        if kind in PNG_CHUNKS:
            parts.append(data[start - 8 : end + 4])
    if kind != b"IEND" or end + 4 > len(data):
        raise ValueError("cut")
    return b"".join(parts)
