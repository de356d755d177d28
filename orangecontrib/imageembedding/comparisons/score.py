"""A measured value with its error; which of several is the best for certain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, isnan, nan

import numpy as np
from numpy.typing import ArrayLike

MAX_EXACT = 10  # below it two decimals tell something


@dataclass(frozen=True, slots=True)
class Score:
    """One measured value.

    Attributes
    ----------
    value : float
        NaN where it cannot be told.
    error : float
        Its standard error; NaN where it has none.
    """

    value: float = nan
    error: float = nan

    @property
    def text(self) -> str:
        """Get it as people read it, such as ``0.71 ± 0.03``; "" where there is no value."""
        if isnan(self.value):
            return ""
        digits = 2 if abs(self.value) < MAX_EXACT else int(self.error < 1)
        error = "" if isnan(self.error) else f" ± {self.error:.{digits}f}"
        whole = float(self.value).is_integer() and not error
        return f"{self.value:,.{0 if whole else digits}f}{error}"


def mean_score(values: ArrayLike, low: float = 0.0, high: float = 1.0) -> Score:
    """Get the mean of some values, each of one image.

    Parameters
    ----------
    values : array-like of float
        Those that are missing are NaN.
    low, high : float, optional
        Between which values are.

    Returns
    -------
    score : Score
        The error is that of the mean with one more value at either end (Agresti and Coull 1998,
        for proportions): where all values are equal, it is not zero.
    """
    known = np.asarray(values, dtype=float)
    known = known[~np.isnan(known)]
    if not len(known):
        return Score()
    padded = np.append(known, (low, high))
    return Score(float(known.mean()), float(padded.std() / np.sqrt(len(padded))))


def clear_best(scores: Sequence[Score]) -> int | None:
    """Get the position of the score that is above all others by more than their error.

    That of the difference of two scores is taken to be ``sqrt(error² + error²)``; None if there
    is no such score, or nothing to compare it with.
    """
    known = [i for i, score in enumerate(scores) if not isnan(score.value)]
    known.sort(key=lambda i: -scores[i].value)
    if len(known) < 2:
        return None
    best, *others = (scores[i] for i in known)
    is_clear = all(best.value - one.value > hypot(best.error, one.error) for one in others)
    return known[0] if is_clear else None
