"""The whole flow: folder → table → embeddings → tree. START HERE.

1. `import_images`: folders → a table of their images.
2. `embed_images`: a table → the same with embeddings; `embed_files` needs no table.
3. `cluster_images`, `cluster_table`, `cluster_distances`: → a tree; `score_clusters`: where to
   cut it; `choose_branches`: → tables of the rows in its branches. They are in `clustering`.

Scripts, the command line and the widgets all call these functions, and nothing else decides
the order of the steps. Every function takes a `Progress`, and stops when it raises `Cancelled`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from Orange.data import Table

from orangecontrib.imageembedding.clustered import BranchKey, ChosenBranches, ClusteredRows
from orangecontrib.imageembedding.clustering import (
    choose_branches,
    cluster_distances,
    cluster_images,
    cluster_table,
    score_clusters,
)
from orangecontrib.imageembedding.embeddings.backends.base import Backend
from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.catalogue import DEFAULT_ID
from orangecontrib.imageembedding.embeddings.embed import described, embed_files
from orangecontrib.imageembedding.embeddings.run import embed_locations
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.files.patterns import Patterns
from orangecontrib.imageembedding.files.record import Found, SkippedFile
from orangecontrib.imageembedding.files.scan import scan_paths
from orangecontrib.imageembedding.images.header import read_header
from orangecontrib.imageembedding.images.limits import max_megapixels
from orangecontrib.imageembedding.progress import Progress, run_watched, say, silent
from orangecontrib.imageembedding.tables import locate
from orangecontrib.imageembedding.tables.build import table_of_images
from orangecontrib.imageembedding.tables.computed import EmbedImages
from orangecontrib.imageembedding.tables.features import with_embeddings, with_reasons

__all__ = [
    "BranchKey",
    "ChosenBranches",
    "ClusteredRows",
    "EmbeddedImages",
    "ImportedImages",
    "choose_branches",
    "cluster_distances",
    "cluster_images",
    "cluster_table",
    "embed_files",
    "embed_images",
    "import_images",
    "score_clusters",
    "table_of_found",
]

MAX_NAMED = 3  # folders in the name of a table or in a message


@dataclass(frozen=True, slots=True)
class ImportedImages:
    """A folder as a table.

    Attributes
    ----------
    table : Table
        One row for each image; see `table_of_images` for the columns.
    skipped : tuple of SkippedFile
        What was left out, each with ``path`` and ``reason``.
    """

    table: Table
    skipped: tuple[SkippedFile, ...]


@dataclass(frozen=True, slots=True)
class EmbeddedImages:
    """A table of images with their embeddings.

    Attributes
    ----------
    embeddings : Table
        The rows whose images could be embedded, with attributes ``n0``, ``n1``, …; no rows if
        there is none.
    skipped : Table or None
        The other rows, with a meta ``reason``; None if there is none.
    n_known : int
        Images that were not embedded, because that was done before.
    notes : tuple of str
        What the user should know, beside the failures.
    """

    embeddings: Table
    skipped: Table | None
    n_known: int = 0
    notes: tuple[str, ...] = ()


def import_images(
    folder: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    progress: Progress = silent,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    classes: bool = True,
    found: Found | None = None,
) -> ImportedImages:
    """Make a table of the images in folders and in all folders below them.

    Parameters
    ----------
    folder : str or path, or a sequence of them
        Folders; in a sequence also single files.
    progress : Progress, optional
        Told the part of the files that are looked at.
    include, exclude : sequence of str, optional
        Patterns of names, such as ``*.jpg``, of the files that are wanted, and of files and
        folders that are not; see `Patterns`.
    classes : bool, optional
        Whether sub-folders become the classes.
    found : Found, optional
        Grows meanwhile; after a cancel `table_of_found` makes a table of it.

    Returns
    -------
    imported : ImportedImages

    Raises
    ------
    InputError
        If there is no such folder, or no image in it.
    """
    say(progress, "Reading the folder")
    if isinstance(folder, str | os.PathLike):
        if os.path.isfile(folder):
            raise InputError(f"The folder {os.fspath(folder)} is a file, not a folder.")
        folder = [folder]
    paths = [os.fspath(path) for path in folder]
    wanted = Patterns(include, exclude)
    known = Found() if found is None else found
    read = partial(read_header, limit=max_megapixels())  # asked once, not for each file
    run_watched(lambda relay: scan_paths(paths, read, relay, wanted, known), progress)
    return table_of_found(paths, known, classes=classes, wanted=wanted)


def table_of_found(
    paths: Sequence[str], found: Found, *, classes: bool = True, wanted: Patterns | None = None
) -> ImportedImages:
    """Make a table of what `import_images` found in some paths, also if it was cancelled.

    Raises
    ------
    InputError
        If that is no image.
    """
    files, skipped = found.files, tuple(found.skipped)
    if not files:
        left_out = "" if wanted is None or wanted.take_all else " of the names wanted"
        if skipped:
            first = skipped[0]
            left_out += f". {len(skipped)} left out; the first: {first.path}: {first.reason}"
        raise InputError(f"The folder {', '.join(paths[:MAX_NAMED])} holds no images{left_out}.")
    name = " + ".join(os.path.basename(os.path.abspath(path)) or path for path in paths[:MAX_NAMED])
    return ImportedImages(table_of_images(files, name, classes=classes), skipped)


def embed_images(
    table: Table,
    embedder: str | EmbedderSpec = DEFAULT_ID,
    *,
    image_column: str | None = None,
    backend: Backend | None = None,
    weights: str | os.PathLike[str] | None = None,
    keep: bool = True,
    progress: Progress = silent,
) -> EmbeddedImages:
    """Embed the images of a table.

    Parameters
    ----------
    table : Table
        With a column of paths or URLs.
    embedder : str or EmbedderSpec
        Id of an embedder in the catalogue, see `list_embedders`.
    image_column : str, optional
        Name of the column; by default the first that is marked as holding images.
    backend : Backend, optional
        What computes; by default torch on this computer: no image leaves it.
    weights : str or path, optional
        A file of the user with weights for `embedder`, or with a network; see `own_embedder`.
    keep : bool, optional
        Whether vectors are taken from the cache in the user's folder, and kept there.
    progress : Progress, optional
        Told the part of the images that are done.

    Returns
    -------
    embedded : EmbeddedImages

    Raises
    ------
    InputError
        If the table has no such column, or there is no such embedder.
    BackendError
        If the embedder cannot run, for instance because its weights cannot be had.
    """
    backend = backend or Local()
    spec = described(embedder, weights, backend, progress)
    column = locate.image_column(table.domain, image_column)
    table = locate.with_absolute_locations(table, column)
    locations = locate.image_locations(table, column)
    embedded = embed_locations(locations, spec, backend, progress, keep=keep)
    source = EmbedImages(table.domain[column.name], spec, backend)
    rows = [row for row in range(len(table)) if row not in embedded.failures]
    return EmbeddedImages(
        embeddings=with_embeddings(table, rows, embedded.vectors, source),
        skipped=with_reasons(table, embedded.failures),
        n_known=embedded.n_known,
        notes=embedded.notes,
    )
