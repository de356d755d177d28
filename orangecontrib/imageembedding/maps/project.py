"""Vectors → a map, by principal components or t-SNE."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.maps.neighbors import nearest
from orangecontrib.imageembedding.maps.quality import N_NEAREST, kept_neighbors
from orangecontrib.imageembedding.maps.reduce import Vectors, reduced
from orangecontrib.imageembedding.maps.tsne import MIN_ROWS, Live, n_neighbors, tsne_map
from orangecontrib.imageembedding.progress import Progress, say, silent

METHODS = ("tsne", "pca")


@dataclass(frozen=True, slots=True)
class Projected:
    """Places on a map.

    Attributes
    ----------
    coordinates : ndarray of shape (n, 2), dtype float32
    kept_neighbors : float
        Part of the 15 nearest rows (cosine distance) that are nearest on the map, too; see
        `quality.kept_neighbors`.
    """

    coordinates: NDArray[np.float32]
    kept_neighbors: float


def project(
    vectors: Vectors,
    method: str = "tsne",
    seed: int = 0,
    progress: Progress = silent,
    live: Live | None = None,
) -> Projected:
    """Lay out rows on a map, by cosine distance.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32 or float64
        Finite numbers.
    method : {"tsne", "pca"}
        Fewer than 8 rows are always laid out by principal components.
    seed : int, optional
        The same seed gives the same map.
    progress : Progress, optional
        Told what is done, and how far it is.
    live : callable, optional
        Called with the map as it is, also the first one by principal components.

    Raises
    ------
    ValueError
        If the method is unknown.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}; got {method!r}")
    n = len(vectors)
    if n == 0:
        return Projected(np.empty((0, 2), np.float32), float("nan"))
    say(progress, "Finding the main directions")
    points = reduced(vectors, seed=seed)
    first = np.zeros((n, 2), np.float32)
    first[:, : points.shape[1]] = points[:, :2]
    if live is not None:
        live(first)
    is_tsne = method == "tsne" and n >= MIN_ROWS and bool(np.ptp(points, axis=0).any())
    k = n_neighbors(n) if is_tsne else min(N_NEAREST, n - 1)
    say(progress, "Finding the nearest neighbors")
    indices, distances = nearest(points, k, seed, progress)
    coordinates = first
    if is_tsne:
        say(progress, "Laying out the map")
        coordinates = tsne_map(first, (indices, distances), progress, seed, live)
    progress(1.0)
    return Projected(coordinates, kept_neighbors(indices, coordinates, seed))
