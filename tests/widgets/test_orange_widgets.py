"""The paths of images stay right through Orange's own widgets."""

import os

import pytest
from Orange.data import Table
from Orange.widgets.data.owconcatenate import OWConcatenate
from Orange.widgets.data.owfile import OWFile
from Orange.widgets.data.owmergedata import OWMergeData
from Orange.widgets.data.owsave import OWSave
from Orange.widgets.tests.base import WidgetTest
from pictures import write_images

from orangecontrib.imageembedding.pipeline import import_images
from orangecontrib.imageembedding.tables.locate import default_image_locations
from orangecontrib.imageembedding.widgets.owimageviewer import OWImageViewer


class TestOrangeWidgets(WidgetTest):
    @pytest.fixture(autouse=True)
    def _two_folders(self, tmp_path):
        self.tmp_path = tmp_path
        names = ["cat/1.png", "dog/2.png"]
        self.folders = [write_images(tmp_path / name, names) for name in ("a", "b")]
        self.tables = [import_images(folder).table for folder in self.folders]

    def concatenated(self):
        widget = self.create_widget(OWConcatenate)
        for i, table in enumerate(self.tables):
            self.send_signal(widget.Inputs.additional_data, table, i, widget=widget)
        return self.get_output(widget.Outputs.data, widget=widget)

    def expected(self):
        return [str(f / name) for f in self.folders for name in ("cat/1.png", "dog/2.png")]

    def test_two_imports_are_concatenated(self):
        assert default_image_locations(self.concatenated()) == self.expected()

    def test_they_are_saved_and_loaded(self):
        data = self.concatenated()
        for ending in ("tab", "csv", "xlsx", "pkl"):
            path = str(self.tmp_path / "elsewhere" / f"images.{ending}")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            save = self.create_widget(OWSave)
            self.send_signal(save.Inputs.data, data, widget=save)
            save.filename = path
            save.filter = next(name for name in save.get_filters() if f"*.{ending})" in name)
            save.do_save()
            load = self.create_widget(OWFile)
            load.add_path(path)
            load.load_data()
            loaded = self.get_output(load.Outputs.data, widget=load)
            assert default_image_locations(loaded) == self.expected(), ending

    def test_a_table_with_names_of_files_is_merged(self):
        path = self.tmp_path / "notes.csv"
        path.write_text("photo,note\ndog/2.png,barks\ncat/1.png,purrs\n")
        merge = self.create_widget(OWMergeData)
        self.send_signal(merge.Inputs.data, self.tables[0], widget=merge)
        notes = Table.from_file(str(path))
        self.send_signal(merge.Inputs.extra_data, notes, widget=merge)
        merge.attr_boxes.set_state([(self.tables[0].domain["file"], notes.domain["photo"])])
        merge.commit.now()
        merged = self.get_output(merge.Outputs.data, widget=merge)
        assert [str(row["note"]) for row in merged] == ["purrs", "barks"]

    def test_rows_that_are_transformed_keep_their_images(self):
        a, b = self.tables
        assert default_image_locations(b.transform(a.domain)) == default_image_locations(b)

    def test_the_viewer_shows_each_from_its_own_folder(self):
        viewer = self.create_widget(OWImageViewer)
        self.send_signal(viewer.Inputs.data, self.concatenated(), widget=viewer)
        assert viewer.view.images.locations == self.expected()
