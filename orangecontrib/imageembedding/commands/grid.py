"""``image-embedding grid``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.computing import refuse_unused
from orangecontrib.imageembedding.commands.embed import embeddings_of
from orangecontrib.imageembedding.commands.terminal import (
    FINE,
    SOME_MISSING,
    Bar,
    complain,
    conclude,
    refuse_existing,
)
from orangecontrib.imageembedding.errors import InputError

if TYPE_CHECKING:
    import argparse

    import numpy as np
    from numpy.typing import NDArray
    from Orange.data import Table

    from orangecontrib.imageembedding.pipeline import GridOfRows


def run_grid(options: argparse.Namespace) -> int:
    """Write a picture with similar images side by side."""
    from orangecontrib.imageembedding.grids.picture import EXTENSIONS
    from orangecontrib.imageembedding.pipeline import sort_into_grid

    refuse_unused(options)
    if not options.output.lower().endswith(EXTENSIONS):
        raise InputError(f"The picture must end in one of {', '.join(EXTENSIONS)}.")
    if options.columns is not None and options.columns < 1:
        raise InputError(f"--columns must be 1 or more; got {options.columns}.")
    refuse_existing(options, options.output)
    with Bar() as bar:
        table, n_skipped = embeddings_of(options, bar)
        _check_images(table, options)
        grid = sort_into_grid(table, options.columns, options.seed, bar)
        n_unread = _save_picture(table, grid, options, bar)
    n_in_grid = int(grid.has_cell.sum())
    if n_in_grid < len(table):
        complain(f"left out: {len(table) - n_in_grid} rows with missing numbers")
    told = f"{n_in_grid} images in {grid.n_rows} × {grid.n_columns} cells: {options.output}"
    all_in_it = not n_skipped and not n_unread and n_in_grid == len(table)
    return conclude([told], FINE if all_in_it else SOME_MISSING)


def _check_images(table: Table, options: argparse.Namespace) -> None:
    from orangecontrib.imageembedding.tables.locate import default_image_locations

    if not any(default_image_locations(table)):
        raise InputError(f"{options.source} has no column with paths or URLs of images.")


def _save_picture(table: Table, grid: GridOfRows, options: argparse.Namespace, bar: Bar) -> int:
    """Write the file; get the number of images that could not be read, each is told."""
    from orangecontrib.imageembedding.errors import ImageError
    from orangecontrib.imageembedding.files.replace import written_whole
    from orangecontrib.imageembedding.grids.picture import save_grid
    from orangecontrib.imageembedding.images.thumbnail import thumbnail
    from orangecontrib.imageembedding.tables.locate import default_image_locations

    locations = default_image_locations(table)
    reasons: list[str] = []

    def read(row: int, side_px: int) -> NDArray[np.uint8] | None:
        bar(row / len(locations))
        try:
            if not locations[row]:
                raise ImageError(f"row {row + 1}", "no path or URL")
            return thumbnail(locations[row], side_px)
        except ImageError as error:
            reasons.append(f"left out of the picture: {error}")
            return None

    bar.say("Drawing the images")
    with written_whole(options.output, "picture") as path:
        save_grid(grid.cells, grid.n_rows, grid.n_columns, path, read)
    bar.close()
    for reason in reasons:
        complain(reason)
    return len(reasons)
