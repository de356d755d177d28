"""Thumbnails with labels → pages to print."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from orangecontrib.imageembedding.images.pdf import Page

DPI = 150
PAGE_PX = (1240, 1754)  # A4
PAGE_PT = (595.276, 841.890)
MARGIN_PX, HEADING_PX = 75, 60
COLUMNS, ROWS = 4, 5
PICTURE_PX = 256
LINE_PX, FONT_PX, HEADING_FONT_PX = 23, 18, 26
MAX_LINES = 2
QUALITY = 88
INK, QUIET_INK = (20, 20, 20), (110, 110, 110)
ELLIPSIS = "…"

Labeled = tuple[NDArray[np.uint8], Sequence[str]]
"""Pixels of shape (height, width, 3), and lines of text."""


def n_pages(n_pictures: int) -> int:
    """Get the number of pages for a number of pictures."""
    return -(-n_pictures // (COLUMNS * ROWS))


def contact_sheet(pictures: Sequence[Labeled], heading: str) -> Iterator[Page]:
    """Draw pages of small pictures, each with its label below it.

    Parameters
    ----------
    pictures : sequence of (ndarray, sequence of str)
        See `Labeled`; larger ones are shrunk, and `MAX_LINES` lines shown.
    heading : str
        At the top of each page, next to its number.

    Yields
    ------
    page : Page
        A4, 4 pictures side by side.
    """
    total = n_pages(len(pictures))
    for number in range(total):
        part = pictures[number * COLUMNS * ROWS : (number + 1) * COLUMNS * ROWS]
        page = _draw_page(part, heading, f"{number + 1} / {total}")
        buffer = io.BytesIO()
        page.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
        yield Page(buffer.getvalue(), *PAGE_PX, *PAGE_PT)


def _draw_page(pictures: Sequence[Labeled], heading: str, number: str) -> Image.Image:
    page = Image.new("RGB", PAGE_PX, (255, 255, 255))
    draw = ImageDraw.Draw(page)
    font, large = _font(FONT_PX), _font(HEADING_FONT_PX)
    right = PAGE_PX[0] - MARGIN_PX
    room = right - MARGIN_PX - draw.textlength(number, large) - LINE_PX
    draw.text((MARGIN_PX, MARGIN_PX), _shortened(heading, large, room), INK, large, "ls")
    draw.text((right, MARGIN_PX), number, QUIET_INK, large, "rs")
    width = (PAGE_PX[0] - 2 * MARGIN_PX) / COLUMNS
    height = (PAGE_PX[1] - 2 * MARGIN_PX - HEADING_PX) / ROWS
    for i, (pixels, lines) in enumerate(pictures):
        left = MARGIN_PX + i % COLUMNS * width
        top = MARGIN_PX + HEADING_PX + i // COLUMNS * height
        image = Image.fromarray(pixels)
        image.thumbnail((PICTURE_PX, PICTURE_PX))
        middle = left + width / 2
        page.paste(image, (round(middle - image.width / 2), round(top + PICTURE_PX - image.height)))
        for n, line in enumerate(lines[:MAX_LINES]):
            place = (middle, top + PICTURE_PX + (n + 1) * LINE_PX)
            text = _shortened(line, font, width - LINE_PX)
            draw.text(place, text, QUIET_INK if n else INK, font, "ms")
    return page


def _shortened(text: str, font: ImageFont.FreeTypeFont, room_px: float) -> str:
    """Leave out the middle of a text that is too long: names often differ at their ends."""
    text = " ".join(text.encode(errors="replace").decode().split())
    if font.getlength(text) <= room_px:
        return text
    kept = len(text)
    while kept > 1:
        kept -= 1
        half = kept // 2
        shorter = text[: kept - half] + ELLIPSIS + text[len(text) - half :]
        if font.getlength(shorter) <= room_px:
            return shorter
    return ELLIPSIS


def _font(size_px: int) -> ImageFont.FreeTypeFont:
    """Get a font that has most scripts, wherever this runs."""
    import matplotlib as mpl

    return ImageFont.truetype(f"{mpl.get_data_path()}/fonts/ttf/DejaVuSans.ttf", size_px)
