"""A grid of images as a picture file, for reports and the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.pictures.placed import ReadThumbnail, save_placed

MAX_CELL_PX = 96
MAX_SIDE_PX = 12_000
GAP_PX = 2


def save_grid(
    cells: NDArray[np.intp], n_rows: int, n_columns: int, path: str | Path, read: ReadThumbnail
) -> None:
    """Draw the images of a grid, on white, and write them to a file.

    Parameters
    ----------
    cells : ndarray of shape (n,), dtype int
        ``row * n_columns + column`` of each image; -1 of one that is not in the grid.
    n_rows, n_columns : int
        Of the grid.
    path : str or Path
        Ends in .png, .svg or .pdf.
    read : callable
        Gives, for an image and a side in pixels, a picture as uint8 (height, width, 3) that fits
        into a square of that side; None if there is none.
    """
    side = max(min(MAX_CELL_PX, MAX_SIDE_PX // max(n_rows, n_columns, 1)), GAP_PX + 1)
    size = max(n_columns * side, 1), max(n_rows * side, 1)
    placed = _placed(cells, n_columns, side, read)
    save_placed(placed, size, path)


def _placed(
    cells: NDArray[np.intp], n_columns: int, side: int, read: ReadThumbnail
) -> Iterator[tuple[int, int, Image.Image]]:
    """Get x, y and picture of each image, in the middle of its cell."""
    for number, cell in enumerate(cells.tolist()):
        pixels = read(number, side - GAP_PX) if cell >= 0 else None
        if pixels is not None:
            row, column = divmod(cell, n_columns)
            height, width, _ = pixels.shape
            left, top = column * side + (side - width) // 2, row * side + (side - height) // 2
            yield left, top, Image.fromarray(pixels)
