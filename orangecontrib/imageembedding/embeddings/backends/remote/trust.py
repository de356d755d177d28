"""Which servers somebody at this computer has chosen: to no other one images are sent.

A saved model or workflow of somebody else may name a server.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

_CHOSEN: set[str] = set()  # in this process, by a script


def trust_path() -> Path:
    """Get the file of the servers, which need not exist, by the rules of the platform."""
    import platformdirs

    return platformdirs.user_config_path("Orange3-ImageEmbedding", appauthor=False) / "servers.json"


def choose(url: str) -> None:
    """Note for this process that a server was chosen."""
    _CHOSEN.add(url)


def trust(url: str) -> None:
    """Remember at this computer that a server was chosen."""
    choose(url)
    path = trust_path()
    with suppress(OSError):  # it is asked for again the next time
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        part.write_text(json.dumps(sorted({*trusted_servers(), url})), encoding="utf-8")
        part.replace(path)


def is_trusted(url: str) -> bool:
    """Tell whether a server was chosen, in this process or at this computer."""
    return url in _CHOSEN or is_remembered(url)


def is_remembered(url: str) -> bool:
    """Tell whether a server was chosen at this computer."""
    return url in trusted_servers()


def trusted_servers() -> list[str]:
    """List the servers that are remembered."""
    with suppress(OSError, ValueError):
        servers = json.loads(trust_path().read_text(encoding="utf-8"))
        if isinstance(servers, list):
            return [server for server in servers if isinstance(server, str)]
    return []
