"""A map and what is selected on it → tables."""

from __future__ import annotations

from Orange.data import ContinuousVariable, Domain, Table
from Orange.data.util import get_unique_names

from orangecontrib.imageembedding.tables.cluster_columns import with_metas
from orangecontrib.imageembedding.tables.map_columns import NAMES, with_regions
from orangecontrib.imageembedding.widgets.mapping.findings import NamedRegions
from orangecontrib.imageembedding.widgets.mapping.tasks import LaidOut


def placed_rows(table: Table, laid_out: LaidOut, regions: NamedRegions | None) -> Table:
    """Get a table with the metas ``map-x`` and ``map-y``, and ``Region`` if there are regions.

    The columns of a finished map place the rows of other tables, too.
    """
    names = get_unique_names(table.domain, NAMES, equal_numbers=True)
    columns = [ContinuousVariable(name) for name in names]
    placed = with_metas(table, columns, list(laid_out.coordinates.T.astype(float)))
    if laid_out.map is not None and laid_out.map.table is not None:
        old, columns = table.domain, laid_out.map.table.domain.metas[-2:]
        placed.domain = Domain(old.attributes, old.class_vars, (*old.metas, *columns))
    if regions is not None:
        placed = with_regions(placed, regions.labels, regions.names)
    return placed
