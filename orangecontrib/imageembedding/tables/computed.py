"""Columns that know how to compute themselves: a model trained on them works on raw images.

Orange asks such a column for its values when a table that lacks it is to become one that has it
(Predictions, Test and Score, Apply Domain). Saved models contain these classes by their names and
attributes, which therefore stay as they are.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from Orange.data import Table, Variable
from Orange.data import table as orange_table
from Orange.data.util import SharedComputeValue

from orangecontrib.imageembedding.caches.filestate import file_state
from orangecontrib.imageembedding.embeddings.backends.base import Backend
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.embeddings.models import MODELS
from orangecontrib.imageembedding.embeddings.recognize import recognized
from orangecontrib.imageembedding.embeddings.run import Embedded, embed_locations
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import ImageEmbeddingError
from orangecontrib.imageembedding.images.fetch import local_path
from orangecontrib.imageembedding.tables.answers import watch_models
from orangecontrib.imageembedding.tables.locate import (
    column_like,
    image_locations,
    location_key,
    searched_folders,
)
from orangecontrib.imageembedding.tables.missing import EmbeddingWarning, report
from orangecontrib.imageembedding.tables.search import explained

__all__ = ["EmbedImages", "EmbeddingColumn", "EmbeddingWarning"]

Vectors = NDArray[np.float32]

MEMO_BYTES = 512 << 20
MEMO_S = 60.0


class EmbedImages:
    """Gets the vectors of a table's images: what all columns of an embedder share.

    Two are equal if they give the same vectors.

    Parameters
    ----------
    image : Variable
        The column with the locations.
    embedder : EmbedderSpec or str
        What to compute. For stored embeddings, only its id is known.
    backend : Backend or None
        What computes it; None of stored embeddings: it is looked for by their mark.
    mark : str or None
        By which the vectors are recognized, see `mark_of`.
    """

    mark: str | None = None  # of models that were saved before there were marks

    def __init__(
        self,
        image: Variable,
        embedder: EmbedderSpec | str,
        backend: Backend | None,
        mark: str | None = None,
    ) -> None:
        self.image = image
        # As small as can be: it is saved.
        self.embedder = (
            embedder.id if isinstance(embedder, EmbedderSpec) and embedder in MODELS else embedder
        )
        self.n_features = embedder.n_features if isinstance(embedder, EmbedderSpec) else 0
        self.backend = backend
        self.mark = mark
        watch_models()

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        watch_models()

    def __eq__(self, other: object) -> bool:
        return type(other) is EmbedImages and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def embedder_id(self) -> str:
        """The id, for people and attributes of columns."""
        return self.embedder if isinstance(self.embedder, str) else self.embedder.id

    @property
    def _identity(self) -> tuple[object, ...]:
        if self.mark is not None:
            return (self.image.name, self.mark)
        return (self.image.name, self.embedder, self.backend)

    def __call__(self, table: Table) -> Vectors:
        """Embed the images of some rows; vectors that are known are taken from the cache.

        Returns
        -------
        vectors : ndarray of shape (len(table), n_features), dtype float32
            NaN where there is none, which is reported as `report` says.

        Raises
        ------
        EmbeddingsMissing
            If there is none at all.
        """
        if not len(table):
            return self._missing(0)
        column = column_like(table, self.image.name)
        if column is None:
            return self._none(table, f"The table has no image column {self.image.name!r}.")
        key = (self, location_key(table, column))
        vectors = _MEMO.get(key)
        if vectors is None:
            locations = image_locations(table, column)
            files = _Files(locations)
            try:
                embedded = self._embed(locations)
            except ImageEmbeddingError as error:
                return self._none(table, str(error))
            vectors = np.asfortranarray(embedded.vectors)  # it will be taken column by column
            _MEMO.put(key, files, vectors, is_complete=not embedded.failures)
            if embedded.failures:
                folders = searched_folders(table, column)
                self._report(table, locations, embedded.failures, folders)
        return vectors

    def _embed(self, locations: Sequence[str]) -> Embedded:
        spec, backend = self._means()
        return embed_locations(locations, spec, backend)

    def _report(
        self,
        table: Table,
        locations: Sequence[str],
        failures: dict[int, str],
        folders: Sequence[str],
    ) -> None:
        rows = list(failures)
        place = locations[rows[0]] or f"row {rows[0] + 1}"
        first = f"the first: {place}: {explained(failures[rows[0]], folders)}"
        n = len(table)
        some, none = f"{len(rows)} of {n} images could not", f"None of the {n} images could"
        summary = f"{some if len(rows) < n else none} be embedded; {first}."
        report(table.ids[rows], n, summary)

    def _none(self, table: Table, problem: str) -> Vectors:
        report(table.ids, len(table), problem)
        return self._missing(len(table))

    def _means(self) -> tuple[EmbedderSpec, Backend]:
        """Get what computes the vectors."""
        if self.backend is None:
            return recognized(self.embedder_id, str(self.mark))
        return get_embedder(self.embedder), self.backend

    def _missing(self, n_rows: int) -> Vectors:
        return np.full((n_rows, self.n_features), np.nan, dtype=np.float32)


class EmbeddingColumn(SharedComputeValue):  # type: ignore[misc]
    """Gets one feature of the images."""

    def __init__(self, compute_shared: EmbedImages, index: int) -> None:
        super().__init__(compute_shared)
        self.index = index

    def compute(self, data: Table, shared_data: Vectors) -> Vectors:
        """Take one column of vectors of shape (n, n_features), dtype float32.

        The column has the shape (n,), dtype float32.
        """
        return shared_data[:, self.index]

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is EmbeddingColumn
            and self.index == other.index
            and self.compute_shared == other.compute_shared
        )

    def __hash__(self) -> int:
        return hash((EmbeddingColumn, self.index, self.compute_shared))


class _Files:
    """Tells whether the files of some images are still what they were.

    Looking at them costs time: it is done again once as much time has passed.
    """

    def __init__(self, locations: Sequence[str]) -> None:
        self._paths = [path for location in locations if (path := local_path(location))]
        self._made_at = time.monotonic()
        self._states = self._look()
        self._checked_at = time.monotonic()
        self._check_s = self._checked_at - self._made_at

    def _look(self) -> list[str | None]:
        return [file_state(path) for path in self._paths]

    def are_same(self) -> bool:
        begun = time.monotonic()
        if begun - self._checked_at <= self._check_s:
            return True
        if begun - self._made_at > MEMO_S or self._look() != self._states:
            return False
        self._checked_at = time.monotonic()
        self._check_s = self._checked_at - begun
        return True


class _Memo:
    """The last results, because learners that normalize compute every column again.

    A result holds for a minute, if its files do not change. One that has failures holds for the
    transformation in which Orange asks for it: the next one tries again.
    """

    def __init__(self) -> None:
        self._results: OrderedDict[Hashable, _Result] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Vectors | None:
        with self._lock:
            result = self._results.pop(key, None)
            if result is None or not result.holds():
                return None
            self._results[key] = result  # is the last one now
            return result.vectors

    def put(self, key: Hashable, files: _Files, vectors: Vectors, is_complete: bool) -> None:
        only_in = None if is_complete else _transformation()
        if not is_complete and only_in is None:
            return
        with self._lock:
            self._results[key] = _Result(
                vectors, files, None if only_in is None else weakref.ref(only_in)
            )
            while len(self._results) > 1 and self._n_bytes() > MEMO_BYTES:
                self._results.popitem(last=False)

    def _n_bytes(self) -> int:
        return sum(result.vectors.nbytes for result in self._results.values())


@dataclass(frozen=True, slots=True)
class _Result:
    vectors: Vectors
    files: _Files
    only_in: Callable[[], object] | None

    def holds(self) -> bool:
        if self.only_in is not None:
            return self.only_in() is _transformation() is not None
        return self.files.are_same()


def _transformation() -> object | None:
    """Get what is one and the same throughout a transformation, however nested."""
    return getattr(getattr(orange_table, "_thread_local", None), "conversion_cache", None)


_MEMO = _Memo()
