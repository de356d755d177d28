"""Rows → their facts for the screen, and keys by which they are found again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

from Orange.data import Table, Variable

KILO = 1000
MAX_EXACT = 100  # below it one or two decimals tell something

SelectedImages = tuple[str, list[tuple[str, int]]]
"""A folder, and images in it: the rest of the location, and how often it came before."""


class Titles(Sequence[str]):
    """The title of each row: the values of some columns, one a line.

    They are made when they are looked at, which few of many are.

    Parameters
    ----------
    table : Table
    variables : sequence of Variable
        Columns of `table`.
    """

    def __init__(self, table: Table, variables: Sequence[Variable]) -> None:
        self._n_rows = len(table)
        self._columns = [(variable, table.get_column(variable)) for variable in variables]

    def __len__(self) -> int:
        return self._n_rows

    def __getitem__(self, row: int) -> str:  # type: ignore[override]  # never a slice
        if row >= self._n_rows:
            raise IndexError(row)
        return "\n".join(text_of(variable, column[row]) for variable, column in self._columns)


def facts(table: Table, row: int) -> list[tuple[str, str]]:
    """Get names and values of the class and the metas of a row; missing values are omitted.

    The columns of imported images are summarized as ``Pixels`` and ``Size``.
    """
    variables = (*table.domain.class_vars, *table.domain.metas)
    texts = {variable.name: text_of(variable, table[row, variable]) for variable in variables}
    if texts.get("width") and texts.get("height"):
        texts["Pixels"] = f"{texts.pop('width')} × {texts.pop('height')}"
    if texts.get("size", "").isdigit():
        texts["Size"] = size_text(int(texts.pop("size")))
    return [(name, text) for name, text in texts.items() if text]


def size_text(n_bytes: int) -> str:
    """Get a number of bytes as file managers show it: ``16 KB``, ``2.4 MB``."""
    size = float(n_bytes)
    for unit in ("bytes", "KB", "MB"):
        if size < KILO:
            return f"{size:.3g} {unit}" if size < MAX_EXACT else f"{size:.0f} {unit}"
        size /= KILO
    return f"{size:.3g} GB"


def text_of(variable: Variable, value: object) -> str:
    """Get the text of a value on one line; "" if it is missing."""
    text = variable.str_val(value)
    return "" if text == "?" else " ".join(text.split())


def identities(locations: Sequence[str], rows: Sequence[int]) -> SelectedImages:
    """Get by what rows are known again, also when the same image is in several of them.

    Parameters
    ----------
    locations : sequence of str
        Of all rows.
    rows : sequence of int
        Those to be known again.
    """
    folder = _common_folder(locations)
    places = _occurrences(locations)
    return folder, [(locations[row][len(folder) :], places[row]) for row in rows]


def rows_of(locations: Sequence[str], known: SelectedImages) -> list[int]:
    """Get the rows of keys that `identities` made; in another folder, if all have moved there."""
    folder, images = known
    row_of = {
        key: row for row, key in enumerate(zip(locations, _occurrences(locations), strict=True))
    }
    for top in (folder, _common_folder(locations)):
        rows = [row_of[top + name, n] for name, n in images if (top + name, n) in row_of]
        if rows:
            return sorted(rows)
    return []


def _occurrences(locations: Sequence[str]) -> list[int]:
    """Tell of each location how often it came before."""
    counts: Counter[str] = Counter()
    places = []
    for location in locations:
        places.append(counts[location])
        counts[location] += 1
    return places


def _common_folder(locations: Sequence[str]) -> str:
    """Get the beginning that all locations share, up to a separator."""
    present = [location for location in locations if location]
    if not present:
        return ""
    shared = os.path.commonprefix([min(present), max(present)])
    return shared[: max(shared.rfind("/"), shared.rfind("\\")) + 1]
