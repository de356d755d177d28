"""Rows → the order in which they are shown: filtered, sorted, in groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from Orange.data import DiscreteVariable, StringVariable, Table, Variable

from orangecontrib.imageembedding.files.scan import natural_key

MISSING = "(missing)"


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """Rows in the order shown.

    Attributes
    ----------
    rows : ndarray of int
        Those that are shown, each once.
    groups : tuple of (str, int)
        Heading of each group and how many of `rows` are in it, in their order; none if the
        rows are not grouped.
    """

    rows: NDArray[np.intp]
    groups: tuple[tuple[str, int], ...] = ()


def arrange(
    table: Table,
    *,
    group_by: DiscreteVariable | None = None,
    sort_by: Variable | None = None,
    descending: bool = False,
    words: str = "",
    texts: Sequence[str] = (),
) -> Arrangement:
    """Filter, sort and group the rows of a table.

    Parameters
    ----------
    table : Table
        Whose rows.
    group_by : DiscreteVariable, optional
        Groups come in the order of its values, without empty ones; rows without a
        value come last.
    sort_by : Variable, optional
        Texts in natural order (2 before 10), categories in the order of their values, missing
        values always last. Rows that are equal keep their order.
    descending : bool, optional
        Sort from the largest to the smallest.
    words : str, optional
        Only rows are shown whose text contains each of these words, in upper or lower case.
    texts : sequence of str, optional
        Of each row, as `searchable_texts` gives them; needed where there are words.
    """
    rows = _sorted_rows(table, sort_by, descending)
    if words.strip():
        rows = rows[_containing(words.casefold().split(), texts)[rows]]
    if group_by is None:
        return Arrangement(rows)
    n_values = len(group_by.values)
    column = table.get_column(group_by)[rows]
    codes = np.where(np.isnan(column), n_values, column).astype(int)
    counts = np.bincount(codes, minlength=n_values + 1).tolist()
    names = [*group_by.values, MISSING]
    groups = tuple((name, n) for name, n in zip(names, counts, strict=True) if n)
    return Arrangement(rows[np.argsort(codes, kind="stable")], groups)


def _sorted_rows(table: Table, variable: Variable | None, descending: bool) -> NDArray[np.intp]:
    if variable is None:
        return np.arange(len(table))
    column = table.get_column(variable)
    if isinstance(variable, StringVariable):
        values = [value if isinstance(value, str) else "" for value in column]
        present = [row for row, value in enumerate(values) if value]
        keys = [natural_key(values[row])[0] for row in present]
        order = sorted(range(len(keys)), key=keys.__getitem__, reverse=descending)
        known = np.array(present, dtype=int)[order] if present else np.arange(0)
        missing = [row for row, value in enumerate(values) if not value]
        return np.concatenate([known, np.array(missing, dtype=int)])
    column = column.astype(float)
    keys = -column if descending else column
    return np.argsort(keys, kind="stable")  # NaN come last


def _containing(words: Sequence[str], texts: Sequence[str]) -> NDArray[np.bool_]:
    if not words:
        return np.ones(len(texts), dtype=bool)
    return np.array([all(word in text for word in words) for text in texts], dtype=bool)


def searchable_texts(table: Table, locations: Sequence[str]) -> list[str]:
    """Get the texts and categories of each row, and the end of its image's path, in lower case."""
    parts = [[re.split(r"[/\\]", location)[-1] for location in locations]]
    for variable in (*table.domain.variables, *table.domain.metas):
        if isinstance(variable, DiscreteVariable):
            names = np.array([*variable.values, ""], dtype=object)
            column = table.get_column(variable)
            parts.append(names[np.where(np.isnan(column), -1, column).astype(int)].tolist())
        elif isinstance(variable, StringVariable) and variable.attributes.get("type") != "image":
            parts.append([str(value) for value in table.get_column(variable)])
    return ["\n".join(row).casefold() for row in zip(*parts, strict=True)]


def some_of_each_class(
    table: Table, n_rows: int, n_classes: int
) -> tuple[NDArray[np.intp], list[tuple[str, int]]]:
    """Get the first rows of each class, to be shown as examples.

    Parameters
    ----------
    table : Table
        With or without a categorical class.
    n_rows : int
        How many of each class, at most; without a class, the square of it of all.
    n_classes : int
        How many classes, at most.

    Returns
    -------
    rows : ndarray of shape (n_shown,), dtype int
        Class by class.
    groups : list of (str, int)
        A heading with the number of all rows of a class, and how many of `rows` are of it.
    """
    variable = table.domain.class_var
    if variable is None:
        rows = np.arange(min(len(table), n_rows * n_rows))
        return rows, [(_heading(table.name, len(table), len(rows)), len(rows))]
    codes = table.Y.astype(int)
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes, minlength=len(variable.values))[:n_classes]
    firsts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    shown = np.minimum(counts, n_rows)
    parts = [order[first : first + n] for first, n in zip(firsts, shown, strict=True)]
    named = zip(variable.values, counts.tolist(), shown.tolist(), strict=False)
    groups = [(_heading(name, n, n_shown), n_shown) for name, n, n_shown in named]
    return np.concatenate(parts), groups


def _heading(name: str, n_rows: int, n_shown: int) -> str:
    is_all = n_shown == n_rows
    return f"{name} ({n_rows:,})" if is_all else f"{name} ({n_shown:,} of {n_rows:,} shown)"
