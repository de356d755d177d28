"""A map → dense regions of it, a typical row of each, and their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.maps.reduce import Vectors, unit_rows

N_SAMPLE_ROWS = 5000  # more take seconds in which no other thread runs
MIN_MEMBERS = 5
COARSEST, FINEST = 0.05, 0.001  # smallest region, as part of the rows
BLOCK_ROWS = 8192
NO_REGION = -1


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Dense regions of a map, the one with the most rows first.

    Attributes
    ----------
    labels : ndarray of shape (n,), dtype int
        The region of each row, from 0; -1 for rows between the regions or without a place.
    medoids : ndarray of shape (n_regions,), dtype int
        The most typical row of each region.
    """

    labels: NDArray[np.intp]
    medoids: NDArray[np.intp]


def find_regions(
    coordinates: NDArray[np.float32],
    vectors: Vectors | None = None,
    fineness: float = 0.5,
    seed: int = 0,
) -> Regions:
    """Find where on a map rows lie densely (HDBSCAN, Campello et al. 2013).

    Only a sample of many rows is clustered; each other row joins the region of its nearest one.

    Parameters
    ----------
    coordinates : ndarray of shape (n, 2), dtype float32
        NaN for rows without a place.
    vectors : ndarray of shape (n, n_features), dtype float32 or float64, optional
        By which a region's typical row is chosen: the one whose direction is nearest to the mean
        direction. Without them it is the one nearest to the middle of the region on the map.
    fineness : float, optional
        From 0.0, few large regions, to 1.0, many small ones.
    seed : int, optional
        Chooses the sample.

    Raises
    ------
    ValueError
        If `fineness` is not between 0 and 1.
    """
    if not 0 <= fineness <= 1:
        raise ValueError(f"fineness must be between 0 and 1; got {fineness!r}")
    labels = np.full(len(coordinates), NO_REGION, dtype=np.intp)
    placed = np.flatnonzero(np.isfinite(coordinates).all(axis=1))
    if len(placed) >= 2 * MIN_MEMBERS:
        labels[placed] = _largest_first(_dense(coordinates[placed], fineness, seed))
    n_regions = int(labels.max(initial=NO_REGION)) + 1
    rows = coordinates if vectors is None else vectors
    medoids = [
        _medoid(np.flatnonzero(labels == region), rows, vectors is not None)
        for region in range(n_regions)
    ]
    return Regions(labels, np.array(medoids, dtype=np.intp))


def _dense(places: NDArray[np.float32], fineness: float, seed: int) -> NDArray[np.intp]:
    from scipy.spatial import cKDTree
    from sklearn.cluster import HDBSCAN

    n = len(places)
    sample = places
    if n > N_SAMPLE_ROWS:
        chosen = np.random.default_rng(seed).choice(n, N_SAMPLE_ROWS, replace=False)
        sample = places[np.sort(chosen)]
    smallest = COARSEST * (FINEST / COARSEST) ** fineness
    n_members = max(MIN_MEMBERS, round(smallest * len(sample)))
    model = HDBSCAN(n_members, min_samples=MIN_MEMBERS, copy=True)
    labels = np.asarray(model.fit_predict(sample.astype(np.float64)), dtype=np.intp)
    if n == len(sample):
        return labels
    _, nearest = cKDTree(sample, balanced_tree=False, compact_nodes=False).query(places)
    return np.asarray(labels[nearest])


def _largest_first(labels: NDArray[np.intp]) -> NDArray[np.intp]:
    counts = np.bincount(labels[labels >= 0])
    number = np.empty(len(counts) + 1, dtype=np.intp)
    number[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    number[NO_REGION] = NO_REGION
    return number[labels]


def _medoid(members: NDArray[np.intp], rows: Vectors, by_direction: bool) -> int:
    """Get the member that is nearest to the mean of all, without a copy of many rows."""
    blocks = [members[at : at + BLOCK_ROWS] for at in range(0, len(members), BLOCK_ROWS)]

    def take(block: NDArray[np.intp]) -> Vectors:
        return unit_rows(rows[block]) if by_direction else rows[block]

    mean = sum(take(block).sum(axis=0, dtype=np.float64) for block in blocks) / len(members)
    distances = [((take(block) - mean) ** 2).sum(axis=1) for block in blocks]
    return int(members[np.concatenate(distances).argmin()])


def region_names(
    regions: Regions, codes: NDArray[np.floating] | None = None, values: Sequence[str] = ()
) -> list[str]:
    """Name each region by the class of most of its rows, or R1, R2, ….

    Parameters
    ----------
    regions : Regions
        Of n rows.
    codes : ndarray of shape (n,), dtype float32 or float64, optional
        The class of each row as an index into `values`; NaN if it is unknown.
    values : sequence of str, optional
        Names of the classes.

    Returns
    -------
    names : list of str
        The same name twice where two regions are of one class.
    """
    names = [f"R{i + 1}" for i in range(len(regions.medoids))]
    if codes is None:
        return names
    for region, default in enumerate(names):
        of_region = codes[regions.labels == region]
        known = of_region[np.isfinite(of_region)].astype(int).tolist()
        code, n_of_it = Counter(known).most_common(1)[0] if known else (0, 0)
        names[region] = values[code] if 2 * n_of_it > len(of_region) else default
    return names
