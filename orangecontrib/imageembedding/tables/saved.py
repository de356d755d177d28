"""Rows whose images were saved → a table that points to the new files."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from Orange.data import StringVariable, Table, Variable
from Orange.data.util import get_unique_names

from orangecontrib.imageembedding.tables.build import image_variable, location_of
from orangecontrib.imageembedding.tables.locate import with_images_found


def with_new_paths(table: Table, column: Variable, paths: Mapping[int, str]) -> Table:
    """Get the rows whose images have new files, in the order of the table.

    Parameters
    ----------
    table : Table
        Any subclass, which is kept, as are row ids, name and attributes.
    column : Variable
        Its image column. A text column gets the new paths; a categorical one stays, and a meta
        ``saved image`` is added and marked in its place.
    paths : mapping of int to str
        New path of each row.

    Returns
    -------
    saved : Table
    """
    rows = sorted(paths)
    values = [location_of(paths[row]) for row in rows]
    saved = table[np.array(rows, dtype=int)]
    if not isinstance(column, StringVariable):
        (name,) = get_unique_names(table.domain, ["saved image"])
        column = image_variable(name)
        saved = saved.add_column(column, values, to_metas=True)
    return with_images_found(saved, column, values)
