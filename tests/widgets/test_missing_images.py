"""What Orange's widgets show of images that are not there, when a model or domain wants them."""

import os

import numpy as np
import pytest
from embedded_tables import fake, write_classes
from Orange.classification import LogisticRegressionLearner
from Orange.widgets.data.owtransform import OWTransform
from Orange.widgets.evaluate.owpredictions import OWPredictions
from Orange.widgets.evaluate.owtestandscore import OWTestAndScore
from Orange.widgets.tests.base import WidgetTest

from orangecontrib.imageembedding.tables import notices
from orangecontrib.imageembedding.tables.missing import EmbeddingWarning


class TestMissingImages(WidgetTest):
    @pytest.fixture(autouse=True)
    def _images(self, tmp_path):
        self.train = fake(write_classes(tmp_path / "train"), "openface")
        self.raw = write_classes(tmp_path / "new", first=20)
        self.told = []
        notices.listen(self.told.append)
        yield
        notices._LISTENERS.remove(self.told.append)

    def lose(self, *rows):
        for row in rows:
            os.unlink(self.raw.get_column("image")[row])

    def predictions(self):
        widget = self.create_widget(OWPredictions)
        self.send_signal(widget.Inputs.data, self.raw, widget=widget)
        model = LogisticRegressionLearner()(self.train)
        self.send_signal(widget.Inputs.predictors, model, 0, widget=widget)
        return widget

    def tested(self):
        widget = self.create_widget(OWTestAndScore)
        widget.resampling = OWTestAndScore.TestOnTest
        self.send_signal(widget.Inputs.train_data, self.train, widget=widget)
        self.send_signal(widget.Inputs.test_data, self.raw, widget=widget)
        self.send_signal(widget.Inputs.learner, LogisticRegressionLearner(), 0, widget=widget)
        self.wait_until_finished(widget)
        return widget

    def transformed(self):
        widget = self.create_widget(OWTransform)
        self.send_signal(widget.Inputs.data, self.raw, widget=widget)
        self.send_signal(widget.Inputs.template_data, self.train, widget=widget)
        self.wait_until_finished(widget)
        return widget

    def test_predictions_of_no_image_are_an_error(self):
        self.lose(*range(12))
        widget = self.predictions()
        assert "None of the 12 images could be embedded" in str(widget.Error.predictor_failed)

    def test_predictions_of_missing_images_are_an_error_that_says_what_to_do(self):
        self.lose(4)
        text = str(self.predictions().Error.predictor_failed)
        assert "1 of 12 images could not be embedded" in text
        assert "Image Embedding first" in text

    def test_predictions_of_all_images_are_as_ever(self):
        widget = self.predictions()
        assert not widget.Error.active
        assert self.told == []

    def test_test_and_score_of_no_image_is_an_error(self):
        self.lose(*range(12))
        texts = [str(message) for message in self.tested().Error.active]
        assert "None of the 12 images could be embedded" in "".join(texts)

    def test_test_and_score_of_missing_images_is_an_error_that_says_what_to_do(self):
        self.lose(4)
        texts = [str(message) for message in self.tested().Error.active]
        assert "1 of 12 images could not be embedded" in "".join(texts)
        assert "Image Embedding first" in "".join(texts)

    def test_apply_domain_to_no_image_is_an_error(self):
        self.lose(*range(12))
        widget = self.transformed()
        assert "None of the 12 images could be embedded" in str(widget.Error.error)
        assert self.get_output(widget.Outputs.transformed_data, widget=widget) is None

    def test_apply_domain_to_missing_images_gives_missing_values(self):
        self.lose(4)
        with pytest.warns(EmbeddingWarning):
            widget = self.transformed()
        table = self.get_output(widget.Outputs.transformed_data, widget=widget)
        assert np.flatnonzero(np.isnan(table.X).any(axis=1)).tolist() == [4]
        assert len(self.told) == 1
