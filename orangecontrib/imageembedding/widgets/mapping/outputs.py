"""A map and what is selected on it → tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from Orange.data import ContinuousVariable, DiscreteVariable, Table
from Orange.data.util import get_unique_names

from orangecontrib.imageembedding.tables.cluster_columns import with_metas


def with_map(table: Table, coordinates: NDArray[np.float32]) -> Table:
    """Get a table with the numeric metas ``map-x`` and ``map-y``."""
    names = get_unique_names(table.domain, ["map-x", "map-y"], equal_numbers=False)
    variables = [ContinuousVariable(name) for name in names]
    return with_metas(table, variables, list(coordinates.T.astype(np.float64)))


def with_regions(table: Table, labels: NDArray[np.intp], names: list[str]) -> Table:
    """Get a table with the categorical meta ``Region``; it is missing between the regions."""
    variable = DiscreteVariable(get_unique_names(table.domain, "Region"), values=names)
    codes = np.where(labels >= 0, labels, np.nan).astype(np.float64)
    return with_metas(table, [variable], [codes])
