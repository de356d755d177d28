"""Rows → names of the files that their images are to have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

import numpy as np
from Orange.data import Domain, Table

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.files.names import fields_of, fill, unlike_names
from orangecontrib.imageembedding.images.fetch import is_url
from orangecontrib.imageembedding.tables.describe import text_of

MISSING = "missing"  # folder of the rows without a value
NO_NAME = "image"
OWN_NAME, ROW_NUMBER = "name", "row"
FOUND = ("Cluster", "Group")  # columns that other widgets add


class FileNames(Sequence[tuple[tuple[str, ...], str]]):
    """For each row, the sub-folders and the name of its file, without an ending.

    Parameters
    ----------
    table : Table
    locations : sequence of str
        Path or URL of each row's image.
    pattern : str
        The name, with those of columns between braces. ``{name}`` is that of the image's own
        file, ``{row}`` the number of the row, unless a column is called so.
    by : sequence of str
        Categorical columns, whose values become sub-folders, the first outside.
    n_rows : int, optional
        Of the whole table, if `table` is a part of it.

    Raises
    ------
    InputError
        If there is no such column, or it is not categorical.
    """

    def __init__(
        self,
        table: Table,
        locations: Sequence[str],
        pattern: str,
        by: Sequence[str],
        n_rows: int | None = None,
    ) -> None:
        self._locations = locations
        self._pattern = pattern
        self._digits = len(str(n_rows or len(table)))
        domain = table.domain
        fields = [name for name in dict.fromkeys(fields_of(pattern)) if name in domain]
        self._columns = {name: (domain[name], table.get_column(name)) for name in fields}
        fill(pattern, dict.fromkeys([*fields, *pattern_fields(domain)], ""))
        self._folders = [_folders_of(table, name) for name in by]

    def __len__(self) -> int:
        return len(self._locations)

    def __getitem__(  # type: ignore[override]  # never a slice
        self, row: int
    ) -> tuple[tuple[str, ...], str]:
        values = {
            OWN_NAME: _own_name(self._locations[row]),
            ROW_NUMBER: str(row + 1).zfill(self._digits),
        }
        for name, (variable, column) in self._columns.items():
            values[name] = text_of(variable, column[row])
        return tuple(folders[row] for folders in self._folders), fill(self._pattern, values)


def pattern_fields(domain: Domain) -> list[str]:
    """List what can stand between braces in a pattern of names."""
    variables = (*domain.class_vars, *domain.metas, *domain.attributes)
    shown = [variable.name for variable in variables if not variable.attributes.get("hidden")]
    return [OWN_NAME, ROW_NUMBER, *(name for name in shown if name not in (OWN_NAME, ROW_NUMBER))]


def folder_columns(domain: Domain) -> list[str]:
    """List the columns that sub-folders can be made of."""
    variables = (*domain.class_vars, *domain.metas, *domain.attributes)
    return [variable.name for variable in variables if variable.is_discrete]


def usual_folders(domain: Domain) -> list[str]:
    """Get the column that sub-folders are likely to be wanted by: what was found, else the class.

    An empty list if there is none.
    """
    wanted = [*FOUND, *(variable.name for variable in domain.class_vars)]
    return [name for name in wanted if name in folder_columns(domain)][:1]


def _folders_of(table: Table, name: str) -> list[str]:
    if name not in folder_columns(table.domain):
        known = ", ".join(folder_columns(table.domain)) or "none"
        raise InputError(
            f"Sub-folders are made by categorical columns; {name!r} is not one. "
            f"The table has: {known}."
        )
    variable, column = table.domain[name], table.get_column(name)
    folder_of = unlike_names([*variable.values, MISSING])
    codes = np.where(np.isnan(column), -1, column).astype(int)
    return [folder_of[MISSING if code < 0 else variable.values[code]] for code in codes]


def _own_name(location: str) -> str:
    """Get the name of an image's own file, without its ending."""
    if is_url(location):
        if location[:5].lower() == "data:":
            return NO_NAME
        location = unquote(re.split("[?#]", location)[0]).rstrip("/")
    name = location.replace("\\", "/").rpartition("/")[2]
    return name.rpartition(".")[0] or name or NO_NAME
