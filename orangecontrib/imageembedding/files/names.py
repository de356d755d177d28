"""Texts of a table → names of files and folders that every system takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from orangecontrib.imageembedding.errors import InputError

MAX_NAME_BYTES = 255  # of most file systems, in UTF-8
EMPTY = "_"

_FIELD = re.compile(r"\{([^{}]*)\}")
# Separators, what Windows forbids, control characters, and marks that turn the reading direction:
# "photo\u202egpj.exe" is shown as "photoexe.jpg".
_FORBIDDEN = re.compile(
    r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]'
)
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"]
    + [f"{device}{number}" for device in ("COM", "LPT") for number in "0123456789¹²³"]
)


def fields_of(pattern: str) -> list[str]:
    """List the names between braces in a pattern, such as ``{category}_{image name}``."""
    return _FIELD.findall(pattern)


def fill(pattern: str, values: Mapping[str, str]) -> str:
    """Put values in place of the names between braces.

    Raises
    ------
    InputError
        If there is no value with such a name.
    """
    for name in fields_of(pattern):
        if name not in values:
            known = ", ".join(f"{{{name}}}" for name in values)
            raise InputError(
                f"The pattern {pattern!r} names {{{name}}}, but the table has no such "
                f"column. It has: {known}."
            )
    return _FIELD.sub(lambda field: values[field[1]], pattern)


def safe_name(text: str, ending: str = "") -> str:
    """Make one name of a file or folder of any text.

    Parameters
    ----------
    text : str
        Any.
    ending : str
        Of the file, with its dot; a part of the name that is never cut.

    Returns
    -------
    name : str
        Neither empty nor hidden, without separators, nothing that Windows reserves, at most
        `MAX_NAME_BYTES` in UTF-8, in Unicode's composed form (NFC).
    """
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", text)).lstrip()
    if name.startswith("."):  # hidden, or a way out of the folder
        name = EMPTY + name
    name = _cut(name, ending) or EMPTY
    if name.partition(".")[0].rstrip().upper() in _DEVICES:
        name = _cut(EMPTY + name, ending)
    return name + ending


def numbered(name: str, number: int, ending: str = "") -> str:
    """Get another name like one from `safe_name`: ``cat (2).png``; with 1, the name itself."""
    if number == 1:
        return name
    stem, ending = name.removesuffix(ending), f" ({number}){ending}"
    return _cut(stem, ending) + ending


def twin_key(name: str) -> str:
    """Get what is equal for names that some file system takes for the same one."""
    folded = unicodedata.normalize("NFD", name).casefold()
    return unicodedata.normalize("NFC", folded)


def unlike_names(texts: Sequence[str]) -> dict[str, str]:
    """Get a safe name for each text, no two of which are twins; earlier texts choose first."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for text in dict.fromkeys(texts):
        plain, number = safe_name(text), 1
        while twin_key(numbered(plain, number)) in taken:
            number += 1
        names[text] = numbered(plain, number)
        taken.add(twin_key(names[text]))
    return names


def _cut(name: str, ending: str) -> str:
    """Shorten a name to leave room for its ending; nothing is left that Windows drops there."""
    room = MAX_NAME_BYTES - len(ending.encode())
    encoded = name.encode()
    if len(encoded) > room:
        name = encoded[:room].decode(errors="ignore")
    return name.rstrip(". ")
