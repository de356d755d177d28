"""HEIC and HEIF, the photos of phones, through pillow-heif."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.isoboxes import is_cut, turns_pictures
from orangecontrib.imageembedding.images.limits import refuse_too_large
from orangecontrib.imageembedding.images.pillow import (
    DAMAGE,
    EXIF_ORIENTATION,
    TURNED_BY_90_DEGREES,
)
from orangecontrib.imageembedding.images.reasons import reason_of


def read_heif_size(data: bytes, location: str) -> tuple[int, int, int]:
    """Get (width, height, number of pictures) of the upright picture.

    Raises
    ------
    DecodeError
        If the file is damaged, or pillow-heif is not installed.
    """
    heif = open_heif(data, location)
    width, height = heif.size
    if _orientation(heif, data) in TURNED_BY_90_DEGREES:
        width, height = height, width
    return width, height, len(heif)


def decode_heif(data: bytes, location: str) -> tuple[Image.Image, int | None]:
    """Decode the primary picture.

    Returns
    -------
    image : PIL image of mode RGB or RGBA
        With its profile; turned as the container says.
    orientation : int or None
        How it is to be turned yet, as EXIF counts.

    Raises
    ------
    DecodeError
        If it cannot be decoded.
    """
    heif = open_heif(data, location)
    width, height = heif.size
    refuse_too_large(width, height, location)
    try:
        image: Image.Image = heif.to_pillow()
        image.load()
    except Exception as error:  # libheif's errors have no common kind
        raise DecodeError(location, _reason(error, data)) from error
    return image, _orientation(heif, data)


def _orientation(heif: Any, data: bytes) -> int | None:
    """Get the orientation of EXIF, where the container does not say how to turn the picture.

    The standard (ISO 23008-12) wants the turn in the container and EXIF ignored, and libheif does
    so. Some phones of Samsung write EXIF alone, over sideways pixels, and galleries turn those.
    """
    if not heif.info.get("exif") or turns_pictures(data):
        return None
    exif = Image.Exif()
    try:
        exif.load(heif.info["exif"])
        value = exif.get(EXIF_ORIENTATION)
    except DAMAGE:  # broken EXIF says nothing about the pixels
        return None
    return value if isinstance(value, int) else None


def _reason(error: Exception, data: bytes) -> str:
    return reason_of(EOFError("cut") if is_cut(data) else error, "HEIF")


def open_heif(data: bytes, location: str) -> Any:
    """Open a HEIF file; its pixels are not decoded before they are asked for."""
    try:
        import pillow_heif
    except ImportError as error:
        reason = "HEIC needs the package pillow-heif: pip install pillow-heif"
        raise DecodeError(location, reason) from error
    try:
        heif = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    except Exception as error:  # libheif's errors have no common kind
        raise DecodeError(location, _reason(error, data)) from error
    if not len(heif):
        raise DecodeError(location, "damaged image: no picture inside")
    return heif
