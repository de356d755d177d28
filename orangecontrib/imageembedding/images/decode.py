"""Bytes → upright RGB pixels, or the reason why not. The only decoder of this package."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.color import scaled_to_8_bits
from orangecontrib.imageembedding.images.deeppixels import (
    DEEP_BITS,
    PNG_DEPTH,
    OfRareKind,
    deep_png_values,
)
from orangecontrib.imageembedding.images.limits import refuse_too_large
from orangecontrib.imageembedding.images.options import Location, reading
from orangecontrib.imageembedding.images.picture import Picture, finished
from orangecontrib.imageembedding.images.pillow import (
    DAMAGE,
    exif_orientation,
    load_image,
    open_image,
)
from orangecontrib.imageembedding.images.png import refuse_damaged_png
from orangecontrib.imageembedding.images.reasons import reason_of
from orangecontrib.imageembedding.images.sniff import SNIFFED_BYTES, sniff


def decode(data: bytes, location: str, at_least_px: int | None = None) -> NDArray[np.uint8]:
    """Decode one image to upright RGB pixels.

    Parameters
    ----------
    data : bytes
        A whole encoded file (PNG, JPEG, ...).
    location : str
        Where `data` came from; named in the error, never opened. A `Location` also tells how it
        is to be read.
    at_least_px : int, optional
        A large JPEG may come reduced to half its size, a quarter or an eighth, as long as its
        short side has at least this many pixels; that is several times faster.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), dtype uint8
        sRGB values 0-255, rows top to bottom, turned upright by EXIF. The first frame of an
        animation or stack. Transparent parts lie on white. An embedded color profile is
        applied. More than 8 bits a channel are scaled as `scaled_to_8_bits` says.

    Raises
    ------
    DecodeError
        If `data` is not a complete image, or is too large.
    """
    if isinstance(location, Location):
        with reading(location.options):
            return _decode(data, location, at_least_px)
    return _decode(data, location, at_least_px)


def _decode(data: bytes, location: str, at_least_px: int | None) -> NDArray[np.uint8]:
    kind = sniff(data[:SNIFFED_BYTES])
    try:
        return finished(_decoded(data, kind, location, at_least_px))
    except DAMAGE as error:
        raise DecodeError(location, reason_of(error, kind)) from error


def _decoded(data: bytes, kind: str | None, location: str, at_least_px: int | None) -> Picture:
    if kind == "PNG":
        return _decoded_png(data, location)
    if kind in ("DICOM", "HEIF", "JXL", "TIFF"):
        return _decoded_by_other_library(data, kind, location, at_least_px)
    image = open_image(io.BytesIO(data), kind, data[:SNIFFED_BYTES], location)
    if kind != "JPEG":
        refuse_too_large(*image.size, location)
    profile, orientation = image.info.get("icc_profile"), exif_orientation(image)
    if kind == "JPEG":
        from orangecontrib.imageembedding.images.jpeg import decode_jpeg

        return Picture(decode_jpeg(data, image, location, at_least_px), orientation, profile)
    load_image(image, location)
    return Picture(_of_16_bits(image), orientation, profile)


def _decoded_by_other_library(
    data: bytes, kind: str, location: str, at_least_px: int | None
) -> Picture:
    if kind == "HEIF":
        from orangecontrib.imageembedding.images.heif import decode_heif

        image, orientation = decode_heif(data, location)
        return Picture(image, orientation, image.info.get("icc_profile"))
    if kind == "JXL":
        from orangecontrib.imageembedding.images.jxl import decode_jxl

        found = decode_jxl(data, location)
        if isinstance(found, bytes):
            return _decoded(found, "JPEG", location, at_least_px)
        return Picture(found, None, found.info.get("icc_profile"))
    if kind == "DICOM":
        from orangecontrib.imageembedding.images.dicom import decode_dicom

        return Picture(decode_dicom(data, location))
    from orangecontrib.imageembedding.images.tiff import decode_tiff

    return decode_tiff(data, location, at_least_px)


def _decoded_png(data: bytes, location: str) -> Picture:
    refuse_damaged_png(data, location)
    image = open_image(io.BytesIO(data), "PNG", data[:SNIFFED_BYTES], location)
    refuse_too_large(*image.size, location)
    load_image(image, location)
    # EXIF and profile may stand behind the pixels.
    orientation, profile = exif_orientation(image), image.info.get("icc_profile")
    if data[PNG_DEPTH] != DEEP_BITS:
        return Picture(image, orientation, profile)
    try:
        colors, alpha = _deep_png(data, image)
    except OfRareKind:  # its parts are in a strange order
        return Picture(image, orientation, profile)
    return Picture(colors, orientation, profile, alpha)


def _deep_png(data: bytes, image: Image.Image) -> tuple[Image.Image, NDArray[np.uint8] | None]:
    values, mode = deep_png_values(data, image)
    if not mode.endswith("A"):
        return Image.fromarray(np.squeeze(scaled_to_8_bits(values))), None
    colors, alpha = values[..., :-1], values[..., -1]
    # What is hidden does not count for the scale.
    scaled = scaled_to_8_bits(np.where(alpha[..., None] > 0, colors, 0).astype(values.dtype))
    return Image.fromarray(np.squeeze(scaled, 2) if mode == "LA" else scaled), (alpha >> 8).astype(
        np.uint8
    )


def _of_16_bits(image: Image.Image) -> Image.Image:
    """Give 16 bits back to what Pillow puts into 32."""
    if image.mode != "I":
        return image
    values = np.asarray(image)
    fits = values.min(initial=0) >= 0 and values.max(initial=0) < 1 << 16
    return Image.fromarray(values.astype(np.uint16)) if fits else image
