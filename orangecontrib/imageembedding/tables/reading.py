"""A table that Orange has just read → the same, with what files do not say."""

from __future__ import annotations

import os
import tempfile

from Orange.data import Table, Variable

from orangecontrib.imageembedding.images.fetch import is_web
from orangecontrib.imageembedding.tables.locate import (
    folder_of,
    has_names_of_images,
    is_marked_as_images,
    sample_of,
)
from orangecontrib.imageembedding.tables.search import found_in, is_absolute, is_lost

ORIGIN = "embedding"


def complete(table: Table, path: str) -> None:
    """Complete a new table in place.

    Its embeddings can compute themselves for other images, see `restored`. Its columns of images
    learn in which folder it was read (attribute ``origin``), because what is made of it no longer
    knows its file.

    Parameters
    ----------
    table : Table
        Just read.
    path : str
        Its file.
    """
    if any(ORIGIN in column.attributes for column in table.domain.attributes):
        from orangecontrib.imageembedding.tables.marks import restored_domain

        table.domain = restored_domain(table.domain)
    if _is_temporary(path):  # what was downloaded lies where no images are
        return
    if not getattr(table, "__file__", None):
        table.__file__ = path
    for column in (*table.domain.variables, *table.domain.metas):
        if not (column.is_string or column.is_discrete):
            continue
        if is_marked_as_images(column) or has_names_of_images(table, column):
            _set_origin(table, column)


def _is_temporary(path: str) -> bool:
    folder, name = os.path.split(path)
    return folder == tempfile.gettempdir() and name.startswith(tempfile.gettempprefix())


def _set_origin(table: Table, column: Variable) -> None:
    origin = str(column.attributes.get("origin") or "")
    if is_web(origin) or (origin and os.path.isdir(origin)):
        return
    values = sample_of(table, column)
    own = folder_of(table)
    if all(is_absolute(value) and not is_lost(value) for value in values):
        return
    if origin:  # of another computer, or of the time before it was moved
        parts = [part for part in origin.replace("\\", "/").split("/") if part]
        for start in range(len(parts)):
            for top in (own, os.path.dirname(own)):
                moved = os.path.join(top, *parts[start:])
                if found_in(values, moved):
                    column.attributes["origin"] = moved
                    return
    column.attributes["origin"] = own
