"""Rows → where their images are: the one rule by which image columns and files are found."""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from Orange.data import DiscreteVariable, Domain, StringVariable, Table, Variable

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.images.fetch import is_url, is_web
from orangecontrib.imageembedding.images.options import (
    USUAL,
    options_from,
    with_options,
)
from orangecontrib.imageembedding.tables.search import (
    NOT_FOUND,
    explained,
    first_lost,
    found_in,
    resolved,
)

NO_COLUMN = (
    "The table has no image column: one with paths or URLs of images, as text or categories. "
    "Import Images makes such tables."
)
ENDINGS = re.compile(
    r"\.(avif|bmp|cur|dcm|dds|dib|fits?|gif|heic|heif|ico|icns|j2k|jfif|jp2|jpe|jpe?g|jpx|mpo|pbm|"
    r"pcx|pfm|pgm|png|pnm|ppm|psd|qoi|sgi|tga|tiff?|webp|xbm|xpm)(\?[^/]*)?(#[^/]*)?$",
    re.IGNORECASE,
)
NAMES = re.compile(
    r"(image|img|photo|photograph|picture|pic)s?([ _-]?(file|path|url|name|location|link))?s?"
    r"|file[ _-]?(name|path)?|path|url|location",
    re.IGNORECASE,
)
N_SAMPLED = 20  # values by which a column is judged
N_SEARCHED = 10_000  # rows in which they are looked for

# How sure it is that a column holds images; the surest comes first.
MARKED, FOUND, NAMED_AS_IMAGES, FILES_OR_PAGES, BY_NAME, TEXT, CATEGORIES = range(7)


def image_columns(table: Table) -> list[Variable]:
    """Get the text and categorical columns: those that hold images come first.

    It is recognized by the mark ``type=image``; then by its content: files that exist or
    addresses in the web, with endings of images; then by its name.
    """
    return [column for _, column in _ranked(table)]


def has_image_column(table: Table) -> bool:
    """Tell whether `image_column` finds one by itself."""
    return any(rank <= BY_NAME for rank, _ in _ranked(table))


def default_image_column(table: Table) -> Variable | None:
    """Get the column that `image_column` takes by itself; None if it takes none."""
    return next((column for rank, column in _ranked(table)[:1] if rank <= BY_NAME), None)


def image_column(table: Table, name: str | None = None) -> Variable:
    """Get the column that holds the images.

    Parameters
    ----------
    table : Table
        Any.
    name : str, optional
        Of the column; by default it is the first of `image_columns`, if there is a reason to
        think that it holds images.

    Raises
    ------
    InputError
        If there is no such column.
    """
    if name is None:
        column = default_image_column(table)
        if column is None:
            texts = [f"{column.name!r}" for column in image_columns(table)[:5]]
            hint = f" If one of {', '.join(texts)} holds them, name it." if texts else ""
            raise InputError(NO_COLUMN + hint)
        return column
    for column in _candidates(table):
        if column.name == name:
            return column
    raise InputError(f"The table has no text or categorical column {name!r}.")


def column_like(table: Table, name: str) -> Variable | None:
    """Get the column that corresponds to one called `name` in another table; None if none does.

    It is the one of that name, unless a different one is more certain to hold images.
    """
    ranked = _ranked(table)
    same = [(rank, column) for rank, column in ranked if column.name == name]
    if same and (same[0][0] <= FOUND or same[0][0] <= ranked[0][0]):
        return same[0][1]
    if ranked and ranked[0][0] <= BY_NAME:
        return ranked[0][1]
    return same[0][1] if same else None


def image_locations(table: Table, column: Variable, images_folder: str = "") -> list[str]:
    """Get the path or URL of each row's image.

    Parameters
    ----------
    table : Table
        The rows.
    column : Variable
        A text or categorical column of `table`.
    images_folder : str, optional
        Where the user says that the images are.

    Returns
    -------
    locations : list of str
        One for each row; "" where the value is missing. Values are looked for as `resolved`
        says, in `searched_folders`; if the column's attribute ``origin`` is a URL, they are
        joined to that. They are `Location`s where the column tells how to read them.
    """
    column = table.domain[column.name]  # the table's own: an equal one may have another origin
    origin = str(column.attributes.get("origin") or "")
    folders = searched_folders(table, column, images_folder)
    if isinstance(column, DiscreteVariable):
        codes = table.get_column(column)
        places = [*_read_as_told(_located(column.values, origin, folders), column), ""]
        return [places[code] for code in np.where(np.isnan(codes), -1, codes).astype(int)]
    return _read_as_told(_located(table.get_column(column).tolist(), origin, folders), column)


def _read_as_told(locations: list[str], column: Variable) -> list[str]:
    """Let the images of a column be read as its attributes tell."""
    options = options_from(column.attributes)
    if options == USUAL:
        return locations
    return [with_options(location, options) for location in locations]


def _located(values: Sequence[object], origin: str, folders: Sequence[str]) -> list[str]:
    texts = [value if isinstance(value, str) and value != "?" else "" for value in values]
    if not is_web(origin):
        return resolved(texts, folders)
    top = origin.rstrip("/") + "/"
    return [text if not text or is_url(text) else top + text.lstrip("/") for text in texts]


def searched_folders(table: Table, column: Variable, images_folder: str = "") -> list[str]:
    """Get the folders in which the images of a column are looked for.

    The one that the user chose, that of the column's attribute ``origin``, that of the table's
    own file and the one above it.
    """
    origin = str(table.domain[column.name].attributes.get("origin") or "")
    own = folder_of(table)
    folders = [images_folder, "" if is_url(origin) else origin, own, os.path.dirname(own)]
    return list(dict.fromkeys(folder for folder in folders if folder))


def folder_of(table: Table) -> str:
    """Get the folder of the file that a table was read from; "" if that is not known."""
    file = getattr(table, "__file__", None)
    return os.path.dirname(os.path.abspath(file)) if file else ""


def with_images_found(
    table: Table, column: Variable, locations: Sequence[str], images_folder: str = ""
) -> Table:
    """Get a table that leads to its images wherever its rows go.

    Parameters
    ----------
    table : Table
        Any.
    column : Variable
        Its column of images; it is the only one with the mark ``type=image`` then.
    locations : sequence of str
        What `image_locations` gives: they become the values of a text column. A categorical one
        keeps its values, and gets the folder as ``origin``.
    images_folder : str, optional
        As for `image_locations`.
    """
    old = table.domain[column.name]
    if _leads_there(table, old, locations):
        return table
    marked = old.copy()
    marked.attributes["type"] = "image"
    is_text = isinstance(old, StringVariable)
    folders = searched_folders(table, old, images_folder)
    if folders and not is_text and not is_web(str(old.attributes.get("origin") or "")):
        values = sample_of(table, old)
        there = (folder for folder in folders if found_in(values, folder))
        marked.attributes["origin"] = next(there, folders[0])

    def changed(variable: Variable) -> Variable:
        if variable is old:
            return marked
        if is_marked_as_images(variable):
            variable = variable.copy()
            del variable.attributes["type"]
        return variable

    found = table[:]  # the numbers are shared
    domain = table.domain
    parts = (domain.attributes, domain.class_vars, domain.metas)
    found.domain = Domain(*([changed(variable) for variable in part] for part in parts))
    if is_text:
        metas = found.metas.copy()
        metas[:, found.domain.metas.index(marked)] = list(map(str, locations))
        with found.unlocked_reference():
            found.metas = metas
    return found


@dataclass(frozen=True, slots=True)
class FoundImages:
    """Where the images of a table are.

    Attributes
    ----------
    locations : list of str
        Of each row; see `image_locations`.
    table : Table
        The same rows, and it leads to them; see `with_images_found`.
    problem : str
        The first missing image of a sample, and where it was looked for; "" if all
        are.
    """

    locations: list[str]
    table: Table
    problem: str


def find_images(table: Table, column: Variable, images_folder: str = "") -> FoundImages:
    """Find the images of a column; arguments as for `image_locations`."""
    locations = image_locations(table, column, images_folder)
    found = with_images_found(table, column, locations, images_folder)
    lost = first_lost(locations)
    folders = searched_folders(table, column, images_folder)
    problem = f"{lost}: {explained(NOT_FOUND, folders)}" if lost else ""
    return FoundImages(locations, found, problem)


def read_as(table: Table, column: Variable, attributes: Mapping[str, str]) -> Table:
    """Get a table whose images are read as such attributes of their column tell.

    Parameters
    ----------
    table : Table
        Any; it stays as it is.
    column : Variable
        Its column of images.
    attributes : mapping
        See `ReadOptions.attributes`.
    """
    old = table.domain[column.name]
    told = old.copy()
    told.attributes.update(attributes)
    found = table[:]  # the numbers are shared
    parts = (table.domain.attributes, table.domain.class_vars, table.domain.metas)
    found.domain = Domain(*([told if each is old else each for each in part] for part in parts))
    return found


def _leads_there(table: Table, column: Variable, locations: Sequence[str]) -> bool:
    marked = [other for other in _candidates(table) if is_marked_as_images(other)]
    is_text = isinstance(column, StringVariable)
    return marked == [column] and is_text and table.get_column(column).tolist() == list(locations)


def location_key(table: Table, column: Variable) -> Hashable:
    """Get what `image_locations` depends on, in a hundredth of its time."""
    column = table.domain[column.name]
    values = table.get_column(column)
    cells = (values.tobytes(), column.values) if values.dtype != object else tuple(values)
    return (column.attributes.get("origin"), folder_of(table), cells)


def default_image_locations(table: Table) -> list[str]:
    """Get the path or URL of each row's image; "" for all rows if there is no image column."""
    column = default_image_column(table)
    return [""] * len(table) if column is None else image_locations(table, column)


def is_marked_as_images(variable: Variable) -> bool:
    """Tell whether a column says of itself that it holds locations of images."""
    return bool(variable.attributes.get("type") == "image")


def _candidates(table: Table) -> list[Variable]:
    domain = table.domain
    return [
        variable
        for variable in (*domain.metas, *domain.class_vars, *domain.attributes)
        if isinstance(variable, StringVariable | DiscreteVariable)
    ]


def _ranked(table: Table) -> list[tuple[int, Variable]]:
    ranked = [(_rank(table, column), column) for column in _candidates(table)]
    # Of two that are as sure, one that is called "image" comes first.
    return sorted(ranked, key=lambda entry: (entry[0], not NAMES.fullmatch(entry[1].name)))


def _rank(table: Table, column: Variable) -> int:
    if is_marked_as_images(column):
        return MARKED
    values = sample_of(table, column)
    folders = searched_folders(table, column)
    if has_names_of_images(table, column):
        on_web = is_web(str(column.attributes.get("origin") or ""))
        is_there = on_web or any(map(_is_there, resolved(values, folders)))
        return FOUND if is_there else NAMED_AS_IMAGES
    is_text = isinstance(column, StringVariable)
    paths = [value for value in values if is_text or re.search(r"[/\\]", value)]
    if 2 * sum(map(_is_there, resolved(paths, folders))) > len(values):
        return FILES_OR_PAGES
    if NAMES.fullmatch(column.name):
        return BY_NAME
    return TEXT if is_text else CATEGORIES


def has_names_of_images(table: Table, column: Variable) -> bool:
    """Tell whether most values of a column end as names of image files do."""
    values = sample_of(table, column)
    named = [value for value in values if ENDINGS.search(value) or value[:10] == "data:image"]
    return 2 * len(named) > len(values)


def _is_there(location: str) -> bool:
    return is_url(location) or os.path.isfile(location)


def sample_of(table: Table, column: Variable) -> list[str]:
    """Get some different values of a column."""
    if isinstance(column, DiscreteVariable):
        return list(column.values[:N_SAMPLED])
    values = table.get_column(column)[:N_SEARCHED]
    texts = (value for value in values if isinstance(value, str) and value not in ("", "?"))
    return list(islice(dict.fromkeys(islice(texts, N_SAMPLED * 10)), N_SAMPLED))
