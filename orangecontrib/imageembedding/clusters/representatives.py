"""Members of a cluster → those that stand for it."""

from __future__ import annotations

from threading import Lock

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.clusters.distances import Distances

N_LOOKED_AT = 16
MAX_CANDIDATES = 256
BLOCK_ITEMS = 1024


def typical(distances: Distances, members: NDArray[np.intp], n_wanted: int = 1) -> NDArray[np.intp]:
    """Get a few typical members: a quick look at `N_LOOKED_AT` of them, spread evenly.

    Parameters
    ----------
    distances : Distances
        Between all items.
    members : ndarray of shape (n_members,), dtype int
        Items of the cluster, in the order of the leaves.
    n_wanted : int
        How many to get at most.

    Returns
    -------
    chosen : ndarray of shape (min(n_wanted, n_members),), dtype int
        The most central first.
    """
    spread = np.linspace(0, len(members) - 1, min(N_LOOKED_AT, len(members))).round().astype(int)
    looked_at = members[spread]
    sums = distances.between(looked_at, looked_at).sum(axis=1)
    return np.asarray(looked_at[np.argsort(sums, kind="stable")[:n_wanted]])


def medoid(distances: Distances, members: NDArray[np.intp]) -> int:
    """Get the member with the smallest sum of distances to all members.

    Exact up to `MAX_CANDIDATES` members; with more, the candidates are those closest to
    a spread sample.

    Parameters
    ----------
    distances : Distances
        Between all items.
    members : ndarray of shape (n_members,), dtype int
        Items of the cluster, at least one.
    """
    candidates = members
    if len(members) > MAX_CANDIDATES:
        spread = np.linspace(0, len(members) - 1, MAX_CANDIDATES).round().astype(int)
        sums = _sums(distances, members, members[spread])
        candidates = members[np.sort(np.argsort(sums, kind="stable")[:MAX_CANDIDATES])]
    return int(candidates[np.argmin(_sums(distances, candidates, members))])


def _sums(
    distances: Distances, items: NDArray[np.intp], others: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Get the sum of the distances of each item to the other ones."""
    sums = np.zeros(len(items))
    for i in range(0, len(items), BLOCK_ITEMS):
        for j in range(0, len(others), BLOCK_ITEMS):
            block = distances.between(items[i : i + BLOCK_ITEMS], others[j : j + BLOCK_ITEMS])
            sums[i : i + BLOCK_ITEMS] += block.sum(axis=1)
    return sums


class Medoids:
    """The medoid of each cluster that is asked for, computed once, by whichever thread asks."""

    def __init__(self, distances: Distances) -> None:
        self._distances = distances
        self._found: dict[int, int] = {}
        self._computing = Lock()

    def get(self, cluster: int) -> int | None:
        """Get the medoid of a cluster if it is computed."""
        return self._found.get(cluster)

    def find(self, cluster: int, members: NDArray[np.intp]) -> int:
        """Get the medoid of a cluster of members of shape (n_members,), dtype int; see `medoid`."""
        with self._computing:
            if cluster not in self._found:
                self._found[cluster] = medoid(self._distances, members)
            return self._found[cluster]
