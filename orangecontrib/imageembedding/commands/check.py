"""``image-embedding check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.sources import table_of
from orangecontrib.imageembedding.commands.terminal import (
    FINE,
    SOME_MISSING,
    Bar,
    complain,
    conclude,
    refuse_existing,
    refuse_without_effect,
)

if TYPE_CHECKING:
    import argparse


def add_check(parser: argparse.ArgumentParser) -> None:
    """Tell what can be said of the checks."""
    parser.add_argument("source", metavar="FOLDER", help="a folder with images; or a table")
    parser.add_argument(
        "--reference",
        metavar="FOLDER",
        help="also flag images that are in this folder, too, such as the test images of a model",
    )
    parser.add_argument("-o", "--output", metavar="OUT", help="table to write, with all measures")
    parser.add_argument("--force", action="store_true", help="replace OUT where it exists")


def run_check(options: argparse.Namespace) -> int:
    """List images that need a look, the surest first."""
    from orangecontrib.imageembedding.pipeline import check_images
    from orangecontrib.imageembedding.tables.locate import default_image_locations
    from orangecontrib.imageembedding.tables.store import extension_of, save_table

    if options.output is None:
        refuse_without_effect(options, ["force"], "without --output")
    else:
        extension_of(options.output)
        refuse_existing(options, options.output)
    table, n_left_out = table_of(options.source)
    reference = None
    if options.reference is not None:
        reference, n_more = table_of(options.reference)
        n_left_out += n_more
    with Bar() as bar:
        checked = check_images(table, reference, progress=bar)
    if options.output is not None:
        save_table(checked.measures, options.output)
    locations = default_image_locations(table)
    for row, reason in checked.failures.items():
        complain(f"skipped: {locations[row] or f'row {row + 1}'}: {reason}")
    findings = checked.findings
    flags, reasons = checked.flags, checked.reasons
    lines = [f"{locations[row]}: {', '.join(flags[row])}: {reasons[row]}"
             for row in findings.flagged_rows.tolist()]  # fmt: skip
    lines.append(f"{len(lines)} of {len(table)} images need a look.")
    counts = ((int(r.flagged.sum()), r.check) for r in findings.results if r.check.is_fault)
    lines += [f"{n:6} {check.id}" for n, check in counts if n]
    return conclude(lines, SOME_MISSING if checked.failures or n_left_out else FINE)
