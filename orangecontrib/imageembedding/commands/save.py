"""``image-embedding save``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.computing import IMAGES
from orangecontrib.imageembedding.commands.sources import is_table, table_of
from orangecontrib.imageembedding.commands.terminal import (
    FINE,
    SOME_MISSING,
    Bar,
    complain,
    conclude,
    refuse_without_effect,
)

if TYPE_CHECKING:
    import argparse

    from Orange.data import Table

FORMATS = ("png", "jpeg", "tiff", "webp", "bmp", "gif", "pdf", "contact-sheet")
LOSSLESS = ("png", "tiff", "bmp", "gif")


def add_save(parser: argparse.ArgumentParser) -> None:
    """Tell what can be said of how images are saved."""
    parser.add_argument(
        "table",
        metavar="TABLE",
        help="a table with a column of paths or URLs; or a folder with images",
    )
    parser.add_argument(
        "folder", metavar="FOLDER", help="folder to save to; created if it does not exist"
    )
    parser.add_argument(
        "--pattern",
        default="{name}",
        help="names of the files: columns in braces; {name} is the name of the image's own file, "
        "{row} the row number (default: %(default)s)",
    )
    parser.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="COLUMN",
        help="categorical column whose values become sub-folders; may be given again",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="by default files are copied unchanged; contact-sheet: one PDF for each sub-folder",
    )
    parser.add_argument(
        "--quality", type=int, metavar="Q", help="quality of JPEG, WebP and PDF, 1 to 100"
    )
    parser.add_argument(
        "--size",
        metavar="SIZE",
        help="pixels (224 or 640x480), or an embedder, for the size of its input",
    )
    parser.add_argument(
        "--fit",
        choices=("fit", "crop", "stretch"),
        help="how images are brought to that size (default: fit; with an embedder, as it "
        "prepares images)",
    )
    parser.add_argument(
        "--strip-metadata",
        action="store_true",
        help="remove EXIF, XMP and comments; the color profile and the orientation are kept",
    )
    parser.add_argument(
        "--label",
        action="append",
        default=[],
        metavar="COLUMN",
        help="column whose values are written below the images of a contact sheet",
    )
    parser.add_argument(
        "--manifest",
        action="store_true",
        help="also write manifest.csv, which lists the source of each file",
    )
    parser.add_argument("--image-column", metavar="NAME", help="column of the paths or URLs")
    parser.add_argument("--images-folder", metavar="DIR", help="folder where the images are now")


def run_save(options: argparse.Namespace) -> int:
    """Save the images of a table into a folder."""
    from orangecontrib.imageembedding.pipeline import save_images

    _refuse_unused(options)
    table, n_left_out = table_of(options.table)
    with Bar() as bar:
        done = save_images(
            table,
            options.folder,
            options.pattern,
            options.by,
            options.format and options.format.replace("-", " "),
            quality=options.quality,
            size=_size_of(options.size),
            fit=options.fit,
            metadata=not options.strip_metadata,
            labels=options.label,
            manifest=options.manifest,
            image_column=options.image_column,
            images_folder=options.images_folder,
            progress=bar,
        )
    n_failed = len(table) - len(done.saved) - done.n_known
    if done.skipped is not None:
        for line in _failures(done.skipped):
            complain(line)
    line = f"{len(done.saved)} images saved, {done.n_known} there already: {options.folder}"
    return conclude([line], SOME_MISSING if n_failed or n_left_out else FINE)


def _refuse_unused(options: argparse.Namespace) -> None:
    if options.size is None:
        refuse_without_effect(options, ["fit"], "without --size")
        if options.format is None:
            refuse_without_effect(options, ["quality"], "on files that are copied")
    if options.format in LOSSLESS:
        refuse_without_effect(options, ["quality"], f"on {options.format}")
    if options.format != "contact-sheet":
        refuse_without_effect(options, ["label"], "without --format contact-sheet")
    if not is_table(options.table):
        refuse_without_effect(options, IMAGES, "on a folder of images")


def _size_of(text: str | None) -> int | tuple[int, int] | str | None:
    """Get pixels, width and height, or the id of an embedder."""
    if text is None:
        return None
    width, times, height = text.lower().partition("x")
    if times and width.isdigit() and height.isdigit():
        return int(width), int(height)
    return int(text) if text.isdigit() else text


def _failures(skipped: Table) -> list[str]:
    from orangecontrib.imageembedding.pipeline.saving import THERE
    from orangecontrib.imageembedding.tables.locate import default_image_locations

    locations = default_image_locations(skipped)
    reasons = skipped.get_column(skipped.domain.metas[-1])
    return [
        f"skipped: {location or 'row without image'}: {reason}"
        for location, reason in zip(locations, map(str, reasons), strict=True)
        if not reason.startswith(THERE)
    ]
