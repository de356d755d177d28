"""Points → a map by methods that other packages bring, where they are installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.maps.neighbors import Neighbors

PACKAGES = {"umap": ("UMAP", "umap", "umap-learn"), "pacmap": ("PaCMAP", "pacmap", "pacmap")}
N_NEAREST = 15
MIN_ROWS_OF_INSTALLED = 30  # both need some more rows than neighbors

Points = NDArray[np.float32]


def is_installed(method: str) -> bool:
    """Tell whether one of the methods in `PACKAGES` can be used."""
    return find_spec(PACKAGES[method][1]) is not None


def check_installed(method: str) -> None:
    """Raise InputError, which tells how to install it, if a method in `PACKAGES` is not there."""
    title, _, package = PACKAGES[method]
    if not is_installed(method):
        raise InputError(f"{title} is not installed. Install it by: pip install {package}")


def installed_map(
    method: str, start: Points, points: Points, neighbors: Neighbors, seed: int
) -> Points:
    """Lay out points.

    Parameters
    ----------
    method : {"umap", "pacmap"}
        Installed.
    start : ndarray of shape (n, 2), dtype float32
        First map, from which this one grows.
    points : ndarray of shape (n, n_components), dtype float32
        `MIN_ROWS_OF_INSTALLED` or more.
    neighbors : Neighbors
        The 15 nearest others of each, at least.
    seed : int
        The same seed gives the same map.

    Returns
    -------
    coordinates : ndarray of shape (n, 2), dtype float32
    """
    make: dict[str, Callable[..., Points]] = {"umap": _umap, "pacmap": _pacmap}
    return np.asarray(make[method](start, points, neighbors, seed), dtype=np.float32)


def _umap(start: Points, points: Points, neighbors: Neighbors, seed: int) -> Points:
    umap = import_module("umap")
    n = len(points)
    indices, distances = neighbors
    with_self = (
        np.column_stack([np.arange(n), indices[:, : N_NEAREST - 1]]).astype(np.int32),
        np.column_stack([np.zeros(n), distances[:, : N_NEAREST - 1]]).astype(np.float32),
    )
    scaled = start / max(float(np.abs(start).max()), 1e-12) * 10
    model = umap.UMAP(
        n_neighbors=N_NEAREST, init=scaled, random_state=seed, n_jobs=1,
        precomputed_knn=(*with_self, None),
    )  # fmt: skip
    return np.asarray(model.fit_transform(points))


def _pacmap(start: Points, points: Points, neighbors: Neighbors, seed: int) -> Points:
    pacmap = import_module("pacmap")
    model = pacmap.PaCMAP(n_components=2, random_state=seed, apply_pca=False)
    return np.asarray(model.fit_transform(points, init=start))
