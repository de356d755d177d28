"""Which image of a group is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from orangecontrib.imageembedding.duplicates.looks import Look

RULES = MOST_PIXELS, LARGEST_FILE, OLDEST, FIRST_ROW = (
    "most-pixels", "largest-file", "oldest", "first-row",
)  # fmt: skip

Rank = tuple[bool, float, float, float, str, int]


@dataclass(frozen=True, slots=True)
class Keeping:
    """A rule by which one is kept; where that leaves several, pixels, bytes and paths decide.

    Attributes
    ----------
    rule : str
        One of `RULES`. The date is that of the last change of a file; what has none is new.
    folder : str
        Images in it come before all others; "" for none.
    """

    rule: str = MOST_PIXELS
    folder: str = ""

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise ValueError(f"keep must be one of {', '.join(RULES)}; got {self.rule!r}")


def ranked(
    rows: Iterable[int],
    looks: Mapping[int, Look],
    paths: Sequence[str | None],
    keeping: Keeping,
    changed_s: Callable[[str], float] | None = None,
) -> dict[int, Rank]:
    """Get by what the rows of a group are sorted: the first is kept.

    Parameters
    ----------
    rows : iterable of int
        Of groups.
    looks : dict of int to Look
        Of these rows.
    paths : sequence of str or None
        Absolute, of all images; None for those that are no files on this computer.
    keeping : Keeping
        The rule.
    changed_s : callable, optional
        Gives the time of the last change of a file, in seconds; by default, as the disk says.
    """
    changed_s = changed_s or last_change_s
    top = os.path.join(os.path.abspath(keeping.folder), "") if keeping.folder else ""

    def rank(row: int) -> Rank:
        look, path = looks[row], paths[row] or ""
        first = {
            MOST_PIXELS: -look.n_pixels,
            LARGEST_FILE: -look.n_bytes,
            OLDEST: changed_s(path) if keeping.rule == OLDEST else 0.0,
            FIRST_ROW: row,
        }[keeping.rule]
        return not (top and path.startswith(top)), first, -look.n_pixels, -look.n_bytes, path, row

    return {row: rank(row) for row in rows}


def last_change_s(path: str) -> float:
    """Get when a file was changed last, in seconds since 1970; infinite if there is none."""
    try:
        return os.stat(path).st_mtime
    except (OSError, ValueError):
        return float("inf")
