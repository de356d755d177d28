"""What Hierarchical Clustering does in the background, with progress in the widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from Orange.data import Table
from Orange.misc import DistMatrix
from Orange.widgets.utils.concurrent import TaskState

from orangecontrib.imageembedding import pipeline
from orangecontrib.imageembedding.pipeline import ChosenBranches, ClusteredRows
from orangecontrib.imageembedding.tables.locate import default_image_locations
from orangecontrib.imageembedding.widgets.shared.taskwidget import TaskProgress


@dataclass(frozen=True, slots=True)
class NewTree:
    """A tree and the image of each leaf; "" where there is none."""

    clustered: ClusteredRows
    locations: Sequence[str]


@dataclass(frozen=True, slots=True)
class Scores:
    """The silhouette for 2, 3, … clusters."""

    scores: np.ndarray


def cluster_in_background(
    data: Table, metric: str, linkage: str, options: dict, state: TaskState
) -> NewTree:
    """Cluster the rows of a table."""
    progress = TaskProgress(state)
    return _with_locations(pipeline.cluster_table(data, metric, linkage, progress, **options))


def link_in_background(
    distances: DistMatrix, linkage: str, ordered: bool, state: TaskState
) -> NewTree:
    """Cluster by distances that are given."""
    progress = TaskProgress(state)
    return _with_locations(
        pipeline.cluster_distances(distances, linkage, progress, ordered=ordered)
    )


def score_in_background(clustered: ClusteredRows, state: TaskState) -> Scores:
    """Look for the best number of clusters."""
    return Scores(pipeline.score_clusters(clustered, TaskProgress(state)))


def choose_in_background(
    clustered: ClusteredRows, nodes: Sequence[int], state: TaskState
) -> ChosenBranches:
    """Make the tables of the selected branches."""
    return pipeline.choose_branches(clustered, nodes, TaskProgress(state))


def _with_locations(clustered: ClusteredRows) -> NewTree:
    import_module("scipy.cluster.hierarchy")  # cuts need it: the window is not to wait for it
    locations = default_image_locations(clustered.table)
    rows = clustered.rows[clustered.tree.typical_rows].tolist()
    return NewTree(clustered, [locations[row] for row in rows])
