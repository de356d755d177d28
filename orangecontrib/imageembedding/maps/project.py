"""Vectors → a map, by principal components, t-SNE, or what is installed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.maps.installed import (
    MIN_ROWS_OF_INSTALLED,
    PACKAGES,
    check_installed,
    installed_map,
)
from orangecontrib.imageembedding.maps.neighbors import nearest
from orangecontrib.imageembedding.maps.placing import Placing, placing_of
from orangecontrib.imageembedding.maps.quality import N_NEAREST, kept_neighbors
from orangecontrib.imageembedding.maps.reduce import Vectors, along, axes_of
from orangecontrib.imageembedding.maps.tsne import MIN_ROWS, Live, n_neighbors, tsne_map
from orangecontrib.imageembedding.progress import Progress, say, silent

METHODS = ("tsne", "pca", *PACKAGES)


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """Places on a map, and what is known of them.

    Attributes
    ----------
    coordinates : ndarray of shape (n, 2), dtype float32
    kept_neighbors : float
        Part of the 15 nearest rows (cosine distance) that are nearest on the map, too; see
        `quality.kept_neighbors`.
    neighbors : ndarray of shape (n, k), dtype int32
        The 15 nearest others of each row, nearest first; fewer if there are fewer rows.
    points : ndarray of shape (n, n_components), dtype float32
        Principal components; their Euclidean distances stand for cosine distances of the rows.
    placing : Placing
        Lays out new rows on this map.
    """

    coordinates: NDArray[np.float32]
    kept_neighbors: float
    neighbors: NDArray[np.int32]
    points: NDArray[np.float32]
    placing: Placing


def project(
    vectors: Vectors,
    method: str = "tsne",
    seed: int = 0,
    progress: Progress = silent,
    live: Live | None = None,
    given: NDArray[np.float32] | None = None,
) -> Projected:
    """Lay out rows on a map, by cosine distance.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32 or float64
        Finite numbers, n ≥ 1.
    method : {"tsne", "pca", "umap", "pacmap"}
        Few rows (8, 30 for UMAP and PaCMAP) and equal rows are always laid out by principal
        components.
    seed : int, optional
        The same seed gives the same map.
    progress : Progress, optional
        Told what is done, and how far it is.
    live : callable, optional
        Called with the map as it is, also the first one by principal components.
    given : ndarray of shape (n, 2), dtype float32, optional
        The map, if there is one already: it is only measured.

    Raises
    ------
    ValueError
        If the method is unknown.
    InputError
        If it is not installed.
    """
    check_method(method)
    say(progress, "Finding the main directions")
    principal = axes_of(vectors, seed=seed)
    points = along(principal, vectors)
    first = np.zeros((len(points), 2), np.float32)
    first[:, : points.shape[1]] = points[:, :2]
    if given is None and live is not None:
        live(first)
    method = "given" if given is not None else _possible(method, points)
    say(progress, "Finding the nearest neighbors")
    k = n_neighbors(len(points)) if method == "tsne" else min(N_NEAREST, len(points) - 1)
    neighbors = nearest(points, k, seed, progress)
    coordinates = given if given is not None else first
    if method in ("tsne", *PACKAGES):
        say(progress, "Laying out the map")
    if method == "tsne":
        coordinates = tsne_map(first, neighbors, progress, seed, live)
    elif method in PACKAGES:
        coordinates = installed_map(method, first, points, neighbors, seed)
    progress(1.0)
    indices, _ = neighbors
    return Projected(
        coordinates,
        kept_neighbors(indices, coordinates, seed),
        indices[:, :N_NEAREST].astype(np.int32),
        points,
        placing_of(principal, points, coordinates, method, seed),
    )


def check_method(method: str) -> None:
    """Raise ValueError if a method is unknown, InputError if it is not installed."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}; got {method!r}")
    if method in PACKAGES:
        check_installed(method)


def _possible(method: str, points: NDArray[np.float32]) -> str:
    needed = MIN_ROWS_OF_INSTALLED if method in PACKAGES else MIN_ROWS
    is_enough = len(points) >= needed and bool(np.ptp(points, axis=0).any())
    return method if is_enough else "pca"
