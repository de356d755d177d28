"""Many rows → some thousand prototypes → a tree whose leaves stand for several rows each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.clusters.chain import CHAIN_LINKAGES, weighted_linkage
from orangecontrib.imageembedding.clusters.distances import VectorDistances
from orangecontrib.imageembedding.clusters.plan import N_COMPONENTS
from orangecontrib.imageembedding.clusters.rows import PreparedRows
from orangecontrib.imageembedding.clusters.tree import Tree
from orangecontrib.imageembedding.components.principal import principal_axes, some_rows
from orangecontrib.imageembedding.progress import Progress, say, silent

N_SAMPLE_ROWS = 10_000
BATCH_ROWS = 10_000
MIN_BATCHES = 20
SEED = 0


def prototype_tree(
    distances: VectorDistances, linkage: str, n_prototypes: int, progress: Progress = silent
) -> Tree:
    """Group rows by mini-batch k-means and link the centers of the groups.

    Parameters
    ----------
    distances : VectorDistances
        Those of all rows; only a few are computed.
    linkage : str
        One of `LINKAGES`. A center counts as many times as it has rows, except for centroid and
        median linkage.
    n_prototypes : int
        About how many leaves the tree gets.
    progress : Progress, optional
        Told what is done.

    Returns
    -------
    tree : Tree
        With `leaf_of_row`, and for each leaf the row nearest to its center as `typical_rows`.
        Beside the rows, memory is needed for 100 float32 numbers a row.
    """
    import fastcluster

    rows = distances.rows
    reduced = reduce_rows(rows, progress)
    leaf_of_row, typical = _group(reduced, n_prototypes, progress)
    del reduced
    counts = np.bincount(leaf_of_row)
    centers = _means(rows, leaf_of_row, counts, progress)
    say(progress, "Building the tree")
    between = VectorDistances(centers, distances.metric, chord=distances.has_chord)
    condensed = between.condensed(progress)
    if linkage in CHAIN_LINKAGES:
        merges = weighted_linkage(condensed, counts, linkage, progress)
    else:
        merges = fastcluster.linkage(condensed, method=linkage, preserve_input=False)
    if distances.metric == "euclidean":
        merges[:, 2] *= rows.unit
    return Tree(merges, leaf_of_row, typical)


def reduce_rows(rows: PreparedRows, progress: Progress = silent) -> NDArray[np.float32]:
    """Project rows onto their first principal components, found from a sample.

    Returns
    -------
    reduced : ndarray of shape (n, min(n_features, 100)), dtype float32
        Distances between these rows are those between the prepared rows, or a little less.
    """
    say(progress, "Reducing the numbers of each row")
    n_components = min(N_COMPONENTS, rows.n_features, len(rows))
    principal = None
    if n_components < rows.n_features:
        rng = np.random.default_rng(SEED)
        sample = rows.take(some_rows(len(rows), N_SAMPLE_ROWS, rng)).astype(np.float32)
        principal = principal_axes(sample, n_components, rng)
    reduced = np.empty((len(rows), n_components), dtype=np.float32)
    for part in rows.parts():
        block = rows.take(part)
        reduced[part] = block if principal is None else principal.project(block)
        progress(part.stop / (len(rows) + part.stop - part.start))
    return reduced


def _group(
    reduced: NDArray[np.float32], n_groups: int, progress: Progress
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Get the group of each row, and for each group the row nearest to its center."""
    from sklearn.cluster import MiniBatchKMeans

    say(progress, "Grouping similar rows")
    n = len(reduced)
    rng = np.random.default_rng(SEED)
    start = reduced[np.sort(rng.permutation(n)[:n_groups])]
    model = MiniBatchKMeans(n_groups, init=start, n_init=1, random_state=SEED)
    starts = range(0, n, BATCH_ROWS)
    n_batches = max(MIN_BATCHES, len(starts))
    n_steps = n_batches + len(starts)
    order = rng.permutation(n)
    for i in range(n_batches):
        at = (i * BATCH_ROWS) % n
        model.partial_fit(reduced[np.resize(order[at : at + BATCH_ROWS], min(BATCH_ROWS, n))])
        progress(i / n_steps)
    groups = np.empty(n, dtype=np.intp)
    gaps = np.empty(n, dtype=np.float32)
    for i, at in enumerate(starts):
        block = reduced[at : at + BATCH_ROWS]
        found = groups[at : at + BATCH_ROWS] = model.predict(block)
        gaps[at : at + BATCH_ROWS] = ((block - model.cluster_centers_[found]) ** 2).sum(axis=1)
        progress((n_batches + i) / n_steps)
    _, groups = np.unique(groups, return_inverse=True)  # without those that got no row
    if not groups.any():  # all rows are alike: a tree needs two leaves
        groups[n // 2 :] = 1
    by_gap = np.lexsort((gaps, groups))
    _, first = np.unique(groups[by_gap], return_index=True)
    return groups, by_gap[first]


def _means(
    rows: PreparedRows, groups: NDArray[np.intp], counts: NDArray[np.intp], progress: Progress
) -> NDArray[np.float64]:
    """Get the mean of the prepared rows of each group."""
    import scipy.sparse as sp

    say(progress, "Finding the centers of the groups")
    sums = np.zeros((len(counts), rows.n_features))
    for part in rows.parts():
        group = groups[part]
        member = sp.csr_matrix((np.ones(len(group)), (group, np.arange(len(group)))),
                               shape=(len(counts), len(group)))  # fmt: skip
        present = np.unique(group)
        sums[present] += member[present] @ rows.take(part)
        progress(part.stop / (len(rows) + part.stop - part.start))
    return np.asarray(sums / counts[:, None])
