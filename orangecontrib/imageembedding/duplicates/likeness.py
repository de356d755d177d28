"""How two images of a group are alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from orangecontrib.imageembedding.duplicates.looks import Look

KINDS = IDENTICAL, COPY, SIMILAR = "identical", "copy", "similar"
SURE = float("inf")  # the strength of identical ones


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """How two rows of a group are alike.

    Attributes
    ----------
    looks : dict of int to Look
        Of all rows in groups.
    pairs : dict of (str, str) to (bool, float, float)
        Contents of two images of a group, the smaller first → whether one is a copy of the other,
        how sure that is, and the cosine of their vectors.
    first_of : dict of int to str
        Row → the content by which it stands in `pairs`: that of another file with its pixels.
    pixels : dict of str to str
        Content → digest of the pixels, where somebody has asked for it.
    """

    looks: Mapping[int, Look]
    pairs: Mapping[tuple[str, str], tuple[bool, float, float]]
    first_of: Mapping[int, str]
    pixels: Mapping[str, str] = field(default_factory=dict)

    def between(self, row: int, other: int) -> tuple[str, float]:
        """Get the kind, and the cosine of their vectors."""
        if self._is_same(row, other):
            return IDENTICAL, 1.0
        is_copy, _, cosine = self.pairs[self._key(row, other)]
        return (COPY if is_copy else SIMILAR), min(cosine, 1.0)

    def strength(self, group: Sequence[int]) -> float:
        """Get how sure it is that the first of a group has a duplicate in it."""
        kept, *others = group
        return max(
            SURE if self._is_same(row, kept) else self.pairs[self._key(row, kept)][1]
            for row in others
        )

    def of_same_size(self, groups: Iterable[Sequence[int]]) -> list[int]:
        """Get a row of each content whose pixels may be those of another one in its group."""
        rows: dict[str, int] = {}
        for group in groups:
            sizes: dict[tuple[int, int], dict[str, int]] = {}
            for row in group:
                look = self.looks[row]
                sizes.setdefault((look.width_px, look.height_px), {})[look.content] = row
            for contents in sizes.values():
                if len(contents) > 1:
                    rows |= {one: row for one, row in contents.items() if one not in self.pixels}
        return list(rows.values())

    def _is_same(self, row: int, other: int) -> bool:
        one, two = self.looks[row].content, self.looks[other].content
        pixels = self.pixels.get(one)
        return one == two or (pixels is not None and pixels == self.pixels.get(two))

    def _key(self, row: int, other: int) -> tuple[str, str]:
        one, two = sorted((self.first_of[row], self.first_of[other]))
        return one, two
