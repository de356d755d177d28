"""What Hierarchical Clustering does in the background, with progress in the widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orangecontrib.imageembedding import pipeline
from orangecontrib.imageembedding.pipeline import ClusteredRows
from orangecontrib.imageembedding.tables.locate import default_image_locations


@dataclass(frozen=True, slots=True)
class NewTree:
    """A tree and the image of each row."""

    clustered: ClusteredRows
    locations: Sequence[str]


@dataclass(frozen=True, slots=True)
class Scores:
    """The silhouette for 2, 3, … clusters."""

    scores: np.ndarray


def with_locations(clustered: ClusteredRows) -> NewTree:
    """Find the images of the rows of a tree."""
    if clustered.table is None:
        return NewTree(clustered, [""] * clustered.tree.n_rows)
    locations = default_image_locations(clustered.table)
    return NewTree(clustered, [locations[row] for row in clustered.rows])


def score(clustered: ClusteredRows, progress) -> Scores:
    """Look for the best number of clusters."""
    return Scores(pipeline.score_clusters(clustered, progress))
