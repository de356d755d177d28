"""Distances that are known already."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.progress import Progress, silent


class PrecomputedDistances:
    """Distances that are known, as a square matrix; only what is above the diagonal is read.

    Raises
    ------
    InputError
        If it is not square, has fewer than two items, or a distance is missing or negative.
    """

    def __init__(self, matrix: NDArray[np.floating]) -> None:
        n = len(matrix)
        if matrix.shape != (n, n):
            raise InputError(f"Distances must form a square; these are {n} × {matrix.shape[-1]}.")
        if n < 2:
            raise InputError("A tree needs at least two rows.")
        self._matrix = matrix

    def __len__(self) -> int:
        return len(self._matrix)

    def between(self, i: ArrayLike, j: ArrayLike) -> NDArray[np.float64]:
        """Get the distances between items: shape (len(i), len(j)), dtype float64."""
        i, j = np.asarray(i, dtype=np.intp)[:, None], np.asarray(j, dtype=np.intp)
        found = np.asarray(self._matrix[np.minimum(i, j), np.maximum(i, j)], dtype=np.float64)
        return np.where(i == j, 0.0, found)

    def condensed(self, progress: Progress = silent) -> NDArray[np.float64]:
        """Get the distances of all pairs: shape (n * (n - 1) / 2,), dtype float64."""
        n = len(self)
        condensed = np.empty(n * (n - 1) // 2)
        at = 0
        for i in range(n - 1):
            condensed[at : at + n - i - 1] = self._matrix[i, i + 1 :]
            at += n - i - 1
            progress(at / len(condensed))
        if not np.isfinite(condensed.sum()):
            raise InputError("Some distances are missing or infinite.")
        if condensed.min() < 0:
            raise InputError("Some distances are negative.")
        return condensed
