"""Which servers somebody at this computer has chosen: to no other one images are sent.

A saved model or workflow of somebody else may name a server.
"""

from __future__ import annotations

from orangecontrib.imageembedding.embeddings.remembered import remember, remembered

_CHOSEN: set[str] = set()  # in this process, by a script
SERVERS = "servers"


def choose(url: str) -> None:
    """Note for this process that a server was chosen."""
    _CHOSEN.add(url)


def trust(url: str) -> None:
    """Remember at this computer that a server was chosen."""
    choose(url)
    remember(SERVERS, url, True)


def is_trusted(url: str) -> bool:
    """Tell whether a server was chosen, in this process or at this computer."""
    return url in _CHOSEN or is_remembered(url)


def is_remembered(url: str) -> bool:
    """Tell whether a server was chosen at this computer."""
    return remembered(SERVERS).get(url) is True


def chosen_servers() -> list[str]:
    """List the servers that were chosen, in this process or at this computer."""
    return sorted({*_CHOSEN, *trusted_servers()})


def trusted_servers() -> list[str]:
    """List the servers that are remembered."""
    return sorted(remembered(SERVERS))
