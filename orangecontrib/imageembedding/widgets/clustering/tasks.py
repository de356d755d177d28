"""What Hierarchical Clustering does in the background, with progress in the widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module

import numpy as np
from Orange.data import Table, Variable
from Orange.misc import DistMatrix
from Orange.widgets.utils.concurrent import TaskState

from orangecontrib.imageembedding import pipeline
from orangecontrib.imageembedding.pipeline import ClusteredRows, SelectedBranches
from orangecontrib.imageembedding.tables.locate import (
    default_image_column,
    find_images,
    image_columns,
)
from orangecontrib.imageembedding.widgets.shared.taskwidget import TaskProgress


@dataclass(frozen=True, slots=True)
class NewTree:
    """A tree with its images.

    Attributes
    ----------
    clustered : ClusteredRows
        With a table that leads to the images.
    source : ClusteredRows
        With the table as it came.
    locations : sequence of str
        The image of each leaf; "" where there is none.
    columns : list of Variable
        That can hold images.
    column : Variable or None
        Of them, the one that was taken.
    problem : str
        An image that is not there, and where it was looked for; "" if there is none.
    """

    clustered: ClusteredRows
    source: ClusteredRows
    locations: Sequence[str]
    columns: Sequence[Variable]
    column: Variable | None
    problem: str


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of 2, 3, … clusters by one of the measures of `score_clusters`."""

    measure: str
    scores: np.ndarray


def cluster_in_background(
    data: Table,
    metric: str,
    linkage: str,
    options: dict[str, bool],
    images_folder: str,
    state: TaskState,
) -> NewTree:
    """Cluster the rows of a table."""
    progress = TaskProgress(state)
    clustered = pipeline.cluster_table(data, metric, linkage, progress, **options)
    return with_images_of(clustered, None, images_folder)


def link_in_background(
    distances: DistMatrix, linkage: str, ordered: bool, images_folder: str, state: TaskState
) -> NewTree:
    """Cluster by distances that are given."""
    progress = TaskProgress(state)
    clustered = pipeline.cluster_distances(distances, linkage, progress, ordered=ordered)
    return with_images_of(clustered, None, images_folder)


def find_in_background(
    clustered: ClusteredRows, column: str | None, images_folder: str, state: TaskState
) -> NewTree:
    """Look for the images of a tree in another column or folder."""
    return with_images_of(clustered, column, images_folder)


def score_in_background(clustered: ClusteredRows, measure: str, state: TaskState) -> Scores:
    """Look for the best number of clusters."""
    return Scores(measure, pipeline.score_clusters(clustered, measure, TaskProgress(state)))


def select_in_background(
    clustered: ClusteredRows,
    nodes: Sequence[int],
    names: Sequence[str],
    chosen: Sequence[int] | None,
    state: TaskState,
) -> SelectedBranches:
    """Make the tables of all clusters and of the selected ones."""
    return pipeline.select_branches(
        clustered, nodes, TaskProgress(state), names=names, chosen=chosen
    )


def with_images_of(source: ClusteredRows, name: str | None, images_folder: str) -> NewTree:
    """Find the images of a tree.

    Parameters
    ----------
    source : ClusteredRows
        The tree and its rows.
    name : str or None
        Name of the image column; by default it is found, or there are no images.
    images_folder : str
        Where they are, as the user says; "" where that was not said.
    """
    import_module("scipy.cluster.hierarchy")  # cuts need it: the window is not to wait for it
    table = source.table
    columns = image_columns(table)
    named = [column for column in columns if column.name == name]
    column = named[0] if named else default_image_column(table)
    if column is None:
        return NewTree(source, source, [""] * source.tree.n_leaves, columns, None, "")
    found = find_images(table, column, images_folder)
    clustered = replace(source, table=found.table)
    rows = source.rows[source.tree.typical_rows].tolist()
    locations = [found.locations[row] for row in rows]
    return NewTree(clustered, source, locations, columns, column, found.problem)
