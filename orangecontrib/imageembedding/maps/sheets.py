"""Thumbnails → sheets of many, as the page of a map holds them."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SMALL_SHEET_PX, LARGE_SHEET_PX = 2048, 4096
QUALITY = 70
SIDES = ((2_000, 128), (10_000, 64), (40_000, 48))  # up to so many images: pixels of each
LEAST_SIDE_PX = 32


@dataclass(frozen=True, slots=True, eq=False)
class Sheets:
    """Pictures of n images, row by row in squares.

    Attributes
    ----------
    side_px : int
        Of a square.
    per_row : int
        Squares in a row, and rows in a sheet.
    urls : list of str
        The sheets as WebP, in the form of ``data:`` URLs.
    sizes : ndarray of shape (n, 2), dtype uint8
        Width and height of each picture, at the top left of its square; 0 if there is none.
    """

    side_px: int
    per_row: int
    urls: list[str]
    sizes: NDArray[np.uint8]


def side_for(n: int) -> int:
    """Choose the size of pictures, so that the page of n of them can still be mailed."""
    return next((side for limit, side in SIDES if n <= limit), LEAST_SIDE_PX)


def make_sheets(pictures: Iterable[NDArray[np.uint8] | None], n: int, side_px: int) -> Sheets:
    """Put pictures on sheets.

    Parameters
    ----------
    pictures : iterable of ndarray of shape (height, width, 3), dtype uint8, or None
        n pictures, not larger than `side_px`.
    n : int
        Number of pictures.
    side_px : int
        Side of a square in pixels, 255 at most.
    """
    per_row = SMALL_SHEET_PX // side_px
    if n > per_row**2:
        per_row = LARGE_SHEET_PX // side_px
    sizes = np.zeros((n, 2), dtype=np.uint8)
    urls: list[str] = []
    sheet = None
    for number, picture in enumerate(pictures):
        on_sheet = number % per_row**2
        if on_sheet == 0:
            if sheet is not None:
                urls.append(_url(sheet))
            n_here = min(per_row**2, n - number)
            n_rows = -(-n_here // per_row)
            sheet = Image.new("RGB", (per_row * side_px, n_rows * side_px))
        if picture is not None and sheet is not None:
            height, width, _ = picture.shape
            sizes[number] = width, height
            at = (on_sheet % per_row * side_px, on_sheet // per_row * side_px)
            sheet.paste(Image.fromarray(picture), at)
    if sheet is not None:
        urls.append(_url(sheet))
    return Sheets(side_px, per_row, urls, sizes)


def _url(sheet: Image.Image) -> str:
    data = io.BytesIO()
    sheet.save(data, "WEBP", quality=QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(data.getvalue()).decode("ascii")
