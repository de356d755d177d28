"""RowGroups of duplicates as the user has decided: which one is kept, and which are none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.duplicates.distinct import Pair
from orangecontrib.imageembedding.duplicates.keeping import Keeping, ranked
from orangecontrib.imageembedding.widgets.duplicates.tasks import Compared

SUREST, LARGEST = "surest", "largest"
RowGroups = list[list[int]]


class Decisions:
    """The groups that are shown, in the order shown.

    Parameters
    ----------
    compared : Compared
        What was found.
    n_images : int
        Without those of the reference.
    keeping : Keeping
        The rule by which one of each group is kept.
    order : str
        `SUREST` or `LARGEST` groups first.
    chosen : iterable of int
        Rows that the user keeps, whatever the rule says.

    Attributes
    ----------
    groups : list of list of int
        Rows; they stay in their places when another one is kept.
    kept : list of int
        The one that is kept of each group.
    """

    def __init__(
        self,
        compared: Compared,
        n_images: int,
        keeping: Keeping,
        order: str,
        chosen: Iterable[int] = (),
    ) -> None:
        self.compared = compared
        self.n_images = n_images
        self.has_reference = len(compared.locations) > n_images
        self.chosen = set(chosen)
        self.groups: RowGroups = [list(group) for group in compared.found.groups]
        self.kept: list[int] = []
        self.apply(keeping, order)

    def apply(self, keeping: Keeping, order: str) -> None:
        """Choose the kept ones and the order of groups anew; what the user chose stays."""
        if not self.has_reference:
            result = self.compared
            rows = [row for group in self.groups for row in group]
            times = {result.paths[row]: time_s for row, time_s in result.changed_s.items()}
            ranks = ranked(
                rows, result.found.likeness.looks, result.paths, keeping,
                lambda path: times.get(path, float("inf")),
            )  # fmt: skip
            for group in self.groups:
                group.sort(key=lambda row: (row not in self.chosen, ranks[row]))
        place = {row: i for i, group in enumerate(self.compared.found.groups) for row in group}
        is_largest = order == LARGEST
        self.groups.sort(key=lambda group: (-len(group) * is_largest, place[group[0]]))
        self.kept = [group[0] for group in self.groups]
        self._index()

    def _index(self) -> None:
        self._group_of = {row: i for i, group in enumerate(self.groups) for row in group}

    def group_of(self, row: int) -> int:
        """Get the number of the group that a row is in."""
        return self._group_of[row]

    def has(self, row: int) -> bool:
        """Tell whether a row is in a group."""
        return row in self._group_of

    def is_kept(self, row: int) -> bool:
        """Tell whether a row is the one that is kept of its group."""
        return self.kept[self._group_of[row]] == row

    def keep(self, row: int) -> int | None:
        """Keep this one of its group; get the one that was kept before, None if nothing changes."""
        number = self._group_of[row]
        before = self.kept[number]
        if self.has_reference or before == row:
            return None
        self.kept[number] = row
        self.chosen = (self.chosen - {before}) | {row}
        return before

    def part(self, rows: Sequence[int]) -> list[Pair]:
        """Take rows out of their groups, as no duplicates of the others in it.

        Returns
        -------
        pairs : list of Pair
            What is to be remembered.
        """
        pairs: list[Pair] = []
        looks = self.compared.found.likeness.looks
        leaving = set(rows)
        groups: RowGroups = []
        kept: list[int] = []
        for group, first in zip(self.groups, self.kept, strict=True):
            gone = [row for row in group if row in leaving]
            stays = [row for row in group if row not in leaving]
            for i, row in enumerate(gone):
                others = [*stays, *gone[i + 1 :]]
                contents = [(looks[row].content, looks[other].content) for other in others]
                pairs += [(min(pair), max(pair)) for pair in contents]
            if len(stays) > 1 and not (self.has_reference and first in leaving):
                groups.append(stays)
                kept.append(first if first in stays else stays[0])
        self.groups, self.kept = groups, kept
        self._index()
        return pairs

    def state_of(self, row: int) -> str:
        """Get whether a row is kept, else how it is like the one that is."""
        number = self._group_of[row]
        if self.kept[number] == row:
            return "✓ kept"
        kind, similarity = self.compared.found.likeness.between(row, self.kept[number])
        return kind if kind == "identical" else f"{kind} · {similarity:.2f}"

    def heading(self, number: int) -> str:
        """Get the heading of a group."""
        likeness, kept = self.compared.found.likeness, self.kept[number]
        kinds = {likeness.between(row, kept)[0] for row in self.groups[number] if row != kept}
        names = ", ".join(kind for kind in ("identical", "copy", "similar") if kind in kinds)
        return f"{number + 1:,} · {len(self.groups[number])} images · {names}"

    def restore(self, groups: RowGroups, kept: list[int]) -> None:
        """Take back what `part` did."""
        self.groups, self.kept = groups, kept
        self._index()

    def kept_first(self) -> RowGroups:
        """Get the groups as the user has decided, the kept one first in each."""
        return [
            [first, *(row for row in group if row != first)]
            for group, first in zip(self.groups, self.kept, strict=True)
        ]

    @property
    def n_duplicates(self) -> int:
        """Images that are not kept."""
        return sum(row < self.n_images for row in self._group_of) - sum(
            row < self.n_images for row in self.kept
        )

    def rows_shown(self) -> NDArray[np.intp]:
        """Get all rows in groups, in the order shown.

        Returns
        -------
        rows : ndarray of shape (n_in_groups,), dtype int
        """
        return np.array([row for group in self.groups for row in group], dtype=np.intp)
