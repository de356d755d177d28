"""Tables ↔ files: the formats of Orange, and NumPy and Parquet."""

from __future__ import annotations

import io
import json
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
from Orange.data.io import FileFormat
from Orange.data.pandas_compat import table_to_frame

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.files.replace import written_whole
from orangecontrib.imageembedding.tables.build import image_variable
from orangecontrib.imageembedding.tables.features import is_embedding_name
from orangecontrib.imageembedding.tables.marks import EMBEDDER
from orangecontrib.imageembedding.tables.reading import complete

if TYPE_CHECKING:
    import pandas as pd

ORANGE_EXTENSIONS = (".tab", ".csv", ".xlsx", ".pkl")
# In .npz files, arrays besides those of columns.
VECTORS, FEATURES, ATTRIBUTES = "vectors", "features", "column attributes"
MAX_CELL = 32767  # characters, in Excel
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
        embeddings together, ``features`` with their names, one array for each other column, and
        ``column attributes``, JSON of what the columns say of themselves. A ``.parquet`` file
        gets one column for each, the embeddings as float32, and that JSON among its metadata.
        An ``.xlsx`` file gets Orange's header of three rows. The file is there when it is
        complete, or not at all.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    writers = {".npz": _save_npz, ".parquet": _save_parquet, ".xlsx": _save_xlsx}
    write = writers.get(extension_of(path), Table.save)
    with written_whole(path) as unfinished:  # Orange may write a second file next to it
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
        read = _read_parquet if extension == ".parquet" else _read_npz
        table = _table_of(*read(path))
    except Exception as error:  # each reader raises its own kinds on a damaged file
        raise InputError(f"The table {path} cannot be read: {error}.") from error
    table.name = os.path.splitext(os.path.basename(path))[0]
    complete(table, os.path.abspath(path))
    return table


def _frame_of(table: Table) -> pd.DataFrame:
    frame = table_to_frame(table, include_metas=True)
    return frame.astype(dict.fromkeys(filter(is_embedding_name, frame.columns), np.float32))


def _attributes_of(table: Table) -> str:
    """Get what the columns say of themselves, as JSON: name → attributes."""
    columns = (*table.domain.variables, *table.domain.metas)
    return json.dumps({c.name: c.attributes for c in columns if c.attributes}, default=str)


def _table_of(frame: pd.DataFrame, attributes: dict[str, dict[str, object]]) -> Table:
    """Make a table: embeddings become attributes, ``category`` the class, other columns metas."""
    embeddings: dict[Variable, np.ndarray] = {}
    class_vars: dict[Variable, np.ndarray] = {}
    metas: dict[Variable, np.ndarray] = {}
    for name in map(str, frame.columns):
        variable, values = _column_of(name, frame[name])
        variable.attributes.update(attributes.get(name, {}))
        is_embedding = is_embedding_name(name) or EMBEDDER in variable.attributes
        role = embeddings if is_embedding else metas
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
    matrix: np.ndarray = np.empty((n_rows, len(columns)), dtype)
    for i, values in enumerate(columns.values()):
        matrix[:, i] = values
    return matrix


def _save_parquet(table: Table, path: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrow = pa.Table.from_pandas(_frame_of(table), preserve_index=False)
    pandas_own = arrow.schema.metadata or {}
    marked = arrow.replace_schema_metadata({**pandas_own, ATTRIBUTES: _attributes_of(table)})
    pq.write_table(marked, path)


def _read_parquet(path: str) -> tuple[pd.DataFrame, dict[str, dict[str, object]]]:
    import pyarrow.parquet as pq

    arrow = pq.read_table(path)
    attributes = (arrow.schema.metadata or {}).get(ATTRIBUTES.encode(), b"{}")
    return arrow.to_pandas(), json.loads(attributes)


def _save_xlsx(table: Table, path: str) -> None:
    """Write the header of three rows by which Orange reads back what each column is."""
    import pandas as pd

    domain = table.domain
    names = [column.name for column in (*domain.class_vars, *domain.metas, *domain.attributes)]
    n_weights = int(table.has_weights())  # they come first in Orange's header, and are not written
    types = [
        kind if len(kind) <= MAX_CELL else "discrete"
        for kind in FileFormat.header_types(table)[n_weights:]
    ]
    # Orange would skip a row without any text.
    flags = [flag or " " for flag in FileFormat.header_flags(table)[n_weights:]]
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "tmpdir": os.path.dirname(path),
    }
    whole = io.BytesIO()  # on a full disk a file left half written complains when it is collected
    engine = {"engine": "xlsxwriter", "engine_kwargs": {"options": options}}
    with pd.ExcelWriter(whole, **engine) as workbook:
        frame = _frame_of(table)[names]
        frame.to_excel(workbook, sheet_name="Data", index=False, header=False, startrow=3)
        for row, texts in enumerate((names, types, flags)):
            workbook.sheets["Data"].write_row(row, 0, texts)
    Path(path).write_bytes(whole.getbuffer())


def _save_npz(table: Table, path: str) -> None:
    frame = _frame_of(table)
    names = list(filter(is_embedding_name, frame.columns))
    arrays = {
        VECTORS: frame[names].to_numpy(np.float32),
        FEATURES: np.array(names, dtype="U"),
        ATTRIBUTES: np.array(_attributes_of(table)),
    }
    for name in frame.columns.difference(names, sort=False):
        column = frame[name]
        text = column.dtype.kind == "O"  # object, category, string: pandas has several
        values = column.astype(str).to_numpy("U") if text else column.to_numpy()
        arrays[f"{name} (column)" if name in arrays else name] = values
    # Not by savez: it takes a column called "file" for its own argument.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name.replace('/', '_')}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)  # type: ignore[no-untyped-call]


def _read_npz(path: str) -> tuple[pd.DataFrame, dict[str, dict[str, object]]]:
    import pandas as pd

    with np.load(path, allow_pickle=False) as arrays:
        own = (VECTORS, FEATURES, ATTRIBUTES)
        columns = {name: arrays[name] for name in arrays.files if name not in own}
        attributes = json.loads(str(arrays[ATTRIBUTES])) if ATTRIBUTES in arrays.files else {}
        embeddings = pd.DataFrame(arrays[VECTORS], columns=arrays[FEATURES])
    if "category" in columns:
        columns["category"] = pd.Categorical(columns["category"])
    return pd.concat([pd.DataFrame(columns), embeddings], axis=1), attributes
