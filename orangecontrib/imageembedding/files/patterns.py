"""Which files and folders are wanted, by patterns of their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate


def split_patterns(text: str) -> tuple[str, ...]:
    """Get the patterns in a line of text, where ``;`` or ``,`` stand between them."""
    return tuple(part.strip() for part in re.split("[;,]", text) if part.strip())


class Patterns:
    """Says of names whether they are wanted, in upper or lower case.

    Parameters
    ----------
    include : sequence of str
        A file is wanted if it fits one of them; without any, all are. ``*`` and ``?`` stand for
        any characters and for one, ``[ab]`` for a or b.
    exclude : sequence of str
        Files and folders that fit one of them are not wanted.

    Notes
    -----
    A pattern with a ``/`` is compared with the path inside the chosen folder, others with the
    name alone.
    """

    def __init__(self, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        self._include = _compiled(include)
        self._exclude = _compiled(exclude)
        self.take_all = not include and not exclude

    def wants_file(self, path: str) -> bool:
        """Tell of a file's path inside the chosen folder, with ``/`` between its parts."""
        included = self._include is None or self._include.fullmatch(f"/{path}")
        return bool(included) and not self._excludes(path)

    def wants_folder(self, path: str) -> bool:
        """Tell whether to enter the folder with a path inside the chosen one."""
        return not self._excludes(path)

    def _excludes(self, path: str) -> bool:
        return self._exclude is not None and self._exclude.fullmatch(f"/{path}") is not None


def _compiled(patterns: Sequence[str]) -> re.Pattern[str] | None:
    """Join patterns to one expression for paths that begin with ``/``."""
    if isinstance(patterns, str):
        raise ValueError(f"patterns must be a list of texts; got {patterns!r}")
    if not patterns:
        return None
    return re.compile("|".join(map(_expression, patterns)), re.IGNORECASE)


def _expression(pattern: str) -> str:
    inside = pattern.replace("\\", "/").strip("/")
    return ("/" if "/" in inside else "(?s:.*/)") + translate(inside)
