"""Distances, trees and cuts against scipy, on many random and degenerate inputs."""

import numpy as np
import pytest
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist, squareform

from orangecontrib.imageembedding.clusters import distances as module
from orangecontrib.imageembedding.clusters.distances import METRICS, VectorDistances
from orangecontrib.imageembedding.clusters.link import BY_CENTERS, LINKAGES, tree_of_vectors
from orangecontrib.imageembedding.clusters.precomputed import PrecomputedDistances
from orangecontrib.imageembedding.clusters.rows import DIRECTIONS

SCIPY_NAME = {"manhattan": "cityblock", "hellinger": "cosine", "centered-cosine": "cosine"}
BEFORE = {
    "correlation": lambda rows: rows - rows.mean(axis=1, keepdims=True),
    "centered-cosine": lambda rows: rows - rows.mean(axis=0),
    "hellinger": lambda rows: np.sign(rows) * np.abs(rows) ** 0.5,
}


def random_rows(seed):
    """Make rows of any kind: few or many, wide or narrow, with equal, zero or constant ones."""
    rng = np.random.default_rng(seed)
    n, n_features = rng.integers(2, 80), rng.integers(1, 40)
    rows = rng.normal(size=(n, n_features)) * 10.0 ** rng.integers(-3, 4)
    if seed % 2:
        rows = np.maximum(rows, 0)
    if seed % 3 == 0:
        rows = np.round(rows / np.abs(rows).max() * 2)  # many ties
    for kind in range(4):
        i, j = rng.integers(n, size=2)
        rows[i] = (rows[j], 0, 1.5, rows[j] * (1 + 1e-9))[kind]
    return rows.astype(np.float32) if seed % 5 == 0 else rows


@pytest.fixture
def fast(monkeypatch):
    """Take the way of large matrices for small ones too."""
    monkeypatch.setattr(module, "EXACT_WORK", 0)
    monkeypatch.setattr(module, "BLOCK_ROWS", 7)


def reference(rows, metric):
    rows = rows.astype(float)
    turned = BEFORE.get(metric, lambda rows: rows)(rows)
    nothing = np.abs(turned).max(axis=1) <= 1e-14 * np.abs(rows).max(axis=1)
    with np.errstate(invalid="ignore"):
        found = squareform(pdist(turned, SCIPY_NAME.get(metric, metric)))
    if metric in DIRECTIONS:  # what scipy calls nan
        found[nothing] = found[:, nothing] = 1
        found[np.ix_(nothing, nothing)] = 0
    elif metric == "braycurtis":
        found[np.ix_(nothing, nothing)] = 0
    np.fill_diagonal(found, 0)
    return found


@pytest.mark.parametrize("metric", METRICS)
def test_distances_equal_scipys_whatever_the_rows(metric):
    for seed in range(60):
        rows = random_rows(seed)
        found = VectorDistances(rows, metric).condensed()
        wanted = squareform(reference(rows, metric), checks=False)
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12, err_msg=f"seed {seed}")


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.usefixtures("fast")
def test_large_matrices_give_the_same_to_single_precision(metric):
    for seed in range(60):
        rows = random_rows(seed)
        found = VectorDistances(rows, metric).condensed()
        wanted = squareform(reference(rows, metric), checks=False)
        size = max(wanted.max(), 1e-9)
        np.testing.assert_allclose(found, wanted, atol=2e-6 * size, err_msg=f"seed {seed}")
        assert np.isfinite(found).all()
        assert (found >= 0).all()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.usefixtures("fast")
def test_equal_rows_are_at_zero_and_almost_equal_ones_almost(metric):
    rng = np.random.default_rng(0)
    rows = np.repeat(np.abs(rng.normal(size=(40, 300))), 3, axis=0)
    rows[2::3] *= 1 + 1e-6 * rng.normal(size=rows[2::3].shape)
    square = squareform(VectorDistances(rows, metric).condensed())
    copies = square[np.arange(0, 120, 3), np.arange(1, 120, 3)]
    alike = square[np.arange(0, 120, 3), np.arange(2, 120, 3)]
    assert (copies == 0).all()
    wanted = reference(rows, metric)[np.arange(0, 120, 3), np.arange(2, 120, 3)]
    np.testing.assert_allclose(alike, wanted, rtol=0.05, atol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("chord", [False, True])
def test_distances_between_some_rows_are_those_of_all_pairs(metric, chord):
    rows = random_rows(7)
    distances = VectorDistances(rows, metric, chord)
    square = squareform(distances.condensed())
    i, j = np.array([0, 3, 5]), np.array([5, 1])
    np.testing.assert_allclose(distances.between(i, j), square[np.ix_(i, j)], atol=1e-6)
    given = PrecomputedDistances(square)
    np.testing.assert_array_equal(given.between(i, j), square[np.ix_(i, j)])


@pytest.mark.parametrize("linkage", LINKAGES)
def test_trees_and_cuts_equal_scipys_whatever_the_rows(linkage):
    for seed in range(40):
        rows = random_rows(seed)
        metric = "euclidean" if linkage in BY_CENTERS else METRICS[seed % len(METRICS)]
        tree = tree_of_vectors(rows, metric, linkage)
        hierarchy.is_valid_linkage(tree.linkage, throw=True)
        if linkage not in BY_CENTERS[1:]:
            assert (np.diff(tree.linkage[:, 2]) >= 0).all()
        for height in [0.0, *np.quantile(tree.linkage[:, 2], [0.2, 0.5, 0.9, 1])]:
            labels = hierarchy.fcluster(tree.linkage, height, "distance")
            np.testing.assert_array_equal(tree.cut(height=height), labels)
            np.testing.assert_array_equal(tree.labels_of(tree.branches(height=height)), labels)


@pytest.mark.parametrize("linkage", LINKAGES)
def test_heights_equal_scipys_where_there_are_no_ties(linkage):
    for seed in range(10):
        rows = np.random.default_rng(seed).normal(size=(60, 12))
        found = tree_of_vectors(rows, "euclidean", linkage).linkage
        wanted = hierarchy.linkage(rows, linkage)
        np.testing.assert_allclose(found[:, 2], wanted[:, 2], rtol=1e-9)
        np.testing.assert_array_equal(found[:, 3], wanted[:, 3])


def test_the_same_rows_give_the_same_tree():
    rows = np.repeat(np.eye(6), 4, axis=0)
    trees = [tree_of_vectors(rows, linkage="average").linkage for _ in range(3)]
    np.testing.assert_array_equal(trees[0], trees[1])
    np.testing.assert_array_equal(trees[0], trees[2])
