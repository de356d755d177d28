"""The API keys that clients must know, each with a name."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from orangecontrib.imageembedding.errors import InputError

MIN_CHARACTERS = 8
NAMELESS = "key"
MAX_PARTS = 2


class Keys:
    """Keys by name; only their hashes are held.

    Parameters
    ----------
    keys : dict of str to str
        Name → key.
    path : str, optional
        The file from which they were read.
    """

    def __init__(self, keys: Mapping[str, str], path: str | None = None) -> None:
        self._hashes = {name: _hash(key) for name, key in keys.items()}
        self._path = path

    @classmethod
    def read(cls, path: str) -> Keys:
        """Read a file: ``name key`` a line, or one key alone.

        Raises
        ------
        InputError
            If the file cannot be read, or holds anything else.
        """
        try:
            lines = Path(path).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"The file with the API keys, {path}, cannot be read: {error}."
            ) from error
        keys: dict[str, str] = {}
        for line in filter(None, map(str.split, lines)):
            name, key = line if len(line) == MAX_PARTS else (NAMELESS, line[0])
            if len(line) > MAX_PARTS or name in keys or not "".join(line).isascii():
                raise InputError(
                    f"{path} must hold an API key: one line of ASCII characters; or several, each "
                    "after a name of its own: name key."
                )
            if len(key) < MIN_CHARACTERS:
                raise InputError(
                    f"The API key {name!r} in {path} is too short: it needs at least "
                    "{MIN_CHARACTERS} characters. Make one with: openssl rand -hex 32"
                )
            keys[name] = key
        if not keys:
            raise InputError(f"{path} must hold an API key, but is empty.")
        if len(set(keys.values())) < len(keys):
            raise InputError(f"{path} holds the same API key under two names.")
        return cls(keys, path)

    def read_again(self) -> None:
        """Take the keys that are in the file now.

        Raises
        ------
        InputError
            If it cannot be read; the keys then stay as they are.
        """
        if self._path is not None:
            self._hashes = Keys.read(self._path)._hashes

    def name_of(self, authorization: str) -> str | None:
        """Get the name of the key in the header ``Authorization``; None if it is unknown."""
        given = _hash(_given_key(authorization))
        found = [name for name, key in self._hashes.items() if hmac.compare_digest(given, key)]
        return found[0] if found else None


def is_open_to_others(path: str) -> bool:
    """Tell whether other users of this computer can read a file."""
    return os.name == "posix" and bool(Path(path).stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def _hash(key: str) -> bytes:
    """Make keys of equal length, whose comparison takes the same time wherever they differ."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _given_key(authorization: str) -> str:
    """Get the key of ``Bearer KEY``, or the password of ``Basic``, whatever the user name is."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
