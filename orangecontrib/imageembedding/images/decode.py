"""Bytes → upright RGB pixels, or the reason why not. The only decoder of this package."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.colour import lost_range, srgb_pixels
from orangecontrib.imageembedding.images.limits import refuse_too_large
from orangecontrib.imageembedding.images.pillow import (
    DAMAGE,
    EXIF_ORIENTATION,
    exif_orientation,
    load_image,
    open_image,
    said,
)
from orangecontrib.imageembedding.images.png import refuse_damaged_png
from orangecontrib.imageembedding.images.sniff import SNIFFED_BYTES, sniff

TIFF_PHOTOMETRIC, MIN_IS_WHITE = 262, 0
TIFF_BITS = 258
EIGHT_BITS, MAX_GREY_BITS = 8, 16
PNG_DEPTH = 24  # place of the bit depth in a PNG file


def decode(data: bytes, location: str, at_least_px: int | None = None) -> NDArray[np.uint8]:
    """Decode one image to upright RGB pixels.

    Parameters
    ----------
    data : bytes
        A whole encoded file (PNG, JPEG, ...).
    location : str
        Where `data` came from; named in the error, never opened.
    at_least_px : int, optional
        A large JPEG may come reduced to half its size, a quarter or an eighth, as long as its
        short side keeps so many pixels; that is several times faster.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), dtype uint8
        sRGB values 0-255, rows top to bottom, turned upright by EXIF. The first frame of an
        animation or stack. Transparent parts lie on white. An embedded colour profile is
        applied. More than 8 bits a channel are scaled as `scaled_to_8_bits` says.

    Raises
    ------
    DecodeError
        If `data` is not a complete image, or is too large.
    """
    kind = sniff(data[:SNIFFED_BYTES])
    try:
        picture = _decoded(data, kind, location, at_least_px)
        pixels = picture.pixels
        if isinstance(pixels, np.ndarray) and picture.profile is not None:
            pixels = Image.fromarray(pixels)
        if isinstance(pixels, Image.Image):
            pixels = srgb_pixels(pixels, picture.profile, picture.brighten)
        return _upright(pixels, picture.orientation)
    except DAMAGE as error:
        raise DecodeError(location, f"damaged image: {said(error)}") from error


@dataclass(frozen=True, slots=True)
class _Picture:
    """Decoded pixels (an array is RGB), and what is to be done with them yet."""

    pixels: Image.Image | NDArray[np.uint8]
    orientation: int | None = None
    profile: bytes | None = None
    brighten: int = 1


def _decoded(data: bytes, kind: str | None, location: str, at_least_px: int | None) -> _Picture:
    if kind == "HEIF":
        from orangecontrib.imageembedding.images.heif import decode_heif

        image, orientation = decode_heif(data, location)
        return _Picture(image, orientation, image.info.get("icc_profile"))
    if kind == "DICOM":
        from orangecontrib.imageembedding.images.dicom import decode_dicom

        return _Picture(decode_dicom(data, location))
    if kind == "TIFF":
        return _decoded_tiff(data, location)
    if kind == "PNG":
        refuse_damaged_png(data, location)
    image = open_image(io.BytesIO(data), kind, data[:SNIFFED_BYTES], location)
    if kind != "JPEG":  # before the search for EXIF, which decodes a PNG
        refuse_too_large(*image.size, location)
    profile, orientation = image.info.get("icc_profile"), exif_orientation(image)
    if kind == "JPEG":
        from orangecontrib.imageembedding.images.jpeg import decode_jpeg

        return _Picture(decode_jpeg(data, image, location, at_least_px), orientation, profile)
    load_image(image, location)
    if kind == "PNG":  # its eXIf and iCCP may stand behind the pixels
        orientation = exif_orientation(image)
    is_deep = kind == "PNG" and data[PNG_DEPTH] > EIGHT_BITS and image.mode in ("RGB", "RGBA")
    brighten = lost_range(image) if is_deep else 1
    return _Picture(_of_16_bits(image), orientation, profile, brighten)


def _decoded_tiff(data: bytes, location: str) -> _Picture:
    """Decode by Pillow where it keeps the depth, else by tifffile."""
    from orangecontrib.imageembedding.images.tiff import decode_tiff

    try:
        image = open_image(io.BytesIO(data), "TIFF", data[:SNIFFED_BYTES], location)
    except DecodeError:
        return _Picture(decode_tiff(data, location))
    refuse_too_large(*image.size, location)
    tags = image.tag_v2  # type: ignore[attr-defined]
    bits, orientation = tags.get(TIFF_BITS, (1,)), tags.get(EXIF_ORIENTATION)
    profile = image.info.get("icc_profile")
    if max(bits) > MAX_GREY_BITS or (max(bits) > EIGHT_BITS and len(bits) > 1):
        try:
            return _Picture(decode_tiff(data, location), orientation, profile)
        except DecodeError as error:
            if "imagecodecs" not in error.reason:
                raise
    image.load()  # also turns it
    is_deep = max(bits) > EIGHT_BITS and image.mode in ("RGB", "RGBA")
    pixels = srgb_pixels(image, profile, lost_range(image) if is_deep else 1)
    is_inverted = tags.get(TIFF_PHOTOMETRIC) == MIN_IS_WHITE and max(bits) > EIGHT_BITS
    return _Picture(255 - pixels if is_inverted else pixels)


def _upright(pixels: NDArray[np.uint8], orientation: int | None) -> NDArray[np.uint8]:
    """Turn (height, width, 3) pixels as the EXIF orientation says; other values do nothing."""
    across = pixels.swapaxes(0, 1)
    turned = {
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: across,
        6: across[:, ::-1],
        7: across[::-1, ::-1],
        8: across[::-1],
    }.get(orientation or 1, pixels)
    return np.ascontiguousarray(turned)


def _of_16_bits(image: Image.Image) -> Image.Image:
    """Give 16 bits back to what Pillow puts into 32."""
    if image.mode != "I":
        return image
    values = np.asarray(image)
    fits = values.min(initial=0) >= 0 and values.max(initial=0) < 1 << 16
    return Image.fromarray(values.astype(np.uint16)) if fits else image
