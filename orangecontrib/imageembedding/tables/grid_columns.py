"""Rows → tables that say where they are in a grid, and in which group selected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from Orange.data import ContinuousVariable, DiscreteVariable, Table
from Orange.data.util import get_unique_names

from orangecontrib.imageembedding.tables.cluster_columns import with_metas

UNSELECTED = "Unselected"


def rows_with_groups(table: Table, groups: NDArray[np.intp]) -> Table | None:
    """Get the selected rows with a categorical meta ``Group``; None if none is selected.

    Parameters
    ----------
    table : Table
        Any subclass, which is kept, as are row ids, name and order.
    groups : ndarray of shape (n_rows,), dtype int
        Numbered from 1 and called G1, G2, …; 0 is not selected.
    """
    rows = np.flatnonzero(groups)
    if not len(rows):
        return None
    column = DiscreteVariable(_unique(table, "Group"), values=_names(groups))
    return with_metas(table[rows], [column], [np.asarray(groups[rows] - 1.0, dtype=np.float64)])


def with_selection(table: Table, groups: NDArray[np.intp]) -> Table:
    """Get all rows with a categorical meta ``Selected``.

    Its values are No and Yes, or, where there are several groups, G1, G2, … and Unselected, as
    Orange's widgets have it.

    Parameters
    ----------
    table : Table
        Any subclass, which is kept.
    groups : ndarray of shape (n_rows,), dtype int
        The group of each row, from 1; 0 is not selected.
    """
    n_groups = int(groups.max(initial=0))
    several = n_groups > 1
    values = (*_names(groups), UNSELECTED) if several else ("No", "Yes")
    codes = np.where(groups > 0, groups - 1, n_groups) if several else groups
    column = DiscreteVariable(_unique(table, "Selected"), values=values)
    return with_metas(table, [column], [codes.astype(float)])


def with_places(table: Table, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Table:
    """Get a table with the numeric metas ``row`` and ``column``, counted from 1.

    Parameters
    ----------
    table : Table
        Any subclass, which is kept.
    rows, columns : ndarray of shape (n_rows,), dtype int
        Counted from 0; -1 where a row of the table is not in the grid: its place is missing.
    """
    names = get_unique_names(table.domain, ["row", "column"], equal_numbers=False)
    variables = [ContinuousVariable(name, number_of_decimals=0) for name in names]
    places = [np.where(numbers >= 0, numbers + 1.0, np.nan) for numbers in (rows, columns)]
    return with_metas(table, variables, places)


def _names(groups: NDArray[np.intp]) -> list[str]:
    return [f"G{i + 1}" for i in range(int(groups.max(initial=0)))]


def _unique(table: Table, name: str) -> str:
    return str(get_unique_names(table.domain, name))
