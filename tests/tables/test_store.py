import gc

import numpy as np
import pytest
import scipy.sparse as sp
from fake_backends import source
from Orange.data import ContinuousVariable, Domain, StringVariable, Table

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.files.record import ImageFile
from orangecontrib.imageembedding.tables.build import table_of_images
from orangecontrib.imageembedding.tables.features import feature_matrix, with_embeddings
from orangecontrib.imageembedding.tables.locate import default_image_locations
from orangecontrib.imageembedding.tables.store import EXTENSIONS, load_table, save_table

PATHS = ["/data/cat/2020-01-01.png", "/data/dog/ä b.png", "/data/dog/3.png"]


@pytest.fixture
def embedded():
    files = [ImageFile(path, path.split("/")[2], 1, 2, 3) for path in PATHS]
    vectors = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    return with_embeddings(table_of_images(files, "x"), range(3), vectors, source())


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_table_comes_back_as_it_was_saved(embedded, tmp_path, extension):
    path = str(tmp_path / f"table{extension}")
    save_table(embedded, path)
    table = load_table(path)
    np.testing.assert_allclose(
        feature_matrix(table), embedded.X, rtol=1e-5
    )  # text keeps six digits
    assert default_image_locations(table) == PATHS
    assert [str(row["category"]) for row in table] == ["cat", "dog", "dog"]
    assert str(table[0]["image name"]) == "2020-01-01"


def test_an_npz_file_holds_the_vectors_as_one_float32_array(embedded, tmp_path):
    path = tmp_path / "table.npz"
    save_table(embedded, str(path))
    with np.load(path, allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["vectors"], embedded.X.astype(np.float32))
        assert arrays["vectors"].dtype == np.float32
        assert list(arrays["image"]) == PATHS
        assert list(arrays["category"]) == ["cat", "dog", "dog"]
        assert list(arrays["width"]) == [2, 2, 2]


def test_a_parquet_file_is_read_by_pandas(embedded, tmp_path):
    import pandas as pd

    path = tmp_path / "table.parquet"
    save_table(embedded, str(path))
    frame = pd.read_parquet(path)
    assert list(frame["image"]) == PATHS
    assert frame["n3"].dtype == np.float32


def test_an_unknown_extension_is_an_error_that_lists_the_known(embedded):
    with pytest.raises(InputError, match=r"\.tab.*\.parquet"):
        save_table(embedded, "table.doc")


@pytest.mark.parametrize("extension", [".xlsx", ".pkl", ".npz", ".parquet"])
def test_a_damaged_table_is_an_error_that_names_it(tmp_path, extension):
    path = tmp_path / f"broken{extension}"
    path.write_bytes(b"\x00\xff\x00 no table")
    with pytest.raises(InputError, match="broken"):
        load_table(str(path))


def test_a_folder_that_is_not_there_is_an_error(embedded, tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        save_table(embedded, str(tmp_path / "nowhere" / "x.npz"))


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_columns_keep_their_kind_however_few_values_they_have(tmp_path, extension):
    files = [ImageFile(f"/data/{kind}/=1.png", kind, 7, 2, 3) for kind in "ab"]
    table = with_embeddings(table_of_images(files, "x"), range(2), np.zeros((2, 50)), source())
    path = str(tmp_path / f"table{extension}")
    save_table(table, path)
    loaded = load_table(path)
    assert feature_matrix(loaded).shape == (2, 50)
    assert loaded.domain.class_var.name == "category"
    assert {"image name", "image", "size", "width"} <= {m.name for m in loaded.domain.metas}
    assert str(loaded[0]["image name"]) == "=1"


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_any_name_of_a_column_and_sparse_numbers_can_be_saved(tmp_path, extension):
    names = ["file", "vectors", "features", "allow_pickle", "a/b", "self"]
    domain = Domain(
        [ContinuousVariable("w", sparse=True)], metas=[StringVariable(name) for name in names]
    )
    metas = np.array([names, names], dtype=object)
    table = Table.from_numpy(domain, sp.csr_matrix([[1.0], [0.0]]), metas=metas)
    table = with_embeddings(table, [0, 1], np.ones((2, 3)), source())
    path = str(tmp_path / f"table{extension}")
    save_table(table, path)
    np.testing.assert_array_equal(feature_matrix(load_table(path)), np.ones((2, 3)))


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_second_embedding_is_saved_beside_the_first(embedded, tmp_path, extension):
    both = with_embeddings(embedded, range(3), np.full((3, 2), 0.5), source("other"))
    path = str(tmp_path / f"table{extension}")
    save_table(both, path)
    loaded = load_table(path)
    assert [a.name for a in loaded.domain.attributes] == [a.name for a in both.domain.attributes]
    np.testing.assert_array_equal(feature_matrix(loaded), np.full((3, 2), 0.5))


def test_a_table_that_cannot_be_saved_leaves_nothing_behind(embedded, tmp_path, monkeypatch):
    from orangecontrib.imageembedding.tables import store

    def fail(table, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "table_to_frame", fail)
    (tmp_path / "t.npz").write_text("precious")
    with pytest.raises(InputError, match="No space left"):
        save_table(embedded, str(tmp_path / "t.npz"))
    assert [path.name for path in tmp_path.iterdir()] == ["t.npz"]
    assert (tmp_path / "t.npz").read_text() == "precious"


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_full_disk_is_an_error_that_names_the_file_and_leaves_what_was_there(
    small_disk, extension, capsys
):
    path = small_disk / f"table{extension}"
    path.write_text("precious")
    vectors = np.random.default_rng(0).normal(size=(60, 500)).astype(np.float32)
    files = [ImageFile(f"/data/cat/{i}.png", "cat", 1, 2, 3) for i in range(60)]
    table = with_embeddings(table_of_images(files, "x"), range(60), vectors, source())
    with pytest.raises(InputError, match=rf"table{extension} cannot be written: .*No space"):
        save_table(table, str(path))
    gc.collect()  # writers that are collected half done must not complain
    assert [file.name for file in small_disk.iterdir()] == [path.name]
    assert path.read_text() == "precious"
    assert capsys.readouterr().err == ""


def test_a_spreadsheet_may_have_many_long_categories_and_nothing_to_tell(tmp_path):
    from Orange.data import DiscreteVariable

    paths = [f"{'long/' * 20}{i}.png" for i in range(400)]
    kind = DiscreteVariable("photo", paths)
    numbers = np.arange(400.0)[:, None]
    table = Table.from_numpy(Domain([ContinuousVariable("x")], kind), numbers, numbers)
    save_table(table, str(tmp_path / "t.xlsx"))
    loaded = load_table(str(tmp_path / "t.xlsx"))
    assert default_image_locations(loaded)[7].endswith(paths[7])
    np.testing.assert_array_equal(loaded.X, numbers)
