"""Images → groups of duplicates, each with one image to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.duplicates.groups import complete_groups
from orangecontrib.imageembedding.duplicates.hashes import N_BITS, N_TURNS
from orangecontrib.imageembedding.duplicates.signals import (
    DEFAULT_SCORE,
    Pairs,
    find_pairs,
    signals_of,
)
from orangecontrib.imageembedding.progress import Progress, silent

KINDS = IDENTICAL, COPY, SIMILAR = "identical", "copy", "similar"


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of one image besides its vector.

    Attributes
    ----------
    digest : str
        Of the upright pixels: the same for the same picture in another format without loss.
    hashes : ndarray of shape (8, 32), dtype uint8
    quality : float
        See `hash_turns`.
    n_pixels, n_bytes : int
        Of the picture, and of its file.
    """

    digest: str
    hashes: NDArray[np.uint8]
    quality: float
    n_pixels: int
    n_bytes: int


@dataclass(frozen=True, slots=True, eq=False)
class Duplicates:
    """Groups of duplicates.

    Attributes
    ----------
    groups : list of list of int
        Rows of each group of two and more, the one to keep first; identical ones come first,
        then the surest. With reference images, their rows follow those of the images.
    kind : list of str
        ``identical``, ``copy``, or ``similar`` of each row that is in a group, else "": how it is
        like the one that is kept, and of that, how its next one is.
    similarity : ndarray of shape (n_images,), dtype float
        Cosine with the one to keep, 1 for itself; NaN of rows without a group.
    keep : ndarray of shape (n_images,), dtype bool
        False for duplicates of an image to keep.
    """

    groups: list[list[int]]
    kind: list[str]
    similarity: NDArray[np.float64]
    keep: NDArray[np.bool_]


def find_groups(
    looks: Sequence[Look | None],
    vectors: NDArray[np.floating],
    n_images: int | None = None,
    least_score: float = DEFAULT_SCORE,
    similar: float | None = None,
    progress: Progress = silent,
) -> Duplicates:
    """Find groups of duplicates.

    Parameters
    ----------
    looks : sequence of Look or None
        Of all images; None for those that cannot be read.
    vectors : ndarray of shape (n, n_features), dtype float32 or float64
        Embeddings; NaN where there is none.
    n_images : int, optional
        Only the first `n_images` may be duplicates, and only of the rest: each is in a group with
        the one that it is most like. By default, all may be duplicates of all.
    least_score, similar : float
        As `find_pairs` takes them.
    progress : Progress, optional
        Told the part that is done.
    """
    n = len(looks) if n_images is None else n_images
    known = {row: look for row, look in enumerate(looks)
             if look is not None and np.isfinite(vectors[row]).all()}  # fmt: skip
    # In the order of their content, so that the order of the rows changes nothing.
    order = sorted(known, key=lambda row: (row >= n, known[row].digest, row))
    alike: dict[tuple[bool, str], list[int]] = {}
    for row in order:
        alike.setdefault((row >= n, known[row].digest), []).append(row)
    same = list(alike.values())
    firsts = [known[members[0]] for members in same]
    signals = signals_of(
        vectors[[members[0] for members in same]],
        np.array([look.hashes for look in firsts], np.uint8).reshape(-1, N_TURNS, N_BITS // 8),
        np.array([look.quality for look in firsts]),
    )
    n_first = None if n_images is None else sum(not is_reference for is_reference, _ in alike)
    pairs = find_pairs(signals, least_score, similar, n_first, progress)
    digests = [look.digest for look in firsts]
    if n_images is None:
        groups = _groups_of_all(pairs, same, digests)
        groups = [sorted(group, key=lambda row: _rank(row, known[row])) for group in groups]
    else:
        groups = _groups_with_reference(pairs, alike)
    compare = _Comparison(signals.vectors, pairs, same, digests, least_score)
    return _described(groups, len(looks), n, compare)


def _groups_of_all(
    pairs: Pairs, same: Sequence[list[int]], digests: Sequence[str]
) -> list[list[int]]:
    """Get the rows of each group: those of identical images first."""
    found = complete_groups(pairs.rows, pairs.scores, digests)
    grouped = {place for group in found for place in group}
    identical = [rows for place, rows in enumerate(same) if len(rows) > 1 and place not in grouped]
    return identical + [[row for place in group for row in same[place]] for group in found]


def _groups_with_reference(
    pairs: Pairs, alike: dict[tuple[bool, str], list[int]]
) -> list[list[int]]:
    """Get a group for each reference image that has duplicates: it, then those."""
    same = list(alike.values())
    best: dict[int, tuple[float, int]] = {}
    for place, (is_reference, digest) in enumerate(alike):
        if not is_reference and (True, digest) in alike:
            best[place] = (np.inf, same.index(alike[True, digest]))
    for (place, other), score in zip(pairs.rows.tolist(), pairs.scores.tolist(), strict=True):
        best[place] = max(best.get(place, (-np.inf, other)), (score, other))
    groups: dict[int, list[int]] = {}
    for place, (_, other) in sorted(best.items(), key=lambda item: (-item[1][0], item[0])):
        groups.setdefault(other, [same[other][0]]).extend(same[place])
    return list(groups.values())


def _rank(row: int, look: Look) -> tuple[int, int, int]:
    """Order of the images to keep: most pixels, then the largest file, then the first row."""
    return -look.n_pixels, -look.n_bytes, row


class _Comparison:
    """Says how two rows are alike."""

    def __init__(
        self,
        vectors: NDArray[np.float32],
        pairs: Pairs,
        same: Sequence[list[int]],
        digests: Sequence[str],
        least_score: float,
    ) -> None:
        self._vectors = vectors
        self._digests = digests
        self._place_of = {row: place for place, members in enumerate(same) for row in members}
        is_copy = pairs.scores >= least_score
        self._copies = set(map(tuple, pairs.rows[is_copy].tolist()))

    def __call__(self, row: int, other: int) -> tuple[str, float]:
        """Get the kind, and the cosine of their vectors."""
        one, two = sorted((self._place_of[row], self._place_of[other]))
        if self._digests[one] == self._digests[two]:
            return IDENTICAL, 1.0
        cosine = min(float(self._vectors[one] @ self._vectors[two]), 1.0)
        return (COPY if (one, two) in self._copies else SIMILAR), cosine


def _described(
    groups: list[list[int]], n_looks: int, n_images: int, compare: _Comparison
) -> Duplicates:
    kind, similarity = [""] * n_looks, np.full(n_looks, np.nan)
    keep = np.ones(n_looks, dtype=bool)
    for kept, *others in groups:
        for row in others:
            kind[row], similarity[row] = compare(row, kept)
            keep[row] = False
        kind[kept] = min((kind[row] for row in others), key=KINDS.index)
        similarity[kept] = 1.0
    return Duplicates(groups, kind[:n_images], similarity[:n_images], keep[:n_images])
