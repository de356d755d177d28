"""Columns that compute themselves: models that were trained on embedded images get raw ones."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from embedded_tables import BUILT_IN, FakeBackend2, fake, write_classes
from Orange.classification import (
    KNNLearner,
    LogisticRegressionLearner,
    NNClassificationLearner,
    SVMLearner,
    TreeLearner,
)
from Orange.data import DiscreteVariable, Domain, StringVariable, Table
from Orange.evaluation import TestOnTestData
from Orange.preprocess import Normalize
from Orange.projection import PCA
from pictures import encoded
from PIL import Image

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings import run
from orangecontrib.imageembedding.tables import computed
from orangecontrib.imageembedding.tables.missing import EmbeddingsMissing, EmbeddingWarning


@pytest.fixture
def train(tmp_path):
    return write_classes(tmp_path / "train")


@pytest.fixture
def raw(tmp_path):
    return write_classes(tmp_path / "new", first=20)


@pytest.fixture
def embeds(monkeypatch):
    """How many images each call of the engine was asked for."""
    calls = []

    def noted(locations, *args, **kwargs):
        calls.append(len(locations))
        return run.embed_locations(locations, *args, **kwargs)

    monkeypatch.setattr(computed, "embed_locations", noted)
    computed._MEMO._results.clear()
    return calls


def test_raw_images_become_embedded_by_a_transform(train, raw, embeds):
    embedded = fake(train)
    new = raw.transform(embedded.domain)
    np.testing.assert_array_equal(new.X, fake(raw).X)
    assert list(new.ids) == list(raw.ids)
    assert embeds == [12]


def test_an_embedded_table_is_not_computed_again(train, embeds):
    embedded = fake(train)
    np.testing.assert_array_equal(embedded.transform(embedded.domain).X, embedded.X)
    again = fake(train)
    assert embedded.domain == again.domain  # made independently
    assert hash(embedded.domain) == hash(again.domain)
    np.testing.assert_array_equal(again.transform(embedded.domain).X, embedded.X)
    assert embeds == []


def test_two_embedders_have_columns_that_are_not_equal(train):
    one, other = fake(train), fake(train, "resnet50")
    assert one.domain["n0"] != other.domain["n0"]
    both = oie.embed_images(one, "resnet50", backend=FakeBackend2()).embeddings
    assert both.X.shape == (12, 1280 + 2048)
    assert "n2047 (1)" in both.domain or "n2047" in both.domain


@pytest.mark.parametrize(
    "learner",
    [
        LogisticRegressionLearner(),
        KNNLearner(n_neighbors=3),
        KNNLearner(n_neighbors=3, preprocessors=[Normalize()]),
        SVMLearner(),
        TreeLearner(),
        NNClassificationLearner(hidden_layer_sizes=(20,), max_iter=300, random_state=1),
    ],
    ids=["logistic", "knn", "normalized-knn", "svm", "tree", "neural"],
)
def test_models_predict_raw_images_and_embed_them_once(train, raw, embeds, learner):
    embedded = fake(train)
    model = learner(embedded)
    n_before = len(embeds)
    predicted = model(raw)
    np.testing.assert_array_equal(predicted, model(fake(raw)))
    assert (predicted == raw.Y).mean() > 0.9
    assert len(embeds) - n_before == 1


def test_models_behind_a_pca_predict_raw_images(train, raw):
    embedded = fake(train)
    projected = embedded.transform(PCA(n_components=2)(embedded)(embedded).domain)
    model = LogisticRegressionLearner()(projected)
    assert (model(raw) == raw.Y).all()


def test_test_and_score_on_raw_test_data(train, raw):
    results = TestOnTestData()(fake(train), raw, [LogisticRegressionLearner()])
    assert (results.predicted[0] == raw.Y).all()


def test_a_saved_model_works_in_another_process(train, raw, tmp_path):
    embedded = oie.embed_images(train, BUILT_IN).embeddings
    model = LogisticRegressionLearner()(embedded)
    saved = pickle.dumps((model, raw))
    assert len(pickle.dumps(model.domain)) < 300_000
    (tmp_path / "model.pkcls").write_bytes(saved)
    code = (
        "import pickle, sys\n"
        "model, raw = pickle.load(open(sys.argv[1], 'rb'))\n"
        "assert (model(raw) == raw.Y).all(), model(raw)\n"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "model.pkcls"], check=True)


def test_a_table_of_another_folder_with_relative_paths(train, raw, tmp_path):
    embedded = fake(train)
    image = StringVariable("image")
    image.attributes.update(type="image", origin=str(tmp_path / "new"))
    names = [os.path.relpath(path, tmp_path / "new") for path in raw.get_column("image")]
    relative = Table.from_list(Domain([], metas=[image]), [[name] for name in names])
    np.testing.assert_array_equal(relative.transform(embedded.domain).X, fake(raw).X)


def test_another_name_of_the_image_column_and_a_categorical_one(train, raw):
    embedded = fake(train)
    paths = list(raw.get_column("image"))
    picture_column = StringVariable("picture")
    picture_column.attributes["type"] = "image"
    renamed = Table.from_list(Domain([], metas=[picture_column]), [[path] for path in paths])
    np.testing.assert_array_equal(renamed.transform(embedded.domain).X, fake(raw).X)
    discrete = DiscreteVariable("image", paths)
    numbers = np.arange(len(paths), dtype=float)[:, None]
    categorical = Table.from_numpy(Domain([discrete]), numbers)
    np.testing.assert_array_equal(categorical.transform(embedded.domain).X, fake(raw).X)


def test_images_that_cannot_be_had_are_missing_values_and_it_is_said(train, raw):
    embedded = fake(train)
    os.unlink(raw.get_column("image")[2])
    with pytest.warns(EmbeddingWarning, match="1 of 12 images.*file not found"):
        new = raw.transform(embedded.domain)
    assert np.isnan(new.X[2]).all()
    assert np.isfinite(np.delete(new.X, 2, axis=0)).all()


def test_a_table_without_images_is_an_error(train):
    embedded = fake(train)
    with pytest.raises(EmbeddingsMissing, match="no image column 'image'"):
        Table("iris").transform(embedded.domain)


def test_an_embedder_that_cannot_run_is_an_error(train, raw, tmp_path):
    embedded = oie.embed_images(train, BUILT_IN).embeddings
    source = embedded.domain["n0"].compute_value.compute_shared
    source.embedder = "resnet50"
    source.backend = oie.Local(tmp_path / "nowhere")
    with pytest.raises(EmbeddingsMissing, match=r"resnet50-0676ba61\.pth is not in the folder"):
        raw.transform(embedded.domain)


def test_a_picture_that_was_overwritten_is_seen_at_once(train, raw):
    embedded = fake(train)
    before = raw.transform(embedded.domain).X[0, 0]
    path = raw.get_column("image")[0]
    content = encoded(255 - np.asarray(Image.open(path)))
    with open(path, "wb") as file:
        file.write(content)
    after = raw.transform(embedded.domain).X[0, 0]
    assert before != after


def test_no_rows(train):
    embedded = fake(train)
    assert train[:0].transform(embedded.domain).X.shape == (0, 1280)
    assert fake(train[:0]).X.shape == (0, 1280)


def test_a_table_that_is_taken_in_parts_is_embedded_in_parts(train, embeds):
    embedded = fake(train)
    many = Table.concatenate([train] * 500)
    new = many.transform(embedded.domain)
    assert new.X.shape == (6000, 1280)
    assert np.isfinite(new.X).all()
    assert sum(embeds) == 6000


def test_sparse_columns_too(train, raw):
    import scipy.sparse as sp
    from Orange.data import ContinuousVariable

    def with_words(table):
        domain = Domain([ContinuousVariable("w", sparse=True)], table.domain.class_vars,
                        table.domain.metas)  # fmt: skip
        words = sp.csr_matrix(np.ones((len(table), 1)))
        return Table.from_numpy(domain, words, table.Y, table.metas)

    embedded = fake(with_words(train))
    new = with_words(raw).transform(embedded.domain)
    assert sp.issparse(new.X)
    np.testing.assert_allclose(new.X.toarray()[:, 1:], fake(raw).X)
