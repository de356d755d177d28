"""What Find Duplicates does in the background, with progress in the widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from Orange.data import Table
from Orange.widgets.utils.concurrent import TaskState

from orangecontrib.imageembedding import pipeline
from orangecontrib.imageembedding.duplicates.distinct import DistinctPairs, Pair
from orangecontrib.imageembedding.duplicates.find import Duplicates
from orangecontrib.imageembedding.duplicates.keeping import last_change_s
from orangecontrib.imageembedding.pipeline.looking import paths_of
from orangecontrib.imageembedding.widgets.shared.taskwidget import CountingProgress


@dataclass(frozen=True)
class Wanted:
    """What is compared, and how, as the inputs and controls say.

    Attributes
    ----------
    data : Table
        With the images at `locations`.
    reference : Table or None
        With those at `reference_locations`.
    similar : float or None
        As `find_duplicates` has it.
    """

    data: Table
    locations: Sequence[str]
    reference: Table | None
    reference_locations: Sequence[str]
    similar: float | None


@dataclass(frozen=True)
class Compared:
    """What came of it.

    Attributes
    ----------
    found : Duplicates
        In any order; the widget chooses which one is kept.
    locations : list of str
        Of all images, those of the reference last.
    paths : list of str or None
        Absolute ones of files on this computer.
    changed_s : dict of int to float
        Row in a group → when its file was changed last, in seconds since 1970.
    """

    found: Duplicates
    locations: list[str]
    paths: list[str | None]
    changed_s: dict[int, float]


def compare_in_background(wanted: Wanted, state: TaskState) -> Compared:
    """Find duplicates; all that needs the disk is asked for here."""
    found = pipeline.compare_images(
        wanted.data, wanted.locations, wanted.reference, wanted.reference_locations,
        wanted.similar, "most-pixels", "", CountingProgress(state),
    )  # fmt: skip
    locations = [*wanted.locations, *wanted.reference_locations]
    paths = paths_of(locations)
    rows = [row for group in found.groups for row in group]
    return Compared(found, locations, paths, {row: last_change_s(paths[row] or "") for row in rows})


def remember_distinct(pairs: Sequence[Pair], forget: bool = False) -> str | None:
    """Remember for ever that images are no duplicates, or take it back; get what went wrong."""
    store = DistinctPairs()
    (store.remove if forget else store.add)(pairs)
    problem = store.problem
    store.close()
    return problem
