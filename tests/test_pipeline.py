import threading
import time

import numpy as np
import pytest
from fake_backends import FakeBackend
from Orange.data import Domain, Table
from Orange.distance import Cosine
from Orange.misc import DistMatrix
from pictures import encoded, picture, write_images

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.files.record import Found
from orangecontrib.imageembedding.grids.quality import class_neighbor_share
from orangecontrib.imageembedding.pipeline import (
    cluster_distances,
    cluster_table,
    select_branches,
    table_of_found,
)
from orangecontrib.imageembedding.tables.locate import default_image_locations

NAMES = ["cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png", "dog/10.png"]


@pytest.fixture
def folder(tmp_path):
    return write_images(tmp_path / "animals", NAMES, width=300, height=200)


def test_from_a_folder_to_a_tree(folder):
    """The flow with the built-in embedder, nothing replaced."""
    found = oie.import_images(folder)
    assert found.skipped == ()
    assert [str(row["image name"]) for row in found.table] == ["1", "2", "1", "2", "10"]
    assert [str(row["file"]) for row in found.table] == NAMES
    assert list(found.table.get_column("width")) == [300] * 5

    done = oie.embed_images(found.table, embedder="efficientnet-lite0")
    assert done.skipped is None
    assert done.embeddings.X.shape == (5, 1280)
    paths = [folder / name for name in NAMES]
    vectors = oie.embed_files(paths, embedder="efficientnet-lite0").vectors
    np.testing.assert_allclose(done.embeddings.X, vectors, atol=1e-5)

    tree = oie.cluster_images(done.embeddings, metric="cosine", linkage="average")
    assert tree.linkage.shape == (4, 4)
    assert sorted(tree.leaf_order) == list(range(5))
    assert set(tree.cut(n_clusters=3)) == {1, 2, 3}
    np.testing.assert_allclose(
        oie.cluster_images(vectors, "cosine", "average").linkage, tree.linkage, atol=1e-9
    )


def test_bad_files_are_named_with_their_reasons_and_the_rest_is_done(folder):
    (folder / "notes.txt").write_text("hello")
    (folder / "cat" / "empty.png").touch()
    (folder / "dog" / "cut.jpg").write_bytes(encoded(picture(9, 200, 200), "JPEG")[:-300])
    found = oie.import_images(folder)
    assert {file.path.rsplit("/", 1)[1]: file.reason for file in found.skipped} == {
        "notes.txt": "not an image: text",
        "empty.png": "empty file",
    }
    (folder / "dog" / "10.png").unlink()

    done = oie.embed_images(found.table, "efficientnet-lite0", backend=FakeBackend())

    assert len(done.embeddings) == 4
    reasons = {str(row["image name"]): str(row["reason"]) for row in done.skipped}
    assert reasons["10"] == "file not found"
    assert reasons["cut"].startswith("damaged image")
    assert set(done.skipped.ids) <= set(found.table.ids)


def test_a_folder_without_images_is_an_error_that_says_what_was_there(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(oie.InputError, match=r"no images.*1 skipped.*notes\.txt: not an image"):
        oie.import_images(tmp_path)


def test_several_folders_and_patterns_can_be_given(folder):
    found = oie.import_images([folder / "dog", folder / "cat"], include=["*1*"])
    assert [str(row["image name"]) for row in found.table] == ["1", "10", "1"]
    assert [str(row["file"]) for row in found.table] == ["1.png", "10.png", "1.png"]
    assert found.table.name == "dog + cat"


def test_the_table_has_no_class_where_none_is_wanted(folder):
    table = oie.import_images(folder, classes=False).table
    assert table.domain.class_var is None
    assert len(table) == len(NAMES)


def test_patterns_that_fit_no_image_are_told(folder):
    with pytest.raises(oie.InputError, match="no images of the names wanted"):
        oie.import_images(folder, include=["*.gif"])


def test_what_was_found_before_a_cancel_becomes_a_table(folder):
    found = Found()

    def cancel(fraction):
        if fraction >= 1:
            raise oie.Cancelled

    with pytest.raises(oie.Cancelled):
        oie.import_images(folder, cancel, found=found)
    assert len(table_of_found([str(folder)], found).table) == len(NAMES)


def test_when_no_image_can_be_embedded_the_table_is_empty_and_all_have_reasons(folder):
    found = oie.import_images(folder)
    for name in NAMES:
        (folder / name).unlink()
    done = oie.embed_images(found.table, "efficientnet-lite0", backend=FakeBackend())
    assert len(done.embeddings) == 0
    assert len(done.skipped) == 5


def test_an_unknown_embedder_is_said_before_anything_is_done(folder):
    backend = FakeBackend()
    with pytest.raises(oie.InputError, match="'alexnet'"):
        oie.embed_images(oie.import_images(folder).table, "alexnet", backend=backend)
    assert backend.loads == 0


def test_a_column_can_be_chosen_by_name(folder):
    table = oie.import_images(folder).table
    with pytest.raises(oie.InputError, match="'photo'"):
        oie.embed_images(table, "efficientnet-lite0", image_column="photo")
    done = oie.embed_images(
        table, "efficientnet-lite0", image_column="image name", backend=FakeBackend()
    )
    assert len(done.skipped) == 5


def test_another_embedding_is_added_and_the_same_one_replaced(folder):
    table = oie.import_images(folder).table
    once = oie.embed_images(table, "efficientnet-lite0", backend=FakeBackend()).embeddings
    twice = oie.embed_images(once, "mobilenet-v3", backend=FakeBackend()).embeddings
    assert len(twice.domain.attributes) == 2 * 1280
    again = oie.embed_images(twice, "efficientnet-lite0", backend=FakeBackend()).embeddings
    assert set(again.domain.attributes) == set(twice.domain.attributes)


@pytest.mark.parametrize("step", ["import", "embed", "cluster"])
def test_every_step_reports_to_the_end_and_stops_when_asked(folder, step):
    table = oie.import_images(folder).table
    steps = {
        "import": lambda progress: oie.import_images(folder, progress=progress),
        "embed": lambda progress: oie.embed_images(
            table, "efficientnet-lite0", backend=FakeBackend(), progress=progress
        ),
        "cluster": lambda progress: oie.cluster_images(np.eye(50), progress=progress),
    }
    seen = []
    steps[step](seen.append)
    assert seen[-1] == 1.0
    assert all(0 <= fraction <= 1 for fraction in seen)

    def cancel(fraction):
        raise oie.Cancelled

    with pytest.raises(oie.Cancelled):
        steps[step](cancel)


def test_cancel_comes_through_while_the_tree_is_computed_in_c(monkeypatch):
    import fastcluster

    release, entered = threading.Event(), threading.Event()
    real = fastcluster.linkage

    def slow(*args, **kwargs):
        entered.set()
        release.wait(30)
        return real(*args, **kwargs)

    monkeypatch.setattr(fastcluster, "linkage", slow)
    asked = []

    def cancel(fraction):
        if entered.is_set():
            asked.append(time.monotonic())
            raise oie.Cancelled

    try:
        with pytest.raises(oie.Cancelled):
            oie.cluster_images(np.eye(9), progress=cancel)
        assert time.monotonic() - asked[0] < 5
    finally:
        release.set()


def test_rows_with_missing_numbers_are_left_out_of_the_tree_of_a_table(folder):
    table = oie.import_images(folder).table
    done = oie.embed_images(table, "efficientnet-lite0", backend=FakeBackend()).embeddings
    with done.unlocked(done.X):
        done.X[2, 7] = np.nan
    clustered = cluster_table(done)
    assert list(clustered.rows) == [0, 1, 3, 4]
    assert clustered.n_left_out == 1
    assert clustered.tree.n_leaves == 4
    with pytest.raises(oie.InputError, match="1 of 5 rows"):
        oie.cluster_images(done)


def test_distances_of_orange_give_the_tree_of_its_rows(folder):
    table = oie.import_images(folder).table
    done = oie.embed_images(table, "efficientnet-lite0").embeddings
    clustered = cluster_distances(Cosine(done), "average")
    assert clustered.table is done
    np.testing.assert_allclose(
        clustered.tree.linkage[:, 2],
        oie.cluster_images(done, "cosine", "average").linkage[:, 2],
        atol=1e-6,
    )


def test_distances_between_columns_have_the_names_of_the_columns():
    from Orange.data import Table

    clustered = cluster_distances(Cosine(Table("iris"), axis=0))
    names = [variable.name for variable in Table("iris").domain.attributes]
    assert [str(row["Name"]) for row in clustered.table] == names
    done = select_branches(clustered, clustered.tree.branches(2))
    assert sorted(str(row["Name"]) for row in done.selected) == sorted(names)
    assert len(done.representatives) == 2


@pytest.mark.parametrize("items", [None, ["a", "b", "c"]])
def test_distances_without_a_table_give_one_of_names(items):
    square = np.array([[0.0, 1, 2], [1, 0, 1.5], [2, 1.5, 0]])
    clustered = cluster_distances(DistMatrix(square, row_items=items))
    assert [str(row["Name"]) for row in clustered.table] == (items or ["1", "2", "3"])


def test_paths_relative_to_a_table_file_stay_right_in_what_is_made_from_it(folder):
    from Orange.data import Table

    table = oie.import_images(folder).table
    with table.unlocked(table.metas):
        table.metas[:, 1] = NAMES
    table.save(str(folder / "t.tab"))
    loaded = Table.from_file(str(folder / "t.tab"))
    done = oie.embed_images(loaded, "efficientnet-lite0", backend=FakeBackend())
    assert default_image_locations(done.embeddings[1:]) == [
        str(folder / name) for name in NAMES[1:]
    ]
    assert str(loaded[0]["image"]) == NAMES[0]


def test_one_path_is_no_list_of_paths():
    with pytest.raises(ValueError, match="list of paths"):
        oie.embed_files("a.jpg")


@pytest.mark.parametrize("data", [[1, 2, 3], np.ones((2, 2, 2)), [["a", "b"], ["c", "d"]]])
def test_what_is_no_matrix_of_numbers_is_a_value_error(data):
    with pytest.raises(ValueError, match="matrix"):
        oie.cluster_images(data)


def test_lists_and_whole_numbers_are_clustered():
    assert oie.cluster_images([[1, 2], [2, 4], [2, 1]]).n_leaves == 3


def test_similar_rows_lie_side_by_side(folder):
    table = Table("iris")
    grid = oie.sort_into_grid(table, n_columns=15)
    assert (grid.n_rows, grid.n_columns) == (10, 15)
    assert sorted(grid.rows * 15 + grid.columns) == list(range(150))
    assert class_neighbor_share(table.Y, grid.cells, 15) > 0.85
    same = oie.sort_into_grid(table.X, n_columns=15)
    np.testing.assert_array_equal(same.cells, grid.cells)
    assert (oie.sort_into_grid(table, 15, seed=1).cells != grid.cells).any()


def test_rows_with_missing_numbers_have_no_cell():
    vectors = np.random.default_rng(0).random((20, 3))
    vectors[[3, 7], 1] = np.nan
    grid = oie.sort_into_grid(vectors, n_columns=6)
    assert np.flatnonzero(~grid.has_cell).tolist() == [3, 7]
    assert sorted(grid.cells) == [-1, -1, *range(18)]
    with pytest.raises(InputError, match="All rows have missing numbers"):
        oie.sort_into_grid(vectors[[3, 7]])


def test_sparse_and_categorical_columns_beside_numbers_do_not_matter():
    table = Table("iris")
    table = table.transform(Domain([*table.domain.attributes, table.domain.class_var]))
    grid = oie.sort_into_grid(table.to_sparse())
    np.testing.assert_array_equal(grid.cells, oie.sort_into_grid(table.X[:, :4]).cells)
    with pytest.raises(InputError, match="no numeric columns"):
        oie.sort_into_grid(Table("titanic"))


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_rows_are_a_small_grid(n):
    grid = oie.sort_into_grid(np.ones((n, 3)))
    assert (grid.n_rows, grid.n_columns) == ((1, n) if n else (0, 0))
    assert grid.rows.tolist() == [0] * n
    assert grid.columns.tolist() == list(range(n))


def test_coordinates_of_a_map_are_snapped():
    x, y = np.meshgrid(np.linspace(-3, 3, 5), np.linspace(0, 100, 4))
    table = Table.from_numpy(None, np.column_stack([x.ravel(), y.ravel()]))
    names = tuple(column.name for column in table.domain.attributes)
    grid = oie.sort_into_grid(table, 5, map_columns=names)
    assert grid.columns.tolist() == [0, 1, 2, 3, 4] * 4
    assert grid.rows.tolist() == np.repeat([3, 2, 1, 0], 5).tolist()
    with pytest.raises(InputError, match="no numeric column 'tsne-x'"):
        oie.sort_into_grid(table, map_columns=("tsne-x", names[0]))
    with pytest.raises(ValueError, match="columns of a table"):
        oie.sort_into_grid(table.X, map_columns=names)


def test_more_rows_than_cells_is_an_error():
    with pytest.raises(InputError, match="10 images do not fit into 3 × 3 cells"):
        oie.sort_into_grid(np.ones((10, 1)), 3, n_rows=3)


def test_a_grid_is_seen_while_it_settles_and_can_be_cancelled():
    vectors = np.random.default_rng(0).random((600, 3))
    seen = []

    def stop_in_the_middle(part):
        if part > 0.5:
            raise oie.Cancelled

    with pytest.raises(oie.Cancelled):
        oie.sort_into_grid(vectors, progress=stop_in_the_middle, settled=seen.append)
    assert sorted(seen[-1].cells) == list(range(600))


def test_the_largest_size_is_that_of_the_environment_when_the_import_begins(folder, monkeypatch):
    monkeypatch.setenv("IMAGE_EMBEDDING_MAX_MEGAPIXELS", "0.0001")
    with pytest.raises(oie.InputError, match="too large"):
        oie.import_images(folder)
    monkeypatch.delenv("IMAGE_EMBEDDING_MAX_MEGAPIXELS")
    assert len(oie.import_images(folder).table)


@pytest.mark.parametrize(
    ("linkage", "metric"),
    [("ward", "cosine"), ("centroid", "cosine"), ("median", "cosine"),
     ("average", "centered-cosine"), ("complete", "centered-cosine"),
     ("weighted", "centered-cosine"), ("single", "centered-cosine")],
)  # fmt: skip
def test_without_a_distance_that_which_suits_the_linkage_is_taken(linkage, metric):
    vectors = 5 + np.random.default_rng(0).normal(size=(30, 4))
    by_default = oie.cluster_images(vectors, linkage=linkage).linkage
    np.testing.assert_array_equal(by_default, oie.cluster_images(vectors, metric, linkage).linkage)
    other = {"cosine": "centered-cosine", "centered-cosine": "cosine"}[metric]
    assert (by_default != oie.cluster_images(vectors, other, linkage).linkage).any()
