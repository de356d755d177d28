"""Vectors and classes → how doubtful each class is, and which one would suit better.

The class of each image is predicted from all others. A linear model is fitted by ridge
regression, whose predictions without the row itself need no second fit (Allen, 1974, "The
relationship between variable selection and data augmentation and a method for prediction"); its
penalty is chosen by these predictions. Classes count equally, however many images they have.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.checks.reduce import Reduced

PENALTIES = 10.0 ** np.arange(-3, 3.5, 0.5)  # times the mean square of a component
SHARPNESSES = 2.0 ** np.arange(-1, 8)  # from scores to probabilities
MIN_PER_CLASS = 2  # of one image alone nobody can tell what its class looks like

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Doubts:
    """How well classes suit.

    Attributes
    ----------
    doubt : ndarray of shape (n,), dtype float64
        Probability that the best other class is right, of that and its own, 0 to 1; NaN where
        that cannot be told.
    suggested : ndarray of shape (n,), dtype int
        The class that suits best; -1 where that cannot be told.
    """

    doubt: Floats
    suggested: Rows


def doubt_labels(reduced: Reduced, labels: Rows) -> Doubts:
    """Tell which labels are doubtful.

    Parameters
    ----------
    reduced : Reduced
        Embeddings.
    labels : ndarray of shape (n,), dtype int
        From 0; -1 where the class is missing.
    """
    doubts = Doubts(np.full(len(labels), np.nan), np.full(len(labels), -1))
    own = labels[reduced.rows]
    sizes = np.bincount(own[own >= 0], minlength=1)
    is_told = (own >= 0) & (sizes[own] >= MIN_PER_CLASS)
    classes, own = np.unique(own[is_told], return_inverse=True)
    if len(classes) < 2:
        return doubts
    points = np.asarray(reduced.points[is_told], dtype=np.float64)
    scores = _predictions(points, np.eye(len(classes))[own], PENALTIES)
    rows = reduced.rows[is_told]
    doubts.doubt[rows] = _doubt(scores, own)
    doubts.suggested[rows] = classes[scores.argmax(axis=1)]
    return doubts


def _predictions(points: Floats, targets: Floats, penalties: Iterable[float]) -> Floats:
    """Predict each row of the targets from all other rows, shape (n, n_classes).

    The targets are scaled first, so that each class counts the same.
    """
    targets = targets / np.sqrt(targets.mean(axis=0))
    mean = targets.mean(axis=0)
    points = points - points.mean(axis=0)
    squares, axes = np.linalg.eigh(points.T @ points)
    is_used = squares > 1e-10 * max(squares[-1], 1e-10)
    squares = squares[is_used]
    units = points @ (axes[:, is_used] / np.sqrt(squares))
    along, weights = units.T @ targets, units**2
    strength = squares.mean() if len(squares) else 1.0

    def shrunk(penalty: float) -> Floats:
        return np.asarray(squares / (squares + penalty * strength))

    def without_itself(penalty: float) -> Floats:
        part = shrunk(penalty)
        own_weight = (weights @ part + 1 / len(points))[:, None]
        fit = units @ (part[:, None] * along) + mean
        return np.asarray((fit - own_weight * targets) / (1 - own_weight))

    best = min(penalties, key=lambda p: float(((without_itself(p) - targets) ** 2).sum()))
    scores, part = without_itself(best), shrunk(best)
    for same in _same_rows(points):
        shared = (units[same] * part) @ units[same].T + 1 / len(points)
        fit = units[same] @ (part[:, None] * along) + mean
        others = np.eye(len(same)) - shared
        scores[same] = targets[same] - np.linalg.solve(others, targets[same] - fit)
    return scores


def _same_rows(points: Floats) -> list[Rows]:
    """Get groups of equal rows: the same image must not vouch for its own label."""
    seen: dict[bytes, list[int]] = {}
    rounded = np.round(points, 4).astype(np.float32) + np.float32(0)  # there is also a -0
    for row, point in enumerate(rounded):
        seen.setdefault(point.tobytes(), []).append(row)
    return [np.array(rows) for rows in seen.values() if 1 < len(rows) < len(points)]


def _doubt(scores: Floats, own: Rows) -> Floats:
    """Get probabilities; how far the scores can be trusted is fitted to the labels."""
    here = np.arange(len(own))
    others = scores.copy()
    others[here, own] = -np.inf
    margin = others.max(axis=1) - scores[here, own]

    def doubt(sharpness: float) -> Floats:
        return np.asarray(1 / (1 + np.exp(-np.clip(sharpness * margin, -30, 30))))

    return max(map(doubt, SHARPNESSES), key=lambda shares: float(np.log(1 - shares).sum()))


def witnesses(reduced: Reduced, labels: Rows, row: int, of_class: int, n_wanted: int) -> Rows:
    """Get the images of a class that are most like one, the most similar first.

    Parameters
    ----------
    reduced : Reduced
        As for `doubt_labels`.
    labels : ndarray of shape (n,), dtype int
        The class of each image; -1 where it is missing.
    row : int
        Of the image.
    of_class : int
        Whose images are looked through.
    n_wanted : int
        Fewer if there are not so many.

    Returns
    -------
    rows : ndarray of shape (at most n_wanted,), dtype int
    """
    (own,) = np.flatnonzero(reduced.rows == row)
    candidates = np.flatnonzero((labels[reduced.rows] == of_class) & (reduced.rows != row))
    similarity = reduced.units[candidates] @ reduced.units[own]
    return reduced.rows[candidates[np.argsort(-similarity, kind="stable")[:n_wanted]]]
