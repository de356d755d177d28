"""Tables that do not lead to their images: column and folder can be chosen, and are kept."""

import numpy as np
import pytest
from AnyQt.QtWidgets import QFileDialog
from fake_backends import FakeBackend
from Orange.data import ContinuousVariable, Domain, StringVariable, Table
from Orange.widgets.tests.base import WidgetTest
from pictures import write_images

from orangecontrib.imageembedding.tables.locate import default_image_locations
from orangecontrib.imageembedding.widgets import owimageembedding
from orangecontrib.imageembedding.widgets.owhierarchicalclustering import OWHierarchicalClustering
from orangecontrib.imageembedding.widgets.owimageembedding import OWImageEmbedding
from orangecontrib.imageembedding.widgets.owimagegrid import OWImageGrid
from orangecontrib.imageembedding.widgets.owimageviewer import OWImageViewer
from orangecontrib.imageembedding.widgets.shared.imagesfolder import CHOOSE, moved_folder

NAMES = ["a.png", "b.png", "c.png"]


class TestImagesFolder(WidgetTest):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path, monkeypatch):
        self.tmp_path = tmp_path
        self.folder = write_images(tmp_path / "pictures", NAMES)
        self.monkeypatch = monkeypatch
        monkeypatch.setattr(owimageembedding, "Local", lambda *options: FakeBackend())
        answer = (str(self.folder),)
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: answer[0])
        names = ("title", "photo", "other")
        domain = Domain(
            [ContinuousVariable("x"), ContinuousVariable("y")], metas=map(StringVariable, names)
        )
        metas = np.array([["A", "B", "C"], NAMES, NAMES[::-1]], dtype=object).T
        self.table = Table.from_numpy(domain, np.array([[0, 1], [0, 2], [9, 9.0]]), metas=metas)

    def paths(self, names=NAMES):
        return [str(self.folder / name) for name in names]

    def create(self, kind, **settings):
        return self.create_widget(kind, stored_settings={"embedder_id": "openface", **settings})

    def send(self, widget, data):
        signal = widget.Inputs.images if hasattr(widget.Inputs, "images") else widget.Inputs.data
        self.send_signal(signal, data, widget=widget)
        self.settle(widget)

    def settle(self, widget):
        self.process_events(lambda: getattr(widget, "task", None) is None)
        self.wait_until_finished(widget)

    def test_image_embedding_offers_the_folder_where_it_reports_the_failure(self):
        widget = self.create(OWImageEmbedding)
        self.send(widget, self.table)
        assert widget.image_attr.name == "photo"
        assert "None of the 3 images" in str(widget.Error.none_embedded)
        widget.notice.buttons[CHOOSE].click()
        self.settle(widget)
        done = self.get_output(widget.Outputs.embeddings, widget=widget)
        assert default_image_locations(done) == self.paths()
        assert done.domain["photo"].attributes["type"] == "image"
        settings = widget.settingsHandler.pack_data(widget)
        assert settings["images_folder"] == str(self.folder)
        again = self.create(OWImageEmbedding, images_folder=settings["images_folder"])
        self.send(again, self.table)
        assert len(self.get_output(again.Outputs.embeddings, widget=again)) == 3
        again.folder_row.forget_button.click()
        self.settle(again)
        assert self.get_output(again.Outputs.embeddings, widget=again) is None

    def test_the_viewer_says_what_is_missing_and_leads_on(self):
        widget = self.create(OWImageViewer)
        self.send(widget, self.table)
        assert "a.png: file not found" in str(widget.Warning.not_found)
        widget.folder_row.button.click()
        assert not widget.Warning.not_found.is_shown()
        assert widget.view.images.locations == self.paths()
        data = self.get_output(widget.Outputs.data, widget=widget)
        assert default_image_locations(data) == self.paths()

    def test_the_viewer_takes_another_column_and_says_if_there_is_none(self):
        widget = self.create(OWImageViewer, images_folder=str(self.folder))
        self.send(widget, self.table)
        widget.image_attr = self.table.domain["other"]
        widget.controls.image_attr.activated.emit(widget.column_model.indexOf(widget.image_attr))
        assert widget.view.images.locations == self.paths(NAMES[::-1])
        self.send(widget, Table("zoo"))
        assert widget.Error.no_column.is_shown()

    def test_the_tree_shows_the_images_of_the_column_and_the_folder(self):
        widget = self.create(OWHierarchicalClustering)
        self.send(widget, self.table)
        assert "a.png: file not found" in str(widget.Warning.not_found)
        assert widget.image_attr.name == "photo"
        widget.folder_row.button.click()
        self.settle(widget)
        assert not widget.Warning.not_found.is_shown()
        assert widget.view.item.locations == self.paths()
        data = self.get_output(widget.Outputs.annotated_data, widget=widget)
        assert default_image_locations(data) == self.paths()
        widget.image_attr = self.table.domain["other"]
        widget._find_images()
        self.settle(widget)
        assert widget.view.item.locations == self.paths(NAMES[::-1])
        self.send(widget, None)
        self.send(widget, self.table)  # the choice is remembered
        assert widget.view.item.locations == self.paths(NAMES[::-1])

    def test_the_grid_too(self):
        widget = self.create(OWImageGrid)
        self.send(widget, self.table)
        assert "a.png: file not found" in str(widget.Warning.not_found)
        widget.folder_row.button.click()
        self.settle(widget)
        assert not widget.Warning.not_found.is_shown()
        data = self.get_output(widget.Outputs.data, widget=widget)
        assert default_image_locations(data) == self.paths()

    def test_a_tree_without_images_is_as_ever(self):
        widget = self.create(OWHierarchicalClustering)
        self.send(widget, Table("iris")[::30])
        assert not widget.Warning.not_found.is_shown()
        assert set(widget.view.item.locations) == {""}


def test_a_folder_that_moved_with_the_workflow_is_found(tmp_path):
    (tmp_path / "new" / "images").mkdir(parents=True)
    new = str(tmp_path / "new")
    assert moved_folder("/old/images", new) == str(tmp_path / "new" / "images")
    assert moved_folder("C:\\old\\images", new) == str(tmp_path / "new" / "images")
    assert moved_folder(new, "/x") == new
    assert moved_folder("/old/gone", new) == "/old/gone"
    assert moved_folder("", new) == ""
