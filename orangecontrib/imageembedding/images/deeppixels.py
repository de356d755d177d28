"""PNG and TIFF files of 16 bits and more, whose lower ones Pillow drops."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.limits import refuse_too_large
from orangecontrib.imageembedding.images.pillow import silence

PNG_DEPTH, PNG_COLOR_TYPE = 24, 25  # places in a file
PNG_GRAY, PNG_GRAY_ALPHA, PNG_RGBA = 0, 4, 6
DEEP_BITS = 16
OTHER_ORDER = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
BITS_OF_RGB = 24
# Photometric interpretation, number of bands, kinds of the bands beyond the colors
TIFF_MODES = {
    (1, 1, ()): "L",
    (1, 2, (2,)): "LA",
    (2, 3, ()): "RGB",
    (2, 4, (2,)): "RGBA",
    (5, 4, ()): "CMYK",
}


class OfRareKind(Exception):  # noqa: N818 - leads to another way of decoding
    """Raised for pixels whose meaning only `decode` knows."""


def is_deep_png(data: bytes) -> bool:
    """Tell whether a PNG file has 16 bits for each of several channels."""
    return data[PNG_DEPTH] == DEEP_BITS and data[PNG_COLOR_TYPE] != PNG_GRAY


def deep_png_values(data: bytes, image: Image.Image) -> tuple[NDArray[Any], str]:
    """Get the values of a loaded PNG file, not turned, and the mode that tells what they are.

    Shape (height, width, channels), dtype uint8 or uint16.
    """
    if data[PNG_COLOR_TYPE] == PNG_GRAY_ALPHA:  # as RGBA of 8 bits, each byte is a channel
        header = data[12:PNG_DEPTH] + bytes((DEEP_BITS // 2, PNG_RGBA)) + data[26:29]
        twin = data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]
        pairs = np.asarray(Image.open(io.BytesIO(twin), formats=["PNG"])).astype(np.uint16)
        return pairs[..., ::2] << 8 | pairs[..., 1::2], "LA"
    is_gray = data[PNG_COLOR_TYPE] == PNG_GRAY
    values = np.asarray(image).astype(np.uint16)[..., None] if is_gray else both_bytes(data, image)
    key, mode = image.info.get("transparency"), "L" if is_gray else image.mode
    if mode == "RGBA" or not isinstance(key, (int, tuple)):
        return values, mode
    opacity = np.where((values == key).all(axis=-1), 0, 65535).astype(np.uint16)
    return np.dstack([values, opacity]), mode + "A"


def both_bytes(data: bytes, upper: Image.Image) -> NDArray[np.uint16]:
    """Get all 16 bits of a loaded picture, of which Pillow reads the upper 8.

    The lower 8 are read as if the bytes had the other order. Shape (height, width, channels) or
    (height, width), dtype uint16.
    """
    lower = Image.open(io.BytesIO(data), formats=[upper.format or ""])
    lower.tile = [_in_other_order(part) for part in lower.tile]
    lower.load()
    values: NDArray[np.uint16] = np.asarray(upper).astype(np.uint16) << 8 | np.asarray(lower)
    return values


def _in_other_order(part: Any) -> Any:
    """Get a part of a file that Pillow is to decode, with the other order of bytes."""
    raw_mode, *others = (part.args,) if isinstance(part.args, str) else part.args
    kind, _, order = raw_mode.partition(";16")
    if kind not in ("RGB", "RGBA", "RGBX") or order not in OTHER_ORDER:
        raise OfRareKind
    other = f"{kind};16{OTHER_ORDER[order]}"
    return part._replace(args=(other, *others) if others else other)


def deep_tiff_values(data: bytes, location: str) -> tuple[NDArray[Any], str]:
    """Get the values of a TIFF file, not turned, and the mode that tells what they are.

    Shape (height, width, channels), dtype as in the file.

    Raises
    ------
    DecodeError
        If it is too large.
    OfRareKind
        If it is damaged, or of a kind that is not in `TIFF_MODES`.
    """
    import tifffile

    silence("tifffile")
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = cast("tifffile.TiffPage", file.pages.first)
            meaning = (
                int(page.photometric),
                page.samplesperpixel,
                tuple(map(int, page.extrasamples)),
            )
            if meaning not in TIFF_MODES or page.imagedepth > 1:
                raise OfRareKind
            weight = max(1.0, page.samplesperpixel * page.bitspersample / BITS_OF_RGB)
            refuse_too_large(page.imagewidth, page.imagelength, location, weight)
            if page.is_tiled:  # one may be larger than the picture
                refuse_too_large(page.tilewidth, page.tilelength, location, weight)
            values = page.asarray()
            planar = page.axes.startswith("S")
    except DecodeError:
        raise
    except Exception as error:  # a broken file breaks tifffile anywhere: `decode` reports it
        raise OfRareKind from error
    values = np.moveaxis(values, 0, -1) if planar else values.reshape(*values.shape[:2], -1)
    return values.astype(values.dtype.newbyteorder("=")), TIFF_MODES[meaning]
