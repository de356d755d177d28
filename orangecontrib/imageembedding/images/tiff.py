"""TIFF of many bits or many bands, which Pillow reads not at all or with eight bits only."""

from __future__ import annotations

import io
import os
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.colour import scaled_to_8_bits
from orangecontrib.imageembedding.images.limits import refuse_too_large
from orangecontrib.imageembedding.images.pillow import said, silence

MIN_IS_WHITE, RGB, CMYK = 0, 2, 5
BYTES_OF_RGB = 3


def read_tiff_size(data: bytes, location: str) -> tuple[int, int, int]:
    """Get (width, height, number of pages) of a TIFF file by tifffile.

    Raises
    ------
    DecodeError
        If it is none.
    """
    try:
        with _opened(data) as file:
            page = file.pages.first
            return int(page.imagewidth), int(page.imagelength), len(file.pages)
    except Exception as error:  # noqa: BLE001 - a broken file breaks tifffile anywhere
        raise DecodeError(location, f"damaged image: {said(error)}") from error


def count_pages(file: BinaryIO) -> int:
    """Count the pages of a TIFF file along the chain of their directories.

    Many times faster than by Pillow, which reads every directory. A chain that is cut or leads
    back into itself ends there.
    """
    n_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(16)
    order: Literal["little", "big"] = "little" if start[:1] == b"I" else "big"
    is_big = start[2:4] in (b"+\0", b"\0+")
    count_bytes, entry_bytes, offset_bytes = (8, 20, 8) if is_big else (2, 12, 4)
    at = int.from_bytes(start[8:16] if is_big else start[4:8], order)
    seen: set[int] = set()
    while 0 < at < n_bytes and at not in seen:
        seen.add(at)
        file.seek(at)
        end = at + count_bytes + int.from_bytes(file.read(count_bytes), order) * entry_bytes
        file.seek(min(end, n_bytes))
        at = int.from_bytes(file.read(offset_bytes), order)
    return max(1, len(seen))


def decode_tiff(data: bytes, location: str) -> Image.Image:
    """Decode the first page of a TIFF file by tifffile.

    Returns
    -------
    image : PIL image of mode L, RGB, RGBA or CMYK
        Scaled to 8 bits. Of more than four bands without a meaning the first three are taken
        for red, green and blue, of two the first for grey.

    Raises
    ------
    DecodeError
        If it is damaged, too large, or compressed in a way that needs imagecodecs.
    """
    try:
        with _opened(data) as file:
            page = file.pages.first
            n_bytes = page.samplesperpixel * page.bitspersample / 8 * page.imagedepth
            weight = max(1.0, n_bytes / BYTES_OF_RGB)
            refuse_too_large(page.imagewidth, page.imagelength, location, weight)
            if page.is_tiled:  # one may be larger than the picture
                weight *= page.tiledepth / page.imagedepth
                refuse_too_large(page.tilewidth, page.tilelength, location, weight)
            values = page.asarray()
            planar = page.samplesperpixel > 1 and page.axes.startswith("S")
            photometric, n_extra = int(page.photometric), len(page.extrasamples)
    except DecodeError:
        raise
    except Exception as error:  # noqa: BLE001 - a broken file breaks tifffile anywhere
        if "imagecodecs" in str(error):
            reason = f"this compression of TIFF needs the package imagecodecs ({said(error)})"
            raise DecodeError(location, reason) from error
        raise DecodeError(location, f"damaged image: {said(error)}") from error
    if values.ndim not in (2, 3):
        raise DecodeError(location, f"TIFF with {values.ndim} dimensions is not supported")
    bands = values[..., None] if values.ndim == 2 else values  # noqa: PLR2004
    return _image_of_bands(np.moveaxis(bands, 0, -1) if planar else bands, photometric, n_extra)


def _opened(data: bytes) -> Any:
    import tifffile

    silence("tifffile")
    return tifffile.TiffFile(io.BytesIO(data))


def _image_of_bands(bands: NDArray[np.generic], photometric: int, n_extra: int) -> Image.Image:
    """Make an image of (height, width, n) values of any depth."""
    n_bands = bands.shape[-1]
    if photometric == CMYK and n_bands >= 4:  # noqa: PLR2004
        return Image.fromarray(np.ascontiguousarray(scaled_to_8_bits(bands[..., :4])), "CMYK")
    n_colours = n_bands - n_extra if photometric == RGB else n_bands
    n_used = 3 if n_colours >= 3 else 1  # noqa: PLR2004
    colours = scaled_to_8_bits(bands[..., :n_used])
    if photometric == MIN_IS_WHITE:
        colours = 255 - colours
    if photometric == RGB and n_extra == 1:
        alpha = _alpha_of(bands[..., -1])
        return Image.fromarray(np.dstack([colours, alpha]))
    return Image.fromarray(np.ascontiguousarray(colours[..., 0] if n_used == 1 else colours))


def _alpha_of(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale opacity by the whole range of its type: full opacity need not occur."""
    with np.errstate(invalid="ignore", over="ignore"):  # signalling NaN, beyond float32
        numbers = np.nan_to_num(values.astype(np.float32))
    if values.dtype.kind == "u":
        numbers /= 2.0 ** (8 * values.dtype.itemsize) - 1
    return (np.clip(numbers, 0, 1) * 255).astype(np.uint8)
