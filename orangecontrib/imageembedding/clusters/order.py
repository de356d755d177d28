"""Tree → the same with its leaves in an order that is pleasant to read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.clusters.distances import Distances
from orangecontrib.imageembedding.progress import Progress, say, silent


def order_leaves(
    merges: NDArray[np.float64],
    distances: Distances | NDArray[np.float64],
    progress: Progress = silent,
) -> NDArray[np.float64]:
    """Turn branches so that leaves next to each other are alike.

    At every merge, from the bottom up, the two branches are turned so that the leaves that
    come to lie side by side are the closest of the four pairs of outer leaves (Gruvaeus and
    Wainer 1972, British Journal of Mathematical and Statistical Psychology 25).

    Parameters
    ----------
    merges : ndarray of shape (n - 1, 4), dtype float64
        A tree in scipy's form.
    distances : Distances or ndarray of shape (n * (n - 1) / 2,), dtype float64
        Those between the leaves; an array is in condensed form.
    progress : Progress, optional
        Told the part of the merges that are done.

    Returns
    -------
    ordered : ndarray of shape (n - 1, 4), dtype float64
        The same tree; each merge names the branch that comes first in its first column.
    """
    say(progress, "Ordering the leaves")
    n = len(merges) + 1
    lefts, rights = merges[:, :2].astype(np.intp).T.tolist()
    # Outer leaves of each node, as it lies so far, after being turned; no tuple for each, which
    # would be garbage to collect.
    first, last = list(range(n)) + [0] * (n - 1), list(range(n)) + [0] * (n - 1)
    # Whether the branch of a node is mirrored within the branch of its parent.
    mirrored = [False] * (2 * n - 1)
    for k, (a, b) in enumerate(zip(lefts, rights, strict=True)):
        ends_a, ends_b = (last[a], first[a]), (first[b], last[b])  # those in the middle first
        if a >= n or b >= n:
            side_a, side_b = _closest_ends(ends_a, ends_b, n, distances)
            mirrored[a], mirrored[b] = bool(side_a), bool(side_b)
        first[n + k], last[n + k] = ends_a[not mirrored[a]], ends_b[not mirrored[b]]
        if k % 256 == 0:
            progress(k / n)
    return _mirrored(merges, mirrored)


def _closest_ends(
    ends_a: tuple[int, int],
    ends_b: tuple[int, int],
    n: int,
    distances: Distances | NDArray[np.float64],
) -> tuple[int, int]:
    """Get which end of each of two branches meet in the shortest of the four distances."""
    if isinstance(distances, np.ndarray):
        found = []
        for pair in ((a, b) for a in ends_a for b in ends_b):
            i, j = min(pair), max(pair)
            found.append(distances[n * i - i * (i + 1) // 2 + j - i - 1])
        return divmod(int(np.argmin(found)), 2)
    single_a, single_b = ends_a[0] == ends_a[1], ends_b[0] == ends_b[1]
    four = distances.between(ends_a[:1] if single_a else ends_a, ends_b[:1] if single_b else ends_b)
    return divmod(int(np.argmin(np.broadcast_to(four, (2, 2)))), 2)


def _mirrored(merges: NDArray[np.float64], mirrored: list[bool]) -> NDArray[np.float64]:
    """Swap the branches of mirrored nodes: from the root down, one mirrors all that is in it."""
    n = len(merges) + 1
    ordered = merges.copy()
    for k in range(n - 2, -1, -1):
        if mirrored[n + k]:
            a, b = int(merges[k, 0]), int(merges[k, 1])
            ordered[k, :2] = b, a
            mirrored[a] = not mirrored[a]
            mirrored[b] = not mirrored[b]
    return ordered
