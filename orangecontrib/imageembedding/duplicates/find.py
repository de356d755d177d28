"""Images → groups of duplicates, each with one that is kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.duplicates.distinct import Pair
from orangecontrib.imageembedding.duplicates.groups import complete_groups
from orangecontrib.imageembedding.duplicates.hashes import MIN_QUALITY, N_BITS, N_TURNS
from orangecontrib.imageembedding.duplicates.likeness import KINDS, SURE, Likeness
from orangecontrib.imageembedding.duplicates.looks import Look
from orangecontrib.imageembedding.duplicates.signals import (
    DEFAULT_SCORE,
    Pairs,
    Signals,
    example_pairs,
    find_pairs,
    signals_of,
)
from orangecontrib.imageembedding.progress import Progress, silent


@dataclass(frozen=True, slots=True, eq=False)
class Duplicates:
    """Groups of duplicates.

    Attributes
    ----------
    groups : list of list of int
        Rows of each group of two and more, the one that is kept first; the surest group first.
        With reference images, their rows follow those of the images.
    kind : list of str
        ``identical``, ``copy``, or ``similar`` of each row that is in a group, else "": how it is
        like the one that is kept, and of that, how its next one is.
    similarity : ndarray of shape (n_images,), dtype float
        Cosine with the one that is kept, 1 of that; NaN of rows without a group.
    keep : ndarray of shape (n_images,), dtype bool
        False of duplicates of an image that is kept.
    likeness : Likeness
        How two rows of a group are alike.
    unread : dict of int to str
        Rows that were not compared, and why.
    examples : dict of int to list of (int, int)
        Cosine in percent → rows of some pairs that are so similar.
    """

    groups: list[list[int]]
    kind: list[str]
    similarity: NDArray[np.float64]
    keep: NDArray[np.bool_]
    likeness: Likeness
    unread: Mapping[int, str] = field(default_factory=dict)
    examples: Mapping[int, list[tuple[int, int]]] = field(default_factory=dict)

    def regrouped(self, groups: Sequence[Sequence[int]]) -> Duplicates:
        """Get the same with other groups: parts of these, the one that is kept first in each."""
        likeness = self.likeness
        kind, similarity, keep = _described(groups, likeness, len(self.keep))
        listed = [list(group) for group in groups]
        return replace(self, groups=listed, kind=kind, similarity=similarity, keep=keep)

    def with_pixels(self, digests: Mapping[str, str]) -> Duplicates:
        """Get the same once it is known which files hold the same pixels; see `Likeness`."""
        known = {**self.likeness.pixels, **digests}
        likeness = replace(self.likeness, pixels=known)
        groups = sorted(self.groups, key=lambda group: likeness.strength(group) < SURE)
        return replace(self, likeness=likeness).regrouped(groups)


def find_groups(
    looks: Sequence[Look | None],
    vectors: NDArray[np.floating],
    n_images: int | None = None,
    similar: float | None = None,
    *,
    least_score: float = DEFAULT_SCORE,
    distinct: Collection[Pair] = (),
    rank: Callable[[Mapping[int, Look]], Mapping[int, Any]] | None = None,
    progress: Progress = silent,
) -> Duplicates:
    """Find groups of duplicates.

    Parameters
    ----------
    looks : sequence of Look or None
        Of all images; None where one cannot be read.
    vectors : ndarray of shape (n, n_features), dtype float32 or float64
        Embeddings; NaN where there is none.
    n_images : int, optional
        Only the first so many may be duplicates, and only of the others: each is in a group with
        the one that it is most like. By default, all may be duplicates of all.
    similar, least_score : float
        As `find_pairs` takes them.
    distinct : collection of Pair, optional
        Images that come into no group together.
    rank : callable, optional
        Gets the looks of the rows in groups, and gives by what they are sorted: the first is kept.
        By default they are in the order of the rows.
    progress : Progress, optional
        Told the part that is done: first of the search for what is common, then of that for pairs.
    """
    n = len(looks) if n_images is None else n_images
    known = {row: look for row, look in enumerate(looks)
             if look is not None and np.isfinite(vectors[row]).all()}  # fmt: skip
    alike = _by_content(known, n, distinct)
    # In the order of their content, so that the order of the rows changes nothing.
    same = [alike[key] for key in sorted(alike)]
    firsts = [known[members[0]] for members in same]
    signals = _signals(firsts, vectors[[members[0] for members in same]], progress)
    n_first = None if n_images is None else sum(members[0] < n for members in same)
    pairs = find_pairs(signals, least_score, similar, n_first, progress)
    contents = [look.content for look in firsts]
    first_of = {row: contents[place] for place, members in enumerate(same) for row in members}
    pairs = _without(pairs, contents, distinct)
    if n_images is None:
        groups = _groups_of_all(pairs, same, contents)
        ranks = rank({row: known[row] for group in groups for row in group}) if rank else {}
        groups = [sorted(group, key=lambda row: ranks.get(row, row)) for group in groups]
    else:
        groups = _groups_with_reference(pairs, same, sorted(alike))
    likeness = _likeness(groups, known, pairs, contents, first_of, least_score)
    examples = {
        percent: [(same[i][0], same[j][0]) for i, j in some]
        for percent, some in example_pairs(signals).items()
    }
    return Duplicates(groups, *_described(groups, likeness, n), likeness, examples=examples)


def _by_content(
    known: Mapping[int, Look], n_images: int, distinct: Collection[Pair]
) -> dict[tuple[bool, str, int], list[int]]:
    """Get the rows of each content, or of the same flat picture, apart if the user said so."""
    alike: dict[tuple[bool, str, int], list[int]] = {}
    apart = {one for one, other in distinct if one == other}
    told = {content for pair in distinct for content in pair}
    for row, look in sorted(known.items(), key=lambda item: item[1].content):
        is_flat = look.pixels and look.quality < MIN_QUALITY and look.content not in told
        which = f"pixels {look.pixels}" if is_flat else look.content
        number = row if look.content in apart else 0
        alike.setdefault((row >= n_images, which, number), []).append(row)
    return alike


def _signals(looks: Sequence[Look], vectors: NDArray[np.floating], progress: Progress) -> Signals:
    hashes = np.array([look.hashes for look in looks], np.uint8).reshape(-1, N_TURNS, N_BITS // 8)
    return signals_of(vectors, hashes, np.array([look.quality for look in looks]), progress)


def _without(pairs: Pairs, contents: Sequence[str], distinct: Collection[Pair]) -> Pairs:
    """Leave out the pairs that the user has said to be no duplicates."""
    if not distinct:
        return pairs
    distinct = set(distinct)
    wanted = np.array(
        [tuple(sorted((contents[i], contents[j]))) not in distinct for i, j in pairs.rows.tolist()],
        dtype=bool,
    )
    return Pairs(pairs.rows[wanted], pairs.scores[wanted], pairs.similarities[wanted])


def _groups_of_all(
    pairs: Pairs, same: Sequence[list[int]], contents: Sequence[str]
) -> list[list[int]]:
    """Get the rows of each group: those of identical images first."""
    found = complete_groups(pairs.rows, pairs.scores, contents)
    grouped = {place for group in found for place in group}
    identical = [rows for place, rows in enumerate(same) if len(rows) > 1 and place not in grouped]
    return identical + [[row for place in group for row in same[place]] for group in found]


def _groups_with_reference(
    pairs: Pairs, same: Sequence[list[int]], keys: Sequence[tuple[bool, str, int]]
) -> list[list[int]]:
    """Get a group for each reference image that has duplicates: it, then those."""
    reference = {which: i for i, (is_reference, which, _) in enumerate(keys) if is_reference}
    best: dict[int, tuple[float, int]] = {}
    for place, (is_reference, which, number) in enumerate(keys):
        if not is_reference and which in reference and not number:
            best[place] = (np.inf, reference[which])
    for (place, other), score in zip(pairs.rows.tolist(), pairs.scores.tolist(), strict=True):
        best[place] = max(best.get(place, (-np.inf, other)), (score, other))
    groups: dict[int, list[int]] = {}
    for place, (_, other) in sorted(best.items(), key=lambda item: (-item[1][0], item[0])):
        groups.setdefault(other, [same[other][0]]).extend(same[place])
    return list(groups.values())


def _likeness(
    groups: Sequence[Sequence[int]],
    known: Mapping[int, Look],
    pairs: Pairs,
    contents: Sequence[str],
    first_of: Mapping[int, str],
    least_score: float,
) -> Likeness:
    """Get what is known of the pairs within groups; all others are forgotten."""
    groups_of: dict[str, set[int]] = {}
    for number, group in enumerate(groups):
        for row in group:
            groups_of.setdefault(first_of[row], set()).add(number)
    nowhere: set[int] = set()
    found = {}
    for (i, j), score, cosine in zip(
        pairs.rows.tolist(), pairs.scores.tolist(), pairs.similarities.tolist(), strict=True
    ):
        one, other = sorted((contents[i], contents[j]))
        if groups_of.get(one, nowhere) & groups_of.get(other, nowhere):
            found[one, other] = score >= least_score, score, cosine
    looks = {row: known[row] for group in groups for row in group}
    pixels = {look.content: look.pixels for look in looks.values() if look.pixels}
    return Likeness(looks, found, first_of, pixels)


def _described(
    groups: Sequence[Sequence[int]], likeness: Likeness, n_images: int
) -> tuple[list[str], NDArray[np.float64], NDArray[np.bool_]]:
    """Get kind, similarity and whether it is kept of each image."""
    kind, similarity = [""] * n_images, np.full(n_images, np.nan)
    keep = np.ones(n_images, dtype=bool)
    for kept, *others in groups:
        kinds = []
        for row in others:
            which, cosine = likeness.between(row, kept)
            kinds.append(which)
            kind[row], similarity[row], keep[row] = which, cosine, False
        if kept < n_images:
            kind[kept], similarity[kept] = min(kinds, key=KINDS.index), 1.0
    return kind, similarity, keep
