"""The whole flow: folder → table → embeddings → tree. START HERE.

Scripts, the command line and the widgets all call these functions, and nothing else decides
the order of the steps. Every function takes a `Progress`, and stops when it raises `Cancelled`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from Orange.data import Table
from Orange.misc import DistMatrix

from orangecontrib.imageembedding.clusters.distances import Vectors
from orangecontrib.imageembedding.clusters.link import tree_of_distances, tree_of_vectors
from orangecontrib.imageembedding.clusters.tree import Tree
from orangecontrib.imageembedding.embeddings.backends.base import Backend
from orangecontrib.imageembedding.embeddings.backends.local import Local
from orangecontrib.imageembedding.embeddings.catalogue import DEFAULT_ID, get_embedder
from orangecontrib.imageembedding.embeddings.run import Embedded, embed_locations
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.files.patterns import Patterns
from orangecontrib.imageembedding.files.record import Found, SkippedFile
from orangecontrib.imageembedding.files.scan import scan_paths
from orangecontrib.imageembedding.images.header import read_header
from orangecontrib.imageembedding.progress import Progress, run_watched, say, silent
from orangecontrib.imageembedding.tables import locate
from orangecontrib.imageembedding.tables.build import table_of_images
from orangecontrib.imageembedding.tables.features import (
    complete_rows,
    feature_matrix,
    with_embeddings,
    with_reasons,
)

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
    """

    embeddings: Table
    skipped: Table | None


@dataclass(frozen=True, slots=True, eq=False)
class ClusteredRows:
    """A tree and the rows that are its leaves.

    Attributes
    ----------
    tree : Tree
    table : Table or None
        Where the rows come from; None if the distances came without a table.
    rows : ndarray of shape (n_leaves,), dtype int
        The row of each leaf.
    names : sequence of str or None
        Names of the leaves, where there is no table.
    """

    tree: Tree
    table: Table | None
    rows: NDArray[np.intp]
    names: Sequence[str] | None = None

    @property
    def n_left_out(self) -> int:
        """Rows that are no leaves, because they have missing numbers."""
        return 0 if self.table is None else len(self.table) - len(self.rows)

    def name_of(self, leaf: int) -> str:
        """Get the name of a leaf: its row number, if there is no better one."""
        return self.names[leaf] if self.names is not None else str(self.rows[leaf] + 1)


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
    run_watched(lambda relay: scan_paths(paths, read_header, relay, wanted, known), progress)
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
    spec = get_embedder(embedder)
    column = locate.image_column(table.domain, image_column)
    table = locate.with_absolute_locations(table, column)
    locations = locate.image_locations(table, column)
    embedded = embed_locations(locations, spec, backend or Local(), progress)
    rows = [row for row in range(len(table)) if row not in embedded.failures]
    return EmbeddedImages(
        embeddings=with_embeddings(table, rows, embedded.vectors[rows], spec.id),
        skipped=with_reasons(table, embedded.failures),
    )


def embed_files(
    paths: Sequence[str | os.PathLike[str]],
    embedder: str | EmbedderSpec = DEFAULT_ID,
    *,
    backend: Backend | None = None,
    progress: Progress = silent,
) -> Embedded:
    """Embed image files without any table.

    Parameters
    ----------
    paths : sequence of str or path
        Paths or URLs.
    embedder, backend, progress
        As for `embed_images`.

    Returns
    -------
    embedded : Embedded
        ``vectors``: float32 array of shape (len(paths), n_features) with rows of NaN for
        failures; ``failures``: dict of row to reason.
    """
    spec = get_embedder(embedder)
    if isinstance(paths, str | bytes | os.PathLike):
        raise ValueError(f"paths must be a list of paths; got {paths!r}")
    locations = [os.fsdecode(path) for path in paths]
    return embed_locations(locations, spec, backend or Local(), progress)


def cluster_images(
    data: Table | Vectors,
    metric: str = "cosine",
    linkage: str = "average",
    progress: Progress = silent,
) -> Tree:
    """Build the tree of hierarchical clustering.

    Parameters
    ----------
    data : Table or ndarray of shape (n, n_features)
        Of a table its embeddings are compared, or all numeric attributes if it has none.
    metric : {"cosine", "euclidean", "manhattan", "correlation"}
        Distance between two images.
    linkage : {"average", "complete", "ward", "weighted", "single"}
        Distance between two clusters. Ward's needs Euclidean distances; with cosine or
        correlation it gets those between the vectors scaled to length 1.
    progress : Progress, optional
        Told the part of the distances that are done.

    Returns
    -------
    tree : Tree
        ``linkage``: (n - 1, 4) as scipy's; ``leaf_order``; ``cut``.

    Raises
    ------
    InputError
        If there are fewer than two rows, no numbers, or numbers are missing or too large.
    ValueError
        If metric or linkage is unknown, or `data` is no matrix.
    """
    vectors = feature_matrix(data) if isinstance(data, Table) else _matrix_of(data)
    return run_watched(lambda relay: tree_of_vectors(vectors, metric, linkage, relay), progress)


def _matrix_of(data: object) -> NDArray[np.float64]:
    """Check that something is a matrix of numbers."""
    try:
        matrix = np.asarray(data, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"data must be a table or a matrix of numbers: {error}") from error
    if matrix.ndim != 2:  # noqa: PLR2004
        raise ValueError(f"data must be a matrix; got an array of shape {matrix.shape}")
    return matrix


def cluster_table(
    table: Table, metric: str = "cosine", linkage: str = "average", progress: Progress = silent
) -> ClusteredRows:
    """Cluster the rows of a table in which no number is missing; as `cluster_images` else."""
    vectors = feature_matrix(table)
    rows = complete_rows(vectors)
    return ClusteredRows(cluster_images(vectors[rows], metric, linkage, progress), table, rows)


def cluster_distances(
    distances: DistMatrix, linkage: str = "average", progress: Progress = silent
) -> ClusteredRows:
    """Cluster by distances that are known.

    Parameters
    ----------
    distances : DistMatrix of shape (n, n)
        Symmetric; of the rows or of the columns of a table.
    linkage, progress
        As for `cluster_images`.

    Raises
    ------
    InputError
        If there are fewer than two items, or distances are missing.
    """
    tree = run_watched(lambda relay: tree_of_distances(distances, linkage, relay), progress)
    rows = np.arange(tree.n_leaves)
    items = distances.row_items
    if isinstance(items, Table) and distances.axis == 1:
        return ClusteredRows(tree, items, rows)
    if isinstance(items, Table):  # distances between its columns
        items = [variable.name for variable in items.domain.attributes]
    names = None if items is None else [getattr(item, "name", str(item)) for item in items]
    return ClusteredRows(tree, None, rows, names)
