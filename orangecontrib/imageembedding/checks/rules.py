"""What is checked of images: which measure tells it, from where on, and in which words.

The bounds hold for any collection, but what many images of a collection are like is no fault of
theirs: pictures of the stars are dark, sketches are gray. There only those are told that are far
from what is usual among the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MIN_USUAL = 8  # images by which it is told what is usual
PART_USUAL = 0.3  # if more images are beyond the bound, that is how this collection is
UNUSUAL_SPREADS = 5.0  # from the median, in distances between median and better quartile
PART_SHOWN = 0.95  # of a check that tells no faults, the images below that are not told
SURE = 0.95  # sureness at `Check.sure`

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Check:
    """One check of images.

    Attributes
    ----------
    id : str
        For settings and scripts; also what the flag is called.
    title : str
        For people.
    measure : str
        Name of the column that tells it.
    is_low : bool
        Whether low values are told, else high ones.
    bound : float
        From where on.
    sure : float
        At such values it is nearly sure.
    always : float
        Beyond it images are told even if most of a collection are like that.
    reason : str
        With places for what `Findings.reason` knows.
    brief : str
        The same in a few words.
    is_fault : bool
        Whether it is a reason to look at an image; else it is only shown.
    has_own_bound : bool
        Whether it is told also of a few images, among which nothing is usual.
    """

    id: str
    title: str
    measure: str
    is_low: bool
    bound: float
    sure: float
    always: float
    reason: str
    brief: str = "{value:.2f}"
    is_fault: bool = True
    has_own_bound: bool = True


LOW, HIGH = True, False
NEVER = np.inf

CHECKS = (
    Check("label doubtful", "Doubtful label", "Label Doubt", HIGH, 0.7, 0.9, 0.7,
          "other images say {suggested} rather than {given}", "{given} → {suggested}"),
    Check("leak", "In Reference Data", "Reference Similarity", HIGH, 0.0, 0.5, 0.0,
          "the same as, or a copy of, an image in Reference Data"),
    Check("unusual", "Unusual", "Distance", HIGH, 0.0, 0.1, NEVER,
          "unlike all others (distance {value:.2f}, usual is {usual:.2f})",
          has_own_bound=False),
    Check("dark", "Dark", "Brightest", LOW, 0.35, 0.15, 0.06,
          "even the brightest parts are dark ({value:.0%} of white)", "{value:.0%}"),
    Check("bright", "Bright", "Darkest", HIGH, 0.7, 0.9, 0.99,
          "even the darkest parts are bright ({value:.0%} of white)", "{value:.0%}"),
    Check("low contrast", "Low contrast", "Contrast", LOW, 0.06, 0.03, 0.012,
          "its grays hardly differ (contrast {value:.2f}, usual is {usual:.2f})"),
    Check("blurry", "Blurry", "Sharpness", LOW, 0.45, 0.37, -NEVER,
          "even the sharpest edges are blurred (sharpness {value:.2f}, usual is {usual:.2f})"),
    Check("gray among color", "Gray among color", "Strongest Color", LOW, 0.04, 0.01, -NEVER,
          "gray, and most others are in color"),
    Check("unreadable colors", "Unreadable colors", "Flattest Channel", LOW, 0.06, 0.01, -NEVER,
          "red, green or blue is the same all over the picture"),
    Check("nearly empty", "Nearly empty", "Detail", LOW, 0.03, 0.005, 0.0005,
          "{value:.1%} of the picture are not flat", "{value:.1%}"),
    Check("odd size", "Odd size", "Size Difference", HIGH, 1.5, 2.5, NEVER,
          "{width:.0f} × {height:.0f} pixels: {factor:.1f} times {larger} than usual",
          "{width:.0f} × {height:.0f}"),
    Check("odd shape", "Odd shape", "Shape Difference", HIGH, 1.3, 2.0, NEVER,
          "{width:.0f} × {height:.0f} pixels: {factor:.1f} times {wider} than usual",
          "{width:.0f} × {height:.0f}"),
    Check("typical", "Typical", "Typicality", HIGH, 0.0, 0.1, NEVER,
          "near the middle of its class", is_fault=False),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What one check says of all images.

    Attributes
    ----------
    check : Check
    values : ndarray of shape (n,), dtype float64
        The measure; NaN where it is missing, which is never told.
    bound : float
        Images beyond it are told.
    usual : float
        Median of the values; NaN if there are none.
    sureness : ndarray of shape (n,), dtype float64
        0.5 at the bound, 0 to 1; NaN where the value is missing.
    """

    check: Check
    values: Floats
    bound: float
    usual: float
    sureness: Floats

    @property
    def flagged(self) -> NDArray[np.bool_]:
        """Whether each image is flagged: shape (n,), dtype bool."""
        return self.values < self.bound if self.check.is_low else self.values > self.bound

    @property
    def ranked(self) -> NDArray[np.intp]:
        """Get the rows that have a value, the surest first: shape (n_known,), dtype int."""
        order = np.argsort(self.values if self.check.is_low else -self.values, kind="stable")
        return order[: np.isfinite(self.values).sum()]


def apply(check: Check, values: Floats, bound: float | None = None) -> Result:
    """Check all images.

    Parameters
    ----------
    check : Check
        What to look for.
    values : ndarray of shape (n,), dtype float64
        Its measure.
    bound : float, optional
        By default that of the check, unless what is usual is close to it.
    """
    known = values[np.isfinite(values)]
    if bound is None:
        bound = default_bound(check, known)
    scale = abs(check.sure - check.bound) / np.log(SURE / (1 - SURE))
    beyond = (bound - values) if check.is_low else (values - bound)
    sureness = 1 / (1 + np.exp(-np.clip(beyond / scale, -50, 50)))
    usual = float(np.median(known)) if len(known) else np.nan
    return Result(check, values, float(bound) + 0.0, usual, sureness)  # -0.0 reads badly


def default_bound(check: Check, known: Floats) -> float:
    """Get the bound beyond which images are flagged.

    Parameters
    ----------
    check : Check
        What to look for.
    known : ndarray of shape (n_known,), dtype float64
        Values of the images that have one.
    """
    if not check.is_fault:
        return float(np.quantile(known, PART_SHOWN)) if len(known) else np.inf
    if len(known) < MIN_USUAL:
        return check.bound if check.has_own_bound else np.inf
    sign = -1 if check.is_low else 1
    values, bound = sign * known, sign * check.bound
    if check.has_own_bound and (values > bound).mean() <= PART_USUAL:
        return check.bound
    middle, better = np.quantile(values, [0.5, 0.25])
    far = middle + UNUSUAL_SPREADS * (middle - better)
    return float(sign * min(max(bound, far), sign * check.always))
