"""What this computer remembers, and workflows do not: how fast embedders are."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path


def memory_path() -> Path:
    """Get the file, which need not exist, by the rules of the platform."""
    import platformdirs

    return platformdirs.user_config_path("Orange3-ImageEmbedding", appauthor=False) / "memory.json"


def remembered_speed(embedder_id: str, where: str) -> float | None:
    """Get how many images a second an embedder took lately; None if that is not known."""
    speed = _section("speeds").get(f"{embedder_id} {where}")
    return speed if isinstance(speed, float) else None


def remember_speed(embedder_id: str, where: str, images_per_s: float) -> None:
    """Remember how fast an embedder was."""
    _remember("speeds", f"{embedder_id} {where}", round(images_per_s, 2))


def _section(name: str) -> dict[str, object]:
    with suppress(OSError, ValueError):
        content = json.loads(memory_path().read_text(encoding="utf-8"))
        if isinstance(content, dict) and isinstance(content.get(name), dict):
            return content[name]
    return {}


def _remember(section: str, key: str, value: object) -> None:
    path = memory_path()
    content = {"speeds": _section("speeds")}
    content[section][key] = value
    with suppress(OSError):  # it is a convenience
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        part.write_text(json.dumps(content, indent=1), encoding="utf-8")
        part.replace(path)
