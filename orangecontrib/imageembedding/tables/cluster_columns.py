"""Rows → tables that say which cluster each belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain, count

import numpy as np
from numpy.typing import NDArray
from Orange.data import DiscreteVariable, Domain, Table, Variable
from Orange.data.util import get_unique_names

from orangecontrib.imageembedding.tables.locate import image_columns

OTHER = "Other"
BLOCK_ROWS = 1024
SEED = 0


def with_clusters(
    table: Table,
    labels: NDArray[np.intp],
    rows: NDArray[np.intp] | None = None,
    selected: NDArray[np.intp] | None = None,
    cluster_names: Sequence[str] | None = None,
) -> Table:
    """Get a table with a categorical meta ``Cluster``.

    Parameters
    ----------
    table : Table
        Any subclass, which is kept.
    labels : ndarray of shape (n_rows,), dtype int
        Clusters are numbered from 1 and called C1, C2, …; 0 means none of them: ``Other``.
    rows : ndarray of shape (n_rows,), dtype int, optional
        The rows of `labels`, if not all; the remaining ones belong to no cluster.
    selected : ndarray of shape (n_selected,), dtype int, optional
        Rows to be marked by Yes in a further meta ``Selected``, as Orange's widgets do.
    cluster_names : sequence of str, optional
        Different names of all clusters; by default C1, C2, ….
    """
    if rows is not None:
        labels, of_rows = np.zeros(len(table), dtype=np.intp), labels
        labels[rows] = of_rows
    values = default_names(int(labels.max(initial=0))) if cluster_names is None else cluster_names
    values, n_clusters = list(values), len(values)
    codes = labels.astype(float) - 1
    if (labels == 0).any():
        codes[labels == 0] = n_clusters
        values.append(OTHER)
    names = get_unique_names(table.domain, ["Cluster", "Selected"], equal_numbers=False)
    columns = [DiscreteVariable(names[0], values=values)]
    data = [codes]
    if selected is not None:
        columns.append(DiscreteVariable(names[1], values=("No", "Yes")))
        data.append(np.isin(np.arange(len(table)), selected).astype(float))
    return with_metas(table, columns, data)


def rows_with_clusters(
    table: Table,
    rows: NDArray[np.intp],
    labels: NDArray[np.intp],
    cluster_names: Sequence[str] | None = None,
) -> Table | None:
    """Get some rows with their ``Cluster``; None if there are none.

    Parameters
    ----------
    table : Table
        Any subclass, which is kept.
    rows : ndarray of shape (n_rows,), dtype int
        Which ones.
    labels : ndarray of shape (n_rows,), dtype int
        Their clusters, from 1; 0 means none.
    cluster_names : sequence of str, optional
        As for `with_clusters`.
    """
    if not len(rows):
        return None
    return with_clusters(table[np.asarray(rows, dtype=int)], labels, cluster_names=cluster_names)


def default_names(n_clusters: int) -> list[str]:
    """Get C1, C2, …."""
    return [f"C{i + 1}" for i in range(n_clusters)]


def unique_names(names: Sequence[str]) -> list[str]:
    """Get unique names of clusters: repeated ones, and `OTHER`, get a number."""
    taken = {OTHER}
    unique = []
    for name in names:
        candidates = chain([name], (f"{name} ({i})" for i in count(2)))
        unique.append(next(text for text in candidates if text not in taken))
        taken.add(unique[-1])
    return unique


def with_metas(table: Table, columns: Sequence[Variable], data: list[NDArray[np.float64]]) -> Table:
    """Get a table with further metas; the other columns are shared with the old one.

    Each of `data` has the shape (len(table),), dtype float64.
    """
    old = table.domain
    extended = table.transform(Domain(old.attributes, old.class_vars, (*old.metas, *columns)))
    with extended.unlocked(extended.metas):
        for column, values in zip(columns, data, strict=True):
            extended.set_column(column, values)
    return extended


def row_keys(table: Table, rows: NDArray[np.intp]) -> list[str]:
    """Get for each row a text that tells it apart, the same in the next session.

    Parameters
    ----------
    table : Table
        Where its images have different locations, those are the keys; else the keys are made
        from the numbers.
    rows : ndarray of shape (n_rows,), dtype int
        Which rows.
    """
    for column in image_columns(table)[:1]:
        keys = [column.str_val(value) for value in table.get_column(column)[rows]]
        if len(set(keys)) == len(keys):
            return keys
    keys = _fingerprints(table, rows)
    seen: Counter[str] = Counter()
    for i, key in enumerate(keys):
        if seen[key]:
            keys[i] = f"{key} {seen[key]}"
        seen[key] += 1
    return keys


def _fingerprints(table: Table, rows: NDArray[np.intp]) -> list[str]:
    """Sum the bits of each row's numbers, times odd numbers chosen at random."""
    n_columns = table.X.shape[1]
    factors = np.random.default_rng(SEED).integers(0, 2**63, n_columns, dtype=np.uint64) | 1
    sums = np.zeros(len(rows), dtype=np.uint64)
    for at in range(0, len(rows), BLOCK_ROWS):
        block = table.X[rows[at : at + BLOCK_ROWS]]
        dense = block.toarray() if hasattr(block, "toarray") else np.asarray(block)
        bits = np.ascontiguousarray(dense, dtype=np.float64).view(np.uint64)
        sums[at : at + len(bits)] = (bits * factors).sum(axis=1, dtype=np.uint64)
    return [f"{key:x}" for key in sums.tolist()]
