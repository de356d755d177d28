"""A finished map + new vectors → where they lie on it, which moves nothing that is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.components.principal import Principal
from orangecontrib.imageembedding.maps.neighbors import Neighbors, nearest_of
from orangecontrib.imageembedding.maps.reduce import Vectors, along
from orangecontrib.imageembedding.maps.tsne import n_neighbors

N_LANDMARKS = 20_000  # 8 MB
N_NEAREST = 10
N_ITERATIONS, EXAGGERATION, LEARNING_RATE, MAX_GRADIENT = 100, 1.5, 1.0, 0.25
SAME = 1e-3  # of rows of length 1; nearer ones are the same image


@dataclass(frozen=True, slots=True, eq=False)
class Placing:
    """What of a map is kept to lay new rows out on it: a part of its rows, if there are many.

    Attributes
    ----------
    principal : Principal
        Projects vectors onto points.
    points : ndarray of shape (n_landmarks, n_components), dtype float32
        None are needed where the map is the projection itself.
    coordinates : ndarray of shape (n_landmarks, 2), dtype float32
        The places of the same rows.
    is_tsne : bool
        Whether places are made better by t-SNE.
    """

    principal: Principal
    points: NDArray[np.float32]
    coordinates: NDArray[np.float32]
    is_tsne: bool

    def place(self, vectors: Vectors) -> NDArray[np.float32]:
        """Get the places of rows; none depends on the other rows.

        A row of the map that was kept gets its own place, others are drawn to their nearest.

        Parameters
        ----------
        vectors : ndarray of shape (n, n_features), dtype float32 or float64
            Of the kind that the map was made of.

        Returns
        -------
        coordinates : ndarray of shape (n, 2), dtype float32
            NaN for rows with missing or infinite numbers.
        """
        places = np.full((len(vectors), 2), np.nan, dtype=np.float32)
        complete = np.flatnonzero(np.isfinite(vectors).all(axis=1))
        if not len(complete):
            return places
        points = along(self.principal, vectors[complete])
        if len(self.points):
            places[complete] = self._near(points)
        else:
            shown = points[:, :2]
            places[complete] = 0
            places[complete, : shown.shape[1]] = shown
        return places

    def _near(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        n = len(self.points)
        k = n_neighbors(n) if self.is_tsne else min(N_NEAREST, n)
        indices, distances = nearest_of(points, self.points, k)
        weights = 1 / np.maximum(distances[:, :N_NEAREST], SAME) ** 2
        weights /= weights.sum(axis=1, keepdims=True)
        places = np.einsum("ij,ijk->ik", weights, self.coordinates[indices[:, :N_NEAREST]])
        offsets = points - self.points[indices[:, 0]]
        is_same = np.einsum("ij,ij->i", offsets, offsets) < SAME**2
        is_new = ~is_same
        if self.is_tsne and is_new.any():
            places[is_new] = self._refined(places[is_new], (indices[is_new], distances[is_new]))
        places[is_same] = self.coordinates[indices[is_same, 0]]
        return np.asarray(places, dtype=np.float32)

    def _refined(self, places: NDArray[np.float32], neighbors: Neighbors) -> NDArray[np.float32]:
        """Move new rows by t-SNE while the others stay (Poličar, Stražar and Zupan 2023)."""
        import openTSNE
        from openTSNE.affinity import PrecomputedAffinities, joint_probabilities_nn
        from openTSNE.tsne import PartialTSNEEmbedding
        from scipy.sparse import csr_matrix

        indices, distances = neighbors
        n = len(self.coordinates)
        grid = {"n_interpolation_points": 3, "min_num_intervals": 50, "ints_in_interval": 1}
        # openTSNE centers what is there in place, but not what is new.
        center = (self.coordinates.max(axis=0) + self.coordinates.min(axis=0)) / 2
        there = openTSNE.TSNEEmbedding(
            (self.coordinates - center).astype(np.float64),
            PrecomputedAffinities(csr_matrix((n, n)), normalize=False),
            dof=1, **grid,
        )  # fmt: skip
        attraction = joint_probabilities_nn(
            indices, distances.astype(np.float64), [indices.shape[1] / 3],
            symmetrize=False, normalization="point-wise", n_reference_samples=n,
        )  # fmt: skip
        new = PartialTSNEEmbedding(
            places - center, there, attraction, dof=1, negative_gradient_method="fft", **grid
        )
        new.optimize(
            N_ITERATIONS, inplace=True, exaggeration=EXAGGERATION, momentum=0.8, n_jobs=1,
            learning_rate=LEARNING_RATE, max_grad_norm=MAX_GRADIENT,
        )  # fmt: skip
        return np.asarray(np.asarray(new) + center, dtype=np.float32)


def placing_of(
    principal: Principal,
    points: NDArray[np.float32],
    coordinates: NDArray[np.float32],
    method: str,
    seed: int = 0,
) -> Placing:
    """Keep of a map what places new rows.

    Parameters
    ----------
    principal : Principal
        See `Placing`.
    points : ndarray of shape (n, n_components), dtype float32
        Coordinates of all rows of the map along the axes.
    coordinates : ndarray of shape (n, 2), dtype float32
        Their places on the map.
    method : str
        How the map was made: "pca", "tsne", or something else.
    seed : int, optional
        Chooses the rows that are kept, if there are more than `N_LANDMARKS`.
    """
    kept = np.arange(len(points))
    if method == "pca":
        kept = kept[:0]
    elif len(points) > N_LANDMARKS:
        rng = np.random.default_rng(seed)
        kept = np.sort(rng.choice(len(points), N_LANDMARKS, replace=False))
    return Placing(principal, points[kept], coordinates[kept], method == "tsne")
