"""Servers allowed at this computer: images are sent to no other ones.

Saved models and workflows of other people may name any server.
"""

from __future__ import annotations

from orangecontrib.imageembedding.embeddings.remembered import remember, remembered

_ALLOWED: set[str] = set()  # in this process, by a script
SERVERS = "servers"


def allow(url: str) -> None:
    """Note for this process that a server was allowed."""
    _ALLOWED.add(url)


def trust(url: str) -> None:
    """Remember at this computer that a server was allowed."""
    allow(url)
    remember(SERVERS, url, True)


def is_trusted(url: str) -> bool:
    """Tell whether a server was allowed, in this process or at this computer."""
    return url in _ALLOWED or is_remembered(url)


def is_remembered(url: str) -> bool:
    """Tell whether a server was allowed at this computer."""
    return remembered(SERVERS).get(url) is True


def allowed_servers() -> list[str]:
    """List the servers that were allowed, in this process or at this computer."""
    return sorted({*_ALLOWED, *trusted_servers()})


def trusted_servers() -> list[str]:
    """List the servers that are remembered."""
    return sorted(remembered(SERVERS))
