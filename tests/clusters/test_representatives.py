import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import silhouette_score

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.clusters.choice import branches_between
from orangecontrib.imageembedding.clusters.distances import VectorDistances
from orangecontrib.imageembedding.clusters.link import tree_of_vectors
from orangecontrib.imageembedding.clusters.modularity import modularities
from orangecontrib.imageembedding.clusters.precomputed import PrecomputedDistances
from orangecontrib.imageembedding.clusters.representatives import medoid, typical
from orangecontrib.imageembedding.clusters.silhouette import silhouettes
from orangecontrib.imageembedding.clusters.slots import make_slots


def rows(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 6))


@pytest.mark.parametrize("n", [1, 2, 50, 400])
def test_the_medoid_has_the_smallest_sum_of_distances(n):
    square = squareform(pdist(rows(n), "euclidean")) if n > 1 else np.zeros((1, 1))
    found = medoid(VectorDistances(rows(n), "euclidean"), np.arange(n))
    assert square[found].sum() == pytest.approx(square.sum(axis=1).min())


def test_typical_members_are_central_and_in_the_cluster():
    distances = VectorDistances(rows(100), "cosine")
    members = np.arange(20, 60)
    chosen = typical(distances, members, 3)
    assert len(set(chosen)) == 3
    assert set(chosen) <= set(members)
    assert typical(distances, members[:2], 5).shape == (2,)


@pytest.mark.parametrize("n", [2, 3, 30])
def test_silhouettes_equal_scikit_learns(n):
    square = squareform(pdist(rows(n)))
    tree = tree_of_vectors(rows(n), "euclidean", "average")
    scores = silhouettes(tree, PrecomputedDistances(square))
    assert len(scores) == max(n - 2, 0)
    for k, score in enumerate(scores, start=2):
        labels = tree.cut(n_clusters=k)
        assert score == pytest.approx(silhouette_score(square, labels, metric="precomputed"))


def modularity_by_definition(square, labels):
    """Sum over all pairs, as Newman and Girvan write it."""
    nearest = [set(np.argsort(row + np.eye(len(square))[i] * 1e9)[:8])
               for i, row in enumerate(square)]  # fmt: skip
    links = np.array([[len(a & b) * (i != j and (i in b or j in a))
                       for j, b in enumerate(nearest)] for i, a in enumerate(nearest)])  # fmt: skip
    degrees, total = links.sum(axis=1), links.sum()
    same = labels[:, None] == labels
    return ((links / total - np.outer(degrees, degrees) / total**2) * same).sum()


@pytest.mark.parametrize("n", [2, 3, 30, 120])
def test_modularities_are_those_of_the_definition(n):
    square = squareform(pdist(rows(n)))
    tree = tree_of_vectors(rows(n), "euclidean", "average")
    scores = modularities(tree, PrecomputedDistances(square))
    assert len(scores) == min(max(n - 2, 0), 99)
    for k in {2, 3, 7, 20} & set(range(2, len(scores) + 2)):
        if n > 9:  # of fewer rows, a neighbor of each is the row itself
            expected = modularity_by_definition(square, tree.cut(n_clusters=k))
            assert scores[k - 2] == pytest.approx(expected)


@pytest.mark.parametrize("linkage", ["ward", "average"])
@pytest.mark.parametrize(("n_groups", "size"), [(2, 20), (3, 8), (6, 30), (12, 40), (4, 600)])
def test_the_number_of_clear_groups_is_found(n_groups, size, linkage):
    rng = np.random.default_rng(n_groups)
    centers = np.repeat(rng.normal(size=(n_groups, 20)), size, axis=0)
    vectors = centers + rng.normal(0, 0.2, size=centers.shape)
    tree = oie.cluster_images(vectors, "cosine", linkage)
    assert oie.count_clusters(vectors, tree) == n_groups


class TestSlots:
    shape = tree_of_vectors(rows(40), linkage="average").outline

    def test_without_collapsed_branches_each_leaf_has_its_slot(self):
        slots = make_slots(self.shape)
        np.testing.assert_array_equal(slots.node, self.shape.leaf_order)
        np.testing.assert_array_equal(slots.position, self.shape.position)
        assert slots.is_open.sum() == 39

    def test_a_collapsed_branch_takes_one_slot_and_hides_what_is_in_it(self):
        node = int(np.flatnonzero(self.shape.n_leaves > 5)[0])
        slots = make_slots(self.shape, [node])
        size = self.shape.n_leaves[node]
        assert len(slots.node) == 40 - size + 1
        assert node in slots.node
        assert slots.size[-1] == len(slots.node)
        assert slots.is_shown[node]
        assert not slots.is_open[node]
        assert (~slots.is_shown).sum() == 2 * size - 2
        a, b = self.shape.children[slots.parent[node] - 40]
        middle = (slots.position[a] + slots.position[b]) / 2
        assert slots.position[slots.parent[node]] == middle

    @pytest.mark.parametrize("size", [0.01, 1, 3, 17, 100])
    def test_the_fringe_covers_each_slot_once(self, size):
        slots = make_slots(self.shape, [int(np.flatnonzero(self.shape.n_leaves > 5)[0])])
        nodes = np.flatnonzero(slots.fringe(size))
        covered = np.concatenate([slots.first[i] + np.arange(slots.size[i]) for i in nodes])
        assert sorted(covered) == list(range(len(slots.node)))
        assert (slots.size[nodes] <= max(size, 1)).all()


def test_a_rotated_tree_has_the_same_clusters_in_another_order():
    tree = tree_of_vectors(rows(30), linkage="average")
    turned = tree.rotated(58)
    half = tree.outline.n_leaves[int(tree.linkage[-1, 0])]
    np.testing.assert_array_equal(turned.leaf_order, np.roll(tree.leaf_order, -half))
    assert {frozenset(tree.rows_of(n)) for n in tree.branches(5)} == {
        frozenset(turned.rows_of(n)) for n in turned.branches(5)
    }


def test_the_run_from_one_branch_to_another_is_covered_by_the_largest_branches():
    tree = tree_of_vectors(rows(30), linkage="average")
    a, b = int(tree.leaf_order[4]), int(tree.leaf_order[17])
    nodes = branches_between(tree, b, a)
    found = np.concatenate([tree.rows_of(node) for node in nodes])
    np.testing.assert_array_equal(found, tree.leaf_order[4:18])
    assert branches_between(tree, 0, 58) == [58]
    assert tree.common_branch(a, a) == a
