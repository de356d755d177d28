"""HEIC and HEIF, the photos of phones, through pillow-heif."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.limits import refuse_too_large
from orangecontrib.imageembedding.images.pillow import said


def read_heif_size(data: bytes, location: str) -> tuple[int, int, int]:
    """Get (width, height, number of pictures) of the upright picture.

    Raises
    ------
    DecodeError
        If the file is damaged, or pillow-heif is not installed.
    """
    heif = _open(data, location)
    width, height = heif.size
    return width, height, len(heif)


def decode_heif(data: bytes, location: str) -> Image.Image:
    """Decode the primary picture, upright, as an image of mode RGB or RGBA with its profile.

    Raises
    ------
    DecodeError
        If it cannot be decoded.
    """
    heif = _open(data, location)
    width, height = heif.size
    refuse_too_large(width, height, location)
    try:
        image: Image.Image = heif.to_pillow()
        image.load()
    except Exception as error:  # noqa: BLE001 - libheif's errors have no common kind
        raise DecodeError(location, f"damaged image: {said(error)}") from error
    image.info.pop("exif", None)  # it is upright already
    return image


def _open(data: bytes, location: str) -> Any:
    try:
        import pillow_heif
    except ImportError as error:
        reason = "HEIC needs the package pillow-heif: pip install pillow-heif"
        raise DecodeError(location, reason) from error
    try:
        heif = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    except Exception as error:  # noqa: BLE001 - libheif's errors have no common kind
        raise DecodeError(location, f"damaged image: {said(error)}") from error
    if not len(heif):
        raise DecodeError(location, "damaged image: no picture inside")
    return heif
