"""Sorting and snapping into grids, and the measures of how good they are."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from orangecontrib.imageembedding.errors import Cancelled, InputError
from orangecontrib.imageembedding.grids.quality import class_neighbor_share, distance_preservation
from orangecontrib.imageembedding.grids.reduce import reduced
from orangecontrib.imageembedding.grids.shape import grid_shape
from orangecontrib.imageembedding.grids.smooth import surroundings
from orangecontrib.imageembedding.grids.snap import snap_points
from orangecontrib.imageembedding.grids.sort import sort_vectors


def mixture(n, n_groups=30, spread=2.0, n_features=50, seed=0):
    random = np.random.default_rng(seed)
    groups = random.integers(n_groups, size=n)
    centers = random.normal(size=(n_groups, n_features))
    return centers[groups] + spread * random.normal(size=(n, n_features)), groups


# The shape


@pytest.mark.parametrize(
    ("n", "given", "shape"),
    [
        (0, {}, (0, 0)),
        (1, {}, (1, 1)),
        (2, {}, (1, 2)),
        (50, {}, (7, 8)),
        (1024, {}, (32, 32)),
        (10, {"n_columns": 3}, (4, 3)),
        (10, {"n_rows": 2}, (2, 5)),
        (10, {"n_columns": 20}, (1, 20)),
        (10, {"n_columns": 5, "n_rows": 5}, (5, 5)),
    ],
)
def test_a_grid_is_as_square_as_can_be_unless_told_otherwise(n, given, shape):
    assert grid_shape(n, **given) == shape


def test_more_images_than_cells_is_an_error_that_says_how_many():
    with pytest.raises(InputError, match=r"13 images do not fit into 3 × 4 cells"):
        grid_shape(13, n_columns=4, n_rows=3)
    with pytest.raises(ValueError, match="n_columns must be 1 or more; got 0"):
        grid_shape(13, n_columns=0)


# The measures


def quality_by_definition(vectors, cells, n_columns, power):
    """Distances in the order of the cells, of equally near cells their mean."""
    distances = cdist(vectors, vectors)
    places = np.column_stack(np.divmod(cells, n_columns))
    far = cdist(places, places, "sqeuclidean")
    n = len(vectors)
    curves = []
    for keys in (far, distances):
        rows = []
        for i in range(n):
            others = [j for j in range(n) if j != i]
            ring = {
                j: np.mean([distances[i, k] for k in others if keys[i, k] == keys[i, j]])
                for j in others
            }
            nearest = [ring[j] for j in sorted(others, key=lambda j: keys[i, j])]
            rows.append([np.mean(nearest[:k]) for k in range(1, n)])
        mean = distances.sum() / (n * (n - 1))
        curves.append(np.clip(1 - np.mean(rows, axis=0) / mean, 0, None))
    in_grid, best = (np.sum(curve**power) ** (1 / power) for curve in curves)
    return in_grid / best


@pytest.mark.parametrize("power", [2, 16])
@pytest.mark.parametrize("n_cells", [36, 50])
def test_distance_preservation_is_what_its_paper_defines(power, n_cells):
    random = np.random.default_rng(1)
    vectors = random.random((36, 3))
    cells = random.permutation(n_cells)[:36]
    expected = quality_by_definition(vectors, cells, 6, power)
    assert distance_preservation(vectors, cells, 6, power) == pytest.approx(expected)


def test_a_line_in_order_keeps_all_distances_and_by_chance_next_to_none():
    line = np.arange(400.0)[:, None]
    assert distance_preservation(line, np.arange(400), 400) == pytest.approx(1)
    by_chance = np.random.default_rng(0).permutation(400)
    assert distance_preservation(line, by_chance, 20) < 0.1
    assert distance_preservation(np.ones((9, 2)), np.arange(9), 3) == 1


def test_class_neighbors_are_the_up_to_eight_around_an_image():
    #  a b
    #  a .
    shares = [1 / 2, 0, 1 / 2]
    classes = np.array(["a", "b", "a"])
    assert class_neighbor_share(classes, np.array([0, 1, 2]), 2) == pytest.approx(np.mean(shares))
    assert class_neighbor_share(classes[:2], np.array([4, 5]), 4) == 0
    assert np.isnan(class_neighbor_share(classes[:1], np.array([0]), 1))
    assert np.isnan(class_neighbor_share(classes, np.array([0, 2, 8]), 3))


# Smoothing and reducing


@pytest.mark.parametrize("radius", [1.0, 1.7, 2.5, 40.0])
def test_surroundings_are_means_of_boxes_without_what_weighs_nothing(radius):
    random = np.random.default_rng(0)
    cells = random.random((7, 5, 3)).astype(np.float32)
    weights = random.integers(2, size=(7, 5, 1)).astype(np.float32)
    found = surroundings(cells, weights, radius)
    down, right = np.mgrid[:7, :5]
    for row, column in ((0, 0), (3, 2), (6, 4)):
        box = np.clip(radius + 0.5 - abs(down - row), 0, 1) * np.clip(
            radius + 0.5 - abs(right - column), 0, 1
        )
        box[row, column] = 0.5
        box = box * weights[:, :, 0]
        expected = np.tensordot(box, cells, 2) / box.sum()
        np.testing.assert_allclose(found[row, column], expected, atol=1e-5)


def test_many_features_become_their_principal_components():
    random = np.random.default_rng(0)
    plane = random.normal(size=(300, 40)) * np.linspace(5, 1, 40)
    turned = np.linalg.qr(random.normal(size=(200, 200)))[0][:40]
    vectors = plane @ turned + 7
    found = reduced(vectors, random)
    assert found.shape == (300, 50)
    assert found.dtype == np.float32
    ratio = cdist(found, found) / np.where(np.eye(300), 1, cdist(plane, plane))
    ratio = ratio[~np.eye(300, dtype=bool)]
    np.testing.assert_allclose(ratio, ratio.mean(), rtol=1e-3)


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_numbers_of_any_size_are_compared(size):
    vectors = np.random.default_rng(0).normal(size=(30, 2))
    found = reduced(vectors * size, np.random.default_rng(0))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, reduced(vectors, np.random.default_rng(0)), atol=1e-5)


# Sorting


@pytest.mark.parametrize(
    ("spread", "goal", "share"),
    # t-SNE and an optimal assignment reach .706 and .758, .497 and .373
    [(1.0, 0.74, 0.7), (2.0, 0.56, 0.38)],
)
def test_sorted_grids_keep_distances(spread, goal, share):
    vectors, groups = mixture(900, spread=spread)
    cells = sort_vectors(vectors, 30, 30)
    assert sorted(cells) == list(range(900))
    assert distance_preservation(vectors, cells, 30) > goal
    assert class_neighbor_share(groups, cells, 30) > share


@pytest.mark.parametrize(("n_rows", "n_columns"), [(1, 60), (60, 1), (5, 12), (7, 9), (20, 20)])
def test_any_shape_is_filled_from_the_top_or_spread(n_rows, n_columns):
    vectors = np.random.default_rng(0).random((60, 3))
    cells = sort_vectors(vectors, n_rows, n_columns)
    assert sorted(cells) == list(range(60))
    spread = sort_vectors(vectors, n_rows, n_columns, spread=True)
    assert len(set(spread)) == 60
    assert min(spread) >= 0
    assert max(spread) < n_rows * n_columns
    for found in (cells, spread):
        assert distance_preservation(vectors, found, n_columns) > 0.5


def test_a_line_is_put_in_order():
    values = np.random.default_rng(0).permutation(50.0 + np.arange(50))
    cells = sort_vectors(values[:, None], 1, 50)
    steps = np.abs(np.diff(values[np.argsort(cells)]))
    assert np.mean(steps) < 2


def test_the_same_seed_gives_the_same_grid_and_another_another():
    vectors, _ = mixture(100)
    cells = sort_vectors(vectors, 10, 10, seed=1)
    np.testing.assert_array_equal(cells, sort_vectors(vectors, 10, 10, seed=1))
    assert (cells != sort_vectors(vectors, 10, 10, seed=2)).any()


@pytest.mark.parametrize("n", [0, 1, 2, 3, 65])
@pytest.mark.parametrize("value", [0.0, 1.0, 1e300, -1e-300])
def test_identical_and_few_images_each_have_a_cell(n, value):
    cells = sort_vectors(np.full((n, 4), value), *grid_shape(n))
    assert sorted(cells) == list(range(n))


def test_images_that_stay_have_the_similar_ones_around_them():
    vectors, groups = mixture(400, n_groups=4, spread=0.5)
    corners = {int(np.flatnonzero(groups == g)[0]): c for g, c in enumerate((0, 19, 380, 399))}
    cells = sort_vectors(vectors, 20, 20, fixed=corners)
    assert {image: cells[image] for image in corners} == corners
    assert sorted(cells) == list(range(400))
    row, column = np.divmod(cells, 20)
    for group, (down, right) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
        inside = (row // 10 == down) & (column // 10 == right)
        assert np.mean(groups[inside] == group) > 0.8


@pytest.mark.parametrize("fixed", [{0: 1, 1: 1}, {9: 0}, {0: 9}, {-1: 0}])
def test_what_cannot_stay_is_an_error(fixed):
    with pytest.raises(ValueError, match="fixed"):
        sort_vectors(np.zeros((9, 1)), 3, 3, fixed=fixed)


@pytest.mark.parametrize("work", [sort_vectors, snap_points])
def test_progress_rises_to_one_and_cancels(work):
    vectors = np.random.default_rng(0).random((500, 2))
    seen = []
    work(vectors, 23, 22, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1

    def stop(part):
        if part > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        work(vectors, 23, 22, progress=stop)


def test_the_grid_is_seen_while_it_settles():
    vectors, _ = mixture(256)
    seen = []
    cells = sort_vectors(vectors, 16, 16, settled=seen.append)
    assert all(sorted(grid) == list(range(256)) for grid in seen)
    first, last = (distance_preservation(vectors, grid, 16) for grid in (seen[0], seen[-1]))
    assert first < last <= distance_preservation(vectors, cells, 16) + 0.01


# Snapping


@pytest.mark.parametrize("n", [100, 160])
def test_few_points_move_as_little_as_can_be(n):
    points = np.random.default_rng(0).normal(size=(n, 2)) * (3, 100)
    n_rows, n_columns = grid_shape(n)
    cells = snap_points(points, n_rows, n_columns)
    assert moved(points, cells, n_rows, n_columns) == pytest.approx(1, abs=1e-4)


def test_many_points_move_hardly_more_than_they_must():
    points = np.random.default_rng(0).normal(size=(600, 2))
    assert moved(points, snap_points(points, 25, 25), 25, 25) < 1.01


def moved(points, cells, n_rows, n_columns):
    """How far the points move, as a multiple of the least."""
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = ((points - low) / (high - low)).T
    places = np.column_stack([x * (n_columns - 1), (1 - y) * (n_rows - 1)])
    row, column = np.divmod(np.arange(n_rows * n_columns), n_columns)
    costs = cdist(places, np.column_stack([column, row]), "sqeuclidean")
    least = costs[linear_sum_assignment(costs)].sum()
    assert len(set(cells)) == len(points)
    return costs[np.arange(len(points)), cells].sum() / least


@pytest.mark.parametrize("n", [0, 1, 2, 30])
def test_points_in_one_place_each_have_a_cell(n):
    n_rows, n_columns = grid_shape(n)
    assert len(set(snap_points(np.ones((n, 2)), n_rows, n_columns))) == n


def test_points_keep_right_and_up():
    points = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=float)
    np.testing.assert_array_equal(snap_points(points, 2, 2), [2, 3, 0, 1])
