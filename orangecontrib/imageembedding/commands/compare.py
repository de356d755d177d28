"""``image-embedding compare``."""

from __future__ import annotations

import math
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
from orangecontrib.imageembedding.errors import InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from orangecontrib.imageembedding.pipeline import ComparedEmbedders
    from orangecontrib.imageembedding.pipeline.scoring import Named

TITLE_WIDTH = 28


def add_compare(parser: argparse.ArgumentParser) -> None:
    """Tell what can be said of the comparison."""
    parser.add_argument(
        "source",
        metavar="FOLDER",
        help="a folder with images, whose sub-folders are the classes; or a table",
    )
    parser.add_argument(
        "--embedders",
        metavar="ID,...",
        help="see the command embedders; NAME=FILE or NAME=ID:FILE is a network of your own, or "
        "weights for that of ID; ID@URL lets a server compute: the sample is sent there (default: "
        "all that are on this computer)",
    )
    parser.add_argument(
        "--images", type=int, default=200, metavar="N",
        help="size of the sample of images (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("-o", "--output", metavar="OUT", help="table of the scores to write")
    parser.add_argument("--force", action="store_true", help="replace OUT where it exists")


def run_compare(options: argparse.Namespace) -> int:
    """Print the scores of embedders on a sample of images."""
    from orangecontrib.imageembedding.pipeline import compare_embedders
    from orangecontrib.imageembedding.tables.store import extension_of, save_table

    if options.images < 2:
        raise InputError(f"--images must be 2 or more; got {options.images}.")
    if options.output is None:
        refuse_without_effect(options, ["force"], "without --output")
    else:
        extension_of(options.output)
        refuse_existing(options, options.output)
    embedders = None if options.embedders is None else _named(options.embedders)
    table, n_left_out = table_of(options.source)
    with Bar() as bar:
        compared = compare_embedders(table, embedders, options.images, progress=bar)
    for one in compared.embedders:
        if one.reason:
            complain(f"skipped: {one.title}: {one.reason}")
    n_failed = sum(bool(one.reason) for one in compared.embedders)
    if n_failed == len(compared.embedders):
        raise InputError("None of the embedders could run; see above.")
    lines = _lines(compared)
    if options.output is not None:
        save_table(compared.scores, options.output)
        lines.append(f"The table: {options.output}")
    is_whole = not n_failed and not n_left_out and compared.skipped is None
    return conclude(lines, FINE if is_whole else SOME_MISSING)


def _named(text: str) -> Sequence[Named]:
    """Read the option ``--embedders``."""
    from orangecontrib.imageembedding.embeddings.backends.remote.backend import Remote
    from orangecontrib.imageembedding.server.naming import named_embedders

    found: list[Named] = []
    for entry in (part.strip() for part in text.split(",")):
        name, at, url = entry.partition("@")
        if at and "=" not in name:
            found.append((name, Remote(url)))
        elif entry:
            found += named_embedders([entry]).values()
    return found


def _lines(compared: ComparedEmbedders) -> list[str]:
    from orangecontrib.imageembedding.comparisons.score import clear_best
    from orangecontrib.imageembedding.comparisons.scores import MEASURES

    shown = [
        measure
        for measure in MEASURES
        if any(not math.isnan(one.scores.of(measure).value) for one in compared.embedders)
    ]
    table = [["", *(measure.title for measure in shown)]]
    table += [[one.title[:TITLE_WIDTH]] for one in compared.embedders]
    for measure in shown:
        scores = [one.scores.of(measure) for one in compared.embedders]
        best = clear_best(scores) if measure.has_best else None
        for row, score in enumerate(scores):
            table[row + 1].append(score.text + (" *" if row == best else "  "))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in table
    ]
    lines.append(
        f"{len(compared.rows)} images; ± the standard error; * better than all others by more than "
        "the error of the difference."
    )
    return lines
