"""Tables ↔ files: what Orange reads and writes, and NumPy and Parquet beside it."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
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
from orangecontrib.imageembedding.files.replace import written_whole
from orangecontrib.imageembedding.tables.build import image_variable
from orangecontrib.imageembedding.tables.features import is_embedding_name
from orangecontrib.imageembedding.tables.reading import complete

if TYPE_CHECKING:
    import pandas as pd

ORANGE_EXTENSIONS = (".tab", ".csv", ".xlsx", ".pkl")
VECTORS, FEATURES = "vectors", "features"  # arrays in .npz files beside those of columns
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
        An ``.npz`` file gets ``vectors``, float32 of shape (n_rows, n_features), for the
        embeddings together, ``features`` with their names, and one array for each other column.
        A ``.parquet`` file gets one column for each, the embeddings as float32. The file is
        there when it is complete, or not at all.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    writers = {".npz": _save_npz, ".parquet": _save_parquet, ".xlsx": _save_xlsx}
    write = writers.get(extension_of(path), Table.save)
    with written_whole(path) as unfinished:  # Orange may write a second one beside it
        write(table.to_dense(), unfinished)


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
    complete(table, os.path.abspath(path))
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


def _save_parquet(table: Table, path: str) -> None:
    _frame_of(table).to_parquet(path, index=False)


def _save_xlsx(table: Table, path: str) -> None:
    """Write a header by which Orange reads back what each column is."""
    frame = _frame_of(table)
    domain = table.domain
    roles = dict.fromkeys(domain.class_vars, "c") | dict.fromkeys(domain.metas, "m")
    kinds = {DiscreteVariable: "D", StringVariable: "S"}
    frame.columns = [
        f"{roles.get(column, '')}{kinds.get(type(column), 'C')}#{column.name}"
        for column in (domain[name] for name in frame.columns)
    ]
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "tmpdir": os.path.dirname(path),
    }
    whole = io.BytesIO()  # on a full disk a file left half written complains when it is collected
    frame.to_excel(whole, index=False, engine="xlsxwriter", engine_kwargs={"options": options})
    Path(path).write_bytes(whole.getbuffer())


def _save_npz(table: Table, path: str) -> None:
    frame = _frame_of(table)
    names = list(filter(is_embedding_name, frame.columns))
    arrays = {VECTORS: frame[names].to_numpy(np.float32), FEATURES: np.array(names, dtype="U")}
    for name in frame.columns.difference(names, sort=False):
        column = frame[name]
        text = column.dtype == object or str(column.dtype) == "category"
        values = column.astype(str).to_numpy("U") if text else column.to_numpy()
        arrays[f"{name} (column)" if name in arrays else name] = values
    # Not by savez: it takes a column called "file" for its own argument.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name.replace('/', '_')}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def _read_npz(path: str) -> pd.DataFrame:
    import pandas as pd

    with np.load(path, allow_pickle=False) as arrays:
        columns = {name: arrays[name] for name in arrays.files if name not in (VECTORS, FEATURES)}
        embeddings = pd.DataFrame(arrays[VECTORS], columns=arrays[FEATURES])
    if "category" in columns:
        columns["category"] = pd.Categorical(columns["category"])
    return pd.concat([pd.DataFrame(columns), embeddings], axis=1)
