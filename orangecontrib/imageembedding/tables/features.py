"""Table + vectors → a table with the columns ``n0``, ``n1`` and so on."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from Orange.data import ContinuousVariable, Domain, StringVariable, Table, Variable
from Orange.data.util import get_unique_names

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.tables.computed import EmbeddingColumn, EmbedImages
from orangecontrib.imageembedding.tables.marks import mark

BLOCK_ROWS = 1024  # at a time: temporary arrays stay small


def with_embeddings(
    table: Table, rows: Sequence[int], vectors: NDArray[np.float32], source: EmbedImages
) -> Table:
    """Get some rows of a table with their embeddings.

    Parameters
    ----------
    table : Table
        Any subclass, which is kept, as are row ids, name and attributes.
    rows : sequence of int
        The rows of `table` to take.
    vectors : ndarray of shape (len(table), n_features), dtype float32
        The embeddings of all rows.
    source : EmbedImages
        Where they come from: the new columns compute themselves so for other tables, and name
        its embedder in their attribute ``embedder``.

    Returns
    -------
    embedded : Table
        With attributes ``n0`` to ``n{n_features - 1}`` after the other ones, hidden in choices of
        columns. A name that is taken already gets a number; columns of the same embedder and
        images are replaced.
    """
    given = table.domain
    kept = [i for i, column in enumerate(given.attributes) if _source(column) != source]
    old = Domain([given.attributes[i] for i in kept], given.class_vars, given.metas)
    names = _names(given, source, vectors.shape[1])
    # Beside sparse columns (words of texts, say) dense ones would make the whole table dense.
    sparse = sp.issparse(table.X)
    columns = [
        ContinuousVariable(name, compute_value=EmbeddingColumn(source, i), sparse=sparse)
        for i, name in enumerate(names)
    ]
    for i, column in enumerate(columns):
        mark(column, source, i)
    embedded = table[np.asarray(rows, dtype=int)]
    # Not by `transform`, which would compute what is known, and need the memory twice.
    with embedded.unlocked_reference():
        others = embedded.X if len(kept) == embedded.X.shape[1] else embedded.X[:, kept]
        embedded.X = _joined(others, vectors, rows)
    embedded.domain = Domain((*old.attributes, *columns), old.class_vars, old.metas)
    return embedded


def _names(domain: Domain, source: EmbedImages, n_features: int) -> list[str]:
    """Get the names of the columns that are replaced, if all are there, else new ones."""
    old = {c.compute_value.index: c.name for c in domain.attributes if _source(c) == source}
    if len(old) == n_features:
        return [old[i] for i in range(n_features)]
    return list(get_unique_names(domain, [f"n{i}" for i in range(n_features)]))


def _source(column: Variable) -> EmbedImages | None:
    """Get what computes a column, if it is one of embeddings."""
    computed = column.compute_value
    return computed.compute_shared if isinstance(computed, EmbeddingColumn) else None


def _joined(
    old: NDArray[np.float64] | sp.spmatrix, vectors: NDArray[np.float32], rows: Sequence[int]
) -> NDArray[np.float64] | sp.spmatrix:
    """Set some rows of vectors in the columns after the existing ones."""
    if sp.issparse(old):
        return sp.hstack([old, sp.csr_matrix(vectors[rows])], format="csr", dtype=np.float64)
    n_old = old.shape[1]
    joined = np.empty((len(rows), n_old + vectors.shape[1]))
    joined[:, :n_old] = old
    for start in range(0, len(rows), BLOCK_ROWS):
        part = slice(start, start + BLOCK_ROWS)
        joined[part, n_old:] = vectors[rows[part]]
    return joined


def with_reasons(table: Table, reasons: dict[int, str]) -> Table | None:
    """Get the rows that failed, with their ``reason`` as a meta; None if there are none."""
    if not reasons:
        return None
    (name,) = get_unique_names(table.domain, ["reason"])
    rows = np.array(list(reasons), dtype=int)
    return table[rows].add_column(StringVariable(name), list(reasons.values()), to_metas=True)


def is_embedding_name(name: str) -> bool:
    """Tell whether a column is named as those that `with_embeddings` adds."""
    return re.fullmatch(r"n\d+( \(\d+\))?", name) is not None


def has_embeddings(table: Table) -> bool:
    """Tell whether a table has columns of embeddings."""
    return bool(_embedding_columns(table.domain))


def embedding_kind(table: Table) -> tuple[str, int] | None:
    """Get what tables share whose embeddings can be compared: embedder and number of numbers.

    Returns
    -------
    kind : tuple of (str, int), or None
        None if there are no embeddings; the embedder is "" where a file format has lost it.
    """
    columns = _embedding_columns(table.domain)
    return (columns[0].attributes.get("embedder", ""), len(columns)) if columns else None


def _embedding_columns(domain: Domain) -> list[ContinuousVariable]:
    """Find those of the last embedder, by mark or, if the file format stores none, by name."""
    found = [
        column
        for column in domain.attributes
        if column.is_continuous
        and ("embedder" in column.attributes or is_embedding_name(column.name))
    ]
    if not found:
        return []
    _, _, number = found[-1].name.partition(" ")  # of "n0 (1)", the second embedding
    return [column for column in found if column.name.partition(" ")[2] == number]


def feature_columns(domain: Domain, all_numeric: bool = False) -> list[ContinuousVariable]:
    """Get the columns of `feature_matrix`; raise InputError if there are none."""
    chosen = [] if all_numeric else _embedding_columns(domain)
    chosen = chosen or [column for column in domain.attributes if column.is_continuous]
    if not chosen:
        raise InputError("The table has no numeric columns. Image Embedding adds them.")
    return chosen


def feature_matrix(table: Table, all_numeric: bool = False) -> NDArray[np.float64]:
    """Get the numbers by which rows are compared.

    Parameters
    ----------
    table : Table
        Any.
    all_numeric : bool
        Whether to take all numeric attributes although there are embeddings.

    Returns
    -------
    vectors : ndarray of shape (n_rows, n_features), dtype float64
        The embeddings where the table has some, else all its numeric attributes.

    Raises
    ------
    InputError
        If there are none.
    """
    chosen = feature_columns(table.domain, all_numeric)
    if len(chosen) == len(table.domain.attributes):
        matrix = table.X
    else:
        matrix = table.X[:, [table.domain.index(column) for column in chosen]]
    return matrix.toarray() if sp.issparse(matrix) else np.asarray(matrix, dtype=float)


def complete_rows(matrix: NDArray[np.floating]) -> NDArray[np.intp]:
    """Get the rows in which no number is missing or infinite.

    Parameters
    ----------
    matrix : ndarray of shape (n, n_columns), dtype float32 or float64
        Any numbers.

    Returns
    -------
    rows : ndarray of shape (n_complete,), dtype int
    """
    parts = range(0, len(matrix), BLOCK_ROWS)
    finite = [np.isfinite(matrix[at : at + BLOCK_ROWS]).all(axis=1) for at in parts]
    return np.flatnonzero(np.concatenate(finite)) if finite else np.empty(0, dtype=np.intp)


def normalized(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale columns to mean 0 and standard deviation 1; constant ones become 0.

    Parameters
    ----------
    matrix : ndarray of shape (n, n_columns), dtype float64
        Finite numbers.

    Returns
    -------
    scaled : ndarray of shape (n, n_columns), dtype float64
    """
    centered = matrix - matrix.mean(axis=0)
    spread = np.sqrt(np.einsum("ij,ij->j", centered, centered) / max(len(centered), 1))
    # Of a constant column, centering leaves rounding errors.
    is_constant = spread <= 1e-12 * np.abs(matrix).max(axis=0, initial=0)
    centered /= np.where(is_constant, 1, spread)
    centered[:, is_constant] = 0
    return np.asarray(centered)
