"""The rows of a matrix as a metric needs them: centered, scaled, in blocks, never copied whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from orangecontrib.imageembedding.errors import InputError

BLOCK_ROWS = 1024

DIRECTIONS = ("cosine", "hellinger", "centered-cosine", "correlation")
"""Metrics that are the cosine distance of rows that were changed in some way before."""

Vectors = NDArray[np.float32] | NDArray[np.float64]


class PreparedRows:
    """Rows whose Euclidean distances or dot products give a metric.

    For the metrics of directions they are scaled to length 1, and are exactly zero where there is
    no direction. Before, for correlation each row is centered, for centered cosine each column,
    and for Hellinger each number becomes its signed square root. For Euclidean distances the
    columns are centered, against cancellation, and all is divided by `unit`. For Jaccard distances
    they are 1 where there is a number other than 0.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), float32 or float64
        Kept, not copied.
    metric : str
        One of `METRICS`.

    Raises
    ------
    InputError
        If a number is missing or infinite, or too large to compute with.
    """

    def __init__(self, vectors: Vectors, metric: str) -> None:
        self._vectors = vectors
        self._metric = metric
        self._check()
        n, self.n_features = vectors.shape
        self.unit = 1.0
        self._center = np.zeros(self.n_features)
        self._largest = np.ones((n, 1))
        self._length = np.ones((n, 1))
        self.is_zero = np.zeros(n, dtype=bool)
        with np.errstate(over="ignore", invalid="ignore"):
            if metric == "euclidean" and n:
                self._measure_columns()
            elif metric in DIRECTIONS:
                if metric == "centered-cosine" and n:
                    self._center = np.asarray(vectors.mean(axis=0, dtype=np.float64))
                self._measure_lengths()

    def __len__(self) -> int:
        return len(self._vectors)

    def take(self, rows: NDArray[np.intp] | slice) -> NDArray[np.float64]:
        """Get some of the rows, prepared.

        Parameters
        ----------
        rows : ndarray of shape (n_taken,), dtype int, or slice
            Which ones.

        Returns
        -------
        taken : ndarray of shape (n_taken, n_features), dtype float64
        """
        taken = np.array(self._vectors[rows], dtype=np.float64)
        if self._metric == "jaccard":
            return np.asarray(taken != 0, dtype=np.float64)
        if self._metric in DIRECTIONS:
            self._turn(taken)
            taken /= self._largest[rows]  # the square of a huge number overflows
            taken /= self._length[rows]
            taken[self.is_zero[rows]] = 0
        elif self._metric == "euclidean":
            taken -= self._center
            taken /= self.unit
        return taken

    def all(self, dtype: DTypeLike) -> Vectors:
        """Get a copy of all rows, prepared: shape (n, n_features), of the given dtype float."""
        rows: Vectors = np.empty(self._vectors.shape, dtype=dtype)
        for part in self.parts():
            rows[part] = self.take(part)
        return rows

    def parts(self) -> list[slice]:
        """Get slices that together are all rows, each small."""
        return [slice(at, at + BLOCK_ROWS) for at in range(0, len(self), BLOCK_ROWS)]

    def _turn(self, block: NDArray[np.float64]) -> None:
        """Change rows in place so that their directions are those of the metric."""
        if self._metric == "correlation":
            block -= block.mean(axis=1, keepdims=True)
        elif self._metric == "centered-cosine":
            block -= self._center
        elif self._metric == "hellinger":
            np.copysign(np.sqrt(np.abs(block)), block, out=block)

    def _check(self) -> None:
        n_bad = sum(
            int((~np.isfinite(self._vectors[part])).any(axis=1).sum()) for part in self.parts()
        )
        if n_bad:
            n = len(self._vectors)
            raise InputError(f"{n_bad} of {n} rows have missing or infinite numbers. Skip them.")

    def _measure_columns(self) -> None:
        self._center = np.asarray(self._vectors.mean(axis=0, dtype=np.float64))
        largest = max(float(np.abs(self._vectors[part] - self._center).max(initial=0))
                      for part in self.parts())  # fmt: skip
        if not np.isfinite(largest):
            raise InputError("Some numbers are so large that distances cannot be computed.")
        self.unit = largest or 1.0

    def _measure_lengths(self) -> None:
        for part in self.parts():
            block = np.array(self._vectors[part], dtype=np.float64)
            scale = np.abs(block).max(axis=1, keepdims=True, initial=0)
            self._turn(block)
            largest = np.abs(block).max(axis=1, keepdims=True, initial=0)
            if not np.isfinite(largest).all():
                raise InputError("Some numbers are so large that distances cannot be computed.")
            # Centering leaves rounding errors of what is constant, which have no direction.
            is_centered = self._metric in ("correlation", "centered-cosine")
            nothing = 1e-14 * scale if is_centered else 0
            is_zero = largest <= nothing
            self.is_zero[part] = is_zero[:, 0]
            self._largest[part] = np.where(is_zero, 1, largest)
            block /= self._largest[part]
            length = np.sqrt(np.einsum("ij,ij->i", block, block))[:, None]
            self._length[part] = np.where(is_zero, 1, length)
