"""API keys: each belongs to one server, and is sent to no other one."""

from __future__ import annotations

import importlib.util
import os
from urllib.parse import urlsplit

VARIABLE = "IMAGE_EMBEDDING_API_KEY"
KEYRING = "image-embedding"  # the name of the service, in the operating system's keyring
PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """Get what a key belongs to: scheme, host and port of an address."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}:{parts.port or PORTS.get(parts.scheme)}"


def key_in_environment(url: str) -> str | None:
    """Find the key of a server in the variable ``IMAGE_EMBEDDING_API_KEY``.

    It holds ``ORIGIN KEY``, such as ``https://example.org:8000 0123abcd``; or several such pairs.
    A key without an origin is sent nowhere.
    """
    words = os.environ.get(VARIABLE, "").split()
    for origin, key in zip(words, words[1:], strict=False):
        if "://" in origin and _origin_or_none(origin) == origin_of(url):
            return key
    return None


def key_in_keyring(url: str) -> str | None:
    """Find the key of a server where ``keyring set image-embedding ORIGIN`` has put it."""
    if importlib.util.find_spec("keyring") is None:
        return None
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(KEYRING, origin_of(url))
    except KeyringError:  # there is none, or it stays locked
        return None


def _origin_or_none(text: str) -> str | None:
    try:
        return origin_of(text)
    except ValueError:  # no port
        return None
