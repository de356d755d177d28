"""Vectors → a few numbers each, on which distances are computed; the first two are a map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.components.principal import (
    Principal,
    principal_axes,
    some_rows,
)

N_COMPONENTS = 100  # keeps as many of the nearest neighbors as all numbers, .519 of .522
N_SAMPLE_ROWS = 5000  # from which the axes are found
BLOCK_ROWS = 2048
TINY, HUGE = 1e-20, 1e30  # between them squares of float32 are exact enough

Vectors = NDArray[np.float32] | NDArray[np.float64]


def reduced(
    vectors: Vectors, n_components: int = N_COMPONENTS, seed: int = 0
) -> NDArray[np.float32]:
    """Get the principal components of rows scaled to length 1: see `axes_of` and `along`.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32 or float64
        Finite numbers, n ≥ 1.
    n_components : int, optional
        At most; fewer if there are fewer rows or features.
    seed : int, optional
        Chooses the sample.

    Returns
    -------
    components : ndarray of shape (n, m), dtype float32
        The most important first.
    """
    return along(axes_of(vectors, n_components, seed), vectors)


def axes_of(vectors: Vectors, n_components: int = N_COMPONENTS, seed: int = 0) -> Principal:
    """Find the principal axes of rows scaled to length 1, from a sample of them.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32 or float64
        Finite numbers, n ≥ 1.
    n_components : int, optional
        At most; fewer if there are fewer rows or features.
    seed : int, optional
        Chooses the sample.

    Returns
    -------
    principal : Principal
        Of float32; the largest entry of each axis is positive.
    """
    rng = np.random.default_rng(seed)
    sample = unit_rows(vectors[some_rows(len(vectors), N_SAMPLE_ROWS, rng)])
    principal = principal_axes(sample, min(n_components, *vectors.shape), rng)
    axes = principal.axes
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return Principal(axes * signs, principal.mean)


def along(principal: Principal, vectors: Vectors) -> NDArray[np.float32]:
    """Get the components of rows scaled to length 1.

    Euclidean distances between them stand for cosine distances between the rows; rows of zeros
    lie where the mean direction does not matter, at minus the mean.

    Parameters
    ----------
    principal : Principal
        The axes.
    vectors : ndarray of shape (n, n_features), dtype float32 or float64
        Finite numbers.

    Returns
    -------
    components : ndarray of shape (n, n_components), dtype float32
        The most important first.
    """
    components = np.empty((len(vectors), principal.axes.shape[1]), dtype=np.float32)
    offset = principal.mean @ principal.axes
    for start in range(0, len(vectors), BLOCK_ROWS):
        part = slice(start, start + BLOCK_ROWS)
        with np.errstate(over="ignore"):
            block = np.asarray(vectors[part], dtype=np.float32)
            squares = np.einsum("ij,ij->i", block, block)
        if not ((squares > TINY) & (squares < HUGE)).all():
            components[part] = principal.project(unit_rows(vectors[part]))
            continue
        # The few components are scaled, not the many numbers: a tenth of the time.
        np.divide(block @ principal.axes, np.sqrt(squares)[:, None], out=components[part])
        components[part] -= offset
    return components


def unit_rows(block: Vectors) -> NDArray[np.float32]:
    """Scale rows to length 1; rows of zeros stay.

    Parameters
    ----------
    block : ndarray of shape (..., n_features), dtype float32 or float64
        Finite numbers of any size.

    Returns
    -------
    unit : ndarray of shape (..., n_features), dtype float32
    """
    scaled = np.asarray(block, dtype=np.float64)
    largest = np.abs(scaled).max(axis=-1, keepdims=True, initial=0)
    scaled = scaled / np.where(largest > 0, largest, 1)  # the square of a huge number overflows
    length = np.sqrt(np.einsum("...j,...j->...", scaled, scaled))[..., None]
    return np.asarray(scaled / np.where(length > 0, length, 1), dtype=np.float32)
