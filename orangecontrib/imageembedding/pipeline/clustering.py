"""Table → tree → tables of the rows in its branches: the third step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from Orange.data import Table
from Orange.misc import DistMatrix

from orangecontrib.imageembedding.clusters.distances import VectorDistances
from orangecontrib.imageembedding.clusters.link import (
    default_metric,
    tree_of_distances,
    tree_of_vectors,
)
from orangecontrib.imageembedding.clusters.modularity import modularities
from orangecontrib.imageembedding.clusters.precomputed import PrecomputedDistances
from orangecontrib.imageembedding.clusters.representatives import Medoids
from orangecontrib.imageembedding.clusters.rows import Vectors
from orangecontrib.imageembedding.clusters.silhouette import best_number, silhouettes
from orangecontrib.imageembedding.clusters.tree import Tree
from orangecontrib.imageembedding.pipeline.describing import find_medoids
from orangecontrib.imageembedding.pipeline.results import ClusteredRows, RowKeys, SelectedBranches
from orangecontrib.imageembedding.progress import Progress, run_watched, say, silent
from orangecontrib.imageembedding.tables.build import table_of_names
from orangecontrib.imageembedding.tables.cluster_columns import (
    default_names,
    row_keys,
    rows_with_clusters,
    unique_names,
    with_clusters,
)
from orangecontrib.imageembedding.tables.features import (
    complete_rows,
    feature_matrix,
    normalized,
)
from orangecontrib.imageembedding.tables.marks import restored

MEASURES = {"modularity": modularities, "silhouette": silhouettes}


def cluster_images(
    data: Table | Vectors,
    metric: str | None = None,
    linkage: str = "ward",
    progress: Progress = silent,
    *,
    ordered: bool = True,
    max_bytes: float | None = None,
) -> Tree:
    """Build the tree of hierarchical clustering.

    Parameters
    ----------
    data : Table or ndarray of shape (n, n_features), dtype float32 or float64
        Of a table its embeddings are compared, or all numeric attributes if it has none.
    metric : str, optional
        Distance between two images: "cosine", "hellinger" (cosine of the signed square roots),
        "centered-cosine" (of the rows less their mean), "euclidean", "manhattan", "correlation",
        "braycurtis" or "jaccard"; see `VectorDistances`. By default that which suits the linkage:
        see `default_metric`.
    linkage : {"average", "complete", "ward", "weighted", "single", "centroid", "median"}
        Distance between two clusters. Ward, centroid and median need Euclidean distances; with
        cosine and its kin they get those between the vectors scaled to length 1.
    progress : Progress, optional
        Told what is done, the memory it takes and how far it is.
    ordered : bool
        Whether to turn branches so that leaves next to each other are alike.
    max_bytes : float, optional
        Memory for the distances of all pairs; by default a quarter of what is free. If they need
        more, the tree is built on prototypes: its leaves stand for several rows.

    Returns
    -------
    tree : Tree
        ``linkage``: (n - 1, 4) as scipy's; ``leaf_order``; ``cut``.

    Raises
    ------
    InputError
        If there are fewer than two rows, no numbers, or numbers are missing or too large.
    ValueError
        If metric or linkage is unknown, or `data` is not a matrix.
    """
    vectors = _matrix_of(data)
    metric = metric or default_metric(linkage)
    return run_watched(
        lambda relay: tree_of_vectors(
            vectors, metric, linkage, relay, ordered=ordered, max_bytes=max_bytes
        ),
        progress,
    )


def _matrix_of(data: Table | Vectors) -> Vectors:
    return feature_matrix(data) if isinstance(data, Table) else matrix_of(data)


def matrix_of(data: object) -> Vectors:
    """Check that something is a matrix of numbers.

    Returns
    -------
    matrix : ndarray of shape (n, n_features), dtype float32 or float64
        float32 stays as it is; all others become float64.
    """
    try:
        matrix: Vectors = np.asarray(data)
        if matrix.dtype != np.float32:
            matrix = np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"data must be a table or a matrix of numbers: {error}") from error
    if matrix.ndim != 2:
        raise ValueError(f"data must be a matrix; got an array of shape {matrix.shape}")
    return matrix


def cluster_table(
    table: Table,
    metric: str | None = None,
    linkage: str = "ward",
    progress: Progress = silent,
    *,
    normalise: bool = False,
    all_numeric: bool = False,
    ordered: bool = True,
    max_bytes: float | None = None,
) -> ClusteredRows:
    """Cluster the rows of a table in which no number is missing.

    Parameters
    ----------
    table : Table
        Its embeddings are compared, or all numeric attributes if it has none.
    metric, linkage, progress, ordered, max_bytes
        As for `cluster_images`.
    normalise : bool
        Whether to scale each column to mean 0 and standard deviation 1 before.
    all_numeric : bool
        Whether to compare all numeric attributes although there are embeddings.
    """
    table = restored(table)
    vectors = feature_matrix(table, all_numeric)
    rows = complete_rows(vectors)
    if len(rows) < len(vectors):
        vectors = vectors[rows]
    if normalise:
        vectors = normalized(vectors)
    metric = metric or default_metric(linkage)
    tree = cluster_images(vectors, metric, linkage, progress, ordered=ordered, max_bytes=max_bytes)
    distances = VectorDistances(vectors, metric)
    keys = RowKeys(row_keys(table, rows))
    return ClusteredRows(tree, table, rows, distances, keys, Medoids(distances))


def cluster_distances(
    distances: DistMatrix,
    linkage: str = "average",
    progress: Progress = silent,
    *,
    ordered: bool = True,
) -> ClusteredRows:
    """Cluster by distances that are known.

    Parameters
    ----------
    distances : DistMatrix of shape (n, n)
        Symmetric; of the rows of a table, which go on, or of its columns or of what has no table:
        then a table of their names goes on.
    linkage : str
        As for `cluster_images`; ward, centroid and median presume Euclidean distances.
    progress, ordered
        As for `cluster_images`.

    Raises
    ------
    InputError
        If there are fewer than two items, or distances are missing.
    """
    tree = run_watched(
        lambda relay: tree_of_distances(distances, linkage, relay, ordered=ordered), progress
    )
    given = PrecomputedDistances(np.asarray(distances))
    medoids = Medoids(given)
    rows = np.arange(tree.n_leaves)
    items = distances.row_items
    if isinstance(items, Table) and distances.axis == 1:
        keys = RowKeys(row_keys(items, rows))
        return ClusteredRows(tree, items, rows, given, keys, medoids)
    if isinstance(items, Table):  # distances between its columns
        items = items.domain.attributes
    if items is None:
        items = (rows + 1).tolist()
    names = [getattr(item, "name", str(item)) for item in items]
    keys = RowKeys(names if len(set(names)) == len(rows) else [str(row) for row in rows])
    return ClusteredRows(tree, table_of_names(names), rows, given, keys, medoids)


def score_clusters(
    clustered: ClusteredRows, measure: str = "modularity", progress: Progress = silent
) -> NDArray[np.float64]:
    """Score a tree cut into 2, 3, … clusters: the best number has the highest.

    Parameters
    ----------
    clustered : ClusteredRows
        The tree.
    measure : {"modularity", "silhouette"}
        See `modularities` and `silhouettes`.
    progress : Progress, optional
        Told the part that is done.

    Returns
    -------
    scores : ndarray of shape (n_cuts,), dtype float64
    """
    score = MEASURES[measure]
    say(progress, "Looking for the best number of clusters")
    return run_watched(lambda relay: score(clustered.tree, clustered.distances, relay), progress)


def count_clusters(
    data: Table | Vectors, tree: Tree, metric: str = "cosine", progress: Progress = silent
) -> int:
    """Find into how many clusters a tree falls by itself: the number of the best modularity.

    Parameters
    ----------
    data : Table, or ndarray of shape (n, n_features), dtype float32 or float64
        As given to `cluster_images`.
    metric, progress
        As given to `cluster_images`.
    tree : Tree
        As it gave back.

    Returns
    -------
    n_clusters : int
        From 2 to 100.
    """
    distances = VectorDistances(_matrix_of(data), metric)
    scores = run_watched(lambda relay: modularities(tree, distances, relay), progress)
    return best_number(scores, tree.n_leaves)


def select_branches(
    clustered: ClusteredRows,
    nodes: Sequence[int],
    progress: Progress = silent,
    *,
    names: Sequence[str] | None = None,
    chosen: Sequence[int] | None = None,
) -> SelectedBranches:
    """Get the rows in some branches.

    Parameters
    ----------
    clustered : ClusteredRows
        Where they are.
    nodes : sequence of int
        On top of the branches, which become the clusters.
    progress : Progress, optional
        Told the part of the branches that are done.
    names : sequence of str, optional
        Of the clusters; by default C1, C2 and so on. One that comes again gets a number.
    chosen : sequence of int, optional
        The positions in `nodes` of those that are selected; by default all.
    """
    tree, rows = clustered.tree, clustered.rows
    names = unique_names(default_names(len(nodes)) if names is None else names)
    chosen = range(len(nodes)) if chosen is None else chosen
    labels = tree.labels_of(nodes)
    medoids = find_medoids(clustered, [nodes[i] for i in chosen], progress)
    of_chosen = np.asarray(chosen, dtype=np.intp) + 1
    selected = np.flatnonzero(np.isin(labels, of_chosen))
    table = clustered.table
    return SelectedBranches(
        rows_with_clusters(table, rows[selected], labels[selected], names),
        with_clusters(table, labels, rows, rows[selected], names),
        rows_with_clusters(table, rows[medoids], of_chosen, names),
    )
