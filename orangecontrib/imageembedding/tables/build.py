"""`ImageFile` records → an Orange table, one row for each image."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import numpy as np
from Orange.data import ContinuousVariable, DiscreteVariable, Domain, StringVariable, Table
from Orange.data.util import get_unique_names_duplicates

from orangecontrib.imageembedding.files.record import ImageFile, SkippedFile


def image_variable(name: str = "image") -> StringVariable:
    """Make a text column that is marked as holding paths or URLs of images."""
    variable = StringVariable(name)
    variable.attributes["type"] = "image"
    return variable


def table_of_images(
    files: Sequence[ImageFile],
    name: str,
    *,
    classes: bool = True,
    options: Mapping[str, str] | None = None,
) -> Table:
    """Make the table of imported images.

    Parameters
    ----------
    files : sequence of ImageFile
        Become the rows, in this order.
    name : str
        Name of the table.
    classes : bool, optional
        Whether it gets a class.
    options : mapping, optional
        How the images are to be read, as `ReadOptions.attributes` gives it: becomes attributes of
        the column ``image``.

    Returns
    -------
    table : Table
        Class ``category`` if there are several and they are wanted, metas ``image name``,
        ``image`` (absolute path: right wherever the rows go), ``size`` in bytes, ``width`` and
        ``height`` in pixels, ``file`` (path inside the chosen folder, by which other tables can
        be joined); also ``frames`` if some image has more than one, and ``channels`` if some
        picture has several: those that are shown, with their colors.
    """
    variables = [StringVariable("image name"), image_variable()]
    variables[1].attributes.update(options or {})
    variables += [_number(name) for name in ("size", "width", "height")]
    variables += [StringVariable("file"), _number("frames"), StringVariable("channels")]
    metas = np.empty((len(files), len(variables)), dtype=object)
    class_names = []
    for row, file in enumerate(files):
        sizes = file.n_bytes, file.width_px, file.height_px
        inside = _readable(file.relative_path or os.path.basename(file.path))
        frames = file.n_frames, file.channels
        metas[row] = _stem(file.path), location_of(file.path), *sizes, inside, *frames
        class_names.append(file.class_name)
    is_told = [True] * 6 + [(metas[:, -2] > 1).any(), (metas[:, -1] != "").any()]
    if not all(is_told):
        variables = [variable for variable, told in zip(variables, is_told, strict=True) if told]
        metas = metas[:, is_told].copy()
    class_vars, codes = _category(class_names) if classes else ([], None)
    table = Table.from_numpy(
        Domain([], class_vars, variables),
        X=np.empty((len(files), 0)),
        Y=codes,
        metas=metas,
    )
    table.name = name
    return table


def _number(name: str) -> ContinuousVariable:
    return ContinuousVariable(name, number_of_decimals=0)


def _category(class_names: list[str]) -> tuple[list[DiscreteVariable], np.ndarray | None]:
    """Get the class and its values, shape (n_files, 1); nothing if all are of one class."""
    index: dict[str, int] = {}
    codes = [index.setdefault(name, len(index)) for name in class_names]
    if len(index) <= 1:
        return [], None
    values = get_unique_names_duplicates([_readable(name) for name in index])
    return [DiscreteVariable("category", values)], np.array(codes, dtype=float).reshape(-1, 1)


def table_of_names(names: Sequence[str]) -> Table:
    """Make a table of things of which only the names are known."""
    metas = np.array(names, dtype=object)[:, None]
    return Table.from_numpy(
        Domain([], metas=[StringVariable("Name")]), np.empty((len(names), 0)), metas=metas
    )


def table_of_skipped(skipped: Sequence[SkippedFile]) -> Table | None:
    """Make a table of what was skipped, with metas ``file`` and ``reason``; None if nothing."""
    if not skipped:
        return None
    values = np.array([[_readable(file.path), file.reason] for file in skipped], dtype=object)
    domain = Domain([], metas=[StringVariable("file"), StringVariable("reason")])
    table = Table.from_numpy(domain, np.empty((len(skipped), 0)), metas=values)
    table.name = "Skipped files"
    return table


def _stem(path: str) -> str:
    name = _readable(os.path.basename(path))
    return name.rpartition(".")[0] or name


def location_of(path: str) -> str:
    """Get the path; a file URL where its name is not valid text, which no table could store."""
    if path.isascii():
        return path
    try:
        path.encode()
    except UnicodeEncodeError:
        return "file://" + quote(os.fsencode(path))
    return path


def _readable(name: str) -> str:
    """Replace what is not valid text in the name of a file or folder by a sign."""
    if name.isascii():
        return name
    return name.encode(errors="surrogateescape").decode(errors="replace")
