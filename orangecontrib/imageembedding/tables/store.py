"""Tables ↔ files: what Orange reads and writes, and NumPy and Parquet beside it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from Orange.data import (
    ContinuousVariable,
    DiscreteVariable,
    Domain,
    StringVariable,
    Table,
    Variable,
)
from Orange.data.pandas_compat import table_to_frame

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.tables.build import image_variable
from orangecontrib.imageembedding.tables.features import is_embedding_name

if TYPE_CHECKING:
    import pandas as pd

ORANGE_EXTENSIONS = (".tab", ".csv", ".xlsx", ".pkl")
EXTENSIONS = (*ORANGE_EXTENSIONS, ".npz", ".parquet")


def extension_of(path: str) -> str:
    """Get the extension by which a table's file format is known.

    Raises
    ------
    InputError
        If it is not one of `EXTENSIONS`.
    """
    extension = os.path.splitext(path)[1].lower()
    if extension not in EXTENSIONS:
        raise InputError(f"The file {path} must end in one of {', '.join(EXTENSIONS)}.")
    return extension


def save_table(table: Table, path: str) -> None:
    """Write a table; the extension tells the format.

    Parameters
    ----------
    table : Table
        What to write.
    path : str
        An ``.npz`` file gets one array for each column, and ``vectors``, float32 of shape
        (n_rows, n_features), for the embeddings together. A ``.parquet`` file gets one column
        for each, the embeddings as float32.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    extension = extension_of(path)
    try:
        if extension in ORANGE_EXTENSIONS:
            table.save(path)
        elif extension == ".npz":
            _save_npz(table, path)
        else:
            _frame_of(table).to_parquet(path, index=False)
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"The file {path} cannot be written: {reason}.") from error


def load_table(path: str) -> Table:
    """Read a table that `save_table` or Orange wrote.

    Raises
    ------
    InputError
        If the file cannot be read as a table.
    """
    extension = extension_of(path)
    try:
        if extension in ORANGE_EXTENSIONS:
            return Table.from_file(path)
        import pandas as pd

        frame = pd.read_parquet(path) if extension == ".parquet" else _read_npz(path)
    except Exception as error:  # each reader raises its own kinds on a damaged file
        raise InputError(f"The table {path} cannot be read: {error}.") from error
    table = _table_of(frame)
    table.name = os.path.splitext(os.path.basename(path))[0]
    return table


def _frame_of(table: Table) -> pd.DataFrame:
    frame = table_to_frame(table, include_metas=True)
    return frame.astype(dict.fromkeys(filter(is_embedding_name, frame.columns), np.float32))


def _table_of(frame: pd.DataFrame) -> Table:
    """Make a table: embeddings become attributes, ``category`` the class, the others metas."""
    embeddings, class_vars, metas = {}, {}, {}
    for name in map(str, frame.columns):
        variable, values = _column_of(name, frame[name])
        role = embeddings if is_embedding_name(name) else metas
        (class_vars if name == "category" else role)[variable] = values
    return Table.from_numpy(
        Domain(list(embeddings), list(class_vars), list(metas)),
        _side_by_side(embeddings, len(frame), float),
        _side_by_side(class_vars, len(frame), float) if class_vars else None,
        _side_by_side(metas, len(frame), object),
    )


def _column_of(name: str, series: pd.Series) -> tuple[Variable, np.ndarray]:
    if str(series.dtype) == "category":
        values = [str(value) for value in series.cat.categories]
        codes = series.cat.codes.to_numpy(float)
        return DiscreteVariable(name, values), np.where(codes < 0, np.nan, codes)
    if series.dtype.kind in "fiub":
        return ContinuousVariable(name), series.to_numpy(float)
    variable = image_variable() if name == "image" else StringVariable(name)
    return variable, series.fillna("").astype(str).to_numpy(object)


def _side_by_side(columns: dict[Variable, np.ndarray], n_rows: int, dtype: type) -> np.ndarray:
    matrix = np.empty((n_rows, len(columns)), dtype)
    for i, values in enumerate(columns.values()):
        matrix[:, i] = values
    return matrix


def _save_npz(table: Table, path: str) -> None:
    frame = _frame_of(table)
    names = list(filter(is_embedding_name, frame.columns))
    arrays = {"vectors": frame[names].to_numpy(np.float32)}
    for name in frame.columns.difference(names, sort=False):
        column = frame[name]
        text = column.dtype == object or str(column.dtype) == "category"
        arrays[name] = column.astype(str).to_numpy("U") if text else column.to_numpy()
    with open(path, "wb") as file:  # noqa: PTH123 - given a path, savez may add to its name
        np.savez_compressed(file, **arrays)


def _read_npz(path: str) -> pd.DataFrame:
    import pandas as pd

    with np.load(path, allow_pickle=False) as arrays:
        columns = {name: arrays[name] for name in arrays.files if name != "vectors"}
        vectors = arrays["vectors"]
    if "category" in columns:
        columns["category"] = pd.Categorical(columns["category"])
    embeddings = pd.DataFrame(vectors, columns=[f"n{i}" for i in range(vectors.shape[1])])
    return pd.concat([pd.DataFrame(columns), embeddings], axis=1)
