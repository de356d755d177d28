"""Measures, embeddings and classes → what is to be told of each image."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.checks.labels import doubt_labels, witnesses
from orangecontrib.imageembedding.checks.measures import MEASURES
from orangecontrib.imageembedding.checks.reduce import Reduced, reduce
from orangecontrib.imageembedding.checks.rules import CHECKS, Result, apply
from orangecontrib.imageembedding.checks.unusual import distances_to_nearest, typicality
from orangecontrib.imageembedding.progress import Progress, silent

DOUBTFUL = "label doubtful"
AGREED = "other images say {given}, too, but not surely"
FAULTS = frozenset(check.id for check in CHECKS if check.is_fault)
Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What the checks say.

    Attributes
    ----------
    columns : dict of str to ndarray of shape (n,), dtype float64
        All measures, by their names; NaN where one is missing.
    results : tuple of Result
        Of the checks that could be made, in the order of `CHECKS`.
    labels : ndarray of shape (n,), dtype int
        The class of each image; -1 where it is missing.
    suggested : ndarray of shape (n,), dtype int
        The class that suits best; -1 where that cannot be told.
    class_names : sequence of str
    reduced : Reduced
        The embeddings.
    told : frozenset of str
        Ids of the checks that give flags: by default all that tell faults.
    """

    columns: dict[str, Floats]
    results: tuple[Result, ...]
    labels: Rows
    suggested: Rows
    class_names: Sequence[str]
    reduced: Reduced
    told: frozenset[str] = FAULTS

    @property
    def flags(self) -> list[tuple[str, ...]]:
        """Get the ids of the checks that tell something of each image, the surest first."""
        return [tuple(result.check.id for result in told) for told in self._told()]

    @property
    def reasons(self) -> list[str]:
        """Get why each image has its flags; "" without."""
        return ["; ".join(self.reason(result, row) for result in told)
                for row, told in enumerate(self._told())]  # fmt: skip

    @property
    def sureness(self) -> Floats:
        """How sure the surest flag of each image is: shape (n,), dtype float64.

        0.5 to 1; 0 without a flag.
        """
        results = [result for result in self.results if result.check.id in self.told]
        told = [np.where(result.flagged, result.sureness, 0) for result in results]
        return np.max(told, axis=0) if told else np.zeros(len(self.labels))

    @property
    def flagged_rows(self) -> Rows:
        """Get the rows that have a flag, the surest first: shape (n_flagged,), dtype int."""
        sureness = self.sureness
        return np.argsort(-sureness, kind="stable")[: np.count_nonzero(sureness)]

    def _told(self) -> list[list[Result]]:
        told: list[list[Result]] = [[] for _ in self.labels]
        for result in self.results:
            for row in np.flatnonzero(result.flagged & (result.check.id in self.told)):
                told[row].append(result)
        for row, results in enumerate(told):
            results.sort(key=lambda result: -result.sureness[row])
        return told

    def result_of(self, check_id: str) -> Result | None:
        """Get what a check says; None if it could not be made."""
        return next((r for r in self.results if r.check.id == check_id), None)

    def telling(self, ids: Collection[str]) -> Findings:
        """Get the same with flags of these checks only."""
        return replace(self, told=frozenset(ids))

    def with_bounds(self, bounds: Mapping[str, float]) -> Findings:
        """Get the same with other bounds, by the ids of checks."""
        results = (
            apply(r.check, r.values, bounds[r.check.id]) if r.check.id in bounds else r
            for r in self.results
        )
        return replace(self, results=tuple(results))

    def reason(self, result: Result, row: int) -> str:
        """Say why a check tells something of an image."""
        text = AGREED if self._is_agreed(result, row) else result.check.reason
        return self._said(text, result, row)

    def brief(self, result: Result, row: int) -> str:
        """Say what a check has measured of an image; "" if nothing."""
        if not np.isfinite(result.values[row]):
            return ""
        text = "{given}" if self._is_agreed(result, row) else result.check.brief
        return self._said(text, result, row)

    def _is_agreed(self, result: Result, row: int) -> bool:
        """Tell whether a label is doubted although no other suits better."""
        return bool(result.check.id == DOUBTFUL and self.suggested[row] == self.labels[row])

    def _said(self, text: str, result: Result, row: int) -> str:
        value = float(result.values[row])
        is_more = self.columns[result.check.measure][row] > 0
        return text.format(
            value=value,
            usual=result.usual,
            factor=2**value,
            larger="larger" if is_more else "smaller",
            wider="wider" if is_more else "higher",
            width=float(self.columns["Width"][row]),
            height=float(self.columns["Height"][row]),
            given=self._class_name(self.labels[row]),
            suggested=self._class_name(self.suggested[row]),
        )

    def _class_name(self, label: int) -> str:
        return self.class_names[label] if 0 <= label < len(self.class_names) else ""

    def witnesses(self, row: int, n_wanted: int = 5) -> Rows:
        """Get the rows of the suggested class that are most like an image.

        Shape (at most n_wanted,), dtype int.
        """
        return witnesses(self.reduced, self.labels, row, int(self.suggested[row]), n_wanted)


def find_faults(
    measures: NDArray[np.floating],
    vectors: NDArray[np.floating] | None = None,
    labels: Rows | None = None,
    class_names: Sequence[str] = (),
    leaks: Floats | None = None,
    progress: Progress = silent,
) -> Findings:
    """Make all checks for which there is what they need.

    Parameters
    ----------
    measures : ndarray of shape (n, n_measures), dtype float32 or float64
        A row of `measure` for each image; NaN for those that cannot be read.
    vectors : ndarray of shape (n, n_features), dtype float32 or float64, optional
        Embeddings; NaN where there is none.
    labels : ndarray of shape (n,), dtype int, optional
        The class of each image; -1 where it is missing.
    class_names : sequence of str, optional
        Of all classes.
    leaks : ndarray of shape (n,), dtype float64, optional
        How like an image is to one of which it is a copy, in the reference data; NaN if there is
        none.
    progress : Progress, optional
        Told the part that is done.
    """
    n = len(measures)
    columns = {
        name: np.asarray(measures[:, i], dtype=np.float64) for i, name in enumerate(MEASURES)
    }
    _add_differences(columns)
    own = np.full(n, -1) if labels is None else labels
    suggested = np.full(n, -1)
    reduced = reduce(np.full((n, 1), np.nan) if vectors is None else vectors)
    if vectors is not None:
        columns["Distance"] = distances_to_nearest(reduced, n, progress)
        is_labeled = labels is not None and bool((own >= 0).any())
        columns["Typicality"] = typicality(reduced, own if is_labeled else np.zeros(n, dtype=int))
        if is_labeled:
            doubts = doubt_labels(reduced, own)
            columns["Label Doubt"], suggested = doubts.doubt, doubts.suggested
    if leaks is not None:
        columns["Reference Similarity"] = leaks
    results = tuple(
        apply(check, np.abs(columns[check.measure])) for check in CHECKS if check.measure in columns
    )
    return Findings(columns, results, own, suggested, class_names, reduced)


def _add_differences(columns: dict[str, Floats]) -> None:
    """Add how far size and shape are from their medians, in doublings."""
    width, height = np.log2(columns["Width"]), np.log2(columns["Height"])
    for name, values in (("Size", (width + height) / 2), ("Shape", width - height)):
        known = values[np.isfinite(values)]
        columns[f"{name} Difference"] = values - (np.median(known) if len(known) else np.nan)
