"""A table of images, or files → groups of duplicates."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from Orange.data import ContinuousVariable, DiscreteVariable, Table
from Orange.data.util import get_unique_names

from orangecontrib.imageembedding.duplicates.distinct import DistinctPairs, pairs_among
from orangecontrib.imageembedding.duplicates.find import Duplicates, find_groups
from orangecontrib.imageembedding.duplicates.keeping import Keeping, Rank, ranked
from orangecontrib.imageembedding.duplicates.likeness import KINDS, Likeness
from orangecontrib.imageembedding.duplicates.looks import Look
from orangecontrib.imageembedding.embeddings.catalogue import BUILT_IN_ID
from orangecontrib.imageembedding.embeddings.embed import embed_files
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.pipeline.looking import looks_of, paths_of, pixel_digests
from orangecontrib.imageembedding.progress import Progress, run_watched, say, silent
from orangecontrib.imageembedding.tables import locate
from orangecontrib.imageembedding.tables.features import embedding_kind, feature_matrix

Paths = Sequence[str | os.PathLike[str]]
NO_EMBEDDING = "it has no embedding"


def find_duplicates(
    images: Table | Paths,
    reference: Table | Paths | None = None,
    similar: float | None = None,
    *,
    keep: str = "most-pixels",
    keep_folder: str | os.PathLike[str] = "",
    progress: Progress = silent,
) -> Duplicates:
    """Find images that are the same, copies of each other, or similar.

    Parameters
    ----------
    images : Table, or sequence of paths
        Tables with the same embeddings are compared by these, all else by the built-in embedder,
        on this computer.
    reference : Table, or sequence of paths, optional
        Then only duplicates of these images are found, not duplicates among `images`.
    similar : float, optional
        Also images whose vectors have so high a cosine are grouped, 0 to 1; the vectors are
        centered first. By default, copies only: changed in size, format, brightness, color,
        sharpness, cut, turned, mirrored, or with a caption.
    keep : str, optional
        Which one of a group is kept: ``most-pixels``, ``largest-file``, ``oldest`` or
        ``first-row``.
    keep_folder : str or path, optional
        Images in this folder are kept before all others.
    progress : Progress, optional
        Told the part that is done.

    Returns
    -------
    found : Duplicates
        With ``groups``, and for each row ``kind``, ``similarity`` and ``keep``. No file is
        changed. Images that cannot be read are in no group; ``unread`` tells why. Pairs that
        were said to be no duplicates are in none together, see `DistinctPairs`.

    Raises
    ------
    InputError
        If a table has no image column, or `similar` or `keep` is none of these.
    """
    locations = _locations_of(images)
    others = None if reference is None else _locations_of(reference)
    return compare_images(
        images, locations, reference, others, similar, keep, keep_folder, progress
    )


def compare_images(
    images: Table | Paths,
    locations: Sequence[str],
    reference: Table | Paths | None,
    reference_locations: Sequence[str] | None,
    similar: float | None,
    keep: str,
    keep_folder: str | os.PathLike[str],
    progress: Progress,
) -> Duplicates:
    """Find duplicates, where it is known already where the images are; see `find_duplicates`."""
    if similar is not None and not 0 < similar <= 1:
        raise InputError(f"similar must be between 0 and 1; got {similar!r}.")
    try:
        keeping = Keeping(keep, os.fspath(keep_folder))
    except ValueError as error:
        raise InputError(f"{error}.") from error
    n_images = None if reference is None else len(locations)
    locations = [*locations, *(reference_locations or ())]
    say(progress, "Reading images")
    looks = run_watched(lambda relay: looks_of(locations, relay), progress)
    vectors = _vectors_of(images, reference, locations, progress)
    unread = {row: look for row, look in enumerate(looks) if isinstance(look, str)}
    for row in np.flatnonzero(~np.isfinite(vectors).all(axis=1)).tolist():
        unread.setdefault(row, NO_EMBEDDING)
    seen = [look if isinstance(look, Look) else None for look in looks]
    paths = paths_of(locations)

    def rank(in_groups: Mapping[int, Look]) -> Mapping[int, Rank]:
        return ranked(in_groups, in_groups, paths, keeping)

    say(progress, "Comparing images")
    found = run_watched(
        lambda relay: find_groups(
            seen, vectors, n_images, similar, distinct=_distinct(), rank=rank, progress=relay
        ),
        progress,
    )
    return replace(_with_pixels(found, locations, progress), unread=dict(sorted(unread.items())))


def mark_distinct(locations: Paths, progress: Progress = silent) -> int:
    """Remember for ever that images are not duplicates of each other; get the number of pairs.

    Raises
    ------
    InputError
        If one of them cannot be read.
    """
    places = [os.fspath(path) for path in locations]
    looks = run_watched(lambda relay: looks_of(places, relay), progress)
    for place, look in zip(places, looks, strict=True):
        if not isinstance(look, Look):
            raise InputError(f"{place}: {look}")
    pairs = pairs_among([look.content for look in looks if isinstance(look, Look)])
    store = DistinctPairs()
    store.add(pairs)
    problem = store.problem
    store.close()
    if problem is not None:
        raise InputError(problem)
    return len(pairs)


def spared_bytes(
    groups: Sequence[Sequence[int]],
    likeness: Likeness,
    n_images: int,
    locations: Sequence[str],
) -> int:
    """Get how many bytes duplicates take that are not the very file of an image that is kept.

    Parameters
    ----------
    groups : sequence of sequence of int
        As in `Duplicates`.
    likeness : Likeness
        As there.
    n_images : int
        Without those of the reference.
    locations : sequence of str
        Of all rows.
    """
    kept = {locations[group[0]] for group in groups}
    others = {locations[row]: row for group in groups for row in group[1:] if row < n_images}
    return sum(
        likeness.looks[row].n_bytes for location, row in others.items() if location not in kept
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


def _locations_of(images: Table | Paths) -> list[str]:
    if isinstance(images, Table):
        return locate.image_locations(images, locate.image_column(images))
    return [os.fspath(path) for path in images]


def _vectors_of(
    images: Table | Paths,
    reference: Table | Paths | None,
    locations: Sequence[str],
    progress: Progress,
) -> NDArray[np.float32]:
    """Get the embeddings of all images: those of the tables, if they are of one kind."""
    parts = [images] if reference is None else [images, reference]
    tables = [part for part in parts if isinstance(part, Table)]
    kinds = {embedding_kind(table) for table in tables}
    if len(tables) == len(parts) and len(kinds) == 1 and None not in kinds:
        return np.vstack([feature_matrix(table).astype(np.float32) for table in tables])
    return embed_files(locations, BUILT_IN_ID, progress=progress).vectors


def _distinct() -> set[tuple[str, str]]:
    pairs = DistinctPairs()
    try:
        return pairs.all()
    finally:
        pairs.close()


def _with_pixels(found: Duplicates, locations: Sequence[str], progress: Progress) -> Duplicates:
    """Find out which copies of the same size are the same picture."""
    rows = found.likeness.of_same_size(found.groups)
    if not rows:
        return found.with_pixels({})  # some were known already
    say(progress, "Comparing pixels")
    places = [locations[row] for row in rows]
    looks = [found.likeness.looks[row] for row in rows]
    return found.with_pixels(
        run_watched(lambda relay: pixel_digests(places, looks, relay), progress)
    )
