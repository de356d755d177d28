"""Which widgets of workflows may save by themselves: those in which Save was pressed here."""

from __future__ import annotations

import uuid

from AnyQt.QtCore import QSettings

KEY = "imageembedding/may-save"
MAX_REMEMBERED = 500


def new_token() -> str:
    """Get a name for one widget in one workflow, which goes with the workflow."""
    return uuid.uuid4().hex


def allow(token: str, folder: str) -> None:
    """Remember on this computer that a widget may save into a folder."""
    entry = _entry(token, folder)
    others = [other for other in _entries() if other != entry]
    QSettings().setValue(KEY, [entry, *others][:MAX_REMEMBERED])


def is_allowed(token: str, folder: str) -> bool:
    """Tell whether Save was pressed in this widget, with this folder, on this computer."""
    return bool(token) and _entry(token, folder) in _entries()


def _entry(token: str, folder: str) -> str:
    return f"{token} {folder}"


def _entries() -> list[str]:
    value = QSettings().value(KEY, [])
    return [value] if isinstance(value, str) else list(value or [])  # Qt unwraps lists of one
