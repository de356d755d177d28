"""Millions of image files → vectors in a folder of Parquet files, by Ray Data.

Each piece is written whole or not at all, under a name that its files decide: what is there is
not computed again, and a piece that two workers computed is there once.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from orangecontrib.imageembedding.embeddings.backends.base import EncodedImage, Vector
from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import BackendError, ImageError
from orangecontrib.imageembedding.images.fetch import fetch
from orangecontrib.imageembedding.progress import Counts, Progress, count, say, silent
from orangecontrib.imageembedding.ray.cluster import gpus_of_a_worker

if TYPE_CHECKING:
    from Orange.data import Table

PIECE = 256


@dataclass(frozen=True, slots=True)
class Pieces:
    """What came of it.

    Attributes
    ----------
    n_images : int
        Those with a vector.
    n_failures : int
        Those with a reason instead.
    """

    n_images: int
    n_failures: int


def embed_images_in_pieces(
    table: Table, spec: EmbedderSpec, backend: Local, folder: Path, progress: Progress = silent
) -> Pieces:
    """Embed the images of a table on the Ray cluster, as `embed_images` does here.

    Parameters
    ----------
    table : Table
        With a column of paths or URLs; all computers of the cluster must see the same files.
    spec, backend, folder, progress
        As for `embed_in_pieces`. A worker gets a GPU where the cluster has some.

    Raises
    ------
    InputError
        If the table has no such column.
    BackendError
        If the workers cannot run the embedder.
    """
    from orangecontrib.imageembedding.pipeline.embedding import locations_of  # not in the workers

    locations = locations_of(table)
    say(progress, "Embedding images")
    return embed_in_pieces(locations, spec, backend, folder, gpus_of_a_worker(backend), progress)


def embed_in_pieces(
    paths: Sequence[str],
    spec: EmbedderSpec,
    backend: Local,
    folder: Path,
    gpus: float = 0,
    progress: Progress = silent,
) -> Pieces:
    """Embed files on the Ray cluster to which this process is connected.

    Parameters
    ----------
    paths : sequence of str
        Absolute, and the same on all computers of the cluster.
    spec : EmbedderSpec
        What to compute.
    backend : Local
        How the workers compute it.
    folder : Path
        Gets the pieces, with columns ``image``, ``reason`` and ``embedding``; on all computers
        the same.
    gpus : float, optional
        Of each worker.
    progress : Progress, optional
        Told the part that is done.

    Returns
    -------
    pieces : Pieces

    Raises
    ------
    BackendError
        If the workers cannot run the embedder.
    """
    import ray

    folder.mkdir(parents=True, exist_ok=True)
    fingerprint = backend.fingerprint(spec, progress)
    wanted: dict[Path, Sequence[str]] = {}
    for start in range(0, len(paths), PIECE):
        part = paths[start : start + PIECE]
        wanted[folder / _name(fingerprint, part)] = part
    missing = [{"file": str(file), "paths": list(part)}
               for file, part in wanted.items() if not file.exists()]  # fmt: skip
    n_done = len(paths) - sum(len(piece["paths"]) for piece in missing)
    progress(n_done / max(len(paths), 1))
    if missing:
        most = max(1, int(ray.cluster_resources().get("GPU" if gpus else "CPU", 1) // (gpus or 1)))
        data = ray.data.from_items(missing, override_num_blocks=len(missing)).map(
            Worker,
            fn_constructor_args=(spec, backend),
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=most),
            num_cpus=1,
            num_gpus=gpus,
        )
        try:
            for row in data.iter_rows():
                n_done += row["n_images"]
                count(progress, Counts(n_done, len(paths)))
        except ray.exceptions.RayError as error:  # its text is a whole traceback of the worker
            raise BackendError(f"The cluster failed: {_last_line(error)}") from error
    return _counted(list(wanted))


def _last_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return re.sub(r"^[\w.]*Error: ", "", lines[-1])


class Worker:
    """An embedder in a process of the cluster."""

    def __init__(self, spec: EmbedderSpec, backend: Local) -> None:
        self._n_features = spec.n_features
        self._embedder = backend.load(spec, silent)

    def __call__(self, piece: dict[str, Any]) -> dict[str, Any]:
        """Embed a piece, and write it."""
        outcomes: list[Vector | ImageError] = []
        paths, size = piece["paths"], self._embedder.batch_size
        for start in range(0, len(paths), size):
            outcomes += self._embed(paths[start : start + size])
        _write(Path(piece["file"]), paths, outcomes, self._n_features)
        return {"n_images": len(paths)}

    def _embed(self, paths: Sequence[str]) -> list[Vector | ImageError]:
        results: dict[str, Vector | ImageError] = {}
        images = []
        for path in paths:
            try:
                images.append(EncodedImage(path, fetch(path)))
            except ImageError as error:
                results[path] = error
        outcomes = self._embedder.embed(images)
        results |= {image.location: one for image, one in zip(images, outcomes, strict=True)}
        return [results[path] for path in paths]


def _name(fingerprint: str, paths: Sequence[str]) -> str:
    text = "\0".join((fingerprint, *paths)).encode("utf-8", "surrogateescape")
    return f"part-{hashlib.sha256(text).hexdigest()[:24]}.parquet"


def _write(
    file: Path, paths: Sequence[str], outcomes: Sequence[Vector | ImageError], n_features: int
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [one if isinstance(one, np.ndarray) else np.full(n_features, np.nan) for one in outcomes]
    values = np.stack(rows).astype(np.float32).ravel()
    reasons = [one.reason if isinstance(one, ImageError) else None for one in outcomes]
    table = pa.table(
        {
            "image": pa.array(list(paths), pa.string()),
            "reason": pa.array(reasons, pa.string()),
            "embedding": pa.FixedSizeListArray.from_arrays(pa.array(values), n_features),
        }
    )
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    pq.write_table(table, unfinished)
    unfinished.replace(file)


def _counted(files: Sequence[Path]) -> Pieces:
    import pyarrow.parquet as pq

    n_rows = n_failures = 0
    for file in files:
        reasons = pq.read_table(file, columns=["reason"])["reason"]
        n_rows += len(reasons)
        n_failures += len(reasons) - reasons.null_count
    return Pieces(n_rows - n_failures, n_failures)
