"""Clusters and classes → which class prevails in each cluster, and how pure it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def majorities(
    labels: NDArray[np.intp], classes: NDArray[np.float64], n_clusters: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Get the most frequent class of each cluster, and its part.

    Parameters
    ----------
    labels : ndarray of shape (n,), dtype int
        The cluster of each item, from 1; 0 if it is in none.
    classes : ndarray of shape (n,), dtype float64
        The number of the class of each item, from 0; NaN if it is unknown, which counts nowhere.
    n_clusters : int
        How many clusters there are.

    Returns
    -------
    majority : ndarray of shape (n_clusters,), dtype int
        Of equally frequent classes the one with the lowest number; -1 where no class is known.
    purity : ndarray of shape (n_clusters,), dtype float64
        The part of this class in what is known, above 0.0 to 1.0; NaN where no class is known.
    """
    majority = np.full(n_clusters, -1, dtype=np.intp)
    purity = np.full(n_clusters, np.nan)
    counted = (labels > 0) & ~np.isnan(classes)
    if counted.any():
        known = classes[counted].astype(np.intp)
        n_classes = int(known.max()) + 1
        pairs, counts = np.unique((labels[counted] - 1) * n_classes + known, return_counts=True)
        cluster, of_class = np.divmod(pairs, n_classes)
        order = np.lexsort((of_class, -counts, cluster))
        present, first = np.unique(cluster[order], return_index=True)
        best = order[first]
        majority[present] = of_class[best]
        purity[present] = counts[best] / np.bincount(cluster, counts, n_clusters)[present]
    return majority, purity
