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
    refuse_existing,
)
from orangecontrib.imageembedding.errors import InputError

if TYPE_CHECKING:
    import argparse


def run_map(options: argparse.Namespace) -> int:
    """Write a picture on which similar images lie near each other."""
    import numpy as np

    from orangecontrib.imageembedding.maps.picture import save_map
    from orangecontrib.imageembedding.maps.project import check_method
    from orangecontrib.imageembedding.pipeline import map_images, save_map_page

    refuse_unused(options)
    _check_page(options)
    check_picture(options, options.output)
    check_method(options.method)
    with Bar() as bar:
        table, n_skipped = embeddings_of(options, bar)
        check_images(table, options)
        done = map_images(table, options.method, options.seed, bar)
        n_unread = draw_images(
            table, options.output, bar, lambda path, read: save_map(done.coordinates, path, read)
        )
        reasons = {} if options.html is None else save_map_page(done, options.html, bar)
    for reason in reasons.values():
        complain(f"not in the page: {reason}")
    n_without = int(np.isnan(done.coordinates[:, 0]).sum())
    if n_without:
        complain(f"skipped: {n_without} rows with missing numbers")
    n_missing = n_skipped + n_unread + n_without + len(reasons)
    told = f"{len(table) - n_without} images on the map: {options.output}"
    if not np.isnan(done.kept_neighbors):
        told += f" (it keeps {done.kept_neighbors:.0%} of the 15 nearest neighbors)"
    pages = [] if options.html is None else [f"the map as a page: {options.html}"]
    return conclude([told, *pages], SOME_MISSING if n_missing else FINE)


def _check_page(options: argparse.Namespace) -> None:
    """Raise InputError if the page cannot be written."""
    if options.html is None:
        return
    if not options.html.lower().endswith((".html", ".htm")):
        raise InputError("The page must end in .html or .htm.")
    refuse_existing(options, options.html)
