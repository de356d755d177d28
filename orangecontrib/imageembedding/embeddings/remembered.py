"""What this computer remembers, and neither workflows nor saved models do.

One JSON file for each thing, in the user's folder for settings. It is a convenience: where it
cannot be read or written, nothing is remembered.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path


def _path(name: str) -> Path:
    import platformdirs

    folder = platformdirs.user_config_path("Orange3-ImageEmbedding", appauthor=False)
    return folder / f"{name}.json"


def remembered(name: str) -> dict[str, object]:
    """Get what is remembered under a name; empty if that is nothing."""
    with suppress(OSError, ValueError):
        content = json.loads(_path(name).read_text(encoding="utf-8"))
        if isinstance(content, dict):
            return content
    return {}


def remember(name: str, key: str, value: object) -> None:
    """Remember one more thing under a name, as JSON can hold it."""
    path = _path(name)
    content = {**remembered(name), key: value}
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        part.write_text(json.dumps(content, indent=1), encoding="utf-8")
        part.replace(path)
