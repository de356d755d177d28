"""Points and their neighbors → a map by t-SNE (van der Maaten and Hinton 2008, with openTSNE)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.maps.neighbors import Neighbors
from orangecontrib.imageembedding.progress import Progress

Coordinates = NDArray[np.float32]
Live = Callable[[Coordinates], object]

PERPLEXITY = 30
N_EARLY, N_LATE = 250, 500
EXAGGERATION = 12
FFT_ROWS = 2000  # with fewer, the exact tree is faster than the grid
MIN_ROWS = 8  # with fewer, neighborhoods tell nothing
LIVE_EVERY = 10  # iterations
CANCEL_EVERY = 3


def n_neighbors(n_rows: int) -> int:
    """Get how many neighbors of each point are needed."""
    return min(3 * PERPLEXITY, n_rows - 1)


def tsne_map(
    start: NDArray[np.float32],
    neighbors: Neighbors,
    progress: Progress,
    seed: int = 0,
    live: Live | None = None,
) -> Coordinates:
    """Lay out points so that neighbors stay neighbors.

    Parameters
    ----------
    start : ndarray of shape (n, 2), dtype float32
        First map, from which this one grows.
    neighbors : Neighbors
        `n_neighbors` of each point.
    progress : Progress
        Told the part of the iterations that are done; may raise `Cancelled`.
    seed : int, optional
        The same seed gives the same map.
    live : callable, optional
        Called with the map as it is, every few iterations.

    Returns
    -------
    coordinates : ndarray of shape (n, 2), dtype float32
    """
    import openTSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    indices, distances = neighbors
    affinities = PerplexityBasedNN(
        knn_index=PrecomputedNeighbors(indices, distances.astype(np.float64)),
        perplexity=indices.shape[1] / 3,
    )
    watch = _Watch(progress, live)
    embedding = openTSNE.TSNEEmbedding(
        start / max(float(start[:, 0].std()), 1e-12) * 1e-4,
        affinities,
        negative_gradient_method="bh" if len(start) < FFT_ROWS else "fft",
        ints_in_interval=2,  # six times as fast late on, for .00 to .01 kept neighbors
        random_state=seed,
        callbacks=watch,
        callbacks_every_iters=CANCEL_EVERY,
    )
    embedding.optimize(N_EARLY, exaggeration=EXAGGERATION, momentum=0.5, inplace=True)
    watch.is_early = False
    embedding.optimize(N_LATE, momentum=0.8, inplace=True)
    return np.asarray(embedding, dtype=np.float32)


class _Watch:
    """Told by openTSNE where it is; an exception that this raises goes through it."""

    def __init__(self, progress: Progress, live: Live | None) -> None:
        self._progress, self._live = progress, live
        self._n_told = 0
        self.is_early = True

    def __call__(self, iteration: int, error: float, embedding: Any) -> bool:
        done = iteration if self.is_early else N_EARLY + iteration
        self._progress(min(done / (N_EARLY + N_LATE), 1.0))
        self._n_told += 1
        if self._live is not None and self._n_told % max(LIVE_EVERY // CANCEL_EVERY, 1) == 0:
            self._live(np.array(embedding, dtype=np.float32))
        return False
