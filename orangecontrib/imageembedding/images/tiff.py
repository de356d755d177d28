"""TIFF: its pages, whichever library can read their bands."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images import tiffpages
from orangecontrib.imageembedding.images.claims import TINY_PIXELS
from orangecontrib.imageembedding.images.deeppixels import OfRareKind, both_bytes
from orangecontrib.imageembedding.images.limits import refuse_too_large
from orangecontrib.imageembedding.images.picture import Picture
from orangecontrib.imageembedding.images.pillow import open_image, silence
from orangecontrib.imageembedding.images.quiet import quiet
from orangecontrib.imageembedding.images.reasons import reason_of
from orangecontrib.imageembedding.images.tiffchannels import (
    channels_text,
    may_have_channels,
    read_channels,
)
from orangecontrib.imageembedding.images.tiffcolors import (
    BLACK_IS_0,
    CIELAB,
    CMYK,
    N_COLORS,
    OPACITY,
    PALETTE,
    PREMULTIPLIED,
    RGB,
    UNSPECIFIED,
    WHITE_IS_0,
    YCBCR,
    Bands,
    colors_and_alpha,
    refuse_unknown_colors,
)
from orangecontrib.imageembedding.images.tifflevels import first_page, level
from orangecontrib.imageembedding.images.tiffpages import Page

BYTES_OF_RGB = 3
UNSIGNED = 1
COMPRESSIONS = {
    5: "LZW", 6: "JPEG", 7: "JPEG", 33003: "JPEG 2000", 33005: "JPEG 2000", 34712: "JPEG 2000",
    34887: "LERC", 34925: "LZMA", 50000: "Zstandard", 50001: "WebP", 50002: "JPEG XL",
    52546: "JPEG XL",
}  # fmt: skip
# How many times as long a row can be as what it is packed into.
MAX_GROWTH = {1: 1, 5: 2731, 8: 1032, 32773: 64, 32946: 1032}
BY_LIBTIFF = {1, 2, 3, 4, 5, 6, 7, 8, 32771, 32773, 32946}  # wherever Pillow was built
JPEG_OF_OLD = 6
# Photometric interpretation, number of bands: what Pillow reads rightly of 8 bits.
GRAY = ((WHITE_IS_0, 1), (BLACK_IS_0, 1))
BY_PILLOW = {
    *GRAY, (BLACK_IS_0, 2), (RGB, 3), (RGB, 4), (PALETTE, 1), (CMYK, 4), (YCBCR, 3), (CIELAB, 3),
}  # fmt: skip


def read_tiff_size(file: BinaryIO, location: str) -> tuple[int, int, int, int]:
    """Get (width, height, orientation, number of pages) of a TIFF file.

    Smaller copies of a page do not count.

    Raises
    ------
    DecodeError
        If it is none, if its colors are unknown, or if no level of it is within the limit.
    """
    first = first_page(file, location)
    refuse_unknown_colors(photometric_of(level(file, first, None, location)), location)
    return *first.size, first.orientation, tiffpages.count_pictures(file)


def decode_tiff(data: bytes, location: str, at_least_px: int | None = None) -> Picture:
    """Decode the first page of a TIFF file.

    Parameters
    ----------
    data : bytes
        The whole file.
    location : str
        Named in errors.
    at_least_px : int, optional
        For a pyramid, the smallest level whose short side has this many pixels is decoded.

    Raises
    ------
    DecodeError
        If it is damaged, too large, of unknown colors, or compressed in a way that needs
        imagecodecs.
    """
    file = io.BytesIO(data)
    first = first_page(file, location)
    page = level(file, first, at_least_px, location)
    refuse_unknown_colors(photometric_of(page), location)
    if page is first and may_have_channels(first):
        pixels = _channels(data, location)
        if pixels is not None:
            return Picture(pixels, first.orientation, first.profile)
    _refuse_impossible(page, len(data), location)
    bands, is_upright = _bands(data, page, location)
    image, alpha = colors_and_alpha(bands)
    return Picture(image, None if is_upright else first.orientation, first.profile, alpha)


def shown_channels(file: BinaryIO, location: str) -> str:
    """Say which channels of a file are shown; "" of a plain picture."""
    first = first_page(file, location)
    if not may_have_channels(first):
        return ""
    file.seek(0)
    return channels_text(file, location)


def _channels(data: bytes, location: str) -> NDArray[np.uint8] | None:
    """Read the channels of a microscope; None if there is only one, or they cannot be separated."""
    silence("tifffile")
    try:
        return read_channels(data, location)
    except DecodeError:
        raise
    except Exception as error:
        raise DecodeError(location, reason_of(error, "TIFF")) from error


def _bands(data: bytes, page: Page, location: str) -> tuple[Bands, bool]:
    """Read the bands of a page, and tell whether they are upright: Pillow turns them."""
    if is_for_pillow(page):
        try:
            return _by_pillow(data, page, location), True
        except DecodeError:  # of an order of bytes or bits that it does not read
            return _by_tifffile(data, page, location), False
    try:
        return _by_tifffile(data, page, location), False
    except DecodeError as error:
        if error.reason != needs_imagecodecs(page.one(tiffpages.COMPRESSION, 1)):
            raise
        return _deep_by_pillow(data, page, error), True


def needs_imagecodecs(compression: int) -> str:
    """Get the reason why a page is not read without the extra package."""
    name = COMPRESSIONS.get(compression, f"method {compression}")
    package = 'imagecodecs: pip install "Orange3-ImageEmbedding[tiff]"'
    return f"a TIFF of this kind, compressed by {name}, needs the package {package}"


def _refuse_impossible(page: Page, n_bytes: int, location: str) -> None:
    """Check that the file can hold the bytes of a page; parts of it may be missing."""
    growth = MAX_GROWTH.get(page.one(tiffpages.COMPRESSION, 1))
    sizes = page.tags.get(tiffpages.TILE_BYTES, page.tags.get(tiffpages.STRIP_BYTES, (0,)))
    n_pixels = page.size[0] * page.size[1]
    if growth is None or 0 in sizes or n_pixels <= TINY_PIXELS:
        return
    if n_pixels * sum(page.bits) > 8 * n_bytes * growth:
        claim = f"{page.size[0]} × {page.size[1]} pixels, which {n_bytes:,} bytes cannot hold"
        raise DecodeError(location, f"damaged image: its header claims {claim}")


def photometric_of(page: Page) -> int:
    """Get the meaning of the colors; by their number where the file does not tell."""
    if page.one(tiffpages.COMPRESSION, 1) == JPEG_OF_OLD:
        return YCBCR
    guess = RGB if page.n_samples >= N_COLORS[RGB] else BLACK_IS_0
    return page.one(tiffpages.PHOTOMETRIC, guess)


def extras_of(page: Page) -> tuple[int, ...]:
    """Get the meanings of the bands beyond the colors.

    Where the file has four bands of RGB and tells none, the fourth is opacity, as for all viewers.
    """
    n_extras = max(0, page.n_samples - N_COLORS.get(photometric_of(page), 1))
    told = page.tags.get(tiffpages.EXTRA_SAMPLES)
    if told is None:
        return (OPACITY,) if photometric_of(page) == RGB and n_extras == 1 else ()
    return tuple(
        kind if kind in (PREMULTIPLIED, OPACITY) else UNSPECIFIED for kind in told[-n_extras:]
    ) if n_extras else ()  # fmt: skip


def is_for_pillow(page: Page) -> bool:
    """Tell whether Pillow reads the bands of a page with their depth and meaning."""
    bits, kind = set(page.bits), (photometric_of(page), page.n_samples)
    is_unsigned = set(page.tags.get(tiffpages.SAMPLE_FORMAT, (UNSIGNED,))) == {UNSIGNED}
    if len(bits) != 1 or not is_unsigned or page.one(tiffpages.DEPTH, 1) > 1:
        return False
    if page.one(tiffpages.COMPRESSION, 1) not in BY_LIBTIFF:
        return False
    if page.one(tiffpages.PLANAR, 1) != 1:
        return bits == {8} and kind == (RGB, 3)
    if bits == {8}:
        is_told = tiffpages.PHOTOMETRIC in page.tags or page.n_samples == 1
        return is_told and kind in BY_PILLOW and page.one(tiffpages.INK_SET, 1) == 1
    if bits <= {1, 2, 4}:
        return kind in GRAY or kind == (PALETTE, 1)
    return bits <= {12, 16} and kind in GRAY


def _opened_by_pillow(data: bytes, page: Page, location: str) -> tuple[bytes, Image.Image]:
    """Open a page by Pillow; it begins with the first, so that another is made the first."""
    file = io.BytesIO(data)
    if page.offset != tiffpages.first_offset(file):
        data = tiffpages.beginning_at(data, page.offset)
    return data, open_image(io.BytesIO(data), "TIFF", data[:16], location)


def _by_pillow(data: bytes, page: Page, location: str) -> Bands:
    """Read bands of 8 bits or fewer, or gray ones of 16; they are turned upright by that."""
    _, image = _opened_by_pillow(data, page, location)
    with quiet():
        image.load()
    is_told = tiffpages.PHOTOMETRIC in page.tags
    return _bands_of(image, photometric_of(page), extras_of(page), is_told)


def _bands_of(
    image: Image.Image, photometric: int, extras: tuple[int, ...], is_told: bool
) -> Bands:
    if image.mode in ("1", "L"):  # inverted by Pillow, also where nothing tells that it is to be
        values = np.asarray(image.convert("L"))
        return Bands((values if is_told else 255 - values)[..., None], BLACK_IS_0)
    if image.mode in ("P", "YCbCr"):
        return Bands(np.asarray(image.convert("RGB")), RGB)
    if image.mode == "La":
        return Bands(np.asarray(image.convert("LA")), BLACK_IS_0, (OPACITY,))
    if image.mode in ("RGB", "RGBA"):
        return Bands(np.asarray(image), RGB, (OPACITY,) if image.mode == "RGBA" else ())
    values = np.asarray(image)
    return Bands(values if values.ndim == 3 else values[..., None], photometric, extras)


def _deep_by_pillow(data: bytes, page: Page, error: DecodeError) -> Bands:
    """Read bands that libtiff can unpack and tifffile cannot, where Pillow gives all their bits."""
    photometric, extras = photometric_of(page), extras_of(page)
    try:
        data, image = _opened_by_pillow(data, page, error.location)
        with quiet():
            image.load()
            if image.mode in ("F", "I") or image.mode.startswith("I;16"):
                return Bands(_of_16_bits(np.asarray(image))[..., None], photometric)
            if photometric == RGB and PREMULTIPLIED not in extras:
                alpha = (OPACITY,) if image.mode == "RGBA" else ()
                return Bands(both_bytes(data, image), RGB, alpha)
    except DecodeError:
        raise error from None
    except OfRareKind:
        pass
    raise error


def _of_16_bits(values: NDArray[Any]) -> NDArray[Any]:
    """Give 16 bits back to what Pillow puts into 32."""
    if values.dtype.kind != "i":
        return values
    fits = values.min(initial=0) >= 0 and values.max(initial=0) < 1 << 16
    return values.astype(np.uint16) if fits else values


def _by_tifffile(data: bytes, page: Page, location: str) -> Bands:
    import tifffile

    silence("tifffile")
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            file.filehandle.seek(page.offset)
            read = tifffile.TiffPage(file, 0)
            _refuse_too_large(read, location)
            values = read.asarray()
            is_planar = read.samplesperpixel > 1 and read.axes.startswith("S")
    except DecodeError:
        raise
    except Exception as error:  # a broken file breaks tifffile anywhere
        if isinstance(error, ImportError) or "requires the 'imagecodecs'" in str(error):
            reason = needs_imagecodecs(page.one(tiffpages.COMPRESSION, 1))
            raise DecodeError(location, reason) from error
        raise DecodeError(location, reason_of(error, "TIFF")) from error
    if values.ndim not in (2, 3) or values.dtype.kind not in "uifb":
        kind = f"{values.ndim} dimensions" if values.dtype.kind in "uifb" else "complex numbers"
        raise DecodeError(location, f"TIFF with {kind} is not supported")
    values = values[..., None] if values.ndim == 2 else values
    values = np.moveaxis(values, 0, -1) if is_planar else values
    color_map = page.tags.get(tiffpages.COLOR_MAP)
    return Bands(
        values.astype(np.uint8) * 255 if values.dtype == bool else values,
        photometric_of(page),
        extras_of(page),
        None if color_map is None else np.array(color_map, np.uint16).reshape(3, -1),
    )


def _refuse_too_large(page: Any, location: str) -> None:
    n_bytes = page.samplesperpixel * page.bitspersample / 8 * page.imagedepth
    weight = max(1.0, n_bytes / BYTES_OF_RGB)
    refuse_too_large(page.imagewidth, page.imagelength, location, weight)
    if page.is_tiled:  # one may be larger than the picture
        weight *= page.tiledepth / page.imagedepth
        refuse_too_large(page.tilewidth, page.tilelength, location, weight)
