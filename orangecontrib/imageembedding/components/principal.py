"""The main directions of rows, and where rows lie along them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

N_MORE = 10  # further directions, which make those wanted more accurate
N_ROUNDS = 4

Floats = NDArray[np.float32] | NDArray[np.float64]
Rows = TypeVar("Rows", NDArray[np.float32], NDArray[np.float64])


@dataclass(frozen=True, slots=True)
class Principal:
    """Principal axes of some rows; other rows can be projected onto the same.

    Attributes
    ----------
    axes : ndarray of shape (n_features, n_components), dtype float32 or float64
        Of length 1, the most important first.
    mean : ndarray of shape (n_features,), dtype as `axes`
        Of the rows.
    """

    axes: Floats
    mean: Floats

    def project(self, rows: Floats) -> NDArray[np.float32]:
        """Get the coordinates of rows on the axes.

        Parameters
        ----------
        rows : ndarray of shape (n, n_features), dtype float32 or float64
            Finite numbers.

        Returns
        -------
        coordinates : ndarray of shape (n, n_components), dtype float32
        """
        return np.asarray((rows - self.mean) @ self.axes, dtype=np.float32)


def principal_axes(sample: Rows, n_components: int, rng: np.random.Generator) -> Principal:
    """Find principal axes by subspace iteration (Halko et al. 2011, doi 10.1137/090771806).

    Parameters
    ----------
    sample : ndarray of shape (n, n_features), dtype float32 or float64
        Finite numbers, whose squares do not overflow; n ≥ 1.
    n_components : int
        At most; fewer if there are fewer rows or features.
    rng : Generator
        Draws the directions to begin with.
    """
    mean = sample.mean(axis=0)
    centered = sample - mean
    start = rng.standard_normal((sample.shape[1], n_components + N_MORE))
    axes = np.linalg.qr(start.astype(sample.dtype))[0]
    for _ in range(N_ROUNDS):
        axes = np.linalg.qr(centered.T @ (centered @ axes))[0]
    turned = np.linalg.svd(centered @ axes, full_matrices=False)[2]
    return Principal(np.ascontiguousarray(axes @ turned[:n_components].T), mean)


def some_rows(n_rows: int, n_wanted: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw rows at random: shape (min(n_rows, n_wanted),), dtype int, in their order."""
    if n_rows <= n_wanted:
        return np.arange(n_rows)
    return np.sort(rng.permutation(n_rows)[:n_wanted])
