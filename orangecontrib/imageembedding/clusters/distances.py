"""Vectors → distances between all pairs, in scipy's condensed form."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.progress import Progress, silent

METRICS = ("cosine", "euclidean", "manhattan", "correlation")

BLOCK_ROWS = 256
ROUNDING = 1e-12

Vectors = NDArray[np.float32] | NDArray[np.float64]


def condensed_distances(
    vectors: Vectors, metric: str = "cosine", progress: Progress = silent
) -> NDArray[np.float64]:
    """Compute the distances between all pairs of rows.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), float32 or float64
        Finite numbers.
    metric : {"cosine", "euclidean", "manhattan", "correlation"}
        Cosine distance is ``1 - cos(angle)``, 0 to 2; correlation distance is that of the
        centred rows. A row of zeros has no direction: it is at distance 1 from every other
        row and at 0 from other rows of zeros.
    progress : Progress, optional
        Told the part of the pairs that are done.

    Returns
    -------
    condensed : ndarray of shape (n * (n - 1) / 2,), dtype float64
        Pairs in the order (0, 1), (0, 2), …, (1, 2), … as scipy's `pdist` has them.

    Raises
    ------
    InputError
        If a number is missing, infinite, or too large to compute with.
    ValueError
        If the metric is unknown.
    """
    if metric not in METRICS:
        raise ValueError(f"metric must be one of {', '.join(METRICS)}; got {metric!r}")
    if not np.isfinite(vectors).all():
        n_bad = int((~np.isfinite(vectors)).any(axis=1).sum())
        raise InputError(
            f"{n_bad} of {len(vectors)} rows have missing or infinite numbers. Leave them out."
        )
    rows = np.asarray(vectors, dtype=np.float64)
    if metric == "correlation":
        rows = rows - rows.mean(axis=1, keepdims=True)
    if metric in ("cosine", "correlation"):
        rows = _unit_length(rows)
    condensed = _fill_condensed(rows, metric, progress)
    if not np.isfinite(condensed).all():
        raise InputError("Some numbers are so large that distances cannot be computed.")
    return condensed


def _unit_length(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale rows to length 1; those without a direction become exactly zero."""
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0)
    scaled = rows / np.where(largest > 0, largest, 1)  # the square of a huge number overflows
    length = np.sqrt(np.einsum("ij,ij->i", scaled, scaled))[:, None]
    return cast("NDArray[np.float64]", scaled / np.where(length > 0, length, 1))


def _fill_condensed(
    rows: NDArray[np.float64], metric: str, progress: Progress
) -> NDArray[np.float64]:
    from scipy.spatial.distance import cdist

    n = len(rows)
    n_pairs = n * (n - 1) // 2
    condensed = np.empty(n_pairs)
    is_zero = np.logical_not(rows.any(axis=1))
    at = 0
    for start in range(0, n, BLOCK_ROWS):
        block = rows[start : start + BLOCK_ROWS]
        if metric in ("cosine", "correlation"):
            distances = np.clip(1 - block @ rows[start:].T, 0, 2)
            distances[distances < ROUNDING] = 0  # equal rows are at no distance
            distances[np.ix_(is_zero[start : start + BLOCK_ROWS], is_zero[start:])] = 0
        else:
            name = {"manhattan": "cityblock"}.get(metric, metric)
            distances = cdist(block, rows[start:], name)
        for i in range(len(block)):
            n_right = n - start - i - 1
            condensed[at : at + n_right] = distances[i, i + 1 :]
            at += n_right
        progress(at / n_pairs if n_pairs else 1.0)
    return condensed
