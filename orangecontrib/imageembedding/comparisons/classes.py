"""Vectors of images and their classes → how well the classes are found again."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.clusters.link import tree_of_vectors
from orangecontrib.imageembedding.comparisons.quality import Vectors
from orangecontrib.imageembedding.comparisons.score import Score, mean_score
from orangecontrib.imageembedding.maps.reduce import unit_rows

N_FOLDS = 5
N_RESAMPLED = 100
SEED = 0
STRENGTH = 10.0  # inverse of the penalty, where the mean squared length of a row is 1
MAX_STEPS = 300

Classes = NDArray[np.intp]
"""Of each row, at least two different ones."""


def neighbor_score(vectors: Vectors, classes: Classes) -> Score:
    """Get the part of the images whose nearest other one is of the same class.

    Images that are alone in their class do not count: none of that class could be found.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32
        Finite numbers.
    classes : ndarray of shape (n,), dtype int
        Of the images.
    """
    rows = unit_rows(vectors)
    closeness = rows @ rows.T
    np.fill_diagonal(closeness, -np.inf)
    is_right = classes[closeness.argmax(axis=1)] == classes
    return mean_score(is_right[_has_company(classes)])


def logistic_score(vectors: Vectors, classes: Classes) -> Score:
    """Get the part of the images that logistic regression classifies right, unseen.

    Each image is classified by a model of the other four fifths; the folds are the same each
    time. Images that are alone in their class do not count.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32
        Finite numbers.
    classes : ndarray of shape (n,), dtype int
        Of the images.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    counted = _has_company(classes)
    vectors, classes = vectors[counted], classes[counted]
    if len(np.unique(classes)) < 2:
        return Score()
    n_folds = min(N_FOLDS, int(np.bincount(classes).max()))
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=SEED)
    model = LogisticRegression(C=STRENGTH, max_iter=MAX_STEPS)
    with warnings.catch_warnings():  # that a class has fewer images than there are folds
        warnings.simplefilter("ignore")
        told = cross_val_predict(model, _coordinates(vectors), classes, cv=folds)
    return mean_score(told == classes)


def _coordinates(vectors: Vectors) -> NDArray[np.float64]:
    """Get unit rows in as few numbers as there are rows, at the same distances but for the scale.

    To logistic regression with a quadratic penalty they are the same, and much faster. The mean
    squared length is 1.
    """
    rows = unit_rows(vectors).astype(np.float64)
    u, s, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    return np.asarray(u * (s / max(np.sqrt((s**2).sum() / len(rows)), 1e-12)))


def tree_score(vectors: Vectors, classes: Classes) -> Score:
    """Get the mutual information of classes and clusters, normalized, 0 to 1.

    The clusters are those of the tree that is built by default, as many as there are classes. The
    error is that of `N_RESAMPLED` samples, with replacement, of the images with their clusters.
    NaN where each image is alone in its class: any tree would find that again.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32
        Finite numbers.
    classes : ndarray of shape (n,), dtype int
        Of the images.
    """
    from sklearn.metrics import normalized_mutual_info_score as nmi

    if not _has_company(classes).any():
        return Score()
    tree = tree_of_vectors(vectors, ordered=False)
    clusters = tree.cut(n_clusters=len(np.unique(classes)))
    random = np.random.default_rng(SEED)
    resampled = []
    for _ in range(N_RESAMPLED):
        drawn = random.integers(len(classes), size=len(classes))
        resampled.append(nmi(classes[drawn], clusters[drawn]))
    return Score(float(nmi(classes, clusters)), float(np.std(resampled)))


def _has_company(classes: Classes) -> NDArray[np.bool_]:
    return np.asarray(np.bincount(classes)[classes] > 1)
