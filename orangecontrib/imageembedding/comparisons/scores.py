"""All that is measured of one embedder, and what each measure tells."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.comparisons.classes import (
    logistic_score,
    neighbor_score,
    tree_score,
)
from orangecontrib.imageembedding.comparisons.quality import (
    Vectors,
    community_score,
    stability_score,
)
from orangecontrib.imageembedding.comparisons.score import Score
from orangecontrib.imageembedding.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class Measure:
    """One column of the table of scores.

    Attributes
    ----------
    id : str
        Name of the attribute of `Scores`.
    title, text : str
        For people: its heading, and what it tells.
    has_best : bool
        Whether more is better for certain.
    has_error : bool
    needs_class : bool
    """

    id: str
    title: str
    text: str
    has_best: bool = True
    has_error: bool = True
    needs_class: bool = False


MEASURES = (
    Measure("images_per_s", "Images per Second", "Speed, with reading the images"),
    Measure("n_features", "Numbers", "How many numbers describe an image", False, False),
    Measure("megabytes", "Size (MB)", "Size of its weights on the disk", False, False),
    Measure(
        "communities",
        "Communities",
        "Silhouette of the communities of nearest neighbors, -1 to 1: how clear the groups are, "
        "be they the right ones or not",
        has_best=False,
    ),
    Measure(
        "stability",
        "Stability",
        "Part of the five nearest that stay the nearest when an image is cut, made smaller, "
        "brighter or mirrored",
    ),
    Measure(
        "neighbor",
        "1-NN Accuracy",
        "Part of the images whose nearest one is of the same class",
        needs_class=True,
    ),
    Measure(
        "logistic",
        "Logistic Regression",
        "Part of the images that logistic regression classifies right, cross-validated",
        needs_class=True,
    ),
    Measure(
        "tree",
        "Tree NMI",
        "Mutual information, normalized, of the classes and as many clusters of the tree",
        needs_class=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Scores:
    """What was measured of an embedder, see `MEASURES`; values are NaN where it was not."""

    images_per_s: Score = field(default_factory=Score)
    n_features: Score = field(default_factory=Score)
    megabytes: Score = field(default_factory=Score)
    communities: Score = field(default_factory=Score)
    stability: Score = field(default_factory=Score)
    neighbor: Score = field(default_factory=Score)
    logistic: Score = field(default_factory=Score)
    tree: Score = field(default_factory=Score)

    def of(self, measure: Measure) -> Score:
        """Get the score of one measure."""
        score: Score = getattr(self, measure.id)
        return score


def scores_of(
    vectors: Vectors,
    classes: NDArray[np.float64],
    rows: NDArray[np.intp],
    changed: Vectors,
    progress: Progress = silent,
) -> Scores:
    """Measure the quality of vectors.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32
        Finite numbers, one row for each image.
    classes : ndarray of shape (n,), dtype float64
        The number of its class; NaN where it has none.
    rows : ndarray of shape (m,), dtype int
        Images that were changed.
    changed : ndarray of shape (m, n_changes, n_features), dtype float32
        Their vectors after each change; NaN where there is none.
    progress : Progress, optional
        Told the part of the measures that are done.
    """
    scores = Scores(n_features=Score(float(vectors.shape[1])))
    scores = replace(scores, communities=community_score(vectors))
    progress(0.2)
    scores = replace(scores, stability=stability_score(vectors, rows, changed))
    progress(0.4)
    known = ~np.isnan(classes)
    _, codes = np.unique(classes[known], return_inverse=True)
    if codes.max(initial=0) > 0:
        labelled = vectors[known]
        scores = replace(scores, neighbor=neighbor_score(labelled, codes))
        progress(0.5)
        scores = replace(scores, tree=tree_score(labelled, codes))
        progress(0.7)
        scores = replace(scores, logistic=logistic_score(labelled, codes))
    progress(1.0)
    return scores
