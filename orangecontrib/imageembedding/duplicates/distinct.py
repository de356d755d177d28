"""Pairs of images that the user has said to be no duplicates, remembered by their content."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path

import platformdirs

from orangecontrib.imageembedding.caches.layout import Layout
from orangecontrib.imageembedding.caches.store import Store
from orangecontrib.imageembedding.errors import InputError

Pair = tuple[str, str]
"""Contents of two images, as `Look.content`, the smaller first; twice the same for copies."""

HEADER = "# Images that are not duplicates: digests (SHA-256) of two files a line"
LINE = re.compile(r"([0-9a-f]{64}) ([0-9a-f]{64})")

PAIRS = Layout(
    name="not-duplicates.sqlite",
    contents="images that are not duplicates",
    schema="""
CREATE TABLE IF NOT EXISTS pairs (
    one TEXT NOT NULL, other TEXT NOT NULL, used_at REAL NOT NULL, PRIMARY KEY (one, other))
""",
    entries="pairs",
    payload="one",
    limit_bytes=1 << 40,  # nothing is ever forgotten
)


class DistinctPairs:
    """What the user has said, in a file beside the user's own: no cleaning of caches removes it.

    Parameters
    ----------
    path : path, optional
        The file; by default that of the user.
    """

    def __init__(self, path: Path | None = None) -> None:
        folder = platformdirs.user_data_path("Orange3-ImageEmbedding", appauthor=False)
        self._store = Store(PAIRS, path or folder / PAIRS.name)

    @property
    def problem(self) -> str | None:
        """Why nothing is remembered, for the user; None if all is well."""
        return self._store.problem

    def all(self) -> set[Pair]:
        """Get all pairs."""
        query = "SELECT one, other FROM pairs"
        nothing: set[Pair] = set()
        return self._store.read(lambda db: set(db.execute(query).fetchall()), nothing)

    def add(self, pairs: Iterable[Pair]) -> None:
        """Remember pairs for ever."""
        now = time.time()
        rows = [(*sorted(pair), now) for pair in pairs]
        insert = "INSERT OR REPLACE INTO pairs VALUES (?, ?, ?)"
        self._store.write(lambda db: db.executemany(insert, rows))

    def remove(self, pairs: Iterable[Pair]) -> None:
        """Take back what was said of pairs."""
        rows = [tuple(sorted(pair)) for pair in pairs]

        def work(db: sqlite3.Connection) -> None:
            db.executemany("DELETE FROM pairs WHERE one = ? AND other = ?", rows)

        self._store.write(work)

    def write(self, path: str | os.PathLike[str]) -> int:
        """Write all pairs to a text file that does not exist yet; get their number.

        Raises
        ------
        FileExistsError, OSError
            If there is such a file, or it cannot be written.
        """
        pairs = sorted(self.all())
        with open(path, "x", encoding="ascii") as file:  # noqa: PTH123
            file.writelines(f"{line}\n" for line in (HEADER, *map(" ".join, pairs)))
        return len(pairs)

    def read(self, path: str | os.PathLike[str]) -> int:
        """Add the pairs of a file that `write` wrote; get their number.

        Raises
        ------
        InputError
            If it is not such a file.
        """
        try:
            lines = Path(path).read_text(encoding="ascii").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read: {error}") from error
        matches = [(number, LINE.fullmatch(line)) for number, line in enumerate(lines, start=1)]
        wrong = [number for number, match in matches[1:] if match is None]
        if lines[:1] != [HEADER] or wrong:
            line = wrong[0] if wrong and lines[0] == HEADER else 1
            raise InputError(
                f"{path} is not a list of images that are not duplicates: see line {line}. "
                "image-embedding distinct export writes such lists."
            )
        pairs = [(match[1], match[2]) for _, match in matches[1:] if match]
        self.add(pairs)
        return len(pairs)

    def clear(self) -> None:
        """Forget all pairs."""
        self._store.clear()

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()


def pairs_among(contents: Sequence[str]) -> list[Pair]:
    """Get all pairs of some images; of two with the same content, one of it with itself."""
    return [(one, other) for one, other in combinations(sorted(contents), 2)]
