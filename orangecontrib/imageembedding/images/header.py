"""What the beginning of an image file tells: size and number of frames."""

from __future__ import annotations

import io
from typing import BinaryIO, NamedTuple

from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.gif import count_frames
from orangecontrib.imageembedding.images.limits import refuse_too_large
from orangecontrib.imageembedding.images.pillow import (
    DAMAGE,
    TURNED_BY_90_DEGREES,
    exif_orientation,
    open_image,
)
from orangecontrib.imageembedding.images.quickheader import quick_header
from orangecontrib.imageembedding.images.reasons import reason_of
from orangecontrib.imageembedding.images.sniff import SNIFFED_BYTES, sniff

MAX_JPEG_REDUCTION = 8
START_BYTES = 4096


class Header(NamedTuple):
    """What the beginning of an image file tells.

    Attributes
    ----------
    width_px, height_px : int
        Size of the upright picture.
    n_frames : int
        Frames of an animation, pages of a stack; 1 for a single picture.
    """

    width_px: int
    height_px: int
    n_frames: int


def read_header(path: str, limit: float | None = None) -> Header:
    """Read size and number of frames of an image file, from its header alone.

    Parameters
    ----------
    path : str
        Of the file.
    limit : float, optional
        Value of `max_megapixels`, if it is looked up once for many files.

    Raises
    ------
    DecodeError
        If the file is not an image that `decode` would accept by its header.
    """
    try:
        file = io.FileIO(path)  # one read is enough for most
    except OSError as error:
        raise DecodeError(path, f"cannot be read: {error.strerror}") from error
    with file:
        return _header(file, path, limit)


def header_of(data: bytes, location: str) -> Header:
    """Get size and number of frames of an image whose bytes are there; see `read_header`."""
    return _header(io.BytesIO(data), location, None)


def _header(file: io.RawIOBase | io.BytesIO, path: str, limit: float | None) -> Header:
    kind = sniff(start := file.read(START_BYTES) or b"")
    quick = quick_header(file, kind, start)
    if quick is not None:
        width, height, orientation, n_frames = quick
        _refuse_too_large(width, height, kind, path, limit)
        if orientation in TURNED_BY_90_DEGREES:
            width, height = height, width
        return Header(width, height, n_frames)
    file.seek(0)
    with file if isinstance(file, io.BytesIO) else io.BufferedReader(file) as buffered:
        if kind in ("HEIF", "JXL", "DICOM"):
            return _header_by_other_library(kind, buffered.read(), path)
        if kind == "TIFF":
            return _header_of_tiff(buffered, path)
        return _header_by_pillow(buffered, kind, start, path)


def channels_of(path: str) -> str:
    """Say which channels are shown of a picture of several, as ``1 DAPI blue, 2 GFP green``.

    Returns
    -------
    channels : str
        "" of a plain picture.

    Raises
    ------
    DecodeError
        If the file is damaged.
    """
    try:
        file = open(path, "rb")  # noqa: PTH123, SIM115 - faster, and there are many
    except OSError as error:
        raise DecodeError(path, f"cannot be read: {error.strerror}") from error
    with file:
        if sniff(file.read(SNIFFED_BYTES)) != "TIFF":
            return ""
        from orangecontrib.imageembedding.images.tiff import shown_channels

        return shown_channels(file, path)


def _header_by_pillow(file: BinaryIO, kind: str | None, start: bytes, path: str) -> Header:
    with open_image(file, kind, start, path) as image:
        _refuse_too_large(*image.size, kind, path)  # before the search for EXIF reads further
        orientation = exif_orientation(image) or 1
        if kind == "GIF":
            file.seek(0)
            return _upright(*image.size, orientation, count_frames(file.read()))
        return _upright(*image.size, orientation, _n_frames(image, path))


def _header_of_tiff(file: BinaryIO, path: str) -> Header:
    from orangecontrib.imageembedding.images.tiff import read_tiff_size

    width, height, orientation, n_pages = read_tiff_size(file, path)
    return _upright(width, height, orientation, n_pages)


def _refuse_too_large(
    width: int, height: int, kind: str | None, path: str, limit: float | None = None
) -> None:
    factor = MAX_JPEG_REDUCTION if kind == "JPEG" else 1
    refuse_too_large(-(-width // factor), -(-height // factor), path, limit=limit)


def _upright(width: int, height: int, orientation: int, n_frames: int) -> Header:
    turned = orientation in TURNED_BY_90_DEGREES
    return Header(height, width, n_frames) if turned else Header(width, height, n_frames)


def _n_frames(image: Image.Image, location: str) -> int:
    if image.format == "MPO":  # the other pictures of a camera are its own previews and maps
        return 1
    try:
        return max(1, int(getattr(image, "n_frames", 1)))
    except DAMAGE as error:
        raise DecodeError(location, reason_of(error, image.format)) from error


def _header_by_other_library(kind: str, data: bytes, path: str) -> Header:
    if kind == "HEIF":
        from orangecontrib.imageembedding.images.heif import read_heif_size as read
    elif kind == "JXL":
        from orangecontrib.imageembedding.images.jxl import read_jxl_size as read
    else:
        from orangecontrib.imageembedding.images.dicom import read_dicom_size as read
    width, height, n_frames = read(data, path)
    refuse_too_large(width, height, path)
    return Header(width, height, n_frames)
