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

from orangecontrib.imageembedding.clusters.distances import (
    Distances,
    GivenDistances,
    VectorDistances,
)
from orangecontrib.imageembedding.clusters.link import tree_of_distances, tree_of_vectors
from orangecontrib.imageembedding.clusters.rows import Vectors
from orangecontrib.imageembedding.clusters.silhouette import silhouettes
from orangecontrib.imageembedding.clusters.tree import Tree
from orangecontrib.imageembedding.clusters.typical import medoid, typical
from orangecontrib.imageembedding.embeddings.backends.base import Backend
from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.backends.remote.backend import Remote
from orangecontrib.imageembedding.embeddings.catalogue import DEFAULT_ID, get_embedder
from orangecontrib.imageembedding.embeddings.own import own_embedder
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
from orangecontrib.imageembedding.tables.choose import (
    row_keys,
    rows_with_clusters,
    with_clusters,
)
from orangecontrib.imageembedding.tables.computed import EmbedImages
from orangecontrib.imageembedding.tables.features import (
    complete_rows,
    feature_matrix,
    normalised,
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
    n_known : int
        Images that were not embedded, because that was done before.
    notes : tuple of str
        What the user should know, beside the failures.
    """

    embeddings: Table
    skipped: Table | None
    n_known: int = 0
    notes: tuple[str, ...] = ()


BranchKey = tuple[str, str, int]
"""Keys of a row in either half of a branch, and its number of rows."""


@dataclass(frozen=True, slots=True)
class ChosenBranches:
    """Tables of the rows in some branches.

    Attributes
    ----------
    selected : Table or None
        Rows in the branches, with a column ``Cluster``; None if there are none.
    data : Table
        All rows, with the columns ``Cluster`` and ``Selected``.
    representatives : Table or None
        The medoid of each branch, with its ``Cluster``.
    """

    selected: Table | None
    data: Table
    representatives: Table | None


@dataclass(frozen=True, slots=True, eq=False)
class ClusteredRows:
    """A tree and the rows that are its leaves.

    Attributes
    ----------
    tree : Tree
        Of these rows.
    table : Table or None
        Where the rows come from; None if the distances came without a table.
    rows : ndarray of shape (n_leaves,), dtype int
        The row of each leaf.
        If the tree has prototypes, of each row that is under a leaf.
    distances : Distances
        Between the rows; computed when asked for.
    names : sequence of str or None
        Names of the leaves, where there is no table.
    keys : sequence of str
        Tell each row apart from others, also in the next session.
    """

    tree: Tree
    table: Table | None
    rows: NDArray[np.intp]
    distances: Distances
    names: Sequence[str] | None = None
    keys: Sequence[str] = ()

    def typical_of(self, node: int, n_wanted: int = 1) -> NDArray[np.intp]:
        """Get a few typical leaves under a node: the most central first."""
        members = self.tree.rows_of(node)
        return self.tree.leaf_of_row[typical(self.distances, members, n_wanted)]

    def key_of(self, node: int) -> BranchKey:
        """Get what tells a branch apart, also in the next session: see `node_of`."""
        tree = self.tree
        n = tree.n_leaves
        ends = tree.outline.children[node - n] if node >= n else (node, node)
        first, last = (self.keys[tree.rows_of(int(end))[0]] for end in ends)
        return first, last, int(tree.sizes_of([node])[0])

    def nodes_of(self, keys: Sequence[BranchKey]) -> list[int]:
        """Get the branches that `key_of` was asked for, as far as there are such branches."""
        nodes: list[int] = []
        if not keys:
            return nodes
        row_of_key = {key: row for row, key in enumerate(self.keys)}
        for first, last, size in keys:
            if first in row_of_key and last in row_of_key:
                leaves = [int(self.tree.leaf_of_row[row_of_key[key]]) for key in (first, last)]
                node = self.tree.common_branch(*leaves)
                if self.tree.sizes_of([node])[0] == size:
                    nodes.append(node)
        return nodes

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
    spec = _described(embedder, weights, backend, progress)
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


def embed_files(
    paths: Sequence[str | os.PathLike[str]],
    embedder: str | EmbedderSpec = DEFAULT_ID,
    *,
    backend: Backend | None = None,
    weights: str | os.PathLike[str] | None = None,
    keep: bool = True,
    progress: Progress = silent,
) -> Embedded:
    """Embed image files without any table.

    Parameters
    ----------
    paths : sequence of str or path
        Paths or URLs.
    embedder, backend, weights, keep, progress
        As for `embed_images`.

    Returns
    -------
    embedded : Embedded
        ``vectors``: float32 array of shape (len(paths), n_features) with rows of NaN for
        failures; ``failures``: dict of row to reason.
    """
    backend = backend or Local()
    spec = _described(embedder, weights, backend, progress)
    if isinstance(paths, str | bytes | os.PathLike):
        raise ValueError(f"paths must be a list of paths; got {paths!r}")
    locations = [os.fsdecode(path) for path in paths]
    return embed_locations(locations, spec, backend, progress, keep=keep)


def _described(
    embedder: str | EmbedderSpec,
    weights: str | os.PathLike[str] | None,
    backend: Backend,
    progress: Progress,
) -> EmbedderSpec:
    """Get the description of an embedder: of the user's file, of a server's, or our own."""
    if weights is not None:
        return own_embedder(weights, embedder)
    if isinstance(backend, Remote) and isinstance(embedder, str):
        return run_watched(lambda relay: backend.embedder(embedder, relay), progress)
    return get_embedder(embedder)


def cluster_images(
    data: Table | Vectors,
    metric: str = "cosine",
    linkage: str = "ward",
    progress: Progress = silent,
    *,
    ordered: bool = True,
    max_bytes: float | None = None,
) -> Tree:
    """Build the tree of hierarchical clustering.

    Parameters
    ----------
    data : Table or ndarray of shape (n, n_features)
        Of a table its embeddings are compared, or all numeric attributes if it has none.
    metric : {"cosine", "euclidean", "manhattan", "correlation", "braycurtis", "jaccard"}
        Distance between two images.
    linkage : {"average", "complete", "ward", "weighted", "single", "centroid", "median"}
        Distance between two clusters. Ward, centroid and median need Euclidean distances; with
        cosine or correlation they get those between the vectors scaled to length 1.
    progress : Progress, optional
        Told what is done, the memory it takes and how far it is.
    ordered : bool
        Whether to turn branches so that leaves next to each other are alike.
    max_bytes : float, optional
        Memory for the distances of all pairs; by default a quarter of what is free. If they need
        more, the tree is built on prototypes: its leaves stand for several rows.

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
    return run_watched(
        lambda relay: tree_of_vectors(
            vectors, metric, linkage, relay, ordered=ordered, max_bytes=max_bytes
        ),
        progress,
    )


def _matrix_of(data: object) -> Vectors:
    """Check that something is a matrix of numbers; float32 stays so."""
    try:
        matrix: Vectors = np.asarray(data)
        if matrix.dtype != np.float32:
            matrix = np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"data must be a table or a matrix of numbers: {error}") from error
    if matrix.ndim != 2:  # noqa: PLR2004
        raise ValueError(f"data must be a matrix; got an array of shape {matrix.shape}")
    return matrix


def cluster_table(
    table: Table,
    metric: str = "cosine",
    linkage: str = "ward",
    progress: Progress = silent,
    *,
    normalise: bool = False,
    all_numeric: bool = False,
    ordered: bool = True,
    max_bytes: float | None = None,
) -> ClusteredRows:
    """Cluster the rows of a table in which no number is missing.

    Parameters
    ----------
    table : Table
        Its embeddings are compared, or all numeric attributes if it has none.
    metric, linkage, progress, ordered, max_bytes
        As for `cluster_images`.
    normalise : bool
        Whether to scale each column to mean 0 and standard deviation 1 before.
    all_numeric : bool
        Whether to compare all numeric attributes although there are embeddings.
    """
    vectors = feature_matrix(table, all_numeric)
    rows = complete_rows(vectors)
    if len(rows) < len(vectors):
        vectors = vectors[rows]
    if normalise:
        vectors = normalised(vectors)
    tree = cluster_images(vectors, metric, linkage, progress, ordered=ordered, max_bytes=max_bytes)
    distances = VectorDistances(vectors, metric)
    return ClusteredRows(tree, table, rows, distances, keys=row_keys(table, rows))


def cluster_distances(
    distances: DistMatrix,
    linkage: str = "average",
    progress: Progress = silent,
    *,
    ordered: bool = True,
) -> ClusteredRows:
    """Cluster by distances that are known.

    Parameters
    ----------
    distances : DistMatrix of shape (n, n)
        Symmetric; of the rows or of the columns of a table.
    linkage : str
        As for `cluster_images`; ward, centroid and median presume Euclidean distances.
    progress, ordered
        As for `cluster_images`.

    Raises
    ------
    InputError
        If there are fewer than two items, or distances are missing.
    """
    tree = run_watched(
        lambda relay: tree_of_distances(distances, linkage, relay, ordered=ordered), progress
    )
    given = GivenDistances(np.asarray(distances))
    rows = np.arange(tree.n_leaves)
    items = distances.row_items
    if isinstance(items, Table) and distances.axis == 1:
        return ClusteredRows(tree, items, rows, given, keys=row_keys(items, rows))
    if isinstance(items, Table):  # distances between its columns
        items = [variable.name for variable in items.domain.attributes]
    names = None if items is None else [getattr(item, "name", str(item)) for item in items]
    keys = names if names is not None and len(set(names)) == len(rows) else [str(i) for i in rows]
    return ClusteredRows(tree, None, rows, given, names, keys)


def score_clusters(clustered: ClusteredRows, progress: Progress = silent) -> NDArray[np.float64]:
    """Get the mean silhouette of the tree cut into 2, 3, … clusters; see `silhouettes`."""
    say(progress, "Looking for the best number of clusters")
    return run_watched(
        lambda relay: silhouettes(clustered.tree, clustered.distances, relay), progress
    )


def choose_branches(
    clustered: ClusteredRows, nodes: Sequence[int], progress: Progress = silent
) -> ChosenBranches:
    """Get the rows in some branches.

    Parameters
    ----------
    clustered : ClusteredRows
        With a table.
    nodes : sequence of int
        On top of the branches, which become the clusters C1, C2 and so on.
    progress : Progress, optional
        Told the part of the branches that are done.
    """
    if clustered.table is None:
        raise ValueError("the distances came without a table")
    tree, rows = clustered.tree, clustered.rows
    labels = tree.labels_of(nodes)
    medoids = []
    for i, node in enumerate(nodes):
        progress(i / len(nodes))
        medoids.append(medoid(clustered.distances, tree.rows_of(node)))
    selected = np.flatnonzero(labels)
    return ChosenBranches(
        rows_with_clusters(clustered.table, rows[selected], labels[selected]),
        with_clusters(clustered.table, labels, rows, selected=rows[selected]),
        rows_with_clusters(clustered.table, rows[medoids], np.arange(1, len(nodes) + 1)),
    )
