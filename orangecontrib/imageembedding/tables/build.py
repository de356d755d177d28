"""`ImageFile` records → an Orange table, one row for each image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from urllib.parse import quote

import numpy as np
from Orange.data import ContinuousVariable, DiscreteVariable, Domain, StringVariable, Table

from orangecontrib.imageembedding.files.record import ImageFile, SkippedFile


def image_variable(name: str = "image") -> StringVariable:
    """Make a text column that is marked as holding paths or URLs of images."""
    variable = StringVariable(name)
    variable.attributes["type"] = "image"
    return variable


def table_of_images(files: Sequence[ImageFile], name: str) -> Table:
    """Make the table of imported images.

    Parameters
    ----------
    files : sequence of ImageFile
        Become the rows, in this order.
    name : str
        Name of the table.

    Returns
    -------
    table : Table
        Class ``category`` if there are several, metas ``image name``, ``image`` (absolute path:
        right wherever the rows go), ``size`` in bytes, ``width`` and ``height`` in pixels; also
        ``frames`` if some image has more than one.
    """
    class_names = [_readable(file.class_name) for file in files]
    classes = list(dict.fromkeys(class_names))
    numbers = ["size", "width", "height"]
    if any(file.n_frames > 1 for file in files):
        numbers.append("frames")
    metas = (
        StringVariable("image name"),
        image_variable(),
        *(ContinuousVariable(number, number_of_decimals=0) for number in numbers),
    )
    class_vars = [DiscreteVariable("category", values=classes)] if len(classes) > 1 else []
    index = {class_name: i for i, class_name in enumerate(classes)}
    codes = np.array([[index[name]] for name in class_names], dtype=float)
    values = np.empty((len(files), len(metas)), dtype=object)
    for row, file in enumerate(files):
        sizes = (file.n_bytes, file.width_px, file.height_px, file.n_frames)
        values[row] = (_stem(file.path), _location(file.path), *sizes)[: len(metas)]
    table = Table.from_numpy(
        Domain([], class_vars, metas),
        X=np.empty((len(files), 0)),
        Y=codes.reshape(-1, 1) if class_vars else None,
        metas=values,
    )
    table.name = name
    return table


def table_of_skipped(skipped: Sequence[SkippedFile]) -> Table | None:
    """Make a table of what was left out, with metas ``file`` and ``reason``; None if nothing."""
    if not skipped:
        return None
    values = np.array([[_readable(file.path), file.reason] for file in skipped], dtype=object)
    domain = Domain([], metas=[StringVariable("file"), StringVariable("reason")])
    table = Table.from_numpy(domain, np.empty((len(skipped), 0)), metas=values)
    table.name = "Skipped files"
    return table


def _stem(path: str) -> str:
    name = _readable(path).replace("\\", "/").rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[0] or name


def _location(path: str) -> str:
    """Get the path; a file URL where its name is not valid text, which no table could store."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return "file://" + quote(os.fsencode(path))
    return path


def _readable(name: str) -> str:
    """Replace what is not valid text in the name of a file or folder by a sign."""
    return name.encode(errors="surrogateescape").decode(errors="replace")
