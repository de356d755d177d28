"""Which rows are really nearest to one, wherever they lie on the map."""

from __future__ import annotations

import numpy as np
from Orange.data import Table

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.tables.features import feature_matrix

N_RINGED = 5


class NearestRows:
    """Finds the nearest rows by cosine distance; to be used in one thread at a time.

    Parameters
    ----------
    data : Table
        Whose embeddings, or else numeric attributes, are compared.
    """

    def __init__(self, data: Table) -> None:
        self._data = data
        self._lengths: np.ndarray | None = None

    def __call__(self, row: int) -> list[int]:
        """Get the `N_RINGED` nearest other rows, the nearest first; none without numbers."""
        if self._lengths is None:
            try:
                self._vectors = feature_matrix(self._data)
            except InputError:
                self._vectors = np.empty((len(self._data), 0))
            self._lengths = np.sqrt(np.einsum("ij,ij->i", self._vectors, self._vectors))
        vectors, lengths = self._vectors, self._lengths
        if not vectors.shape[1] or not lengths[row] > 0:
            return []
        with np.errstate(divide="ignore", invalid="ignore"):
            cosines = (vectors @ vectors[row]) / lengths
        cosines[~np.isfinite(cosines)] = -np.inf
        cosines[row] = -np.inf
        n = min(N_RINGED, int(np.isfinite(cosines).sum()))
        best = np.argpartition(-cosines, n - 1)[:n] if n else np.empty(0, int)
        return best[np.argsort(-cosines[best], kind="stable")].tolist()
