"""Vectors of any length and size → a few main directions of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.components.principal import principal_axes, some_rows
from orangecontrib.imageembedding.progress import Progress, silent

N_FEATURES = 50
N_SAMPLE_ROWS = 4000  # in which the main directions are looked for
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
    sample = _scaled(vectors[some_rows(n, N_SAMPLE_ROWS, rng)], largest)
    center = sample.mean(axis=0)
    spread = float(np.sqrt(np.mean((sample - center) ** 2))) or 1.0
    principal = None if n_features <= N_FEATURES else principal_axes(sample, N_FEATURES, rng)
    parts = []
    for at in range(0, n, BLOCK_ROWS):
        progress(at / n)
        part = _scaled(vectors[at : at + BLOCK_ROWS], largest)
        found = part - center if principal is None else principal.project(part)
        parts.append((found / spread).astype(np.float32))
    return np.concatenate(parts)


def _scaled(vectors: NDArray[np.floating], largest: float) -> NDArray[np.float64]:
    return vectors.astype(np.float64) / largest  # the squares of very large numbers overflow
