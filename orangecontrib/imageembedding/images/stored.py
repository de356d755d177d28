"""Bytes → pixels as they are stored: with their depth, opacity, color profile and metadata."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.deeppixels import (
    DEEP_BITS,
    OfRareKind,
    both_bytes,
    deep_png_values,
    deep_tiff_values,
    is_deep_png,
)
from orangecontrib.imageembedding.images.limits import refuse_too_large
from orangecontrib.imageembedding.images.metadata import Metadata, metadata_of
from orangecontrib.imageembedding.images.pillow import (
    DAMAGE,
    EXIF_ORIENTATION,
    exif_orientation,
    load_image,
    open_image,
)
from orangecontrib.imageembedding.images.png import refuse_damaged_png
from orangecontrib.imageembedding.images.quiet import quiet
from orangecontrib.imageembedding.images.reasons import reason_of
from orangecontrib.imageembedding.images.sniff import SNIFFED_BYTES, sniff

TIFF_BITS, TIFF_PHOTOMETRIC, MIN_IS_WHITE = 258, 262, 0


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """An upright picture with all that its file has.

    Attributes
    ----------
    values : ndarray of shape (height, width, n_channels)
        bool, or integers or floats of 8 to 64 bits, as they are in the file.
    mode : {"L", "LA", "RGB", "RGBA", "CMYK"}
        What the channels are.
    profile : bytes or None
        ICC profile of the colors.
    metadata : Metadata
    """

    values: NDArray[Any]
    mode: str
    profile: bytes | None = None
    metadata: Metadata = field(default_factory=Metadata)


def read_stored(data: bytes, location: str) -> Stored:
    """Decode one image without loss of depth.

    Parameters
    ----------
    data : bytes
        A whole encoded file.
    location : str
        Named in errors.

    Returns
    -------
    stored : Stored
        The first frame. Of rare kinds (color spaces, many bands) what `decode` gives: 8-bit sRGB
        on white.

    Raises
    ------
    DecodeError
        If `data` is not a complete image, or is too large.
    """
    kind = sniff(data[:SNIFFED_BYTES])
    try:
        if kind == "HEIF":
            return _stored_heif(data, location)
        if kind == "TIFF":
            return _stored_tiff(data, location)
        if kind not in ("DICOM", "JXL"):
            return _stored(data, kind, location)
    except OfRareKind:
        pass
    except DAMAGE as error:
        raise DecodeError(location, reason_of(error, kind)) from error
    return Stored(decode(data, location), "RGB")


def turned(values: NDArray[Any], orientation: int | None) -> NDArray[Any]:
    """Turn a picture upright, as an EXIF orientation of 1 to 8 says.

    Parameters
    ----------
    values : ndarray of shape (height, width, channels), any dtype
        As stored.
    orientation : int or None
        None changes nothing.

    Returns
    -------
    upright : ndarray of shape (height, width, channels) or (width, height, channels), same dtype
    """
    if orientation in (5, 6, 7, 8):
        values = values.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        values = values[::-1] if orientation != 7 else values[::-1, ::-1]
    if orientation in (2, 3, 6):
        values = values[:, ::-1]
    return np.ascontiguousarray(values)


def _stored(data: bytes, kind: str | None, location: str) -> Stored:
    if kind == "PNG":
        refuse_damaged_png(data, location)
    image = open_image(io.BytesIO(data), kind, data[:SNIFFED_BYTES], location)
    if kind == "JPEG":
        from orangecontrib.imageembedding.images.jpeg import decode_jpeg

        pixels = decode_jpeg(data, image, location, None)
        values, mode = _channels(pixels) if isinstance(pixels, Image.Image) else (pixels, "RGB")
    else:
        refuse_too_large(*image.size, location)
        is_deep = kind == "PNG" and is_deep_png(data)
        load_image(image, location)  # the metadata of a PNG file may follow its pixels
        values, mode = deep_png_values(data, image) if is_deep else _channels(image)
    upright = turned(values, exif_orientation(image))
    return Stored(upright, mode, image.info.get("icc_profile"), metadata_of(image))


def _channels(image: Image.Image) -> tuple[NDArray[Any], str]:
    """Get the values of a loaded picture and what they are."""
    mode = image.mode
    if mode in ("I", "F") or mode.startswith("I;16"):
        values = np.asarray(image)
        fits = mode == "I" and values.min(initial=0) >= 0 and values.max(initial=0) < 1 << 16
        return (values.astype(np.uint16) if fits else values)[..., None], "L"
    if mode == "LAB":
        raise OfRareKind
    if mode in ("L", "RGB", "P", "PA", "RGBa", "La") and image.has_transparency_data:
        mode = "LA" if mode in ("L", "La") else "RGBA"
    elif mode not in ("1", "L", "LA", "RGB", "RGBA", "CMYK"):
        mode = "RGB"
    values = np.asarray(image if mode == image.mode else image.convert(mode))
    return values if values.ndim == 3 else values[..., None], "L" if mode == "1" else mode


def _stored_tiff(data: bytes, location: str) -> Stored:
    try:
        image = open_image(io.BytesIO(data), "TIFF", data[:SNIFFED_BYTES], location)
    except DecodeError:  # floats of three bands, for one
        return Stored(*deep_tiff_values(data, location))
    refuse_too_large(*image.size, location)
    tags = image.tag_v2  # type: ignore[attr-defined]
    bits = tags.get(TIFF_BITS, (1,))
    profile, metadata = image.info.get("icc_profile"), metadata_of(image)
    if max(bits) > DEEP_BITS or (max(bits) > DEEP_BITS // 2 and len(bits) > 1):
        orientation = tags.get(EXIF_ORIENTATION)
        try:
            values, mode = deep_tiff_values(data, location)
            return Stored(turned(values, orientation), mode, profile, metadata)
        except OfRareKind:
            with quiet():
                image.load()
                return Stored(both_bytes(data, image), image.mode, profile, metadata)
    with quiet():
        image.load()  # also turns it
    values, mode = _channels(image)
    if tags.get(TIFF_PHOTOMETRIC) == MIN_IS_WHITE and max(bits) > DEEP_BITS // 2:
        if values.dtype != np.uint16:
            raise OfRareKind
        values = 65535 - values
    return Stored(values, mode, profile, metadata)


def _stored_heif(data: bytes, location: str) -> Stored:
    from orangecontrib.imageembedding.images.heif import decode_heif

    image, orientation = decode_heif(data, location)
    values, mode = _channels(image)
    upright = turned(values, orientation)
    return Stored(upright, mode, image.info.get("icc_profile"), metadata_of(image))
