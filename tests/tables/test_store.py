import numpy as np
import pytest

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
    return with_embeddings(table_of_images(files, "x"), range(3), vectors, "net")


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
