"""PNG and TIFF files of any depth, with their metadata: Pillow writes few of them."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from orangecontrib.imageembedding.images.metadata import (
    DESCRIBING_TAGS,
    EXIF_IFD,
    GPS_IFD,
    Metadata,
)
from orangecontrib.imageembedding.images.stored import Stored

PNG_START = 33  # signature and IHDR
PNG_COLOR_TYPES = {"L": 0, "RGB": 2, "LA": 4, "RGBA": 6}
UP = 2  # the filter of rows in a PNG file: differences to the row above
PHOTOMETRIC = {"L": 1, "LA": 1, "RGB": 2, "RGBA": 2, "CMYK": 5}
SAMPLE_FORMATS = {"u": 1, "b": 1, "i": 2, "f": 3}
UPRIGHT, DEFLATE, DIFFERENCES, NOT_PREMULTIPLIED, INCH = 1, 8, 2, 2, 2


def deep_png(plain: bytes, stored: Stored) -> bytes:
    """Put pixels of 16 bits in place of those in a PNG file, whose other parts stay.

    Parameters
    ----------
    plain : bytes
        A PNG file that Pillow wrote.
    stored : Stored
        With values of type uint16.
    """
    height, width = stored.values.shape[:2]
    rows = stored.values.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.full((height, rows.shape[1] + 1), UP, np.uint8)
    filtered[:, 1:] = rows
    filtered[1:, 1:] -= rows[:-1]
    color_type = PNG_COLOR_TYPES[stored.mode]
    header = struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)
    before = plain[PNG_START : plain.index(b"IDAT") - 4]
    return b"".join(
        (
            plain[:8],
            _chunk(b"IHDR", header),
            before,
            _chunk(b"IDAT", zlib.compress(filtered.tobytes())),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def encode_tiff(stored: Stored) -> bytes:
    """Write a TIFF file of any depth, compressed without loss."""
    values = stored.values
    height, width, n_bands = values.shape
    is_bilevel = values.dtype == bool
    predictor = DIFFERENCES if values.dtype.kind in "ui" else 1
    strip = zlib.compress(_strip(values))
    tags = ImageFileDirectory_v2(b"II*\0\0\0\0\0")
    _describe(tags, stored.metadata)
    bits = 1 if is_bilevel else 8 * values.dtype.itemsize
    tags[256], tags[257], tags[258] = width, height, (bits,) * n_bands
    tags[259], tags[262], tags[277] = DEFLATE, PHOTOMETRIC[stored.mode], n_bands
    tags[273], tags[278], tags[279] = 0, height, len(strip)  # right behind the directory
    tags[274], tags[284], tags[317] = UPRIGHT, 1, predictor
    tags[339] = (SAMPLE_FORMATS[values.dtype.kind],) * n_bands
    if stored.mode.endswith("A"):
        tags[338] = NOT_PREMULTIPLIED
    if stored.profile:
        tags.tagtype[34675] = 7
        tags[34675] = stored.profile
    return struct.pack("<2sHI", b"II", 42, 8) + tags.tobytes(8) + strip


def _strip(values: NDArray[Any]) -> bytes:
    """Get the bytes of the pixels; for integers, their differences, which compress better."""
    if values.dtype == bool:
        return np.packbits(values[..., 0], axis=1).tobytes()
    if values.dtype.kind in "ui":
        differences = values.copy()
        differences[:, 1:] -= values[:, :-1]
        values = differences
    return values.astype(values.dtype.newbyteorder("<")).tobytes()


def _describe(tags: ImageFileDirectory_v2, metadata: Metadata) -> None:
    if metadata.exif:
        exif = Image.Exif()
        exif.load(metadata.exif)
        for tag in DESCRIBING_TAGS:
            if tag in exif:
                tags[tag] = dict(exif.get_ifd(tag)) if tag in (EXIF_IFD, GPS_IFD) else exif[tag]
    if metadata.xmp:
        tags.tagtype[700] = 1
        tags[700] = metadata.xmp
    if metadata.dpi:
        tags[282], tags[283], tags[296] = *metadata.dpi, INCH
