"""Rows → where their images are."""

from __future__ import annotations

import os
from collections.abc import Hashable

import numpy as np
from Orange.data import DiscreteVariable, Domain, StringVariable, Table, Variable

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.images.fetch import is_url

TEXT = 2  # rank of a text column about which nothing is known


def image_columns(domain: Domain) -> list[Variable]:
    """Get the columns that can hold locations of images: those marked as such come first."""
    candidates = [
        variable
        for variable in (*domain.metas, *domain.class_vars, *domain.attributes)
        if isinstance(variable, StringVariable | DiscreteVariable)
    ]
    return sorted(candidates, key=_rank)


def has_image_column(domain: Domain) -> bool:
    """Tell whether `image_column` finds one by default: a categorical one must be named."""
    columns = image_columns(domain)
    return bool(columns) and _rank(columns[0]) <= TEXT


def image_column(domain: Domain, name: str | None = None) -> Variable:
    """Get the column that holds the locations.

    Parameters
    ----------
    domain : Domain
        Of a table.
    name : str, optional
        Of the column; by default the first that is marked as holding images, else the first
        text column.

    Raises
    ------
    InputError
        If there is no such column.
    """
    columns = image_columns(domain)
    if name is not None:
        columns = [column for column in columns if column.name == name]
        if not columns:
            raise InputError(f"The table has no text or categorical column {name!r}.")
    elif not has_image_column(domain):
        raise InputError(
            "The table has no image column: a text column with paths or URLs of images. "
            "Import Images makes such tables."
        )
    return columns[0]


def image_locations(table: Table, column: Variable) -> list[str]:
    """Get the path or URL of each row's image.

    Parameters
    ----------
    table : Table
        The rows.
    column : Variable
        A text or categorical column of `table`. Relative values are joined to its attribute
        ``origin`` (a folder or a URL), else to the folder of the table's own file.

    Returns
    -------
    locations : list of str
        One for each row; "" where the value is missing.
    """
    column = table.domain[column.name]  # the table's own: an equal one may have another origin
    origin = column.attributes.get("origin") or _folder_of(table)
    values = _texts(column, table.get_column(column))
    return [_joined(origin, value) if value else "" for value in values] if origin else values


def location_key(table: Table, column: Variable) -> Hashable:
    """Get what `image_locations` depends on, in a hundredth of its time."""
    column = table.domain[column.name]
    values = table.get_column(column)
    cells = (values.tobytes(), column.values) if values.dtype != object else tuple(values)
    return (column.attributes.get("origin"), _folder_of(table), cells)


def _texts(column: Variable, values: np.ndarray) -> list[str]:
    """Get the texts of a column, "" where they are missing."""
    if isinstance(column, DiscreteVariable):
        names = np.array([*column.values, ""], dtype=object)
        values = names[np.where(np.isnan(values), -1, values).astype(int)]
    return [value if isinstance(value, str) and value != "?" else "" for value in values.tolist()]


def with_absolute_locations(table: Table, column: Variable) -> Table:
    """Get the table with full paths, where its own are relative to its file.

    Tables that are made from it no longer know that file. What is relative to an ``origin``
    stays so: that goes with the column.
    """
    in_metas = column in table.domain.metas and isinstance(column, StringVariable)
    if not in_metas or column.attributes.get("origin") or not _folder_of(table):
        return table
    absolute = table.copy()
    with absolute.unlocked(absolute.metas):
        absolute.set_column(column, np.array(image_locations(table, column), dtype=object))
    return absolute


def default_image_locations(table: Table) -> list[str]:
    """Get the path or URL of each row's image; "" for all rows if there is no image column."""
    if not has_image_column(table.domain):
        return [""] * len(table)
    return image_locations(table, image_column(table.domain))


def is_marked_as_images(variable: Variable) -> bool:
    """Tell whether a column says of itself that it holds locations of images."""
    return variable.attributes.get("type") == "image"


def _rank(variable: Variable) -> int:
    if is_marked_as_images(variable):
        return 0
    if variable.name.lower() == "image":  # its mark may be lost: spreadsheets keep none
        return TEXT - 1
    return TEXT if isinstance(variable, StringVariable) else TEXT + 1


def _folder_of(table: Table) -> str:
    file = getattr(table, "__file__", None)
    return os.path.dirname(os.path.abspath(file)) if file else ""


def _joined(origin: str, value: str) -> str:
    if is_url(value):
        return value
    if is_url(origin):
        return origin.rstrip("/") + "/" + value.lstrip("/")
    if not origin or os.path.isabs(value):
        return value
    return os.path.join(origin, value)
