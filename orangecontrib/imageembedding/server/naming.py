"""What ``--embedders`` names: embedders of the catalogue, and files with networks of one's own."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from orangecontrib.imageembedding.embeddings.catalogue import (
    DEFAULT_ID,
    all_embedders,
    get_embedder,
)
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.embeddings.user_models import own_embedder
from orangecontrib.imageembedding.errors import InputError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def named_embedders(entries: Sequence[str]) -> dict[str, EmbedderSpec]:
    """Get the embedders to serve, by the names under which they are served.

    Parameters
    ----------
    entries : sequence of str
        Each an id of the catalogue, ``NAME=FILE`` or ``NAME=ID:FILE``: weights for the network of
        the embedder ID, or a network that is prepared for as for ID. Without an ID it is the one
        of the catalogue that stands before it, or the default.

    Raises
    ------
    InputError
        If there is no such embedder or file, or a name is used twice.
    WeightsError
        If a file holds a network that cannot be run.
    """
    found: dict[str, EmbedderSpec] = {}
    like = DEFAULT_ID
    for entry in entries:
        name, is_own, place = entry.partition("=")
        if is_own:
            spec = _own(name, place, like)
        else:
            spec = get_embedder(name)
            like = spec.id
        if spec.id in found:
            raise InputError(f"Two embedders are called {spec.id!r}: give each another name.")
        found[spec.id] = spec
    return found


def _own(name: str, place: str, like: str) -> EmbedderSpec:
    known = {spec.id for spec in all_embedders()[0]}
    if not NAME.fullmatch(name) or name in known:
        raise InputError(
            f"{name!r} cannot be the name of an embedder of your own: it must be letters, digits, "
            "'.', '_' and '-', and not the id of an embedder of the catalogue."
        )
    start, is_given, rest = place.partition(":")
    if is_given and start in known:
        like, place = start, rest
    spec = own_embedder(place, like)
    return dataclasses.replace(spec, id=name, title=f"{name} ({spec.title})")
