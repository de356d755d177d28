"""The backends that can be chosen by name."""

from __future__ import annotations

from typing import cast

from orangecontrib.imageembedding.embeddings.backends.base import Backend
from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.plugins import plugin_backends
from orangecontrib.imageembedding.errors import InputError


def get_backend(name: str) -> Backend:
    """Get a backend by its name.

    Parameters
    ----------
    name : str
        ``local``, or that of an entry point of a plug-in.

    Raises
    ------
    InputError
        If there is none, two packages bring it, or it cannot be loaded; the message says why, or
        lists those that there are.
    """
    if name == "local":
        return Local()
    backends, failures = plugin_backends()
    for failure in failures:
        if failure.is_duplicate or failure.name == name:
            raise InputError(failure.message)
    if name not in backends:
        raise InputError(
            f"There is no backend {name!r}. Choose one of: {', '.join(['local', *backends])}."
        )
    return cast("Backend", backends[name]())
