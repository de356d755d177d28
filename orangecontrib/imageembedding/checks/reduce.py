"""Vectors → few numbers each, by which they are compared fast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.components.principal import principal_axes, some_rows

N_COMPONENTS = 128
N_SAMPLE_ROWS = 3000  # from which the components are found
SEED = 0
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """The principal components of vectors of length 1.

    Attributes
    ----------
    rows : ndarray of shape (n,), dtype int
        Those that have a vector.
    points : ndarray of shape (n, n_components), dtype float32
        Of these rows; centered, distances as between the vectors.
    units : ndarray of shape (n, n_components), dtype float32
        The same with length 1.
    """

    rows: NDArray[np.intp]
    points: Points
    units: Points


def reduce(vectors: NDArray[np.floating]) -> Reduced:
    """Reduce vectors to at most `N_COMPONENTS` principal components.

    Parameters
    ----------
    vectors : ndarray of shape (n_rows, n_features), dtype float32 or float64
        Embeddings; rows with missing or infinite numbers are skipped.
    """
    rows = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    points = _of_length_1(np.asarray(vectors[rows], dtype=np.float32))
    if len(rows):
        rng = np.random.default_rng(SEED)
        sample = points[some_rows(len(rows), N_SAMPLE_ROWS, rng)]
        points = principal_axes(sample, N_COMPONENTS, rng).project(points)
        points -= points.mean(axis=0, dtype=np.float64).astype(np.float32)
    return Reduced(rows, points, _of_length_1(points))


def _of_length_1(points: Points) -> Points:
    lengths = np.sqrt(np.einsum("ij,ij->i", points, points, dtype=np.float64))[:, None]
    return np.asarray(points / np.where(lengths > 0, lengths, 1), dtype=np.float32)
