"""Maps: neighbors stay together, a seed gives one map, no picture covers another."""

import numpy as np
import pytest
from kinds import kinds
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.errors import Cancelled, InputError
from orangecontrib.imageembedding.maps import levels as levels_module
from orangecontrib.imageembedding.maps import neighbors as neighbors_module
from orangecontrib.imageembedding.maps.levels import levels_of
from orangecontrib.imageembedding.maps.neighbors import nearest
from orangecontrib.imageembedding.maps.picture import save_map, unit_square
from orangecontrib.imageembedding.maps.quality import kept_neighbors
from orangecontrib.imageembedding.maps.reduce import along, axes_of, reduced


def test_a_map_keeps_kinds_together_and_tells_how_many_neighbors_it_keeps():
    rows, kind = kinds()
    done = oie.map_images(rows)
    assert done.coordinates.dtype == np.float32
    assert done.coordinates.shape == (240, 2)
    near = KNeighborsClassifier(5).fit(done.coordinates, kind)
    assert near.score(done.coordinates, kind) > 0.98
    by_pca = oie.map_images(rows, method="pca")
    assert by_pca.kept_neighbors < done.kept_neighbors < 1
    assert done.kept_neighbors > 0.35


def test_the_same_seed_gives_the_same_map():
    rows, _ = kinds(3, 20)
    one, same = (oie.map_images(rows, seed=1).coordinates for _ in range(2))
    np.testing.assert_array_equal(one, same)


def test_the_lengths_of_rows_do_not_matter():
    rows, _ = kinds(3, 20)
    scaled = rows * np.random.default_rng(1).uniform(0.1, 10, (len(rows), 1))
    by_pca = [oie.map_images(each, method="pca").coordinates for each in (rows, scaled)]
    np.testing.assert_allclose(by_pca[0], by_pca[1], atol=1e-5)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 8, 20])
@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_few_and_equal_rows_have_places(n, method):
    for rows in (np.ones((n, 3)), np.zeros((n, 3)), np.random.default_rng(0).random((n, 3))):
        done = oie.map_images(rows, method)
        assert done.coordinates.shape == (n, 2)
        assert np.isfinite(done.coordinates).all()
        assert np.isnan(done.kept_neighbors) == (n < 2)


def test_rows_with_missing_numbers_have_no_place():
    rows, _ = kinds(3, 20)
    rows[[4, 9], 3] = np.nan
    done = oie.map_images(rows, "pca")
    assert np.flatnonzero(np.isnan(done.coordinates).all(axis=1)).tolist() == [4, 9]
    with pytest.raises(InputError, match="All rows have missing numbers"):
        oie.map_images(rows[[4, 9]])
    with pytest.raises(ValueError, match="method must be one of tsne, pca, umap, pacmap; got 'x'"):
        oie.map_images(rows, "x")


def test_the_map_can_be_watched_and_cancelled():
    rows, _ = kinds()
    seen = []

    def progress(part):
        assert 0 <= part <= 1
        if len(seen) >= 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        oie.map_images(rows, progress=progress, live=seen.append)
    assert all(coordinates.shape == (240, 2) for coordinates in seen)
    assert not np.allclose(seen[0], seen[-1])


def test_principal_components_are_those_of_scikit_learn_whatever_the_length_of_rows():
    rows, _ = kinds()
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    wanted = PCA(5, svd_solver="full").fit_transform(unit)
    found = reduced(rows * np.linspace(1, 3, len(rows))[:, None], 5)
    np.testing.assert_allclose(np.abs(found), np.abs(wanted), atol=1e-4)


@pytest.mark.parametrize(("exact_rows", "recall"), [(20_000, 1.0), (300, 0.9)])
def test_neighbors_are_the_nearest(monkeypatch, exact_rows, recall):
    monkeypatch.setattr(neighbors_module, "EXACT_ROWS", exact_rows)
    points = np.random.default_rng(0).normal(size=(900, 6)).astype(np.float32)
    indices, distances = nearest(points, 10)
    true = cdist(points, points)
    np.fill_diagonal(true, np.inf)
    order = np.argsort(true, axis=1)[:, :10]
    found = np.mean([len(np.intersect1d(a, b)) / 10 for a, b in zip(indices, order, strict=True)])
    assert found >= recall
    np.testing.assert_allclose(distances, np.take_along_axis(true, indices, axis=1), atol=1e-3)
    assert (np.diff(distances, axis=1) >= 0).all()
    assert not (indices == np.arange(900)[:, None]).any()


def test_kept_neighbors_of_the_map_itself_are_all_and_of_a_random_one_few():
    points = np.random.default_rng(0).random((500, 2)).astype(np.float32)
    true, _ = nearest(points, 15)
    assert kept_neighbors(true, points) == 1
    shuffled = np.random.default_rng(1).permutation(points)
    assert kept_neighbors(true, shuffled) < 0.06


@pytest.mark.parametrize("max_dense_cells", [4_000_000, 0])
@pytest.mark.parametrize("n", [1, 2, 3000])
def test_no_picture_covers_another_and_none_is_missing_where_there_is_room(
    monkeypatch, n, max_dense_cells
):
    monkeypatch.setattr(levels_module, "MAX_DENSE_CELLS", max_dense_cells)
    rng = np.random.default_rng(0)
    places = rng.beta(2, 5, (n, 2)).astype(np.float32)
    weights = rng.random(n).astype(np.float32)
    cell = 0.1
    levels = levels_of(places, weights, cell, 4)
    for level in range(4):
        side = cell / 2**level
        shown = places[levels <= level]
        apart = np.abs(shown[:, None] - shown[None]).max(axis=2)
        np.fill_diagonal(apart, np.inf)
        assert apart.min() >= side - 1e-6
        hidden = places[levels > level]
        if len(hidden):
            assert np.abs(hidden[:, None] - shown[None]).max(axis=2).min(axis=1).max() < side
    assert levels[weights.argmax()] == 0


def test_of_equal_places_one_is_shown():
    levels = levels_of(np.full((10_000, 2), 0.5, np.float32), np.ones(10_000, np.float32), 0.1, 3)
    assert np.bincount(levels).tolist() == [1, 0, 0, 9_999]


def test_a_map_fills_the_unit_square_with_x_to_the_right_and_y_up():
    coordinates = np.array([[-10, 0], [10, 0], [0, 5]], np.float32)
    np.testing.assert_allclose(unit_square(coordinates), [[0, 0.625], [1, 0.625], [0.5, 0.375]])
    np.testing.assert_allclose(unit_square(np.full((2, 2), 7, np.float32)), np.full((2, 2), 0.5))


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_a_picture_shows_what_has_room_and_a_dot_for_others(tmp_path, ending):
    coordinates = np.array([[0, 0], [1, 1], [1, 1.0001], [np.nan, np.nan]], np.float32)
    asked = []

    def read(number, side_px):
        asked.append(number)
        return None if number == 0 else np.full((side_px, side_px // 2, 3), 200, np.uint8)

    path = tmp_path / f"map.{ending}"
    save_map(coordinates, path, read)
    assert path.stat().st_size > 500
    assert len(asked) == 2
    assert 0 in asked
    assert 3 not in asked


@pytest.mark.parametrize("factor", [1, 1e25, 1e-25, 1e150])
def test_rows_of_any_length_and_of_zeros_have_their_components(factor):
    rows = kinds(3, 20)[0].astype(float)
    principal = axes_of(rows)
    rows[7] = 0
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    expected = (unit - principal.mean) @ principal.axes
    np.testing.assert_allclose(along(principal, rows * factor), expected, atol=1e-5)
