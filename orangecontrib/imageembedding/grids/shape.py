"""How many rows and columns a grid has."""

from __future__ import annotations

import math

from orangecontrib.imageembedding.errors import InputError

NO_CELL = -1  # of an image that is not in the grid


def grid_shape(
    n_images: int, n_columns: int | None = None, n_rows: int | None = None
) -> tuple[int, int]:
    """Get the numbers of rows and columns, those that are not given so that all images fit.

    Parameters
    ----------
    n_images : int
        To be shown, each in its own cell.
    n_columns, n_rows : int, optional
        Of the grid; without both it is as square as can be.

    Raises
    ------
    InputError
        If the images do not fit.
    ValueError
        If a number is not positive.
    """
    for name, number in (("n_columns", n_columns), ("n_rows", n_rows)):
        if number is not None and number < 1:
            raise ValueError(f"{name} must be 1 or more; got {number!r}")
    if n_columns is None:
        n_columns = math.ceil(n_images / n_rows if n_rows else math.sqrt(n_images))
    if n_rows is None:
        n_rows = -(-n_images // max(n_columns, 1))
    if n_rows * n_columns < n_images:
        raise InputError(
            f"{n_images:,} images do not fit into {n_rows:,} × {n_columns:,} cells. "
            "Allow more columns or rows."
        )
    return n_rows, n_columns
