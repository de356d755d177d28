"""Stored embeddings can compute themselves for other images, as those of now do."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from fake_backends import FakeBackend
from Orange.classification import LogisticRegressionLearner
from Orange.data import Domain, Table
from pictures import write_images

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.errors import BackendError
from orangecontrib.imageembedding.tables.marks import restored
from orangecontrib.imageembedding.tables.store import EXTENSIONS, load_table, save_table

BUILT_IN = "efficientnet-lite0"
NAMES = ["cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"]


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return oie.import_images(write_images(tmp_path_factory.mktemp("animals"), NAMES)).table


@pytest.fixture
def fresh(images):
    return oie.embed_images(images, BUILT_IN).embeddings


def reads(path):
    """Orange reads its own formats without our help."""
    is_oranges = path.endswith((".tab", ".csv", ".pkl", ".xlsx"))
    return Table.from_file(path) if is_oranges else load_table(path)


def unread(table):
    """Make of a table one whose columns have marks but no computation, as after reading."""
    attributes = [column.copy(compute_value=None) for column in table.domain.attributes]
    bare = table[:]
    bare.domain = Domain(attributes, table.domain.class_vars, table.domain.metas)
    return bare


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_loaded_table_has_the_columns_of_a_fresh_one(images, fresh, tmp_path, extension):
    path = str(tmp_path / f"t{extension}")
    save_table(fresh, path)
    loaded = reads(path)
    assert loaded.domain.attributes == fresh.domain.attributes
    assert loaded.domain["n7"].attributes == fresh.domain["n7"].attributes
    np.testing.assert_allclose(images.transform(loaded.domain).X, fresh.X, rtol=1e-6)
    np.testing.assert_allclose(loaded.transform(fresh.domain).X, fresh.X, rtol=1e-4)
    predicted = LogisticRegressionLearner()(loaded)(images)
    np.testing.assert_array_equal(predicted, images.Y)


@pytest.mark.parametrize("extension", [".tab", ".csv"])
def test_what_orange_saves_is_such_a_table_too(images, fresh, tmp_path, extension):
    path = str(tmp_path / f"t{extension}")
    fresh.save(path)
    assert Table(path).domain.attributes == fresh.domain.attributes


@pytest.mark.parametrize("first", ["Orange.data", "orangecontrib.imageembedding"])
def test_it_does_not_matter_what_is_imported_first(fresh, tmp_path, first):
    fresh.save(str(tmp_path / "t.tab"))
    code = (
        f"import {first}, orangecontrib.imageembedding, sys\n"
        "from Orange.data import Table\n"
        "column = Table(sys.argv[1]).domain['n5']\n"
        "assert column.compute_value is not None and column.compute_value.index == 5\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "t.tab")], check=True)


def test_names_that_were_changed_and_columns_that_are_left_are_known(images, fresh):
    few = fresh.transform(Domain(fresh.domain.attributes[3:6], fresh.domain.class_vars))
    bare = unread(few)
    renamed = bare[:]
    attributes = [bare.domain["n3"].copy(name="x"), *bare.domain.attributes[1:]]
    renamed.domain = Domain(attributes, bare.domain.class_vars)
    new = images.transform(restored(renamed).domain)
    np.testing.assert_allclose(new.X, fresh.X[:, 3:6], rtol=1e-6)


def test_there_is_one_source_for_all_columns_and_nothing_is_done_twice(fresh):
    table = restored(unread(fresh))
    sources = {id(column.compute_value.compute_shared) for column in table.domain.attributes}
    assert len(sources) == 1
    assert restored(table) is table
    assert np.shares_memory(table.X, fresh.X) or np.array_equal(table.X, fresh.X)


def test_embedding_again_adds_nothing_but_another_embedder_does(images, fresh):
    again = oie.embed_images(unread(fresh), BUILT_IN).embeddings
    assert again.domain == fresh.domain
    both = oie.embed_images(again, "squeezenet", backend=FakeBackend()).embeddings
    assert both.X.shape[1] == 1280 + 512


def test_two_precisions_are_two_kinds_of_columns(images, fresh):
    fast = oie.embed_images(images, BUILT_IN, backend=oie.Local(precision="fast")).embeddings
    assert fast.domain["n0"] != fresh.domain["n0"]
    assert restored(unread(fast)).domain == fast.domain


def test_a_mark_tells_no_path_and_no_address(images):
    class Server(oie.Remote):
        def fingerprint(self, spec, progress):
            return f"{spec.id} {self.url} secret"

        def load(self, spec, progress):
            return FakeBackend().load(spec, progress)

    server = Server("http://127.0.0.1:1/secret")
    spec = oie.get_embedder(BUILT_IN)
    done = oie.embed_images(images, spec, backend=server).embeddings
    told = str(done.domain["n0"].attributes)
    assert "127.0.0.1" not in told
    assert "secret" not in told
    assert "/tmp" not in told


@pytest.mark.parametrize(
    ("embedder", "reason"),
    [
        ("efficientnet-lite0", "different weights or prepares images differently"),
        ("resnet50 with mine.pth", "it is not available here"),
    ],
)
def test_an_embedder_that_is_not_here_is_said_when_it_is_wanted(images, fresh, embedder, reason):
    bare = unread(fresh)
    for column in bare.domain.attributes:
        column.attributes.update(embedder=embedder, embedding=f"exact-{'0' * 20}/image")
    source = restored(bare).domain["n0"].compute_value.compute_shared
    with pytest.raises(BackendError, match=f"{embedder}.*{reason}.*Image Embedding"):
        source._means()


def test_other_columns_and_marks_that_are_none_stay(fresh):
    iris = Table("iris")
    assert restored(iris) is iris
    for wrong in ({"embedding": ""}, {"embedding": "x"}, {"feature": "x"}, {"feature": -1}):
        bare = unread(fresh)
        for column in bare.domain.attributes:
            column.attributes.update(wrong)
        assert restored(bare) is bare


def test_a_table_moved_with_its_images_embeds_them(images, fresh, tmp_path):
    folder = write_images(tmp_path / "old", NAMES)
    done = oie.embed_images(oie.import_images(folder).table, BUILT_IN).embeddings
    save_table(done, str(folder / "t.tab"))
    moved = shutil.move(folder, tmp_path / "new")
    loaded = Table(str(moved / "t.tab"))
    raw = loaded.transform(Domain([], loaded.domain.class_vars, loaded.domain.metas))
    np.testing.assert_allclose(raw.transform(fresh.domain).X, fresh.X, rtol=1e-6)
