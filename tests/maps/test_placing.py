"""New rows on a map that is there; maps by other packages; places that are given."""

import importlib.util
import pickle
import subprocess
import sys

import numpy as np
import pytest
from embedded_tables import fake, write_classes
from kinds import kinds
from Orange.classification import KNNLearner
from Orange.data import ContinuousVariable, Domain, Table
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.maps import placing as placing_module
from orangecontrib.imageembedding.maps.neighbors import nearest_of
from orangecontrib.imageembedding.maps.project import project
from orangecontrib.imageembedding.maps.reduce import along
from orangecontrib.imageembedding.tables.map_columns import with_regions

METHODS = ["tsne", "pca"]
INSTALLED = {"umap": "umap-learn", "pacmap": "pacmap"}


def table_of(rows):
    names = [ContinuousVariable(f"n{i}") for i in range(rows.shape[1])]
    return Table.from_numpy(Domain(names), rows)


def apart(done):
    """Get the median step from a place to the next one."""
    _, distances = nearest_of(done.coordinates, done.coordinates, 2)
    return np.median(distances[:, 1])


@pytest.mark.parametrize("n", [1, 5, 700])
def test_the_nearest_points_of_others(n):
    rng = np.random.default_rng(0)
    points, queries = (rng.normal(size=(m, 6)).astype(np.float32) for m in (n, 600))
    k = min(n, 4)
    indices, distances = nearest_of(queries, points, k)
    true = np.sqrt(((queries[:, None] - points[None]) ** 2).sum(axis=2))
    np.testing.assert_allclose(distances, np.sort(true, axis=1)[:, :k], atol=1e-3)
    np.testing.assert_allclose(np.take_along_axis(true, indices, axis=1), distances, atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_new_rows_land_among_their_kind_and_those_of_the_map_where_they_are(method):
    rows, kind = kinds(n_each=60)
    is_old = np.arange(len(rows)) % 3 > 0
    done = oie.map_images(table_of(rows[is_old]), method)
    new = table_of(rows[~is_old]).transform(done.table.domain).metas.astype(np.float32)
    old = table_of(rows[is_old]).transform(done.table.domain).metas
    np.testing.assert_allclose(old, done.coordinates, atol=0.02 * apart(done))
    near = KNeighborsClassifier(5).fit(done.coordinates, kind[is_old])
    in_map = near.score(done.coordinates, kind[is_old])
    assert near.score(new, kind[~is_old]) > in_map - 0.03
    if method == "tsne":
        scattered = np.abs(new[:, None] - new[None]).max(axis=2) + 10 * np.eye(len(new))
        assert scattered.min() > 0  # not all in the middle of their neighbors


@pytest.mark.parametrize("method", METHODS)
def test_the_place_of_a_row_depends_on_no_other_row(method):
    rows, _ = kinds(n_each=30)
    placing = project(rows[::2], method).placing
    together = placing.place(rows[1::2])
    np.testing.assert_allclose(placing.place(rows[1:8:2]), together[:4], atol=1e-4)
    assert placing.place(rows[:0]).shape == (0, 2)
    gaps = rows[1:8:2].copy()
    gaps[2, 5] = np.nan
    np.testing.assert_allclose(placing.place(gaps)[[0, 1, 3]], together[[0, 1, 3]], atol=1e-4)
    assert np.isnan(placing.place(gaps)[2]).all()


def test_new_rows_keep_more_neighbors_than_the_mean_of_their_nearest():
    rows = load_digits().data[:1400]
    placing = project(rows[::2], "tsne").placing
    true, _ = nearest_of(along(placing.principal, rows[1::2]), placing.points, 15)

    def kept(of):
        near, _ = nearest_of(of.place(rows[1::2]), placing.coordinates, 15)
        return np.mean([len(np.intersect1d(a, b)) / 15 for a, b in zip(near, true, strict=True)])

    mean = placing_module.Placing(placing.principal, placing.points, placing.coordinates, False)
    assert kept(placing) > kept(mean) + 0.01


def test_of_many_rows_a_part_is_kept(monkeypatch):
    monkeypatch.setattr(placing_module, "N_LANDMARKS", 100)
    rows, kind = kinds()
    placing = project(rows, "tsne").placing
    assert placing.points.shape == (100, 64)
    assert placing.points.dtype == placing.coordinates.dtype == np.float32
    near = KNeighborsClassifier(3).fit(placing.place(rows[1::2]), kind[1::2])
    assert near.score(placing.place(rows[::2]), kind[::2]) > 0.9
    assert project(rows, "pca").placing.points.shape == (0, 64)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 20])
@pytest.mark.parametrize("method", METHODS)
def test_on_maps_of_few_or_equal_rows_there_is_a_place_for_new_ones(n, method):
    new = np.random.default_rng(1).random((4, 3)).astype(np.float32)
    for rows in (np.ones((n, 3)), np.zeros((n, 3)), np.random.default_rng(0).random((n, 3))):
        placing = project(rows, method).placing
        assert np.isfinite(placing.place(new)).all()
        assert np.isfinite(placing.place(np.zeros((1, 3)))).all()


def test_raw_images_land_on_the_map_and_models_behind_it_work(tmp_path):
    train, raw = write_classes(tmp_path / "a"), write_classes(tmp_path / "b", first=20)
    mapped = oie.map_images(fake(train)).table
    assert [meta.name for meta in mapped.domain.metas[-2:]] == ["map-x", "map-y"]
    new = raw.transform(mapped.domain)
    assert np.isfinite(new[:, ["map-x", "map-y"]].metas.astype(float)).all()
    flat = Domain(mapped.domain.metas[-2:], mapped.domain.class_vars)
    model = KNNLearner(n_neighbors=3)(mapped.transform(flat))
    assert (model(raw) == raw.Y).mean() > 0.9
    again = pickle.loads(pickle.dumps(mapped))
    assert again.domain == mapped.domain
    assert hash(again.domain) == hash(mapped.domain)
    np.testing.assert_array_equal(again.transform(mapped.domain).metas[:, -1], mapped.metas[:, -1])


def test_the_columns_are_equal_if_their_maps_are_and_computed_only_if_they_are_not_there():
    rows, _ = kinds(3, 20)
    one, same, other = (oie.map_images(table_of(rows), "pca", seed=0).table for rows in
                        (rows, rows, rows[::-1] * 2 + 1))  # fmt: skip
    assert one.domain == same.domain
    assert one.domain["map-x"] != other.domain["map-x"]
    moved = one.copy()
    with moved.unlocked():
        moved.metas[:] = 7
    assert (moved.transform(one.domain).metas == 7).all()
    twice = oie.map_images(one, "tsne").table
    assert [meta.name for meta in twice.domain.metas] == [
        "map-x",
        "map-y",
        "map-x (1)",
        "map-y (1)",
    ]


def test_a_pickled_map_works_in_another_process(tmp_path):
    rows, _ = kinds(3, 20)
    mapped = oie.map_images(table_of(rows)).table
    (tmp_path / "map.pickle").write_bytes(pickle.dumps((mapped.domain, table_of(rows + 0.01))))
    code = (
        "import pickle, sys, numpy as np\n"
        "domain, new = pickle.load(open(sys.argv[1], 'rb'))\n"
        "np.save(sys.argv[2], new.transform(domain).metas.astype(float))\n"
    )
    saved = tmp_path / "places.npy"
    subprocess.run([sys.executable, "-c", code, tmp_path / "map.pickle", saved], check=True)
    here = table_of(rows + 0.01).transform(mapped.domain).metas.astype(float)
    np.testing.assert_allclose(np.load(saved), here, atol=1e-3)


def test_given_places_are_taken_as_they_are_and_measured_by_the_embeddings():
    rows, _ = kinds()
    made = oie.map_images(table_of(rows))
    given = oie.map_images(made.table, map_columns=("map-x", "map-y"))
    np.testing.assert_array_equal(given.coordinates, made.coordinates)
    np.testing.assert_array_equal(given.neighbors, made.neighbors)
    assert given.kept_neighbors == made.kept_neighbors
    new = table_of(rows[:9] + 0.01)
    of_second = new.transform(given.table.domain)
    np.testing.assert_array_equal(of_second.metas[:, :2], of_second.metas[:, 2:])


def test_given_places_without_embeddings_are_not_measured():
    iris = Table("iris")
    with iris.unlocked():
        iris.X[3, 1] = np.nan
    done = oie.map_images(iris, map_columns=("sepal length", "sepal width"))
    assert np.isnan(done.coordinates[3]).all()
    np.testing.assert_allclose(np.delete(done.coordinates, 3, 0), np.delete(iris.X[:, :2], 3, 0),
                               rtol=1e-6)  # fmt: skip
    assert np.isnan(done.kept_neighbors)
    assert np.isnan(done.trustworthiness())
    assert done.neighbors.shape == (150, 0)
    assert not done.torn_apart().any()
    assert done.regions().labels[3] == -1
    with pytest.raises(InputError, match="no numeric column 'iris'"):
        oie.map_images(iris, map_columns=("sepal length", "iris"))
    with pytest.raises(ValueError, match="got a matrix"):
        oie.map_images(iris.X, map_columns=("sepal length", "iris"))


def test_rows_with_missing_numbers_are_nobodys_neighbor():
    rows, _ = kinds()
    rows[[0, 100], 3] = np.nan
    done = oie.map_images(rows)
    assert (done.neighbors[[0, 100]] == -1).all()
    assert not np.isin(done.neighbors, [0, 100]).any()
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    nearest = np.nanargmax(np.where(np.eye(240) > 0, -1, unit @ unit.T)[1:100], axis=1)
    assert (done.neighbors[1:100, 0] == nearest).mean() > 0.98
    assert done.points.shape == (240, 64)
    regions = done.regions()
    assert regions.labels[[0, 100]].tolist() == [-1, -1]
    assert 0.9 < done.trustworthiness() < 1
    assert done.torn_apart().mean() < 0.2


def test_regions_are_a_column_with_other_names_for_other_regions():
    table = with_regions(Table("iris")[:4], np.array([0, -1, 1, 2]), ["cat", "R2", "cat"])
    assert table.domain["Region"].values == ("cat", "R2", "cat (2)")
    np.testing.assert_array_equal(table.get_column("Region"), [0, np.nan, 1, 2])


@pytest.mark.parametrize("method", list(INSTALLED))
def test_what_is_not_installed_is_said_with_the_way_to_install_it(method, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "orangecontrib.imageembedding.maps.installed.find_spec",
        lambda name: None if name == method else find(name),
    )
    with pytest.raises(InputError, match=f"is not installed.*pip install {INSTALLED[method]}"):
        oie.map_images(np.ones((3, 3)), method)


@pytest.mark.parametrize("method", list(INSTALLED))
def test_installed_methods_keep_kinds_together_and_place_new_rows(method):
    pytest.importorskip(method)
    rows, kind = kinds()
    done = [project(rows[::2], method) for _ in range(2)]
    np.testing.assert_array_equal(done[0].coordinates, done[1].coordinates)
    near = KNeighborsClassifier(5).fit(done[0].coordinates, kind[::2])
    assert near.score(done[0].placing.place(rows[1::2]), kind[1::2]) > 0.95
    for n in (1, 2, 29, 30, 31):
        assert np.isfinite(project(rows[:n], method).coordinates).all()
