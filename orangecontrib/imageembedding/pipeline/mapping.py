"""Table → a map on which similar images lie near each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from Orange.data import Table

from orangecontrib.imageembedding.clusters.rows import Vectors
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.maps.project import project
from orangecontrib.imageembedding.maps.tsne import Live
from orangecontrib.imageembedding.pipeline.clustering import matrix_of
from orangecontrib.imageembedding.pipeline.results import MapOfRows
from orangecontrib.imageembedding.progress import Progress, run_watched, silent
from orangecontrib.imageembedding.tables.features import complete_rows, feature_matrix


def map_images(
    data: Table | Vectors,
    method: str = "tsne",
    seed: int = 0,
    progress: Progress = silent,
    *,
    live: Live | None = None,
) -> MapOfRows:
    """Give each row a place on a map, similar rows near each other.

    Parameters
    ----------
    data : Table or ndarray of shape (n, n_features), dtype float32 or float64
        Of a table its embeddings are compared, by cosine distance, or all numeric attributes if
        it has none. Rows with missing numbers get no place.
    method : {"tsne", "pca"}
        t-SNE keeps neighbors together and takes seconds to minutes; principal components are
        there at once and show only the main directions.
    seed : int, optional
        The same seed gives the same map.
    progress : Progress, optional
        Told what is done, and how far it is.
    live : callable, optional
        Called now and then, in another thread, with the coordinates as they are then, shape
        (n, 2); NaN for rows without a place.

    Returns
    -------
    map : MapOfRows
        ``coordinates``, ``kept_neighbors``.

    Raises
    ------
    InputError
        If there are no numbers, or all rows have missing ones.
    ValueError
        If the method is unknown, or `data` is not a matrix.
    """
    vectors = feature_matrix(data) if isinstance(data, Table) else matrix_of(data)
    complete = complete_rows(vectors)
    if len(vectors) and not len(complete):
        raise InputError("All rows have missing numbers: none has a place on the map.")
    n_all = len(vectors)
    vectors = vectors[complete] if len(complete) < n_all else vectors

    def on_map(coordinates: NDArray[np.float32]) -> NDArray[np.float32]:
        places = np.full((n_all, 2), np.nan, dtype=np.float32)
        places[complete] = coordinates
        return places

    tell = None if live is None else lambda coordinates: live(on_map(coordinates))
    done = run_watched(lambda relay: project(vectors, method, seed, relay, tell), progress)
    return MapOfRows(on_map(done.coordinates), done.kept_neighbors)
