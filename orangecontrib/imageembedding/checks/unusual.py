"""Vectors → how far each image is from those most like it, and how typical it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.checks.reduce import Points, Reduced
from orangecontrib.imageembedding.progress import Progress, silent

N_NEAREST = 20  # a few odd images of one kind must not vouch for each other
MIN_OTHERS = 5  # among fewer, nothing is unusual
BLOCK_NUMBERS = 1 << 23  # similarities at a time: 32 MB
GROUP = 32  # columns of which only the largest is looked at first

Floats = NDArray[np.float64]


def distances_to_nearest(reduced: Reduced, n_rows: int, progress: Progress = silent) -> Floats:
    """Get the mean distance of each image to the `N_NEAREST` images most like it.

    Parameters
    ----------
    reduced : Reduced
        Embeddings.
    n_rows : int
        Of all images.
    progress : Progress, optional
        Told the part that is done.

    Returns
    -------
    distances : ndarray of shape (n_rows,), dtype float64
        Cosine distances, 0 to 2; of a quarter of all images, if that is fewer. NaN without an
        embedding, or among fewer than `MIN_OTHERS` others.
    """
    found = np.full(n_rows, np.nan)
    points = reduced.points
    n = len(points)
    if n <= MIN_OTHERS:
        return found
    k = min(N_NEAREST, max(n // 4, 1))
    # Of vectors of length 1, half the squared distance is the cosine distance.
    squares = np.einsum("ij,ij->i", points, points)
    step = max(1, BLOCK_NUMBERS // n)
    for start in range(0, n, step):
        block = slice(start, min(start + step, n))
        closeness = points[block] @ points.T
        closeness -= squares / 2
        closeness[np.arange(block.stop - start), np.arange(start, block.stop)] = -np.inf
        nearest = _largest(closeness, k).mean(axis=1, dtype=np.float64)
        found[reduced.rows[block]] = np.maximum(squares[block] / 2 - nearest, 0)
        progress(block.stop / n)
    return found


def _largest(values: Points, k: int) -> Points:
    """Get the `k` largest numbers of each row, in any order.

    They are in the groups of columns whose own largest numbers are largest: so most numbers are
    only compared once.
    """
    n_groups = values.shape[1] // GROUP
    if n_groups <= 2 * k:
        return np.partition(values, -k, axis=1)[:, -k:]
    whole = values[:, : n_groups * GROUP].reshape(len(values), GROUP, n_groups)
    groups = np.argpartition(whole.max(axis=1), -k, axis=1)[:, None, -k:]
    candidates = np.take_along_axis(whole, groups, axis=2).reshape(len(values), -1)
    candidates = np.hstack([candidates, values[:, n_groups * GROUP :]])
    return np.partition(candidates, -k, axis=1)[:, -k:]


def typicality(reduced: Reduced, labels: NDArray[np.intp]) -> Floats:
    """Get how near each image is to the mean of its class.

    Parameters
    ----------
    reduced : Reduced
        Embeddings.
    labels : ndarray of shape (n,), dtype int
        The class of each image; -1 where it is missing. All 0 if there are no classes.

    Returns
    -------
    typicality : ndarray of shape (n,), dtype float64
        1 / (1 + Euclidean distance of the vectors of length 1): 1 for the mean itself.
    """
    found = np.full(len(labels), np.nan)
    own = labels[reduced.rows]
    for label in np.unique(own[own >= 0]):
        members = np.flatnonzero(own == label)
        points = reduced.points[members].astype(np.float64)
        distances = np.linalg.norm(points - points.mean(axis=0), axis=1)
        found[reduced.rows[members]] = 1 / (1 + distances)
    return found
