import numpy as np
import pytest
import scipy.sparse as sp
from fake_backends import source
from Orange.data import (
    ContinuousVariable,
    DiscreteVariable,
    Domain,
    StringVariable,
    Table,
)

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.files.record import ImageFile, SkippedFile
from orangecontrib.imageembedding.tables.build import (
    image_variable,
    table_of_images,
    table_of_skipped,
)
from orangecontrib.imageembedding.tables.cluster_columns import with_clusters
from orangecontrib.imageembedding.tables.features import (
    complete_rows,
    feature_matrix,
    has_embeddings,
    with_embeddings,
    with_reasons,
)
from orangecontrib.imageembedding.tables.locate import (
    default_image_locations,
    image_locations,
)

FILES = [
    ImageFile("/data/cat/a.b.png", "cat", 10, 4, 3),
    ImageFile("/data/?/2.png", "?", 20, 40, 30),
    ImageFile("/data/nan/3.png", "nan", 30, 400, 300),
]


def image_table(values, **attributes):
    variable = image_variable()
    variable.attributes.update(attributes)
    column = np.array(list(values), dtype=object).reshape(-1, 1)
    return Table.from_numpy(Domain([], metas=[variable]), np.empty((len(values), 0)), metas=column)


class TestTableOfImages:
    def test_columns_are_those_that_users_know(self):
        table = table_of_images(FILES, "data")
        assert table.name == "data"
        assert table.domain.class_var.name == "category"
        names = [meta.name for meta in table.domain.metas]
        assert names == ["image name", "image", "size", "width", "height", "file"]
        assert table.domain["image"].attributes == {"type": "image"}
        assert list(table.metas[0]) == ["a.b", "/data/cat/a.b.png", 10, 4, 3, "a.b.png"]

    def test_frames_are_told_where_some_image_has_several(self):
        stack = ImageFile("/data/cat/s.tif", "cat", 10, 4, 3, n_frames=7)
        table = table_of_images([FILES[0], stack], "data")
        assert list(table.get_column("frames")) == [1, 7]

    def test_question_mark_and_nan_are_class_names(self):
        table = table_of_images(FILES, "data")
        assert table.domain.class_var.values == ("cat", "?", "nan")
        assert not np.isnan(table.Y).any()

    def test_a_single_class_is_no_class(self):
        assert table_of_images(FILES[:1], "data").domain.class_var is None

    def test_what_was_left_out_becomes_a_table(self):
        assert table_of_skipped([]) is None
        table = table_of_skipped([SkippedFile("/x", "empty file")])
        assert list(table.metas[0]) == ["/x", "empty file"]


class TestLocations:
    def test_absolute_paths_and_urls_stay_as_they_are(self):
        values = ["/a/1.png", "http://host/1.png", "data:,x", "file:///a"]
        table = image_table(values, origin="/other")
        assert image_locations(table, table.domain["image"]) == values

    def test_relative_values_are_joined_to_the_origin(self):
        table = image_table(["1.png"], origin="/folder")
        assert image_locations(table, table.domain["image"]) == ["/folder/1.png"]
        table = image_table(["1.png"], origin="http://host/x")
        assert image_locations(table, table.domain["image"]) == ["http://host/x/1.png"]

    def test_relative_values_are_found_beside_the_tables_own_file(self, tmp_path):
        path = tmp_path / "t.tab"
        image_table(["1.png"]).save(str(path))
        table = Table.from_file(str(path))
        assert default_image_locations(table) == [str(tmp_path / "1.png")]

    def test_an_origin_that_is_a_url_comes_before_every_path(self):
        table = image_table(["/1.png"], origin="http://host/x")
        assert image_locations(table, table.domain["image"]) == ["http://host/x/1.png"]

    def test_missing_values_are_no_locations(self):
        table = image_table([StringVariable.Unknown, "?", "1.png"])
        assert image_locations(table, table.domain["image"]) == ["", "", "1.png"]

    def test_the_origin_is_that_of_the_table_not_of_an_equal_variable(self):
        here, there = image_table(["1.png"], origin="/here"), image_table([], origin="/there")
        assert here.domain["image"] == there.domain["image"]
        assert image_locations(here, there.domain["image"]) == ["/here/1.png"]

    def test_a_categorical_column_may_hold_them_wherever_it_is(self):
        column = DiscreteVariable("picture", values=("b.png", "a.png"))
        table = Table.from_numpy(Domain([column]), np.array([[1.0], [0.0], [np.nan]]))
        assert image_locations(table, column) == ["a.png", "b.png", ""]


class TestEmbeddings:
    def test_they_are_appended_and_hidden_and_the_rest_is_kept(self):
        table = table_of_images(FILES, "data")
        table.attributes["note"] = "x"
        vectors = np.arange(6, dtype=np.float32).reshape(2, 3)
        embedded = with_embeddings(table, [0, 2], vectors[[0, 0, 1]], source())
        assert [a.name for a in embedded.domain.attributes] == ["n0", "n1", "n2"]
        assert embedded.domain.attributes[0].attributes == {"hidden": True, "embedder": "net"}
        np.testing.assert_array_equal(embedded.X, vectors)
        assert embedded.X.dtype == np.float64
        assert list(embedded.ids) == list(table.ids[[0, 2]])
        assert embedded.name == "data"
        assert embedded.attributes == {"note": "x"}
        assert list(embedded.Y) == [0, 2]
        assert embedded.domain.metas == table.domain.metas

    def test_names_that_are_taken_get_a_number(self):
        table = with_embeddings(image_table(["1", "2"]), [0, 1], np.ones((2, 2)), source("first"))
        both = with_embeddings(table, [0, 1], np.zeros((2, 2)), source("second"))
        assert [a.name for a in both.domain.attributes] == ["n0", "n1", "n0 (1)", "n1 (1)"]
        np.testing.assert_array_equal(both.X, [[1, 1, 0, 0], [1, 1, 0, 0]])

    def test_a_sparse_table_stays_sparse(self):
        domain = Domain([ContinuousVariable("w", sparse=True)])
        table = Table.from_numpy(domain, sp.csr_matrix([[1.0], [0.0]]))
        embedded = with_embeddings(table, [1, 0], np.array([[5.0], [6.0]]), source())
        assert sp.issparse(embedded.X)
        np.testing.assert_array_equal(embedded.X.toarray(), [[0, 6], [1, 5]])

    def test_a_subclass_of_table_is_kept(self):
        class Corpus(Table):
            pass

        table = Corpus.from_table(image_table([]).domain, image_table(["1"]))
        assert type(with_embeddings(table, [0], np.ones((1, 2)), source())) is Corpus
        assert type(with_reasons(table, {0: "x"})) is Corpus

    def test_failed_rows_come_with_their_reasons(self):
        table = image_table(["1", "2", "3"])
        skipped = with_reasons(table, {2: "empty file", 0: "gone"})
        assert skipped.domain.metas[-1].name == "reason"
        assert [list(row) for row in skipped.metas] == [["3", "empty file"], ["1", "gone"]]
        assert list(skipped.ids) == [table.ids[2], table.ids[0]]
        assert with_reasons(table, {}) is None

    def test_features_are_the_embeddings_alone_if_there_are_some(self):
        table = Table.from_numpy(Domain([ContinuousVariable("size")]), np.array([[9.0], [8.0]]))
        np.testing.assert_array_equal(feature_matrix(table), [[9], [8]])
        assert not has_embeddings(table)
        embedded = with_embeddings(table, [0, 1], np.ones((2, 3)), source())
        np.testing.assert_array_equal(feature_matrix(embedded), np.ones((2, 3)))
        assert has_embeddings(embedded)

    def test_no_numbers_are_an_error_that_says_what_to_do(self):
        with pytest.raises(InputError, match="Image Embedding"):
            feature_matrix(image_table(["1"]))

    def test_rows_with_missing_or_infinite_numbers_are_not_complete(self):
        matrix = np.array([[1, 2], [np.nan, 1], [1, np.inf], [3, 4]])
        assert list(complete_rows(matrix)) == [0, 3]


class TestClusterColumn:
    def test_clusters_are_named_and_the_rest_is_other(self):
        table = with_clusters(image_table("abc"), np.array([2, 0, 1]))
        assert table.domain["Cluster"].values == ("C1", "C2", "Other")
        assert list(table.get_column("Cluster")) == [1, 2, 0]

    def test_rows_that_were_not_clustered_are_other(self):
        table = with_clusters(image_table("abc"), np.array([1, 1]), np.array([0, 2]))
        assert [str(row["Cluster"]) for row in table] == ["C1", "Other", "C1"]

    def test_a_second_clustering_gets_another_name(self):
        once = with_clusters(image_table("ab"), np.array([1, 2]))
        twice = with_clusters(once, np.array([1, 1]))
        assert [meta.name for meta in twice.domain.metas[1:]] == ["Cluster", "Cluster (1)"]
