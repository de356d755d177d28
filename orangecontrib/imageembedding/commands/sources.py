"""What a command reads: a table, or the images of a folder, an archive or the URL of one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.terminal import Bar, complain

if TYPE_CHECKING:
    from Orange.data import Table


def is_table(source: str) -> bool:
    """Check whether a source is a table; a name that leads nowhere is what its ending says."""
    from orangecontrib.imageembedding.files.archives import is_archive
    from orangecontrib.imageembedding.images.fetch import is_web
    from orangecontrib.imageembedding.tables.store import EXTENSIONS

    if is_web(source) or os.path.isdir(source) or is_archive(source):
        return False
    return os.path.isfile(source) or source.lower().endswith(EXTENSIONS)


def table_of(source: str) -> tuple[Table, int]:
    """Read a source; complain of each file that is left out, and get how many these are."""
    from orangecontrib.imageembedding.pipeline import import_images
    from orangecontrib.imageembedding.tables.store import load_table

    if is_table(source):
        return load_table(source), 0
    with Bar() as bar:
        found = import_images(source, bar)
    for file in found.skipped:
        complain(f"skipped: {file.path}: {file.reason}")
    return found.table, len(found.skipped)
