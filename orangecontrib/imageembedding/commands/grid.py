"""``image-embedding grid``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.computing import refuse_unused
from orangecontrib.imageembedding.commands.drawing import check_images, check_picture, draw_images
from orangecontrib.imageembedding.commands.embed import embeddings_of
from orangecontrib.imageembedding.commands.terminal import (
    FINE,
    SOME_MISSING,
    Bar,
    complain,
    conclude,
)
from orangecontrib.imageembedding.errors import InputError

if TYPE_CHECKING:
    import argparse


def run_grid(options: argparse.Namespace) -> int:
    """Write a picture with similar images side by side."""
    from orangecontrib.imageembedding.grids.picture import save_grid
    from orangecontrib.imageembedding.pipeline import sort_into_grid

    refuse_unused(options)
    check_picture(options, options.output)
    if options.columns is not None and options.columns < 1:
        raise InputError(f"--columns must be 1 or more; got {options.columns}.")
    with Bar() as bar:
        table, n_skipped = embeddings_of(options, bar)
        check_images(table, options)
        grid = sort_into_grid(table, options.columns, options.seed, bar)
        n_unread = draw_images(
            table, options.output, bar,
            lambda path, read: save_grid(grid.cells, grid.n_rows, grid.n_columns, path, read),
        )  # fmt: skip
    n_in_grid = int(grid.has_cell.sum())
    if n_in_grid < len(table):
        complain(f"skipped: {len(table) - n_in_grid} rows with missing numbers")
    told = f"{n_in_grid} images in {grid.n_rows} × {grid.n_columns} cells: {options.output}"
    all_in_it = not n_skipped and not n_unread and n_in_grid == len(table)
    return conclude([told], FINE if all_in_it else SOME_MISSING)
