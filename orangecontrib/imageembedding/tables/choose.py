"""Rows → tables that say which cluster each belongs to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from Orange.data import DiscreteVariable, Table
from Orange.data.util import get_unique_names

OTHER = "Other"


def with_clusters(
    table: Table, labels: NDArray[np.intp], rows: NDArray[np.intp] | None = None
) -> Table:
    """Get a table with a categorical meta ``Cluster``.

    Parameters
    ----------
    table : Table
        Any subclass, which is kept.
    labels : ndarray of shape (n_rows,), dtype int
        Clusters are numbered from 1 and called C1, C2, …; 0 means none of them: ``Other``.
    rows : ndarray of int, optional
        The rows that `labels` are of, if not all; the others belong to no cluster.
    """
    if rows is not None:
        labels, of_rows = np.zeros(len(table), dtype=np.intp), labels
        labels[rows] = of_rows
    (name,) = get_unique_names(table.domain, ["Cluster"])
    n_clusters = int(labels.max(initial=0))
    values = [f"C{i + 1}" for i in range(n_clusters)]
    codes = labels.astype(float) - 1
    if (labels == 0).any():
        codes[labels == 0] = n_clusters
        values.append(OTHER)
    return table.add_column(DiscreteVariable(name, values=values), codes, to_metas=True)
