"""Pairs → groups in which every image is like every other: chains glue nothing together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def complete_groups(
    pairs: NDArray[np.intp], scores: NDArray[np.floating], keys: Sequence[str]
) -> list[list[int]]:
    """Group by complete linkage, the strongest pairs first.

    Parameters
    ----------
    pairs : ndarray of shape (n_pairs, 2), dtype int
        Those that are strong enough; each once.
    scores : ndarray of shape (n_pairs,), dtype float32 or float64
        How strong they are.
    keys : sequence of str
        Of all items, by their content: pairs that are as strong are taken in the order of these,
        so that the order of the items changes nothing.

    Returns
    -------
    groups : list of list of int
        Items of each group of two and more, by their keys; the group with the strongest pair first.
    """
    group_of: dict[int, int] = {}
    members: dict[int, list[int]] = {}
    n_links: dict[int, dict[int, int]] = {}  # pairs seen between two groups
    rank = {item: place for place, item in enumerate(sorted(set(pairs.ravel().tolist()),
                                                            key=keys.__getitem__))}  # fmt: skip

    def place(pair: Sequence[int]) -> tuple[int, int]:
        one, other = rank[pair[0]], rank[pair[1]]
        return min(one, other), max(one, other)

    plain = pairs.tolist()
    order = sorted(range(len(plain)), key=lambda i: (-scores[i], place(plain[i])))
    strongest: dict[int, int] = {}
    for nth, i in enumerate(order):
        ends = []
        for item in plain[i]:
            group = group_of.setdefault(item, item)
            members.setdefault(group, [item])
            n_links.setdefault(group, {})
            ends.append(group)
        one, other = ends
        if one == other:
            continue
        n_links[one][other] = n_links[other][one] = n_links[one].get(other, 0) + 1
        if n_links[one][other] == len(members[one]) * len(members[other]):
            strongest[one] = min(strongest.get(one, nth), strongest.get(other, nth))
            _merge(one, other, group_of, members, n_links)
    found = [group for group, items in members.items() if len(items) > 1]
    found.sort(key=strongest.__getitem__)
    return [sorted(members[group], key=keys.__getitem__) for group in found]


def _merge(
    into: int,
    gone: int,
    group_of: dict[int, int],
    members: dict[int, list[int]],
    n_links: dict[int, dict[int, int]],
) -> None:
    for item in members[gone]:
        group_of[item] = into
    members[into] += members.pop(gone)
    del n_links[into][gone]
    for neighbor, count in n_links.pop(gone).items():
        if neighbor != into:
            total = n_links[into].get(neighbor, 0) + count
            n_links[into][neighbor] = n_links[neighbor][into] = total
            del n_links[neighbor][gone]
