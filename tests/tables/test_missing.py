"""What is missing never becomes an answer."""

import os
import warnings

import numpy as np
import pytest
from embedded_tables import fake, write_classes
from Orange.base import Model
from Orange.classification import (
    CalibratedLearner,
    KNNLearner,
    LogisticRegressionLearner,
    MajorityLearner,
    NaiveBayesLearner,
    RandomForestLearner,
    SklTreeLearner,
    SVMLearner,
    ThresholdLearner,
    TreeLearner,
)
from Orange.clustering import KMeans
from Orange.data import Domain, StringVariable, Table
from Orange.ensembles import StackedFitter
from Orange.evaluation import TestOnTestData
from Orange.preprocess import Normalize
from Orange.regression import LinearRegressionLearner, MeanLearner
from Orange.widgets.data.owconcatenate import OWConcatenate

from orangecontrib.imageembedding.embeddings import run
from orangecontrib.imageembedding.errors import BackendError
from orangecontrib.imageembedding.tables import computed, notices
from orangecontrib.imageembedding.tables.missing import EmbeddingsMissing, EmbeddingWarning

BEARS_NO_MISSING = KNNLearner(n_neighbors=3, preprocessors=[Normalize()])
LEARNERS = [
    LogisticRegressionLearner(),
    KNNLearner(n_neighbors=3),
    BEARS_NO_MISSING,
    SVMLearner(),
    TreeLearner(),
    SklTreeLearner(),
    RandomForestLearner(n_estimators=3),
    NaiveBayesLearner(),
    MajorityLearner(),
    ThresholdLearner(LogisticRegressionLearner()),
    CalibratedLearner(LogisticRegressionLearner()),
    StackedFitter([LogisticRegressionLearner(), KNNLearner(n_neighbors=3)], k=2),
]


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    return fake(write_classes(tmp_path_factory.mktemp("train") / "x"), "openface")


@pytest.fixture
def raw(tmp_path):
    return write_classes(tmp_path / "new", first=20)


@pytest.fixture
def told():
    """What the window would be told."""
    messages = []
    notices.listen(messages.append)
    yield messages
    notices._LISTENERS.remove(messages.append)


def lose(table, rows):
    for row in rows:
        os.unlink(table.get_column("image")[row])


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: type(learner).__name__)
class TestModels:
    def test_no_image_at_all_is_an_error(self, train, raw, learner):
        model = learner(train)
        lose(raw, range(12))
        with pytest.raises(ValueError, match=r"None of the 12 images.*not found"):
            model(raw)

    def test_rows_without_image_have_no_answer_and_it_is_said(self, train, raw, learner, told):
        model = learner(train)
        if learner is BEARS_NO_MISSING:
            lose(raw, [2, 7])
            with pytest.raises(EmbeddingsMissing, match="2 of 12 images"):
                model(raw)
            return
        expected, expected_p = model(raw, Model.ValueProbs)
        lose(raw, [2, 7])
        there = np.delete(np.arange(12), [2, 7])
        with pytest.warns(EmbeddingWarning, match="2 of 12 predictions are missing") as warned:
            values, p = model(raw, Model.ValueProbs)
        assert len([w for w in warned if w.category is EmbeddingWarning]) == 1
        assert np.isnan(values[[2, 7]]).all()
        assert np.isnan(p[[2, 7]]).all()
        np.testing.assert_array_equal(values[there], expected[there])
        np.testing.assert_allclose(p[there], expected_p[there])
        assert len(told) == 1
        assert "2.png: file not found" in told[0]

    @pytest.mark.parametrize("what", ["none", "another-name"])
    def test_a_table_without_usable_column_is_an_error(self, train, learner, what):
        model = learner(train)
        name = "title" if what == "none" else "image"
        table = Table.from_list(Domain([], metas=[StringVariable(name)]), [["a"], ["b"]])
        with pytest.raises(ValueError, match="no image column|file not found"):
            model(table)


def test_one_row_without_image_has_no_answer(train, raw):
    model = LogisticRegressionLearner()(train)
    assert model(raw[0]) == raw[0].get_class()
    lose(raw, [0])
    with pytest.raises(EmbeddingsMissing, match=r"0\.png|20\.png"):
        model(raw[0])


def test_regression_and_clusters_too(train, raw):
    size = train.domain["size"]
    numbers = train.transform(Domain(train.domain.attributes, size))
    linear, mean = LinearRegressionLearner()(numbers), MeanLearner()(numbers)
    clusters = KMeans(n_clusters=2).get_model(train)
    lose(raw, [3])
    raw = raw.transform(Domain([], None, raw.domain.metas))
    for model in (linear, mean, clusters):
        with pytest.warns(EmbeddingWarning):
            answers = model(raw)
        assert np.flatnonzero(np.isnan(answers)).tolist() == [3]


def test_models_of_other_data_are_as_before():
    iris = Table("iris")
    model = LogisticRegressionLearner()(iris)
    with warnings.catch_warnings():
        warnings.simplefilter("error", EmbeddingWarning)
        assert model(iris).dtype == float
        assert model(iris[0]) == 0
        assert model(iris[0], Model.Probs).shape == (3,)
        assert model([5.1, 3.5, 1.4, 0.2]) == 0
        assert model(iris.X[:2]).tolist() == [0, 0]


def test_test_and_score_says_what_is_wrong(train, raw):
    lose(raw, range(12))
    results = TestOnTestData()(train, raw, [LogisticRegressionLearner()])
    assert isinstance(results.failed[0], EmbeddingsMissing)


class TestFailuresAreNotRemembered:
    def test_a_file_that_is_put_back_is_there_at_once(self, train, raw):
        path = raw.get_column("image")[1]
        os.rename(path, path + "x")
        for _ in range(2):  # and each time it is said
            with pytest.warns(EmbeddingWarning, match="1 of 12"):
                assert np.isnan(raw.transform(train.domain).X[1]).all()
        os.rename(path + "x", path)
        with warnings.catch_warnings():
            warnings.simplefilter("error", EmbeddingWarning)
            assert np.isfinite(raw.transform(train.domain).X).all()

    def test_a_backend_that_comes_back_is_asked(self, train, raw, monkeypatch):
        answers = [BackendError("the server is away"), None]

        def embed(*args, **kwargs):
            if (error := answers.pop(0)) is not None:
                raise error
            return run.embed_locations(*args, **kwargs)

        monkeypatch.setattr(computed, "embed_locations", embed)
        with pytest.raises(EmbeddingsMissing, match="the server is away"):
            raw.transform(train.domain)
        assert np.isfinite(raw.transform(train.domain).X).all()

    def test_in_one_transformation_each_is_tried_once(self, train, raw, monkeypatch):
        """Learners that normalize ask for every column anew."""
        calls = []

        def embed(*args, **kwargs):
            calls.append(1)
            return run.embed_locations(*args, **kwargs)

        model = SVMLearner()(train)
        lose(raw, [0])
        monkeypatch.setattr(computed, "embed_locations", embed)
        with pytest.warns(EmbeddingWarning):
            model(raw)
        assert len(calls) == 1

    def test_the_default_filter_of_warnings_shows_each(self, train, raw):
        lose(raw, [0])
        shown = []
        with warnings.catch_warnings():
            warnings.resetwarnings()
            warnings.showwarning = lambda *details, **_: shown.append(details[1])
            for _ in range(3):
                raw.transform(train.domain)
        assert shown.count(EmbeddingWarning) == 3


def test_concatenate_leaves_the_columns_of_others_empty(train, told):
    from Orange.widgets.tests.base import WidgetTest

    class Concatenation(WidgetTest):
        def runTest(self):  # noqa: N802 - unittest's name
            widget = self.create_widget(OWConcatenate)
            self.send_signal(widget.Inputs.primary_data, train, widget=widget)
            self.send_signal(widget.Inputs.additional_data, Table("iris"), 1, widget=widget)
            self.joined = self.get_output(widget.Outputs.data, widget=widget)

    test = Concatenation()
    Concatenation.setUpClass()
    with pytest.warns(EmbeddingWarning):
        test.runTest()
    assert len(test.joined) == 162
    assert np.isnan(test.joined[12:].X[:, : train.X.shape[1]]).all()
    Concatenation.tearDownClass()
