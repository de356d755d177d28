"""Clusters → what each of them is: size, majority, purity, most typical row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from Orange.data import DiscreteVariable

from orangecontrib.imageembedding.clusters.majority import majorities
from orangecontrib.imageembedding.pipeline.results import ClusteredRows
from orangecontrib.imageembedding.progress import Progress, run_watched, silent
from orangecontrib.imageembedding.tables.cluster_columns import default_names


@dataclass(frozen=True, slots=True)
class ClusterDescription:
    """What a cluster is.

    Attributes
    ----------
    node : int
        On top of its branch.
    name : str
        Such as C1.
    size : int
        Number of rows.
    height : float
        Of its topmost merge; 0 for a single leaf.
    majority : str
        The most frequent class; "" where none is known.
    purity : float
        Its part of the rows whose class is known, 0.0 to 1.0; NaN where none is.
    """

    node: int
    name: str
    size: int
    height: float
    majority: str
    purity: float


def describe_clusters(
    clustered: ClusteredRows,
    nodes: Sequence[int],
    names: Sequence[str] | None = None,
    by: DiscreteVariable | None = None,
) -> list[ClusterDescription]:
    """Describe clusters.

    Parameters
    ----------
    clustered : ClusteredRows
        Where they are.
    nodes : sequence of int
        On top of their branches, of which none lies in another.
    names : sequence of str, optional
        By default C1, C2 and so on.
    by : DiscreteVariable, optional
        A column of the table, of which majority and purity are told.
    """
    tree = clustered.tree
    codes = np.full(len(clustered.rows), np.nan)
    if by is not None:
        codes = clustered.table.get_column(by)[clustered.rows].astype(float)
    majority, purity = majorities(tree.labels_of(nodes), codes, len(nodes))
    values = [by.values[code] if by is not None and code >= 0 else "" for code in majority]
    names = default_names(len(nodes)) if names is None else names
    sizes, heights = tree.sizes_of(nodes).tolist(), tree.outline.height[list(nodes)].tolist()
    columns = nodes, names, sizes, heights, values, purity.tolist()
    return [ClusterDescription(*line) for line in zip(*columns, strict=True)]


def find_medoids(
    clustered: ClusteredRows, nodes: Sequence[int], progress: Progress = silent
) -> list[int]:
    """Get the most typical row of each cluster: that with the least sum of distances to the others.

    They are found once for each tree. The rows are counted as in ``clustered.rows``.
    """

    def find(relay: Progress) -> list[int]:
        found = []
        for n_done, node in enumerate(nodes):
            relay(n_done / len(nodes))
            found.append(clustered.medoids.find(node, clustered.tree.rows_of(node)))
        return found

    return run_watched(find, progress)
