"""Vectors of any length and size → a few main directions of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.progress import Progress, silent

N_FEATURES = 50
N_SAMPLE_ROWS = 4000  # in which the main directions are looked for
N_MORE = 10  # directions followed beside those wanted, so that these come out right
N_ROUNDS = 4
BLOCK_ROWS = 1024


def reduced(
    vectors: NDArray[np.floating], rng: np.random.Generator, progress: Progress = silent
) -> NDArray[np.float32]:
    """Get the principal components, at most `N_FEATURES`, on a scale of about 1.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32 or float64
        Finite numbers of any size.
    rng : Generator
        Draws the rows that are looked at, if there are very many, and a beginning.
    progress : Progress, optional
        Told the part of the rows that are done.

    Returns
    -------
    components : ndarray of shape (n, m), dtype float32
        As `vectors`, but centered and scaled, if it has no more than `N_FEATURES` columns.
    """
    n, n_features = vectors.shape
    if not vectors.size:
        return np.zeros((n, 1), np.float32)
    largest = float(max(abs(vectors.max()), abs(vectors.min()))) or 1.0
    sample = _scaled(vectors[_some(n, rng)], largest)
    center = sample.mean(axis=0)
    sample -= center
    spread = float(np.sqrt(np.mean(sample**2))) or 1.0
    axes = None if n_features <= N_FEATURES else _main_directions(sample, rng)
    parts = []
    for at in range(0, n, BLOCK_ROWS):
        progress(at / n)
        part = (_scaled(vectors[at : at + BLOCK_ROWS], largest) - center) / spread
        parts.append((part if axes is None else part @ axes).astype(np.float32))
    return np.concatenate(parts)


def _some(n: int, rng: np.random.Generator) -> NDArray[np.intp] | slice:
    return slice(None) if n <= N_SAMPLE_ROWS else np.sort(rng.permutation(n)[:N_SAMPLE_ROWS])


def _scaled(vectors: NDArray[np.floating], largest: float) -> NDArray[np.float64]:
    return vectors.astype(np.float64) / largest  # the squares of very large numbers overflow


def _main_directions(sample: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Find them by subspace iteration (Halko et al. 2011, doi 10.1137/090771806)."""
    start = rng.standard_normal((sample.shape[1], N_FEATURES + N_MORE))
    axes = np.linalg.qr(start)[0]
    for _ in range(N_ROUNDS):
        axes = np.linalg.qr(sample.T @ (sample @ axes))[0]
    turned = np.linalg.svd(sample @ axes, full_matrices=False)[2]
    found: NDArray[np.float64] = axes @ turned[:N_FEATURES].T
    return found
