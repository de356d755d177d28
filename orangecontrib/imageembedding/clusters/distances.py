"""Vectors → distances: between some rows, or between all pairs in scipy's condensed form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orangecontrib.imageembedding.clusters.rows import DIRECTIONS, PreparedRows, Vectors
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.progress import Progress, silent

METRICS = (
    "cosine", "hellinger", "centered-cosine", "euclidean", "manhattan", "correlation",
    "braycurtis", "jaccard",
)  # fmt: skip

BLOCK_ROWS = 256
SLOW_BLOCK_ROWS = 16  # of metrics without BLAS: a step must be short enough to be cancelled
EXACT_WORK = 1e9  # up to this many multiplications, double precision costs little
CLOSE = 1e-3  # part of the squared lengths below which float32 says too little about a distance
SAME = 1e-13  # the same for float64

Block = NDArray[np.float32] | NDArray[np.float64]


class Distances(Protocol):
    """Distances between n items."""

    def __len__(self) -> int:
        """Get n."""

    def between(self, i: ArrayLike, j: ArrayLike) -> NDArray[np.float64]:
        """Get the distances between items: shape (len(i), len(j)), dtype float64."""

    def condensed(self, progress: Progress = silent) -> NDArray[np.float64]:
        """Get the distances of all pairs, in the order of scipy's `pdist`.

        Shape (n * (n - 1) / 2,), dtype float64.
        """


def check_metric(metric: str) -> None:
    """Raise ValueError if a metric is unknown."""
    if metric not in METRICS:
        raise ValueError(f"metric must be one of {', '.join(METRICS)}; got {metric!r}")


class VectorDistances:
    """Distances between the rows of a matrix; only those requested are computed.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), float32 or float64
        Finite numbers.
    metric : str
        One of `METRICS`. Cosine distance is ``1 - cos(angle)``, 0 to 2. Hellinger is that of the
        signed square roots of the numbers (Arandjelovic and Zisserman 2012, the Hellinger
        kernel): a few large numbers count less. Centered cosine is that of the rows less their
        mean, so it depends on all rows; correlation is that of each row less its own mean. A row
        of zeros has no direction: it is at distance 1 from every other row and at 0 from other
        rows of zeros. Bray-Curtis distance is ``sum|u - v| / sum|u + v|``, and 0 between rows of
        zeros. Jaccard distance looks only at
        which numbers are 0: of those that are not in one of the two rows, the part that is in
        the other.
    chord : bool
        For metrics of directions, `DIRECTIONS`: take the Euclidean distance between the rows
        scaled to length 1, ``sqrt(2 * distance)``, which linkages by centers need.

    Raises
    ------
    InputError
        If a number is missing, infinite, or too large to compute with.
    ValueError
        If the metric is unknown.
    """

    def __init__(self, vectors: Vectors, metric: str = "cosine", chord: bool = False) -> None:
        check_metric(metric)
        self.metric = metric
        self.rows = PreparedRows(vectors, metric)
        self.has_chord = chord and metric in DIRECTIONS

    def __len__(self) -> int:
        return len(self.rows)

    def between(self, i: ArrayLike, j: ArrayLike) -> NDArray[np.float64]:
        """Get the distances between rows: shape (len(i), len(j)), dtype float64."""
        i, j = np.asarray(i, dtype=np.intp), np.asarray(j, dtype=np.intp)
        a, b = self.rows.take(i), self.rows.take(j)
        if self.metric in ("manhattan", "braycurtis"):
            return self._by_scipy(a, b)
        block = self._finished(self._by_blas(a, b), self.rows.is_zero[i], self.rows.is_zero[j])
        return np.asarray(block, dtype=np.float64)

    def condensed(self, progress: Progress = silent) -> NDArray[np.float64]:
        """Get the distances of all pairs.

        Parameters
        ----------
        progress : Progress, optional
            Told the part of the pairs that are done.

        Returns
        -------
        condensed : ndarray of shape (n * (n - 1) / 2,), dtype float64
            Pairs in the order (0, 1), (0, 2), …, (1, 2), … as scipy's `pdist` has them.
            Large matrices are multiplied in float32; what is close is computed again in float64.

        Raises
        ------
        InputError
            If the numbers are too large to compute with.
        """
        n = len(self)
        n_pairs = n * (n - 1) // 2
        condensed = np.empty(n_pairs)
        at = 0
        for start, block in self._blocks():
            for i in range(len(block)):
                n_right = n - start - i - 1
                condensed[at : at + n_right] = block[i, i + 1 :]
                at += n_right
            progress(at / n_pairs if n_pairs else 1.0)
        if not np.isfinite(condensed.sum()) and not np.isfinite(condensed).all():
            raise InputError("Some numbers are so large that distances cannot be computed.")
        return condensed

    def _blocks(self) -> Iterator[tuple[int, Block]]:
        """Yield the first row of each block and its distances to that row and all after it."""
        n, is_zero = len(self), self.rows.is_zero
        is_small = n * n * self.rows.n_features <= EXACT_WORK
        by_scipy = self.metric in ("manhattan", "braycurtis") or (
            is_small and self.metric != "jaccard"
        )
        dtype = np.float64 if by_scipy or is_small else np.float32
        rows = self.rows.all(dtype)
        squares = None if by_scipy else _squares(rows)
        step = BLOCK_ROWS if is_small or not by_scipy else SLOW_BLOCK_ROWS
        for start in range(0, n, step):
            a, b = rows[start : start + step], rows[start:]
            if by_scipy:
                yield start, self._by_scipy(a, b)
                continue
            after = None if squares is None else squares[start:]
            block = self._by_blas(a, b, after)
            if after is not None and dtype == np.float32 and self.metric != "jaccard":
                self._refine(block, a, after, start)
            yield start, self._finished(block, is_zero[start : start + step], is_zero[start:])

    def _by_scipy(self, a: Block, b: Block) -> NDArray[np.float64]:
        from scipy.spatial.distance import cdist

        if self.metric == "manhattan":
            block = cdist(a, b, "cityblock")
        elif self.metric == "braycurtis":
            block = cdist(a, b, "braycurtis")
            block[np.ix_(_is_zero(a), _is_zero(b))] = 0
        elif self.metric == "euclidean":
            block = cdist(a, b)
            block *= self.rows.unit
        else:
            block = cdist(a, b, "sqeuclidean")
            block = self._finished(block, _is_zero(a), _is_zero(b))
        return np.asarray(block)

    def _by_blas(self, a: Block, b: Block, squares_b: Block | None = None) -> Block:
        """Get squared distances; of presence and absence the Jaccard distance itself.

        `squares_b` are the squared lengths of `b`, if they are known.
        """
        product = a @ b.T
        if self.metric == "jaccard":
            either = a.sum(axis=1)[:, None] + b.sum(axis=1) - product
            return np.asarray(1 - product / np.where(either > 0, either, 1) - (either == 0))
        squares_a = _squares(a)[:, None]
        squares_b = _squares(b) if squares_b is None else squares_b
        product *= -2
        product += squares_a
        product += squares_b
        if product.dtype == np.float64:
            product[product < SAME * (squares_a + squares_b)] = 0
        return np.maximum(product, 0, out=product)

    def _refine(self, block: Block, a: Block, squares_b: Block, start: int) -> None:
        """Compute again in float64 what is close in squared distances from float32."""
        squares_a = _squares(a)[:, None]
        largest = float(squares_a.max() + squares_b.max())
        np.fill_diagonal(block, np.inf)  # each row to itself
        if block.min() <= CLOSE * largest:
            close = block <= CLOSE * (squares_a + squares_b)
            i, j = np.flatnonzero(close.any(axis=1)), np.flatnonzero(close.any(axis=0))
            exact = self._by_blas(self.rows.take(start + i), self.rows.take(start + j))
            part = np.ix_(i, j)
            block[part] = np.where(close[part], exact, block[part])
        np.fill_diagonal(block, 0)

    def _finished(
        self, block: Block, no_direction_a: NDArray[np.bool_], no_direction_b: NDArray[np.bool_]
    ) -> Block:
        """Turn squared distances into the metric's, in place."""
        if self.metric == "euclidean":
            np.sqrt(block, out=block)
            block *= self.rows.unit
        elif self.metric in DIRECTIONS:
            block /= 2
            np.minimum(block, 2, out=block)
            if no_direction_a.any() or no_direction_b.any():
                block[no_direction_a] = 1
                block[:, no_direction_b] = 1
                block[np.ix_(no_direction_a, no_direction_b)] = 0
            if self.has_chord:
                block *= 2
                np.sqrt(block, out=block)
        return block


def _squares(rows: Block) -> Block:
    """Get the squared length of each row."""
    return np.asarray(np.einsum("ij,ij->i", rows, rows))


def _is_zero(rows: Block) -> NDArray[np.bool_]:
    return np.logical_not(rows.any(axis=1))
