"""Vectors or distances → tree: merges by linkage."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.clusters.distances import Distances, VectorDistances, check_metric
from orangecontrib.imageembedding.clusters.order import order_leaves
from orangecontrib.imageembedding.clusters.plan import PROTOTYPES, REDUCED, Plan, make_plan
from orangecontrib.imageembedding.clusters.precomputed import PrecomputedDistances
from orangecontrib.imageembedding.clusters.prototypes import prototype_tree, reduce_rows
from orangecontrib.imageembedding.clusters.rows import DIRECTIONS, Vectors
from orangecontrib.imageembedding.clusters.tree import Tree
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.progress import Progress, say, silent

LINKAGES = ("average", "complete", "ward", "weighted", "single", "centroid", "median")
BY_CENTERS = ("ward", "centroid", "median")
"""Linkages that make sense for Euclidean distances only."""

CENTER_METRICS = (*DIRECTIONS, "euclidean")


def default_metric(linkage: str) -> str:
    """Get the distance that gives the better trees of embeddings.

    All embeddings point into a similar direction. Linkages between pairs of rows (average,
    complete, …) then add rows one by one to one large cluster; of the rows less their mean they
    make groups. Ward linkage makes equally good ones of both (doc/benchmarks.md).
    """
    return "cosine" if linkage in BY_CENTERS else "centered-cosine"


def tree_of_vectors(
    vectors: Vectors,
    metric: str = "cosine",
    linkage: str = "ward",
    progress: Progress = silent,
    *,
    ordered: bool = True,
    max_bytes: float | None = None,
) -> Tree:
    """Cluster the rows of a matrix.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32 or float64
        Finite numbers.
    metric : str
        One of `METRICS`. Linkages by centers (ward, centroid, median) need Euclidean distances:
        with metrics of directions (cosine and its kin) they get those between the rows scaled to
        length 1, ``sqrt(2 * distance)``.
    linkage : str
        One of `LINKAGES`.
    progress : Progress, optional
        Told what is done, how much memory it takes, and how far it is.
    ordered : bool
        Whether to turn branches so that leaves next to each other are alike.
    max_bytes : float, optional
        Memory for the distances, by default a quarter of what is free. If they need more, the
        tree is built on prototypes: see `make_plan`.

    Raises
    ------
    InputError
        If there are fewer than two rows, a number is missing, or the metric does not fit the
        numbers or the linkage.
    ValueError
        If metric or linkage is unknown.
    """
    check_metric(metric)
    _check_linkage(linkage)
    if linkage in BY_CENTERS and metric not in CENTER_METRICS:
        raise InputError(
            f"{linkage.capitalize()} linkage needs distances of the kinds "
            f"{', '.join(CENTER_METRICS)}; {metric} is not one of them."
        )
    distances = VectorDistances(vectors, metric, chord=linkage in BY_CENTERS)
    n = len(distances)
    if n < 2:
        raise InputError("A tree needs at least two rows.")
    plan = make_plan(n, vectors.shape[1], linkage, max_bytes)
    if plan.way == PROTOTYPES:
        tree = prototype_tree(distances, linkage, plan.n_leaves, progress)
        if ordered:
            prototypes = _PartOf(distances, tree.typical_rows)
            merges = order_leaves(tree.linkage, prototypes, progress)
            tree = Tree(merges, tree.leaf_of_row, tree.typical_rows)
    else:
        tree = Tree(_exact_merges(distances, linkage, plan, ordered, progress))
    progress(1.0)
    return tree


def _exact_merges(
    distances: VectorDistances, linkage: str, plan: Plan, ordered: bool, progress: Progress
) -> NDArray[np.float64]:
    import fastcluster

    if plan.way == REDUCED:
        reduced = reduce_rows(distances.rows, progress)
        say(progress, f"Building the tree ({plan.memory})")
        merges = fastcluster.linkage_vector(reduced, method=linkage)
        merges[:, 2] *= distances.rows.unit
    else:
        say(progress, f"Computing distances ({plan.memory})")
        condensed = distances.condensed(progress)
        say(progress, "Building the tree")
        merges = _merge(condensed, linkage)
        del condensed
    return order_leaves(merges, distances, progress) if ordered else merges


def tree_of_distances(
    matrix: NDArray[np.float64],
    linkage: str = "average",
    progress: Progress = silent,
    *,
    ordered: bool = True,
) -> Tree:
    """Cluster by a square matrix of distances.

    Parameters
    ----------
    matrix : ndarray of shape (n, n), dtype float64
        Symmetric, zero on the diagonal; only the part above the diagonal is read.
    linkage, progress, ordered
        As for `tree_of_vectors`.

    Raises
    ------
    InputError
        If there are fewer than two items, or a distance is missing or negative.
    """
    _check_linkage(linkage)
    distances = PrecomputedDistances(matrix)
    condensed = distances.condensed()
    say(progress, "Building the tree")
    merges = _merge(condensed, linkage)
    tree = Tree(order_leaves(merges, distances, progress) if ordered else merges)
    progress(1.0)
    return tree


def _check_linkage(linkage: str) -> None:
    if linkage not in LINKAGES:
        raise ValueError(f"linkage must be one of {', '.join(LINKAGES)}; got {linkage!r}")


class _Lent:
    """An array that is handed over without a copy: fastcluster makes one of all else."""

    def __init__(self, array: NDArray[np.float64]) -> None:
        self._array = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.float64]:
        return self._array


def _merge(condensed: NDArray[np.float64], linkage: str) -> NDArray[np.float64]:
    """Build the tree in the memory of the distances, which are lost."""
    import fastcluster

    merges = fastcluster.linkage(_Lent(condensed), method=linkage, preserve_input=False)
    return cast("NDArray[np.float64]", merges)


class _PartOf:
    """Distances between some of the items of others."""

    def __init__(self, distances: Distances, items: NDArray[np.intp]) -> None:
        self._distances, self._items = distances, items

    def __len__(self) -> int:
        return len(self._items)

    def between(self, i: Any, j: Any) -> NDArray[np.float64]:
        return self._distances.between(self._items[np.asarray(i)], self._items[np.asarray(j)])

    def condensed(self, progress: Progress = silent) -> NDArray[np.float64]:
        raise NotImplementedError
