"""Rows → tables that say where they are on a map; the columns place rows of other tables, too.

Saved models and tables contain these classes by their names and attributes, which therefore stay
as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from Orange.data import ContinuousVariable, DiscreteVariable, Domain, Table
from Orange.data.util import SharedComputeValue, get_unique_names
from Orange.preprocess.transformation import Identity

from orangecontrib.imageembedding.maps.placing import Placing
from orangecontrib.imageembedding.tables.cluster_columns import unique_names, with_metas

NAMES = ("map-x", "map-y")
REGION = "Region"


class PlaceOnMap:
    """Gets the places of a table's rows on a map: what both columns of it share.

    Equal to another one that gives the same places.

    Parameters
    ----------
    columns : sequence of ContinuousVariable
        The numbers of a row, from which `placing` makes its place.
    placing : Placing
        The map.
    """

    def __init__(self, columns: Sequence[ContinuousVariable], placing: Placing) -> None:
        self.columns = tuple(columns)
        self.placing = placing
        principal = placing.principal
        arrays = (principal.axes, principal.mean, placing.points, placing.coordinates)
        self.checksum = hashlib.blake2b(b"".join(array.tobytes() for array in arrays)).hexdigest()

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is PlaceOnMap
            and self.checksum == other.checksum
            and self.columns == other.columns
        )

    def __hash__(self) -> int:
        return hash((PlaceOnMap, self.checksum))

    def __call__(self, table: Table) -> NDArray[np.float32]:
        """Get places, shape (len(table), 2); NaN for rows with missing numbers."""
        numbers = table.transform(Domain(self.columns)).X
        return self.placing.place(numbers.toarray() if sp.issparse(numbers) else numbers)


class MapColumn(SharedComputeValue):  # type: ignore[misc]
    """Gets one coordinate."""

    def __init__(self, compute_shared: PlaceOnMap, index: int) -> None:
        super().__init__(compute_shared)
        self.index = index

    def compute(self, data: Table, shared_data: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take one column, of shape (n,), dtype float32, of places of shape (n, 2), same dtype."""
        return shared_data[:, self.index]

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is MapColumn
            and self.index == other.index
            and self.compute_shared == other.compute_shared
        )

    def __hash__(self) -> int:
        return hash((MapColumn, self.index, self.compute_shared))


MapSource = PlaceOnMap | tuple[ContinuousVariable, ContinuousVariable]
"""What computes coordinates, or the columns they were given in."""


def with_map(table: Table, coordinates: NDArray[np.float32], source: MapSource) -> Table:
    """Get a table with the numeric metas ``map-x`` and ``map-y``.

    Parameters
    ----------
    table : Table
        Any subclass, which is kept.
    coordinates : ndarray of shape (len(table), 2), dtype float32
        NaN for rows that have no place.
    source : PlaceOnMap or two columns of the table
        Where the places come from: so the columns compute themselves for other tables.
    """
    names = get_unique_names(table.domain, NAMES, equal_numbers=True)
    placed = with_metas(
        table, [ContinuousVariable(name) for name in names], list(coordinates.T.astype(float))
    )
    columns = [
        ContinuousVariable(
            name,
            compute_value=MapColumn(source, i)
            if isinstance(source, PlaceOnMap)
            else Identity(source[i]),
        )
        for i, name in enumerate(names)
    ]
    # Not by `transform`, which would compute what is known.
    old = table.domain
    placed.domain = Domain(old.attributes, old.class_vars, (*old.metas, *columns))
    return placed


def with_regions(table: Table, labels: NDArray[np.intp], names: Sequence[str]) -> Table:
    """Get a table with a categorical meta ``Region``.

    Parameters
    ----------
    table : Table
        Any subclass, which is kept.
    labels : ndarray of shape (len(table),), dtype int
        From 0; -1 where a row is in no region: its value is missing.
    names : sequence of str
        Of all regions; those that come again get a number.
    """
    (name,) = get_unique_names(table.domain, [REGION], equal_numbers=False)
    column = DiscreteVariable(name, values=unique_names(names))
    return with_metas(table, [column], [np.where(labels >= 0, labels, np.nan)])
