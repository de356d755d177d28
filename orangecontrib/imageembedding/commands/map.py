"""``image-embedding map``."""

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

if TYPE_CHECKING:
    import argparse


def run_map(options: argparse.Namespace) -> int:
    """Write a picture on which similar images lie near each other."""
    import numpy as np

    from orangecontrib.imageembedding.maps.picture import save_map
    from orangecontrib.imageembedding.maps.project import check_method
    from orangecontrib.imageembedding.pipeline import map_images

    refuse_unused(options)
    check_picture(options, options.output)
    check_method(options.method)
    with Bar() as bar:
        table, n_skipped = embeddings_of(options, bar)
        check_images(table, options)
        done = map_images(table, options.method, options.seed, bar)
        n_unread = draw_images(
            table, options.output, bar, lambda path, read: save_map(done.coordinates, path, read)
        )
    n_without = int(np.isnan(done.coordinates[:, 0]).sum())
    if n_without:
        complain(f"skipped: {n_without} rows with missing numbers")
    told = f"{len(table) - n_without} images on the map: {options.output}"
    if not np.isnan(done.kept_neighbors):
        told += f" (it keeps {done.kept_neighbors:.0%} of the 15 nearest neighbors)"
    return conclude([told], SOME_MISSING if n_skipped or n_unread or n_without else FINE)
