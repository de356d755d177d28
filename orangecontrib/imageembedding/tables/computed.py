"""Columns that know how to compute themselves: a model trained on them works on raw images.

Orange asks such a column for its values when a table that lacks it is to become one that has it
(Predictions, Test and Score, Apply Domain). Saved models contain these classes by their names and
attributes, which therefore stay as they are.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray
from Orange.data import Table, Variable
from Orange.data.util import SharedComputeValue

from orangecontrib.imageembedding.caches.filestate import file_state
from orangecontrib.imageembedding.embeddings.backends.base import Backend
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.embeddings.models import MODELS
from orangecontrib.imageembedding.embeddings.recognize import recognized
from orangecontrib.imageembedding.embeddings.run import embed_locations
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import ImageEmbeddingError
from orangecontrib.imageembedding.images.fetch import local_path
from orangecontrib.imageembedding.tables.locate import (
    column_like,
    image_locations,
    location_key,
)

Vectors = NDArray[np.float32]

MEMO_BYTES = 512 << 20
MEMO_S = 60.0


class EmbeddingWarning(UserWarning):
    """Images could not be embedded: the values are missing."""


class EmbedImages:
    """Gets the vectors of a table's images: what all columns of an embedder share.

    Equal to another one that gives the same vectors.

    Parameters
    ----------
    image : Variable
        The column with the locations.
    embedder : EmbedderSpec or str
        What to compute. Of stored embeddings only its id is known.
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
        is_known = isinstance(embedder, EmbedderSpec) and embedder in MODELS
        self.embedder = embedder.id if is_known else embedder
        self.n_features = embedder.n_features if isinstance(embedder, EmbedderSpec) else 0
        self.backend = backend
        self.mark = mark

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
        """Embed the images of some rows; what is known is taken from the cache.

        Returns
        -------
        vectors : ndarray of shape (len(table), n_features), dtype float32
            NaN, and an `EmbeddingWarning`, where there is none.
        """
        column = column_like(table, self.image.name)
        if column is None:
            self._warn(f"The table has no image column {self.image.name!r}.")
            return self._missing(len(table))
        key = (self, location_key(table, column))
        vectors = _MEMO.get(key)
        if vectors is None:
            locations = image_locations(table, column)
            files = _Files(locations)
            vectors = self._embedded(locations)
            _MEMO.put(key, files, vectors)
        return vectors

    def _embedded(self, locations: Sequence[str]) -> Vectors:
        try:
            spec, backend = self._means()
            embedded = embed_locations(locations, spec, backend)
        except ImageEmbeddingError as error:  # Orange's widgets expect no error from here
            self._warn(str(error))
            return self._missing(len(locations))
        if embedded.failures:
            row, reason = next(iter(embedded.failures.items()))
            self._warn(
                f"{len(embedded.failures)} of {len(locations)} images could not be embedded; "
                f"the first: {locations[row] or f'row {row + 1}'}: {reason}."
            )
        return np.asfortranarray(embedded.vectors)  # it will be taken column by column

    def _means(self) -> tuple[EmbedderSpec, Backend]:
        """Get what computes the vectors."""
        if self.backend is None:
            return recognized(self.embedder_id, str(self.mark))
        return get_embedder(self.embedder), self.backend

    def _missing(self, n_rows: int) -> Vectors:
        return np.full((n_rows, self.n_features), np.nan, dtype=np.float32)

    def _warn(self, reason: str) -> None:
        warnings.warn(f"Embeddings are missing. {reason}", EmbeddingWarning, stacklevel=3)


class EmbeddingColumn(SharedComputeValue):
    """Gets one feature of the images."""

    def __init__(self, compute_shared: EmbedImages, index: int) -> None:
        super().__init__(compute_shared)
        self.index = index

    def compute(self, data: Table, shared_data: Vectors) -> Vectors:
        """Take one column of the vectors."""
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
    """The last results, because learners that normalise ask for every column anew.

    A result holds for a minute, if its files do not change.
    """

    def __init__(self) -> None:
        self._results: OrderedDict[Hashable, tuple[_Files, Vectors]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Vectors | None:
        with self._lock:
            files, vectors = self._results.pop(key, (None, None))
            if files is None or not files.are_same():
                return None
            self._results[key] = (files, vectors)  # is the last one now
            return vectors

    def put(self, key: Hashable, files: _Files, vectors: Vectors) -> None:
        with self._lock:
            self._results[key] = (files, vectors)
            while len(self._results) > 1 and self._n_bytes() > MEMO_BYTES:
                self._results.popitem(last=False)

    def _n_bytes(self) -> int:
        return sum(vectors.nbytes for _, vectors in self._results.values())


_MEMO = _Memo()
