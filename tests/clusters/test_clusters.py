import contextlib

import numpy as np
import pytest
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist, squareform

from orangecontrib.imageembedding.clusters.choice import overlap
from orangecontrib.imageembedding.clusters.distances import METRICS, VectorDistances
from orangecontrib.imageembedding.clusters.link import (
    LINKAGES,
    tree_of_distances,
    tree_of_vectors,
)
from orangecontrib.imageembedding.clusters.order import order_leaves
from orangecontrib.imageembedding.clusters.picture import save_dendrogram
from orangecontrib.imageembedding.clusters.tree import Tree
from orangecontrib.imageembedding.errors import InputError

SCIPY_NAME = {"manhattan": "cityblock"}
SIZES = [2, 3, 7, 40, 300]


def rows(n, seed=0, n_features=12):
    vectors = np.random.default_rng(seed).normal(size=(n, n_features)).astype(np.float32)
    vectors[n // 2] = vectors[0]  # a duplicate
    return vectors


class TestDistances:
    @pytest.mark.parametrize("metric", sorted({*METRICS} - {"hellinger", "centered-cosine"}))
    @pytest.mark.parametrize("n", [1, 2, 3, 40, 600])
    def test_they_equal_scipy(self, metric, n):
        vectors = rows(n)
        reference = pdist(vectors.astype(float), SCIPY_NAME.get(metric, metric))
        np.testing.assert_allclose(
            VectorDistances(vectors, metric).condensed(), reference, atol=1e-12
        )

    def test_hellinger_is_the_cosine_of_signed_square_roots(self):
        vectors = np.array([[1, 16], [4, -4], [0, 9]], float)
        reference = pdist([[1, 4], [2, -2], [0, 3]], "cosine")
        np.testing.assert_allclose(VectorDistances(vectors, "hellinger").condensed(), reference)

    def test_centered_cosine_looks_from_the_mean_of_all_rows(self):
        vectors = np.array([[11, 10], [9, 10], [10, 12], [10, 8]], float)
        square = squareform(VectorDistances(vectors, "centered-cosine").condensed())
        np.testing.assert_allclose(square[0], [0, 2, 1, 1], atol=1e-12)

    def test_a_row_of_zeros_is_at_one_from_all_others(self):
        vectors = np.array([[0, 0], [1, 2], [0, 0], [-3, 1]], float)
        square = squareform(VectorDistances(vectors, "cosine").condensed())
        assert list(square[0]) == [0, 1, 0, 1]

    def test_a_constant_row_has_no_correlation_with_others(self):
        vectors = np.array([[5, 5, 5], [1, 2, 3], [3, 2, 1]], float)
        np.testing.assert_allclose(VectorDistances(vectors, "correlation").condensed(), [1, 1, 2])

    def test_huge_and_tiny_numbers_keep_their_direction(self):
        vectors = np.array([[1e200, 0], [1e-200, 0], [0, 1e300]])
        np.testing.assert_allclose(
            VectorDistances(vectors, "cosine").condensed(), [0, 1, 1], atol=1e-12
        )

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_missing_numbers_are_an_error_that_counts_them(self, bad):
        vectors = rows(5)
        vectors[3, 1] = bad
        with pytest.raises(InputError, match="1 of 5 rows"):
            VectorDistances(vectors).condensed()

    def test_equal_rows_are_at_distance_zero(self):
        vectors = np.repeat(rows(30, n_features=500), 2, axis=0)
        labels = tree_of_vectors(vectors).cut(height=0.0)
        np.testing.assert_array_equal(labels[::2], labels[1::2])

    @pytest.mark.parametrize("metric", METRICS)
    def test_numbers_too_large_to_compute_with_are_an_error_or_right(self, metric):
        vectors = np.array([[1e300, 1], [-1e300, 2], [3, 1e308]])
        with contextlib.suppress(InputError):
            assert np.isfinite(VectorDistances(vectors, metric).condensed()).all()

    def test_an_unknown_metric_is_a_value_error_that_lists_the_known(self):
        with pytest.raises(ValueError, match="cosine, euclidean.*'hamming'"):
            VectorDistances(rows(3), "hamming").condensed()

    def test_progress_ends_at_one(self):
        seen = []
        VectorDistances(rows(600)).condensed(progress=seen.append)
        assert len(seen) > 1
        assert seen == sorted(seen)
        assert seen[-1] == 1.0


class TestLinkage:
    @pytest.mark.parametrize("linkage", LINKAGES)
    @pytest.mark.parametrize("n", SIZES)
    def test_heights_equal_scipy_and_the_tree_is_valid(self, linkage, n):
        condensed = pdist(rows(n))
        merges = tree_of_distances(squareform(condensed), linkage).linkage
        reference = hierarchy.linkage(condensed, linkage)
        np.testing.assert_allclose(merges[:, 2], reference[:, 2], atol=1e-9)
        hierarchy.is_valid_linkage(merges, throw=True)

    def test_ordering_keeps_the_tree_and_brings_alike_leaves_together(self):
        condensed = pdist(rows(200))
        merges = hierarchy.linkage(condensed, "average")
        ordered = order_leaves(merges, condensed)
        np.testing.assert_array_equal(hierarchy.cophenet(ordered), hierarchy.cophenet(merges))
        square = squareform(condensed)

        def length(tree):
            leaves = hierarchy.leaves_list(tree)
            return square[leaves[:-1], leaves[1:]].sum()

        assert length(ordered) < 0.95 * length(merges)

    def test_ward_on_cosine_is_ward_on_vectors_of_length_one(self):
        vectors = rows(50).astype(float)
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        tree = tree_of_vectors(vectors, "cosine", "ward")
        reference = hierarchy.linkage(unit, "ward")
        np.testing.assert_allclose(tree.linkage[:, 2], reference[:, 2], atol=1e-6)

    def test_ward_on_manhattan_is_refused(self):
        with pytest.raises(InputError, match="Ward"):
            tree_of_vectors(rows(5), "manhattan", "ward")

    def test_one_row_makes_no_tree(self):
        with pytest.raises(InputError, match="two rows"):
            tree_of_vectors(rows(1))

    def test_an_unknown_linkage_is_a_value_error_that_lists_the_known(self):
        with pytest.raises(ValueError, match="average.*'center'"):
            tree_of_vectors(rows(3), linkage="center")

    @pytest.mark.parametrize("linkage", [*LINKAGES, "center"])
    def test_an_unknown_metric_is_blamed_whatever_the_linkage_and_the_rows(self, linkage):
        for n in (1, 3):
            with pytest.raises(ValueError, match="^metric must.*'l2'"):
                tree_of_vectors(rows(n), "l2", linkage)

    def test_a_square_matrix_gives_the_same_tree(self):
        vectors = rows(30)
        square = squareform(VectorDistances(vectors).condensed())
        np.testing.assert_allclose(
            tree_of_distances(square, "average").linkage,
            tree_of_vectors(vectors, linkage="average").linkage,
        )

    @pytest.mark.parametrize("matrix", [np.zeros((0, 0)), np.zeros((1, 1))])
    def test_a_matrix_of_one_item_makes_no_tree(self, matrix):
        with pytest.raises(InputError, match="two rows"):
            tree_of_distances(matrix)

    def test_a_missing_distance_is_an_error(self):
        matrix = np.ones((3, 3))
        matrix[0, 2] = np.nan
        with pytest.raises(InputError, match="missing"):
            tree_of_distances(matrix)


class TestTree:
    @pytest.mark.parametrize("n", SIZES)
    @pytest.mark.parametrize("linkage", LINKAGES)
    def test_a_cut_at_a_height_equals_scipys(self, n, linkage):
        tree = tree_of_vectors(rows(n), linkage=linkage)
        heights = tree.linkage[:: max(1, n // 10), 2]
        for height in [-1.0, 0.0, *heights, *(heights + 1e-9), heights[-1] * 2]:
            reference = hierarchy.fcluster(tree.linkage, height, "distance")
            np.testing.assert_array_equal(tree.cut(height=height), reference)

    @pytest.mark.parametrize("n", SIZES)
    def test_a_cut_into_clusters_gives_exactly_so_many_even_with_ties(self, n):
        for vectors in (rows(n), np.ones((n, 3))):
            tree = tree_of_vectors(vectors)
            for n_clusters in {1, 2, n // 2 or 1, n}:
                labels = tree.cut(n_clusters=n_clusters)
                assert set(labels) == set(range(1, n_clusters + 1))

    def test_leaf_order_is_scipys_for_this_linkage(self):
        tree = tree_of_vectors(rows(60))
        np.testing.assert_array_equal(tree.leaf_order, hierarchy.leaves_list(tree.linkage))

    @pytest.mark.parametrize("n_clusters", [1, 2, 5, 59, 60])
    def test_branches_are_the_clusters_of_the_cut(self, n_clusters):
        tree = tree_of_vectors(rows(60))
        branches = tree.branches(n_clusters)
        np.testing.assert_array_equal(tree.labels_of(branches), tree.cut(n_clusters=n_clusters))
        assert tree.sizes_of(branches).sum() == 60

    def test_branches_overlap_if_one_lies_in_the_other(self):
        tree = tree_of_vectors(rows(10))
        root, (a, b) = 18, tree.linkage[-1, :2].astype(int)
        assert overlap(tree, root, a)
        assert overlap(tree, a, root)
        assert overlap(tree, a, a)
        assert not overlap(tree, a, b)

    @pytest.mark.parametrize("cut", [{}, {"n_clusters": 2, "height": 1.0}])
    def test_a_cut_needs_one_of_number_and_height(self, cut):
        with pytest.raises(ValueError, match="either"):
            tree_of_vectors(rows(5)).cut(**cut)

    @pytest.mark.parametrize("cut", [{"n_clusters": 2.5}, {"height": float("nan")}])
    def test_a_cut_by_no_number_is_an_error(self, cut):
        with pytest.raises(ValueError, match="must be a"):
            tree_of_vectors(rows(5)).cut(**cut)

    @pytest.mark.parametrize("n_clusters", [0, 6, -1])
    def test_a_number_of_clusters_out_of_range_is_an_error(self, n_clusters):
        with pytest.raises(ValueError, match="from 1 to 5"):
            tree_of_vectors(rows(5)).cut(n_clusters=n_clusters)


def test_the_outline_puts_parents_between_their_children_and_leaves_side_by_side():
    shape = tree_of_vectors(rows(80)).outline
    a, b = shape.children.T
    np.testing.assert_allclose(shape.position[80:], (shape.position[a] + shape.position[b]) / 2)
    assert sorted(shape.first_leaf[:80]) == list(range(80))
    np.testing.assert_array_equal(shape.leaf_order[shape.first_leaf[:80]], np.arange(80))
    np.testing.assert_array_equal(shape.n_leaves[80:], shape.n_leaves[a] + shape.n_leaves[b])
    assert (shape.height[80:] >= np.maximum(shape.height[a], shape.height[b])).all()


@pytest.mark.parametrize("extension", ["png", "svg", "pdf"])
@pytest.mark.parametrize("n", [2, 30, 1500])
def test_the_picture_is_written_and_asks_for_each_image_once(tmp_path, extension, n):
    if n > 30 and extension != "png":
        pytest.skip("slow, and no different")
    asked = []

    def thumbnail(row):
        asked.append(row)
        return np.zeros((8, 6, 3), np.uint8) if row else None

    path = tmp_path / f"tree.{extension}"
    tree = tree_of_distances(squareform(pdist(rows(n))))
    save_dendrogram(tree, 2, path, [f"${i}_name" for i in range(n)], thumbnail)
    assert path.stat().st_size > 1000
    assert sorted(asked) == (list(range(n)) if n <= 30 else [])


@pytest.mark.filterwarnings("error")
def test_names_are_no_formulas(tmp_path):
    tree = tree_of_distances(squareform(pdist(rows(2))))
    save_dendrogram(tree, 1, tmp_path / "t.png", [r"$\frac$.png", "$x_{$"], lambda row: None)


def test_a_rotated_tree_lies_as_one_that_is_laid_out_anew():
    rng = np.random.default_rng(3)
    tree = tree_of_vectors(rng.normal(size=(40, 3)), linkage="average")
    for node in (78, 77, 60, 41, 40):
        rotated = tree.rotated(node)
        anew = Tree(rotated.linkage).outline
        for name in ("leaf_order", "first_leaf", "n_leaves", "position", "height", "children"):
            expected = getattr(anew, name)
            np.testing.assert_allclose(getattr(rotated.outline, name), expected, err_msg=name)
        tree = rotated
