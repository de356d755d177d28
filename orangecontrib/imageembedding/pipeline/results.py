"""What the steps give: tables, a tree with its rows, and what is chosen of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from Orange.data import Table

from orangecontrib.imageembedding.clusters.distances import Distances
from orangecontrib.imageembedding.clusters.representatives import Medoids, typical
from orangecontrib.imageembedding.clusters.tree import Tree
from orangecontrib.imageembedding.files.record import SkippedFile
from orangecontrib.imageembedding.maps.quality import torn_apart, trustworthiness
from orangecontrib.imageembedding.maps.regions import Regions, find_regions

BranchKey = tuple[str, str, int]
"""Keys of a row in either half of a branch, and its number of rows."""


@dataclass(frozen=True, slots=True)
class ImportedImages:
    """A folder as a table.

    Attributes
    ----------
    table : Table
        One row for each image; see `table_of_images` for the columns.
    skipped : tuple of SkippedFile
        What was skipped, each with ``path`` and ``reason``.
    """

    table: Table
    skipped: tuple[SkippedFile, ...]


def _n_rows(table: Table, skipped: Table | None) -> int:
    return len(table) + (0 if skipped is None else len(skipped))


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
    n_cached : int
        Images that were not embedded, because that was done before.
    notes : tuple of str
        What the user should know, besides the failures.
    """

    embeddings: Table
    skipped: Table | None
    n_cached: int = 0
    notes: tuple[str, ...] = ()

    @property
    def n_images(self) -> int:
        """Rows of both tables."""
        return _n_rows(self.embeddings, self.skipped)


@dataclass(frozen=True, slots=True)
class SavedImages:
    """A table of images, some of which were saved as new files.

    Attributes
    ----------
    saved : Table
        The rows whose images were saved, with the paths of the new files in the image column; no
        rows if there is none.
    skipped : Table or None
        The other rows, with a meta ``reason``; None if there is none.
    n_known : int
        How many of the skipped ones were there already, just as they would be saved.
    """

    saved: Table
    skipped: Table | None
    n_known: int = 0

    @property
    def n_images(self) -> int:
        """Rows of both tables."""
        return _n_rows(self.saved, self.skipped)


@dataclass(frozen=True, slots=True)
class SelectedBranches:
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


class RowKeys(Sequence[str]):
    """Texts that tell rows apart, also in the next session; rows are found by them."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys
        self._row_of_key: dict[str, int] | None = None

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, row):  # type: ignore[no-untyped-def]
        return self._keys[row]

    def row_of(self, key: str) -> int | None:
        """Get the row with a key; None if there is none."""
        if self._row_of_key is None:
            self._row_of_key = {known: row for row, known in enumerate(self._keys)}
        return self._row_of_key.get(key)


@dataclass(frozen=True, slots=True, eq=False)
class ClusteredRows:
    """A tree and the rows that are its leaves.

    Attributes
    ----------
    tree : Tree
        Of these rows.
    table : Table
        Where the rows come from.
    rows : ndarray of shape (n_leaves,), dtype int
        The row of each leaf.
        If the tree has prototypes, of each row that is under a leaf.
    distances : Distances
        Between the rows; computed on demand.
    keys : RowKeys
        Tell each row apart from others, also in the next session.
    medoids : Medoids
        The most typical row of each branch.
    """

    tree: Tree
    table: Table
    rows: NDArray[np.intp]
    distances: Distances
    keys: RowKeys
    medoids: Medoids

    def typical_of(self, node: int, n_wanted: int = 1) -> NDArray[np.intp]:
        """Get a few typical leaves under a node, the most central first.

        Shape (at most n_wanted,), dtype int.
        """
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
        """Get the branches of keys that `key_of` made, if they still exist."""
        nodes = []
        for first, last, size in keys:
            row, other = self.keys.row_of(first), self.keys.row_of(last)
            if row is not None and other is not None:
                leaves = self.tree.leaf_of_row[[row, other]].tolist()
                node = self.tree.common_branch(*leaves)
                if self.tree.sizes_of([node])[0] == size:
                    nodes.append(node)
        return nodes

    @property
    def n_left_out(self) -> int:
        """Number of rows that are not leaves, because they have missing numbers."""
        return len(self.table) - len(self.rows)


@dataclass(frozen=True, slots=True, eq=False)
class MapOfRows:
    """The place of each row on a map.

    Attributes
    ----------
    coordinates : ndarray of shape (n, 2), dtype float32
        NaN for rows with missing numbers.
    kept_neighbors : float
        Part of the 15 nearest rows by cosine distance that are nearest on the map, too: 0.0 to
        1.0; NaN with fewer than two rows, or given places without embeddings.
    neighbors : ndarray of shape (n, k), dtype int32
        The 15 nearest rows of each, nearest first; fewer if there are fewer, or it is not known;
        -1 for rows without a place.
    points : ndarray of shape (n, n_components), dtype float32, or None
        Principal components of the rows, whose Euclidean distances stand for cosine distances.
    table : Table or None
        The data with the metas ``map-x`` and ``map-y``, which also place rows of other tables on
        this map. None of a matrix.
    """

    coordinates: NDArray[np.float32]
    kept_neighbors: float
    neighbors: NDArray[np.int32]
    points: NDArray[np.float32] | None
    table: Table | None

    def regions(self, fineness: float = 0.5) -> Regions:
        """Find where rows lie densely: see `find_regions`."""
        return find_regions(self.coordinates, self.points, fineness)

    def torn_apart(self) -> NDArray[np.bool_]:
        """Whether most of the nearest neighbors of each row lie far from it on the map.

        Shape (n_rows,), dtype bool.
        """
        torn = np.zeros(len(self.coordinates), dtype=bool)
        placed = self._placed
        if self.points is not None:
            among_placed = np.searchsorted(placed, self.neighbors[placed])
            torn[placed] = torn_apart(among_placed, self.coordinates[placed])
        return torn

    def trustworthiness(self) -> float:
        """Tell how near the neighbors on the map truly are: see `maps.quality`."""
        if self.points is None:
            return float("nan")
        return trustworthiness(self.points[self._placed], self.coordinates[self._placed])

    @property
    def _placed(self) -> NDArray[np.intp]:
        return np.flatnonzero(np.isfinite(self.coordinates).all(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class GridOfRows:
    """The cell of each row.

    Attributes
    ----------
    rows, columns : ndarray of shape (n,), dtype int
        Of the cell of each row of the data, from 0 at the top left; -1 if the row has none,
        because it has missing numbers.
    n_rows, n_columns : int
        Of the grid; it may have empty cells.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    n_rows: int
    n_columns: int

    @property
    def has_cell(self) -> NDArray[np.bool_]:
        """Whether each row is in the grid: shape (n_rows,), dtype bool."""
        return self.rows >= 0

    @property
    def cells(self) -> NDArray[np.intp]:
        """``row * n_columns + column`` of each row, or -1: shape (n_rows,), dtype int."""
        return np.where(self.has_cell, self.rows * self.n_columns + self.columns, -1)
