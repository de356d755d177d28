"""A file of the user, with weights or a whole network, becomes an embedder."""

from __future__ import annotations

import dataclasses
import os
import zipfile
from pathlib import Path
from typing import cast

from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec, WeightsFile
from orangecontrib.imageembedding.embeddings.weights import sha256_of
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.workers.place import run_apart

PROBED = "orangecontrib.imageembedding.embeddings.backends.local.probe:probed"


def own_embedder(path: str | os.PathLike[str], like: str | EmbedderSpec) -> EmbedderSpec:
    """Describe the embedder in a file of the user.

    Parameters
    ----------
    path : str or path
        Weights for the network of `like` (a ``state_dict`` that torch saved, or safetensors; the
        classifier may be missing or have another size), or a network of its own, in TorchScript
        or ONNX, of which the output is the embedding.
    like : str or EmbedderSpec
        Whose preparation is used, and whose network where the file has weights only.

    Returns
    -------
    spec : EmbedderSpec

    Raises
    ------
    InputError
        If there is no such file.
    WeightsError
        If it holds a network that cannot be run.
    """
    file = Path(path).expanduser().absolute()
    if not file.is_file():
        raise InputError(f"There is no weights file {file}.")
    base = get_embedder(like)
    with_weights, alone = own_ids(file, base.id)
    spec = dataclasses.replace(
        base,
        id=with_weights,
        title=f"{base.title} with {file.name}",
        description=f"The user's own weights for {base.title}.",
        weights=WeightsFile(
            name=file.name,
            n_bytes=file.stat().st_size,
            sha256_start=sha256_of(file),
            path=str(file),
        ),
        licence="the user's own",
        source=str(file),
    )
    kind = _network_kind(file)
    if kind is None:
        return spec
    own_network = dataclasses.replace(
        spec,
        id=alone,
        title=file.name,
        description="The user's own network.",
        network=kind,
    )
    return cast("EmbedderSpec", run_apart(PROBED, own_network, file))


def own_ids(path: str | os.PathLike[str], like: str) -> tuple[str, str]:
    """Get the ids that `own_embedder` gives a file: with weights for `like`, or a network."""
    name = Path(path).name
    return f"{like} with {name}", name


def _network_kind(file: Path) -> str | None:
    """Tell what network is in a file; None if it is weights only."""
    if file.suffix.lower() == ".onnx":
        return "onnx:"
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            if any(
                "/code/" in name or name.endswith("constants.pkl") for name in archive.namelist()
            ):
                return "torchscript:"
    return None
