"""Values of variables → colors, labels and purity of the leaves of a tree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from Orange.data import DiscreteVariable, Table, Variable

from orangecontrib.imageembedding.pipeline import ClusteredRows
from orangecontrib.imageembedding.widgets.tree.strips import Strip

MISSING = (160, 160, 160)
N_SHADES = 5


class LeafLabels(Sequence[str]):
    """The text beside each leaf, made when it is shown: a value, or the row number.

    Parameters
    ----------
    clustered : ClusteredRows
        The tree and its rows.
    variable : Variable or None
        Whose values; None for the numbers of the rows.
    """

    def __init__(self, clustered: ClusteredRows, variable: Variable | None) -> None:
        self._rows = clustered.rows[clustered.tree.typical_rows]
        self._variable = variable
        self._values = variable and clustered.table.get_column(variable)[self._rows]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, leaf: int) -> str:  # type: ignore[override]
        if self._variable is None or self._values is None:
            return str(self._rows[leaf] + 1)
        value = self._values[leaf]
        return value if isinstance(value, str) and value else self._variable.str_val(value)


def leaf_strip(clustered: ClusteredRows, variable: Variable) -> Strip:
    """Get the colors of the leaves by a categorical or numeric variable of the table."""
    rows = clustered.rows[clustered.tree.typical_rows]
    values = clustered.table.get_column(variable)[rows].astype(float)
    missing = np.isnan(values)
    palette = variable.palette
    if isinstance(variable, DiscreteVariable):
        colors = np.vstack([np.asarray(palette.palette)[: len(variable.values)], [MISSING]])
        codes = np.where(missing, len(variable.values), values).astype(int)
        shades = [(int(r), int(g), int(b)) for r, g, b in colors]
        legend = list(zip(variable.values, shades, strict=False))
        return Strip(variable.name, colors[codes].astype(np.uint8), legend)
    low, high = (np.nanmin(values), np.nanmax(values)) if not missing.all() else (0.0, 1.0)
    colors = palette.values_to_colors(values, low, high)
    colors[missing] = MISSING
    steps = np.linspace(low, high, N_SHADES)
    shades = palette.values_to_colors(steps, low, high).tolist()
    legend = [
        (variable.str_val(step), (shade[0], shade[1], shade[2]))
        for step, shade in zip(steps, shades, strict=True)
    ]
    return Strip(variable.name, colors[:, :3].astype(np.uint8), legend)


def purity_variable(table: Table, chosen: Sequence[Variable]) -> DiscreteVariable | None:
    """Get the variable that purity refers to: the first categorical one, or the class."""
    candidates = [*chosen, table.domain.class_var]
    return next((v for v in candidates if isinstance(v, DiscreteVariable)), None)
