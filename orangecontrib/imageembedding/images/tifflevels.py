"""Pyramids: the level to read from slides, satellite images and other large pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.limits import max_megapixels, refuse_too_large
from orangecontrib.imageembedding.images.tiffpages import (
    BITS,
    PHOTOMETRIC,
    REDUCED,
    SUBFILE_TYPE,
    TILE_WIDTH,
    Page,
    pages,
    sub_pages,
)

BYTES_OF_RGB = 3
MAX_LEVELS_APART = 64  # pages that are looked at
ROUNDED_PX = 2
ROUNDED_PART = 0.01


def first_page(file: BinaryIO, location: str) -> Page:
    """Get the first page of a TIFF file.

    Raises
    ------
    DecodeError
        If there is none.
    """
    first = next(pages(file), None)
    if first is None or min(first.size) <= 0:
        raise DecodeError(location, "damaged image: its TIFF directory is cut or broken")
    if first.is_cut:
        raise DecodeError(location, "damaged image: the TIFF file is cut")
    return first


def level(file: BinaryIO, first: Page, at_least_px: int | None, location: str) -> Page:
    """Choose the page to decode: the first, or a smaller copy of it that the file has.

    Parameters
    ----------
    file : binary file
        Of any place.
    first : Page
        Its first page.
    at_least_px : int or None
        The smallest copy whose short side has this many pixels is chosen. None: the largest one
        within the limit of size.
    location : str
        Named in errors.

    Returns
    -------
    page : Page
        The largest within the limit if none is both within it and large enough.

    Raises
    ------
    DecodeError
        If all are too large.
    """
    is_small = at_least_px is not None and min(first.size) < 2 * at_least_px
    if (is_small or at_least_px is None) and _fits(first):
        return first
    fitting = [page for page in (first, *_copies(file, first)) if _fits(page)]
    if not fitting:
        refuse_too_large(*first.size, location, _weight(first))
    enough = [page for page in fitting if at_least_px and min(page.size) >= at_least_px]
    return min(enough, key=_n_pixels) if enough else max(fitting, key=_n_pixels)


def _n_pixels(page: Page) -> int:
    return page.size[0] * page.size[1]


def _weight(page: Page) -> float:
    return max(1.0, sum(page.bits) / 8 / BYTES_OF_RGB)


def _fits(page: Page) -> bool:
    return _n_pixels(page) <= max_megapixels() * 1e6 / _weight(page)


def _copies(file: BinaryIO, first: Page) -> Iterator[Page]:
    """Get the pages that show the first one smaller."""
    for page in sub_pages(file, first):
        if _is_copy(page, first):
            yield page
    for i, page in enumerate(pages(file)):
        if i > MAX_LEVELS_APART:
            return
        # Slide scanners do not mark their tiled levels as copies, but their labels.
        is_told = page.one(SUBFILE_TYPE, 0) & REDUCED
        is_tiled = TILE_WIDTH in page.tags and TILE_WIDTH in first.tags
        if i and (is_told or is_tiled) and _is_copy(page, first):
            yield page


def _is_copy(page: Page, first: Page) -> bool:
    same = all(page.tags.get(tag) == first.tags.get(tag) for tag in (BITS, PHOTOMETRIC))
    if not same or min(page.size) <= 0 or _n_pixels(page) >= _n_pixels(first):
        return False
    factor = max(whole / part for whole, part in zip(first.size, page.size, strict=True))
    off = [abs(whole / factor - part) for whole, part in zip(first.size, page.size, strict=True)]
    return all(
        px <= max(ROUNDED_PX, ROUNDED_PART * part) for px, part in zip(off, page.size, strict=True)
    )
