"""What the user should know and no return value tells; the window shows it where there is one."""

from __future__ import annotations

from collections.abc import Callable

_LISTENERS: list[Callable[[str], None]] = []


def listen(show: Callable[[str], None]) -> None:
    """Have a function called with each message, in whatever thread it comes up."""
    if show not in _LISTENERS:
        _LISTENERS.append(show)


def tell(message: str) -> None:
    """Tell all listeners."""
    for show in _LISTENERS:
        show(message)
