"""Image files as they may leave this computer: the same pixels, and nothing else in them."""

from __future__ import annotations

import io
import re
import struct
import zlib
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.pillow import (
    DAMAGE,
    EXIF_ORIENTATION,
    exif_orientation,
    open_image,
)
from orangecontrib.imageembedding.images.sniff import SNIFFED_BYTES, sniff

UPRIGHT = (None, 1)

SOI, EOI, SOS, APP0, APP1, APP2, APP14, APP15, COM = (
    0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE,
)  # fmt: skip
MARKER = re.compile(rb"\xff+([^\xff])", re.DOTALL)
END_OF_SCAN = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)
JFIF_BYTES = 12  # without the thumbnail that may follow

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What the pixels and their colours are made of.
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
        JPEG and PNG stay what they are; all other formats become PNG. What remains is the colour
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
    """Encode (height, width, 3) pixels without loss, quickly."""
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
        parts.append(_segment(APP1, _orientation_exif(orientation or 1)))
    at = 2
    while True:
        start = MARKER.match(data, at)
        if start is None:
            raise ValueError("no marker")
        marker, at = start[1][0], start.end()
        if marker == EOI:
            return b"".join((*parts, bytes((0xFF, EOI))))
        (length,) = struct.unpack_from(">H", data, at)
        parts.append(_kept_segment(marker, data[at + 2 : at + length]))
        at += length
        if marker == SOS:
            end = END_OF_SCAN.search(data, at)
            if end is None:
                raise ValueError("cut")
            parts.append(data[at : end.start()])
            at = end.start()


def _kept_segment(marker: int, payload: bytes) -> bytes:
    if marker == APP0 and payload.startswith(b"JFIF\0"):
        return _segment(marker, payload[:JFIF_BYTES] + b"\0\0")
    is_profile = marker == APP2 and payload.startswith(b"ICC_PROFILE\0")
    is_adobe = marker == APP14 and payload.startswith(b"Adobe")  # tells the kind of colours
    if marker == COM or (APP0 <= marker <= APP15 and not (is_profile or is_adobe)):
        return b""
    return _segment(marker, payload)


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def _bare_png(data: bytes, orientation: int | None) -> bytes:
    parts = [PNG_SIGNATURE]
    at = len(PNG_SIGNATURE)
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise ValueError("cut")
        if kind == b"IDAT" and orientation not in UPRIGHT:
            exif = _orientation_exif(orientation or 1).removeprefix(b"Exif\0\0")
            checksum = zlib.crc32(b"eXIf" + exif)
            parts.append(struct.pack(">I4s", len(exif), b"eXIf") + exif)
            parts.append(struct.pack(">I", checksum))
            orientation = None
        if kind in PNG_CHUNKS:
            parts.append(data[at:end])
        at = end
    return b"".join(parts)
