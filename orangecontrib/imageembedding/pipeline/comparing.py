"""A table of images, or files → groups of duplicates."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from Orange.data import ContinuousVariable, DiscreteVariable, Table
from Orange.data.util import get_unique_names

from orangecontrib.imageembedding.duplicates.find import KINDS, Duplicates, Look, find_groups
from orangecontrib.imageembedding.duplicates.hashes import hash_turns
from orangecontrib.imageembedding.embeddings.catalogue import BUILT_IN_ID
from orangecontrib.imageembedding.embeddings.embed import embed_files
from orangecontrib.imageembedding.errors import ImageError, InputError
from orangecontrib.imageembedding.images.look import see
from orangecontrib.imageembedding.progress import Progress, run_watched, say, silent
from orangecontrib.imageembedding.tables import locate
from orangecontrib.imageembedding.tables.features import feature_matrix, has_embeddings

Paths = Sequence[str | os.PathLike[str]]


def find_duplicates(
    images: Table | Paths,
    reference: Table | Paths | None = None,
    similar: float | None = None,
    *,
    progress: Progress = silent,
) -> Duplicates:
    """Find images that are the same, copies of each other, or similar.

    Parameters
    ----------
    images : Table, or sequence of paths
        A table with embeddings is compared by these, any other by the built-in embedder.
    reference : Table, or sequence of paths, optional
        Then only duplicates of these images are found, not duplicates among `images`.
    similar : float, optional
        Also images whose vectors have so high a cosine are grouped, 0 to 1; the vectors are
        centered first. By default, copies only: changed in size, format, brightness, color,
        sharpness, cut, turned, mirrored, or with a caption.
    progress : Progress, optional
        Told the part that is done.

    Returns
    -------
    found : Duplicates
        With ``groups``, and for each row ``kind``, ``similarity`` and ``keep``. No file is
        changed. Images that cannot be read are in no group.

    Raises
    ------
    InputError
        If a table has no image column, or the two have different embeddings.
    """
    if similar is not None and not 0 < similar <= 1:
        raise InputError(f"similar must be between 0 and 1; got {similar!r}.")
    locations, vectors = _vectors_of(images, progress)
    n_images = None
    if reference is not None:
        n_images = len(locations)
        more, others = _vectors_of(reference, progress)
        if others.shape[1] != vectors.shape[1]:
            raise InputError("The images and the reference have different embeddings.")
        locations, vectors = [*locations, *more], np.vstack([vectors, others])
    say(progress, "Reading images")
    looks = run_watched(lambda relay: _looks(locations, relay), progress)
    say(progress, "Comparing images")
    return run_watched(
        lambda relay: find_groups(looks, vectors, n_images, similar=similar, progress=relay),
        progress,
    )


def with_duplicates(table: Table, found: Duplicates) -> Table:
    """Get a table with the columns ``Duplicate Group``, ``Kind``, ``Similarity`` and ``Kept``.

    Parameters
    ----------
    table : Table
        In which `find_duplicates` found them.
    found : Duplicates
        What it found.
    """
    number = np.full(len(table), np.nan)
    for i, group in enumerate(found.groups, start=1):
        number[[row for row in group if row < len(table)]] = i
    groups = [f"D{i}" for i in range(1, len(found.groups) + 1)]
    kinds = [float(KINDS.index(kind)) if kind else np.nan for kind in found.kind]
    columns = [
        (DiscreteVariable("Duplicate Group", groups), number - 1),
        (DiscreteVariable("Kind", KINDS), kinds),
        (ContinuousVariable("Similarity"), found.similarity),
        (DiscreteVariable("Kept", ("No", "Yes")), found.keep.astype(float)),
    ]
    names = get_unique_names(table.domain, [variable.name for variable, _ in columns])
    for name, (variable, values) in zip(names, columns, strict=True):
        table = table.add_column(variable.renamed(name), values, to_metas=True)
    return table


def _vectors_of(images: Table | Paths, progress: Progress) -> tuple[list[str], NDArray[np.float32]]:
    """Get the locations of images, and their embeddings."""
    if isinstance(images, Table):
        locations = locate.image_locations(images, locate.image_column(images))
        if has_embeddings(images):
            return locations, feature_matrix(images).astype(np.float32)
    else:
        locations = [os.fspath(path) for path in images]
    return locations, embed_files(locations, BUILT_IN_ID, progress=progress).vectors


def _looks(locations: Sequence[str], progress: Progress) -> list[Look | None]:
    looks: list[Look | None] = []
    with ThreadPoolExecutor() as pool:
        for look in pool.map(_look, locations):
            looks.append(look)
            progress(len(looks) / len(locations))
    return looks


def _look(location: str) -> Look | None:
    try:
        seen = see(location)
    except ImageError:
        return None
    hashes, quality = hash_turns(seen.pixels)
    height, width = seen.pixels.shape[:2]
    return Look(seen.digest, hashes, quality, width * height, seen.n_bytes)
