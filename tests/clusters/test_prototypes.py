"""Trees for more rows than memory has room for distances of."""

import numpy as np
import psutil
import pytest
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist
from sklearn.metrics import adjusted_rand_score

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.clusters import plan as plans
from orangecontrib.imageembedding.clusters.chain import CHAIN_LINKAGES, weighted_linkage
from orangecontrib.imageembedding.clusters.link import LINKAGES, tree_of_vectors
from orangecontrib.imageembedding.clusters.plan import EXACT, PROTOTYPES, REDUCED, make_plan
from orangecontrib.imageembedding.errors import Cancelled


def groups(n, n_features=32, n_groups=8, seed=0):
    rng = np.random.default_rng(seed)
    classes = rng.integers(n_groups, size=n)
    centers = 4 * rng.normal(size=(n_groups, n_features))
    return (centers[classes] + rng.normal(size=(n, n_features))).astype(np.float32), classes


class TestPlan:
    def test_what_fits_is_exact_and_what_does_not_is_not(self):
        assert make_plan(10_000, 2048, max_bytes=1e9).way == EXACT
        assert make_plan(30_000, 2048, max_bytes=1e9).way == PROTOTYPES
        assert make_plan(30_000, 2048, "ward", max_bytes=1e9).way == REDUCED
        assert make_plan(200_000, 2048, "ward", max_bytes=1e9).way == PROTOTYPES

    def test_the_limit_is_a_quarter_of_the_free_memory(self, monkeypatch):
        monkeypatch.setattr(plans, "free_bytes", lambda: 4 * 8 * 1000 * 999 // 2)
        assert make_plan(1000, 10).way == EXACT
        assert make_plan(1001, 10).way == PROTOTYPES

    def test_the_memory_is_told(self):
        plan = make_plan(30_000, 2048, max_bytes=1e10)
        assert plan.memory == "3.8 GB"
        assert make_plan(10, 10, max_bytes=1e9).memory == "1 MB"

    def test_a_million_rows_are_planned_within_bounds(self):
        plan = make_plan(1_000_000, 2048, max_bytes=5e9)
        assert plan.way == PROTOTYPES
        assert plan.n_leaves == 5000
        assert plan.n_bytes < 1e9


@pytest.mark.parametrize("linkage", LINKAGES)
def test_each_leaf_stands_for_several_rows_and_cuts_map_back(linkage, monkeypatch):
    monkeypatch.setattr(plans, "MAX_REDUCED_ROWS", 0)
    rows, classes = groups(1500)
    tree = oie.cluster_images(rows, linkage=linkage, max_bytes=0)
    assert tree.n_rows == 1500
    assert tree.n_leaves < 800
    labels = tree.cut(n_clusters=8)
    assert labels.shape == (1500,)
    if linkage in ("average", "complete", "ward", "weighted"):
        assert adjusted_rand_score(classes, labels) > 0.95
    branches = tree.branches(8)
    np.testing.assert_array_equal(tree.labels_of(branches), labels)
    assert tree.sizes_of(branches).sum() == 1500
    np.testing.assert_array_equal(tree.leaf_of_row[tree.typical_rows], np.arange(tree.n_leaves))
    rows_of_all = np.concatenate([tree.rows_of(node) for node in branches])
    assert sorted(rows_of_all) == list(range(1500))


@pytest.mark.parametrize("linkage", ["average", "ward", "complete"])
def test_prototypes_agree_with_the_exact_tree(linkage, monkeypatch):
    monkeypatch.setattr(plans, "MAX_REDUCED_ROWS", 0)
    rows, _ = groups(3000, n_groups=10)
    exact = tree_of_vectors(rows, linkage=linkage, max_bytes=1e9)
    tree = tree_of_vectors(rows, linkage=linkage, max_bytes=0)
    assert adjusted_rand_score(exact.cut(n_clusters=10), tree.cut(n_clusters=10)) > 0.95


def test_ward_without_a_matrix_is_wards_tree():
    rows, _ = groups(500)
    exact = tree_of_vectors(rows, "euclidean", "ward", max_bytes=1e9)
    tree = tree_of_vectors(rows, "euclidean", "ward", max_bytes=0)
    np.testing.assert_allclose(tree.linkage[:, 2], exact.linkage[:, 2], rtol=1e-4)
    assert tree.n_leaves == tree.n_rows


def test_the_memory_stays_within_what_was_foreseen():
    rows, _ = groups(60_000, n_features=512)
    process = psutil.Process()
    before = process.memory_info().rss
    peak = 0

    def watch(_):
        nonlocal peak
        peak = max(peak, process.memory_info().rss - before)

    tree = oie.cluster_images(rows, "cosine", "average", watch, max_bytes=0)
    plan = make_plan(*rows.shape, max_bytes=0)
    assert tree.n_leaves > 4000
    assert peak < 3 * plan.n_bytes
    assert peak < 0.1 * plan.n_exact_bytes


@pytest.mark.parametrize("linkage", CHAIN_LINKAGES)
def test_weights_count_as_copies(linkage):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 5))
    counts = rng.integers(1, 6, size=40)
    found = weighted_linkage(pdist(rows), counts, linkage)
    hierarchy.is_valid_linkage(found, throw=True)
    if linkage == "weighted":  # there each branch counts once
        counts = np.ones(40, dtype=int)
    copies = hierarchy.linkage(np.repeat(rows, counts, axis=0), linkage)
    heights = copies[-39:, 2]
    np.testing.assert_allclose(found[:, 2], heights, rtol=1e-9)


def test_rows_that_are_all_alike_make_a_tree():
    tree = tree_of_vectors(np.ones((50, 3), np.float32), linkage="average", max_bytes=0)
    assert tree.n_leaves >= 2
    assert (tree.linkage[:, 2] == 0).all()
    assert tree.cut(n_clusters=1).tolist() == [1] * 50


@pytest.mark.parametrize("step", ["Reducing", "Grouping", "Finding", "Building", "Ordering"])
def test_every_step_can_be_cancelled(step):
    class Progress:
        said = ""

        def say(self, text):
            self.said = text

        def __call__(self, fraction):
            assert 0 <= fraction <= 1
            if self.said.startswith(step):
                raise Cancelled

    with pytest.raises(Cancelled):
        tree_of_vectors(groups(2000)[0], linkage="average", progress=Progress(), max_bytes=0)
