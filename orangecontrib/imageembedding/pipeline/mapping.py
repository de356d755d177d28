"""Table → a map on which similar images lie near each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from Orange.data import Table

from orangecontrib.imageembedding.clusters.rows import Vectors
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.maps.project import Projected, check_method, project
from orangecontrib.imageembedding.maps.tsne import Live
from orangecontrib.imageembedding.pipeline.clustering import matrix_of
from orangecontrib.imageembedding.pipeline.results import MapOfRows
from orangecontrib.imageembedding.pipeline.sorting import map_places, table_with
from orangecontrib.imageembedding.progress import Progress, run_watched, silent
from orangecontrib.imageembedding.tables.features import (
    complete_rows,
    feature_columns,
    feature_matrix,
    has_embeddings,
)
from orangecontrib.imageembedding.tables.map_columns import MapSource, PlaceOnMap, with_map

NO_NEIGHBOR = -1


def map_images(
    data: Table | Vectors,
    method: str = "tsne",
    seed: int = 0,
    progress: Progress = silent,
    *,
    map_columns: tuple[str, str] | None = None,
    live: Live | None = None,
) -> MapOfRows:
    """Give each row a place on a map, similar rows near each other.

    Parameters
    ----------
    data : Table or ndarray of shape (n, n_features), dtype float32 or float64
        For a table, its embeddings are compared, by cosine distance, or all numeric attributes if
        it has none. Rows with missing numbers get no place.
    method : {"tsne", "pca", "umap", "pacmap"}
        t-SNE keeps neighbors together and takes seconds to minutes; principal components are
        there at once and show only the main directions. UMAP and PaCMAP keep fewer neighbors,
        and need the packages umap-learn and pacmap.
    seed : int, optional
        The same seed gives the same map.
    progress : Progress, optional
        Told what is done, and how far it is.
    map_columns : tuple of (str, str), optional
        Names of two numeric columns of the table, to the right and up: the places are given, and
        nothing is laid out.
    live : callable, optional
        Called now and then, in another thread, with the coordinates as they are then, shape
        (n, 2); NaN for rows without a place.

    Returns
    -------
    map : MapOfRows
        ``coordinates``, ``kept_neighbors``, ``table`` and more.

    Raises
    ------
    InputError
        If there are no numbers, or all rows have missing ones, or the method is not installed.
    ValueError
        If the method is unknown, or `data` is not a matrix.
    """
    check_method(method)
    if map_columns is not None:
        return _given(table_with(data, map_columns), map_columns, seed, progress)
    vectors = feature_matrix(data) if isinstance(data, Table) else matrix_of(data)
    rows, n_all = _with_place(vectors), len(vectors)
    if not n_all:
        return _of_rows(data, np.empty((0, 2), np.float32), None, rows, None)
    vectors = vectors[rows] if len(rows) < n_all else vectors

    def tell(places: NDArray[np.float32]) -> None:
        if live is not None:
            live(_spread(places, rows, n_all))

    done = run_watched(
        lambda relay: project(vectors, method, seed, relay, tell if live else None), progress
    )
    source = None
    if isinstance(data, Table):
        source = PlaceOnMap(feature_columns(data.domain), done.placing)
    return _of_rows(data, _spread(done.coordinates, rows, n_all), source, rows, done)


def _given(data: Table, names: tuple[str, str], seed: int, progress: Progress) -> MapOfRows:
    """Take the places from two columns; they are measured where all rows have embeddings."""
    places = map_places(data, names).astype(np.float32)
    rows = _with_place(places)
    places[~np.isfinite(places).all(axis=1)] = np.nan
    source = (data.domain[names[0]], data.domain[names[1]])
    done = None
    if len(rows) and has_embeddings(data):
        vectors = feature_matrix(data)[rows]
        if len(complete_rows(vectors)) == len(rows):
            done = run_watched(
                lambda relay: project(vectors, seed=seed, progress=relay, given=places[rows]),
                progress,
            )
    return _of_rows(data, places, source, rows, done)


def _with_place(numbers: NDArray[np.floating]) -> NDArray[np.intp]:
    rows = complete_rows(numbers)
    if len(numbers) and not len(rows):
        raise InputError("All rows have missing numbers: none has a place on the map.")
    return rows


def _of_rows(
    data: Table | Vectors,
    coordinates: NDArray[np.float32],
    source: MapSource | None,
    rows: NDArray[np.intp],
    done: Projected | None,
) -> MapOfRows:
    n = len(coordinates)
    neighbors = np.empty((n, 0), dtype=np.int32)
    if done is not None:
        neighbors = np.full((n, done.neighbors.shape[1]), NO_NEIGHBOR, dtype=np.int32)
        neighbors[rows] = rows[done.neighbors]
    return MapOfRows(
        coordinates,
        float("nan") if done is None else done.kept_neighbors,
        neighbors,
        None if done is None else _spread(done.points, rows, n),
        with_map(data, coordinates, source) if source is not None else None,
    )


def _spread(values: NDArray[np.float32], rows: NDArray[np.intp], n_all: int) -> NDArray[np.float32]:
    """Give values of some rows to these, and NaN to all others."""
    if len(rows) == n_all:
        return values
    of_all = np.full((n_all, values.shape[1]), np.nan, dtype=np.float32)
    of_all[rows] = values
    return of_all
