"""Embedders and backends that other installed packages add, by entry points."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar, cast

from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import WorkerError
from orangecontrib.imageembedding.workers.place import has_window, run_apart, without_networks

EMBEDDERS = "orangecontrib.imageembedding.embedders"
BACKENDS = "orangecontrib.imageembedding.backends"

FIND = f"{__name__}:find_embedders"

T = TypeVar("T")
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PluginFailure:
    """What is wrong with a plug-in.

    Attributes
    ----------
    message : str
        Names its package and the remedy.
    name : str
        Of the entry point, or the id that is there twice.
    is_duplicate : bool
        Whether two packages bring it.
    """

    message: str
    name: str
    is_duplicate: bool = False


Found = tuple[tuple[EmbedderSpec, ...], tuple[PluginFailure, ...]]
_FOUND: dict[tuple[EntryPoint, ...], Found] = {}  # what the worker has found


def plugin_embedders(taken: dict[str, str]) -> Found:
    """Get the embedders of all plug-ins.

    Parameters
    ----------
    taken : dict of str to str
        Ids that are taken already → by whom.

    Returns
    -------
    specs : tuple of EmbedderSpec
        Without those whose id is taken.
    failures : tuple of PluginFailure
    """
    entries = tuple(_entries(EMBEDDERS))
    if not entries or not has_window():
        return find_embedders(taken)
    if entries not in _FOUND:  # their modules may load any library
        try:
            _FOUND[entries] = cast("Found", run_apart(FIND, taken))
        except WorkerError as error:
            return (), (PluginFailure(str(error), ""),)
    return _FOUND[entries]


def are_at_hand() -> bool:
    """Tell whether the embedders of plug-ins are available without waiting."""
    entries = tuple(_entries(EMBEDDERS))
    return not entries or not has_window() or entries in _FOUND


def find_embedders(taken: dict[str, str]) -> Found:
    """Import the plug-ins, for `plugin_embedders`."""
    owners = dict(taken)
    specs: list[EmbedderSpec] = []
    failures: list[PluginFailure] = []
    for entry in _entries(EMBEDDERS):
        found = _load(entry, _checked_specs)
        if isinstance(found, PluginFailure):
            failures.append(found)
            continue
        for spec in found:
            owner = owners.setdefault(spec.id, _owner(entry))
            if owner == _owner(entry) and spec.id not in {other.id for other in specs}:
                specs.append(spec)
            else:
                failures.append(_duplicate("embedder", spec.id, owner, _owner(entry)))
    return tuple(specs), tuple(failures)


def backend_names() -> list[str]:
    """Get the names of the backends of plug-ins, without importing them."""
    return list(dict.fromkeys(entry.name for entry in _entries(BACKENDS)))


def plugin_backends() -> tuple[dict[str, Callable[[], object]], tuple[PluginFailure, ...]]:
    """Get the backends of all plug-ins by name, and the failures of those that are broken."""
    backends: dict[str, Callable[[], object]] = {}
    owners: dict[str, str] = {}
    failures: list[PluginFailure] = []
    for entry in _entries(BACKENDS):
        found = _load(entry, _checked_factory)
        if isinstance(found, PluginFailure):
            failures.append(found)
        elif entry.name in backends:
            failures.append(_duplicate("backend", entry.name, owners[entry.name], _owner(entry)))
        else:
            backends[entry.name] = found
            owners[entry.name] = _owner(entry)
    return backends, tuple(failures)


def _entries(group: str) -> list[EntryPoint]:
    return sorted(entry_points(group=group), key=lambda entry: (_owner(entry), entry.name))


def _owner(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value


def _load(entry: EntryPoint, check: Callable[[object], T]) -> T | PluginFailure:
    """Load what an entry point names; a failure is noted in the log, once."""
    try:
        with without_networks():
            found = entry.load()
        return check(found)
    except Exception as error:  # noqa: BLE001 - somebody else's code
        failure = PluginFailure(
            f"The plug-in {_owner(entry)} is broken and was skipped: {entry.name} = {entry.value}: "
            f"{type(error).__name__}: {error}. Update or uninstall it.",
            entry.name,
        )
        _log_once(failure.message)
        return failure


@cache
def _log_once(message: str) -> None:
    LOG.warning(message)


def _checked_specs(found: object) -> list[EmbedderSpec]:
    """Get the specs, of which an entry point may name one, several, or a function giving them."""
    if callable(found):
        found = found()
    specs = [found] if isinstance(found, EmbedderSpec) else list(found)  # type: ignore[call-overload]
    for spec in specs:
        if not isinstance(spec, EmbedderSpec):
            raise TypeError(f"{spec!r} is not an EmbedderSpec")
    return specs


def _checked_factory(found: object) -> Callable[[], object]:
    if not callable(found):
        raise TypeError(f"{found!r} cannot be called to get a backend")
    return found


def _duplicate(kind: str, name: str, owner: str, other: str) -> PluginFailure:
    return PluginFailure(
        f"Two packages bring the {kind} {name!r}: {owner} and {other}. Uninstall one of them.",
        name,
        is_duplicate=True,
    )
