"""The color of each row by one of its columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from AnyQt.QtGui import QColor
from Orange.data import Table, Variable

N_STEPS = 5  # of a numeric column, in the legend


def colors_of(
    table: Table, variable: Variable | None
) -> tuple[Callable[[int], QColor | None], list[tuple[str, QColor]]]:
    """Get a function from row to color, and the legend.

    Parameters
    ----------
    table : Table
        Whose rows.
    variable : Variable or None
        Categorical or numeric; rows without a value, or all if it is None, have no color.
    """
    if variable is None:
        return lambda row: None, []
    column = table.get_column(variable).astype(float)
    if variable.is_discrete:
        colors = [QColor(*rgb) for rgb in variable.colors]
        present = np.unique(column[~np.isnan(column)]).astype(int)
        legend = [(variable.values[i], colors[i]) for i in present]
        return lambda row: None if np.isnan(column[row]) else colors[int(column[row])], legend
    if np.isnan(column).all():
        return lambda row: None, []
    low, high = float(np.nanmin(column)), float(np.nanmax(column))
    palette = variable.palette
    steps = np.unique(np.linspace(low, high, N_STEPS))
    legend = [(variable.str_val(v), palette.value_to_qcolor(v, low, high)) for v in steps]
    return (
        lambda row: (
            None if np.isnan(column[row]) else palette.value_to_qcolor(column[row], low, high)
        )
    ), legend


def rgb_of(table: Table, variable: Variable | None) -> np.ndarray | None:
    """Get the color of all rows at once; see `colors_of`.

    Returns
    -------
    rgb : ndarray of shape (n_rows, 3), dtype float32, or None
        0 to 255; NaN for rows without a color. None if the variable is.
    """
    if variable is None:
        return None
    column = table.get_column(variable).astype(float)
    present = ~np.isnan(column)
    rgb = np.full((len(column), 3), np.nan, np.float32)
    if variable.is_discrete:
        rgb[present] = np.asarray(variable.colors)[column[present].astype(int)]
    elif present.any():
        low, high = column[present].min(), column[present].max()
        rgb[present] = variable.palette.values_to_colors(column[present], low, high)[:, :3]
    return rgb
