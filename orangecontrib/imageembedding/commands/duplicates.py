"""``image-embedding duplicates``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.terminal import FINE, Bar, conclude, refuse_existing

if TYPE_CHECKING:
    import argparse


def add_duplicates(parser: argparse.ArgumentParser) -> None:
    """Tell what can be said of the search for duplicates."""
    parser.add_argument("source", metavar="FOLDER", help="a folder with images; or a table")
    parser.add_argument(
        "--reference", metavar="FOLDER", help="find duplicates of the images there, and no others"
    )
    parser.add_argument(
        "--similar",
        type=float,
        metavar="COSINE",
        help="also group images at least this similar, 0 to 1 (default: copies only)",
    )
    parser.add_argument("-o", "--output", metavar="OUT", help="table to write, with the groups")
    parser.add_argument("--force", action="store_true", help="replace OUT where it exists")


def run_duplicates(options: argparse.Namespace) -> int:
    """List groups of duplicates; nothing is deleted."""
    from orangecontrib.imageembedding.commands.save import table_of
    from orangecontrib.imageembedding.pipeline import find_duplicates, with_duplicates
    from orangecontrib.imageembedding.tables.locate import default_image_locations
    from orangecontrib.imageembedding.tables.store import extension_of, save_table

    if options.output is not None:
        extension_of(options.output)
        refuse_existing(options, options.output)
    table = table_of(options.source)
    reference = None if options.reference is None else table_of(options.reference)
    with Bar() as bar:
        found = find_duplicates(table, reference, options.similar, progress=bar)
    locations = default_image_locations(table)
    if reference is not None:
        locations += default_image_locations(reference)
    if options.output is not None:
        save_table(with_duplicates(table, found), options.output)
    lines = []
    for number, (kept, *others) in enumerate(found.groups, start=1):
        lines.append(f"{number}. {locations[kept]}")
        lines += [f"   {found.kind[row]}: {locations[row]}" for row in others]
    n_bytes = sum(_size(locations[row]) for row in range(len(table)) if not found.keep[row])
    n_duplicates = len(table) - int(found.keep.sum())
    lines.append(
        f"{n_duplicates} of {len(table)} images are duplicates, {n_bytes / 1e6:.1f} MB in "
        f"{len(found.groups)} groups. Nothing was deleted."
    )
    return conclude(lines, FINE)


def _size(path: str) -> int:
    return os.stat(path).st_size if os.path.isfile(path) else 0
