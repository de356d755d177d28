"""Table → a grid on which similar images lie side by side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from Orange.data import ContinuousVariable, Table

from orangecontrib.imageembedding.clusters.rows import Vectors
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.grids.shape import NO_CELL, grid_shape
from orangecontrib.imageembedding.grids.snap import snap_points
from orangecontrib.imageembedding.grids.sort import sort_vectors
from orangecontrib.imageembedding.pipeline.clustering import matrix_of
from orangecontrib.imageembedding.pipeline.results import GridOfRows
from orangecontrib.imageembedding.progress import Progress, run_watched, say, silent
from orangecontrib.imageembedding.tables.features import complete_rows, feature_matrix


def sort_into_grid(
    data: Table | Vectors,
    n_columns: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
    *,
    n_rows: int | None = None,
    map_columns: tuple[str, str] | None = None,
    settled: Callable[[GridOfRows], object] | None = None,
) -> GridOfRows:
    """Give each row a cell of a grid, similar rows near each other.

    Parameters
    ----------
    data : Table or ndarray of shape (n, n_features), dtype float32 or float64
        For a table, its embeddings are compared, or all numeric attributes if it has none.
        Rows with missing numbers get no cell.
    n_columns : int, optional
        Of the grid; by default it is as square as can be.
    seed : int, optional
        The same seed gives the same grid.
    progress : Progress, optional
        Told the part that is done.
    n_rows : int, optional
        Of the grid; if it is given, empty cells may be anywhere, else they are the last ones.
    map_columns : tuple of (str, str), optional
        Names of two numeric columns of the table, to the right and up, such as the coordinates of
        a map: each row is moved to a cell near its place there, and nothing is compared.
    settled : callable, optional
        Called now and then, in another thread, with the grid as it is then.

    Returns
    -------
    grid : GridOfRows
        ``rows``, ``columns``, ``n_rows``, ``n_columns``.

    Raises
    ------
    InputError
        If there are no numbers, or more images than cells.
    ValueError
        If `data` is not a matrix, or a number is not positive.
    """
    vectors = _numbers(data, map_columns)
    complete = complete_rows(vectors)
    if len(vectors) and not len(complete):
        raise InputError("All rows have missing numbers: none can be put into the grid.")
    n_all = len(vectors)
    vectors = vectors[complete] if len(complete) < n_all else vectors
    shape = grid_shape(len(complete), n_columns, n_rows)

    def in_grid(cells: NDArray[np.intp]) -> GridOfRows:
        rows, columns = np.full((2, n_all), NO_CELL)
        rows[complete], columns[complete] = np.divmod(cells, max(shape[1], 1))
        return GridOfRows(rows, columns, *shape)

    def sort(relay: Progress) -> NDArray[np.intp]:
        if map_columns is not None:
            return snap_points(vectors, *shape, seed=seed, progress=relay)
        return sort_vectors(
            vectors, *shape, seed=seed, spread=n_rows is not None, progress=relay,
            settled=None if settled is None else lambda cells: settled(in_grid(cells)),
        )  # fmt: skip

    say(progress, "Sorting the images")
    return in_grid(run_watched(sort, progress))


def _numbers(data: Table | Vectors, names: tuple[str, str] | None) -> Vectors:
    if names is None:
        return feature_matrix(data) if isinstance(data, Table) else matrix_of(data)
    return map_places(table_with(data, names), names)


def table_with(data: Table | Vectors, names: tuple[str, str]) -> Table:
    """Get `data`, which must be a table with two numeric columns.

    Parameters
    ----------
    data : Table, or ndarray of shape (n, n_features), dtype float
        An array is refused.
    names : (str, str)
        Of the columns.
    """
    if not isinstance(data, Table):
        raise ValueError("map_columns names columns of a table; got a matrix")
    for name in names:
        if name not in data.domain or not isinstance(data.domain[name], ContinuousVariable):
            raise InputError(f"The table has no numeric column {name!r}.")
    return data


def map_places(table: Table, names: tuple[str, str]) -> NDArray[np.float64]:
    """Get two columns of a table: shape (n, 2), dtype float64."""
    return np.column_stack([table.get_column(name).astype(np.float64) for name in names])
