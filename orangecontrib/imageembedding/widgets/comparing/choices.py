"""The embedders that Compare Embedders offers, and what to do for those that are not here."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from orangecontrib.imageembedding.embeddings.here import has_weights
from orangecontrib.imageembedding.embeddings.models import MODELS
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec

MB = 1_000_000
FILE, SERVER = "file:", "server:"

OwnFile = tuple[str, str]
"""Path of a file, and the embedder whose network or preparation it takes."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One embedder to tick.

    Attributes
    ----------
    key : str
        By which it is remembered: the embedder's id, ``file:PATH``, or ``server:NAME``.
    title, n_features : str
        For people; `n_features` is "" where it is not known.
    state : str
        Where it is, or what to do to get it.
    is_ready : bool
        Whether it can be ticked.
    embedder : str
        Id for `compare_embedders`.
    own_file : str or None
        With the weights.
    text : str
        What else there is to say.
    """

    key: str
    title: str
    n_features: str
    state: str
    is_ready: bool
    embedder: str
    own_file: str | None = None
    text: str = ""

    @property
    def is_remote(self) -> bool:
        """Whether a server computes it."""
        return self.key.startswith(SERVER)


def choices_of(
    specs: Sequence[EmbedderSpec],
    own_files: Sequence[OwnFile],
    server: str,
    on_server: Collection[str] | None,
) -> list[Choice]:
    """List what can be ticked first, then the rest.

    Parameters
    ----------
    specs : sequence of EmbedderSpec
        Of the catalogue.
    own_files : sequence of (str, str)
        Files of the user.
    server : str
        Its address; "" for none.
    on_server : collection of str or None
        What it offers; None if that is not known.
    """
    known = {spec.id: spec for spec in specs}
    found = [_of_catalogue(spec) for spec in specs]
    found += [_of_file(*own_file) for own_file in own_files]
    for name in on_server or ():
        title = known[name].title if name in known else name
        found.append(Choice(f"{SERVER}{name}", title, "", f"On the server {server}", True, name))
    return sorted(found, key=lambda choice: not choice.is_ready)


def _of_catalogue(spec: EmbedderSpec) -> Choice:
    is_ready, text = has_weights(spec), ""
    if spec.is_remote_only:
        state, text = "On servers only", "Below the list, type the address of a server that has it."
    elif spec.is_built_in:
        state = "Built in" if spec in MODELS else "From a plug-in"
    elif is_ready:
        state = "On this computer"
    else:
        n_bytes = spec.weights.n_bytes if spec.weights is not None else 0
        state = f"{n_bytes / MB:,.0f} MB to download"
        text = "Not downloaded: choose it once in Image Embedding, which downloads it."
    text += f"\n{spec.description} {spec.good_for}"
    numbers = f"{spec.n_features:,}"
    return Choice(spec.id, spec.title, numbers, state, is_ready, spec.id, None, text.strip())


def _of_file(path: str, like: str) -> Choice:
    is_there = os.path.isfile(path)
    state = "Your own file" if is_there else "Your own file, missing"
    name = os.path.basename(path)
    return Choice(f"{FILE}{path}", name, "", state, is_there, like, path, f"{path}, as {like}")
