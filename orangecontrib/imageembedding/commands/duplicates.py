"""``image-embedding duplicates`` and ``image-embedding distinct``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.sources import table_of
from orangecontrib.imageembedding.commands.terminal import (
    FAILED,
    FINE,
    SOME_MISSING,
    Bar,
    complain,
    conclude,
    refuse_existing,
    refuse_without_effect,
    size_text,
    tell,
)
from orangecontrib.imageembedding.errors import InputError

if TYPE_CHECKING:
    import argparse

KEEP = ("most-pixels", "largest-file", "oldest", "first-row")
INFO, ADD, EXPORT, IMPORT, CLEAR = DISTINCT = ("info", "add", "export", "import", "clear")


def add_duplicates(parser: argparse.ArgumentParser) -> None:
    """Tell what can be said of the search for duplicates."""
    parser.add_argument("source", metavar="FOLDER", help="a folder with images; or a table")
    parser.add_argument(
        "--reference", metavar="FOLDER", help="find only duplicates of the images in this folder"
    )
    parser.add_argument(
        "--similar",
        type=float,
        metavar="COSINE",
        help="also group images at least this similar, 0 to 1 (default: copies only)",
    )
    parser.add_argument(
        "--keep", choices=KEEP, help=f"which one of a group is kept (default: {KEEP[0]})"
    )
    parser.add_argument(
        "--keep-folder", metavar="FOLDER", help="images there are kept before all others"
    )
    parser.add_argument("-o", "--output", metavar="OUT", help="table to write, with the groups")
    parser.add_argument("--force", action="store_true", help="replace OUT where it exists")


def run_duplicates(options: argparse.Namespace) -> int:
    """List groups of duplicates; nothing is deleted."""
    from orangecontrib.imageembedding.pipeline import (
        find_duplicates,
        spared_bytes,
        with_duplicates,
    )
    from orangecontrib.imageembedding.tables.locate import default_image_locations
    from orangecontrib.imageembedding.tables.store import extension_of, save_table

    if options.output is None:
        refuse_without_effect(options, ["force"], "without --output")
    else:
        extension_of(options.output)
        refuse_existing(options, options.output)
    if options.reference is not None:
        refuse_without_effect(
            options, ["keep", "keep_folder"], "with --reference, whose images are kept"
        )
    table, n_left_out = table_of(options.source)
    reference = None
    if options.reference is not None:
        reference, n_more = table_of(options.reference)
        n_left_out += n_more
    with Bar() as bar:
        found = find_duplicates(
            table, reference, options.similar, progress=bar,
            keep=options.keep or KEEP[0], keep_folder=options.keep_folder or "",
        )  # fmt: skip
    locations = default_image_locations(table)
    if reference is not None:
        locations += default_image_locations(reference)
    if options.output is not None:
        save_table(with_duplicates(table, found), options.output)
    lines = []
    for number, (kept, *others) in enumerate(found.groups, start=1):
        lines.append(f"{number}. {locations[kept]}")
        lines += [f"   {found.kind[row]}: {locations[row]}" for row in others]
    n_duplicates = len(table) - int(found.keep.sum())
    n_bytes = spared_bytes(found.groups, found.likeness, len(table), locations)
    lines.append(
        f"{n_duplicates} of {len(table)} images are duplicates, {size_text(n_bytes)} in "
        f"{len(found.groups)} groups. Nothing was deleted."
    )
    for row, reason in found.unread.items():
        complain(f"skipped: {locations[row]}: {reason}")
    return conclude(lines, SOME_MISSING if found.unread or n_left_out else FINE)


def add_distinct(parser: argparse.ArgumentParser) -> None:
    """Tell what can be said of pairs that are no duplicates."""
    parser.usage = "%(prog)s [-h] {info,add IMAGE IMAGE ...,export FILE,import FILE,clear}"
    parser.set_defaults(force=False)
    parser.add_argument("what", choices=DISTINCT, help="what to do")
    parser.add_argument("files", nargs="*", metavar="FILE", help="images to add; or one list")


def run_distinct(options: argparse.Namespace) -> int:
    """Show, add, export, import or forget pairs of images that are no duplicates."""
    from orangecontrib.imageembedding.duplicates.distinct import DistinctPairs
    from orangecontrib.imageembedding.pipeline import mark_distinct

    what, files = options.what, options.files
    _check_number(what, files)
    pairs = DistinctPairs()
    try:
        if what == ADD:
            mark_distinct(files)
        elif what == EXPORT:
            refuse_existing(options, files[0])
            pairs.write(files[0])
        elif what == IMPORT:
            pairs.read(files[0])
        elif what == CLEAR:
            pairs.clear()
        tell(f"{len(pairs.all()):,} pairs of images are not duplicates.")
        return FINE if pairs.problem is None else FAILED
    finally:
        if pairs.problem is not None:
            complain(pairs.problem)
        pairs.close()


def _check_number(what: str, files: list[str]) -> None:
    if what == ADD and len(files) < 2:
        raise InputError("Name two images or more that are not duplicates of each other.")
    if what in (EXPORT, IMPORT) and len(files) != 1:
        raise InputError(f"Name one file, for instance: image-embedding distinct {what} pairs.txt")
    if what in (INFO, CLEAR) and files:
        raise InputError(f"distinct {what} takes nothing else: {files[0]!r} would have no effect.")
