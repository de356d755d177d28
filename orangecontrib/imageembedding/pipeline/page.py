"""A map and its table → a page that shows the map in a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from Orange.data import DiscreteVariable, Table

from orangecontrib.imageembedding.errors import ImageError, InputError
from orangecontrib.imageembedding.files.replace import written_whole
from orangecontrib.imageembedding.images.thumbnail import thumbnail
from orangecontrib.imageembedding.maps.page import Captions, default_colors, save_page
from orangecontrib.imageembedding.pipeline.results import MapOfRows
from orangecontrib.imageembedding.progress import Progress, say, silent
from orangecontrib.imageembedding.tables.locate import default_image_locations

MAX_CLASSES = 100  # more cannot be told apart by their colors
BATCH = 256


def save_map_page(
    places: MapOfRows,
    path: str | os.PathLike[str],
    progress: Progress = silent,
    *,
    color: str | None = None,
) -> dict[int, str]:
    """Write a map as one HTML file with all pictures in it, for any browser, without a network.

    Parameters
    ----------
    places : MapOfRows
        Of a table with a column of images; see `map_images`.
    path : str or path
        The file. What is there is replaced.
    progress : Progress, optional
        Told the part of the images that are read.
    color : str, optional
        Name of a categorical column that gives the colors and the names on the map; by default
        the class.

    Returns
    -------
    reasons : dict of int to str
        Of the rows whose images cannot be read, why; they are dots on the map.

    Raises
    ------
    InputError
        If there are no images, no such column, or the file cannot be written.
    """
    table = places.table
    locations = [] if table is None else default_image_locations(table)
    if table is None or not any(locations):
        raise InputError("The map was not made of a table with paths or URLs of images.")
    variable = _color_of(table, color)
    names = [os.path.basename(location) or f"row {i + 1}" for i, location in enumerate(locations)]
    captions = Captions(names, np.full(len(table), -1), title=f"Map of {table.name}")
    if variable is not None:
        codes = np.nan_to_num(table.get_column(variable), nan=-1).astype(int)
        captions = Captions(names, codes, variable.values, _colors(variable), captions.title)
    reasons: dict[int, str] = {}

    def read(rows: Sequence[int], side_px: int) -> Iterator[NDArray[np.uint8] | None]:
        return _pictures(locations, rows, side_px, reasons, progress)

    say(progress, "Reading the images")
    with written_whole(os.fspath(path), "page") as unfinished:
        save_page(places.coordinates, captions, unfinished, read, places.kept_neighbors)
    return reasons


def _color_of(table: Table, name: str | None) -> DiscreteVariable | None:
    if name is None:
        variable = table.domain.class_var
        is_few = variable is not None and variable.is_discrete
        return variable if is_few and len(variable.values) <= MAX_CLASSES else None
    if name not in table.domain or not table.domain[name].is_discrete:
        raise InputError(f"The table has no categorical column {name!r}.")
    return table.domain[name]


def _colors(variable: DiscreteVariable) -> list[tuple[int, int, int]]:
    """Get the colors that the user chose for a column's values, else others."""
    chosen = variable.attributes.get("colors")
    colors = default_colors(len(variable.values))
    if isinstance(chosen, dict):
        hexes = [str(chosen.get(value, "")) for value in variable.values]
        return [_rgb(text) or color for text, color in zip(hexes, colors, strict=True)]
    return colors


def _rgb(text: str) -> tuple[int, int, int] | None:
    try:
        red, green, blue = bytes.fromhex(text.removeprefix("#"))
    except ValueError:
        return None
    return red, green, blue


def _pictures(
    locations: Sequence[str],
    rows: Sequence[int],
    side_px: int,
    reasons: dict[int, str],
    progress: Progress,
) -> Iterator[NDArray[np.uint8] | None]:
    """Read thumbnails in several threads, a few ahead of who takes them."""

    def read(row: int) -> NDArray[np.uint8] | None:
        try:
            if not locations[row]:
                raise ImageError(f"row {row + 1}", "no path or URL")
            return thumbnail(locations[row], side_px)
        except ImageError as error:
            reasons[row] = str(error)
            return None

    rest = iter(rows)
    n_done = 0
    with ThreadPoolExecutor() as pool:
        while batch := list(islice(rest, BATCH)):
            yield from pool.map(read, batch)
            n_done += len(batch)
            progress(n_done / len(rows))
