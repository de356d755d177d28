import dataclasses
import shutil
import threading

import numpy as np
import pytest
from AnyQt.QtCore import QPoint, Qt
from AnyQt.QtGui import QColor, QImage
from AnyQt.QtTest import QTest
from AnyQt.QtWidgets import QFileDialog
from embedded_tables import FakeBackend2, write_classes
from fake_backends import wait_for_runs
from Orange.data import Table
from Orange.widgets.tests.base import WidgetTest

from orangecontrib.imageembedding.embeddings.backends.remote import trust
from orangecontrib.imageembedding.errors import BackendError
from orangecontrib.imageembedding.pipeline import embed_images, import_images
from orangecontrib.imageembedding.widgets import owcompareembedders
from orangecontrib.imageembedding.widgets.comparing.neighbormodel import BLOCK, RowRole
from orangecontrib.imageembedding.widgets.owcompareembedders import OWCompareEmbedders

BUILT_IN = "efficientnet-lite0"
SERVER = "http://127.0.0.1:9"


class Broken(FakeBackend2):
    """It runs the built-in embedder only."""

    def load(self, spec, progress):
        if spec.id != BUILT_IN:
            raise BackendError("a broken file")
        return super().load(spec, progress)


class TestOWCompareEmbedders(WidgetTest):
    @pytest.fixture(autouse=True)
    def _images(self, tmp_path, monkeypatch):
        self.tmp_path, self.monkeypatch = tmp_path, monkeypatch
        self.folder = tmp_path / "lights"
        self.images = write_classes(self.folder, n=6)
        self.backend = FakeBackend2()
        self.own = tmp_path / "own.pth"
        self.own.write_bytes(b"any weights")
        monkeypatch.setattr(owcompareembedders, "Local", lambda: self.backend)
        self.asked = []
        monkeypatch.setattr(owcompareembedders, "models_of", self.models_of)

    def models_of(self, url, key):
        self.asked.append(url)
        return (BUILT_IN, "theirs")

    def create(self, **settings):
        settings = {"auto_commit": True} | settings
        self.widget = self.create_widget(OWCompareEmbedders, stored_settings=settings)
        return self.widget

    def two(self, **settings):
        """Get the widget with two embedders ticked."""
        own = f"file:{self.own}"
        return self.create(
            own_files=[(str(self.own), BUILT_IN)], ticked=[BUILT_IN, own], **settings
        )

    def send(self, data, widget=None):
        widget = widget or self.widget
        self.send_signal(widget.Inputs.images, data, widget=widget)
        self.settle(widget)

    def settle(self, widget=None):
        self.wait_until_finished(widget=widget or self.widget)

    def compare(self, data=None, **settings):
        widget = self.two(**settings)
        self.send(self.images if data is None else data)
        QTest.mouseClick(widget.start_button, Qt.LeftButton)
        self.settle()
        return widget

    def scores(self):
        return self.get_output(self.widget.Outputs.scores)

    def embeddings(self):
        return self.get_output(self.widget.Outputs.embeddings)

    def items(self):
        tree = self.widget.check_list
        return [tree.topLevelItem(i) for i in range(tree.topLevelItemCount())]

    def choose(self, row):
        table = self.widget.score_table
        rect = table.visualItemRect(table.item(row, 0))
        QTest.mouseClick(table.viewport(), Qt.LeftButton, pos=rect.center())
        self.settle()

    # Which embedders there are

    def test_those_that_are_here_can_be_ticked_and_the_others_say_what_to_do(self):
        self.create()
        ready = [item for item in self.items() if not item.isDisabled()]
        assert [item.text(0) for item in ready] == ["EfficientNet-Lite0"]
        assert ready[0].checkState(0) == Qt.Checked
        states = {item.text(0): item.text(2) for item in self.items()}
        assert states["EfficientNet-Lite0"] == "Built in"
        assert states["ResNet-50"] == "103 MB to download"
        assert states["Painters"] == "On servers only"
        tips = {item.text(0): item.toolTip(2) for item in self.items()}
        assert "choose it once in Image Embedding, which downloads it" in tips["ResNet-50"]
        assert "type the address of a server" in tips["Painters"]
        assert len(self.widget.check_list.ticked()) == 1

    def test_a_box_is_ticked_by_the_space_bar_and_remembered(self):
        widget = self.two()
        tree = widget.check_list
        tree.setCurrentItem(self.items()[0])
        QTest.keyClick(tree, Qt.Key_Space)
        assert widget.ticked == [f"file:{self.own}"]
        again = self.create(own_files=widget.own_files, ticked=widget.ticked)
        assert again.check_list.ticked() == [f"file:{self.own}"]

    def test_a_file_is_added_and_taken_out_again(self):
        widget = self.create()
        chosen = str(self.own), ""
        self.monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: chosen)
        widget.choose_own_file()
        assert widget.own_files == [(str(self.own), BUILT_IN)]
        assert f"file:{self.own}" in widget.check_list.ticked()
        assert not widget.forget_button.isEnabled()
        widget.check_list.setCurrentItem(self.items()[1])
        assert widget.forget_button.isEnabled()
        QTest.mouseClick(widget.forget_button, Qt.LeftButton)
        assert widget.own_files == []
        assert self.own.exists()

    # Comparing

    def test_scores_are_shown_and_sent(self):
        widget = self.compare()
        scores = self.scores()
        assert [str(row["Id"]) for row in scores] == [BUILT_IN, "own.pth"]
        assert scores.get_column("1-NN Accuracy").tolist() == [1, 1]
        table = widget.score_table
        assert table.rowCount() == 2
        assert table.item(1, 0).text() == "EfficientNet-Lite0 with own.pth"
        titles = [table.horizontalHeaderItem(i).text() for i in range(table.columnCount())]
        assert "Tree NMI" in titles
        assert "Size (MB)" not in titles  # nothing is known of it
        assert widget.start_button.isEnabled()
        assert not widget.cancel_button.isEnabled()
        assert "12 images, 2 embedders" in widget.progress.label.text()
        assert self.embeddings() is None  # none is chosen

    def test_the_best_is_bold_only_if_it_is_better_by_more_than_its_error(self):
        widget = self.compare()
        result = widget.compared
        better, worse = result.embedders
        better = dataclasses.replace(better, scores=_with(better.scores, neighbor=(0.9, 0.05)))
        for value, is_bold in ((0.5, True), (0.87, False)):
            worse = dataclasses.replace(worse, scores=_with(worse.scores, neighbor=(value, 0.05)))
            shown = dataclasses.replace(result, embedders=(worse, better))
            widget.score_table.show_scores(shown, "")
            column = self.column("1-NN Accuracy")
            bold = [widget.score_table.item(row, column).font().bold() for row in (0, 1)]
            assert bold == [False, is_bold]

    def column(self, title):
        table = self.widget.score_table
        titles = [table.horizontalHeaderItem(i).text() for i in range(table.columnCount())]
        return titles.index(title)

    def test_scores_are_sorted_by_their_values(self):
        widget = self.compare()
        one, _ = widget.compared.embedders
        values = [(9.0, 0.1), (1280.0, 5.0), (float("nan"), float("nan")), (100.0, 1.0)]
        many = tuple(
            dataclasses.replace(one, id=str(i), scores=_with(one.scores, images_per_s=pair))
            for i, pair in enumerate(values)
        )
        table = widget.score_table
        table.show_scores(dataclasses.replace(widget.compared, embedders=many), "")
        for order, expected in (("Descending", "1302"), ("Ascending", "2031")):
            table.sortItems(self.column("Images per Second"), getattr(Qt, f"{order}Order"))
            ids = "".join(table.item(row, 0).data(Qt.UserRole) for row in range(4))
            assert ids == expected

    def test_what_cannot_run_is_a_row_with_its_reason_that_cannot_be_chosen(self):
        self.backend = Broken()
        (self.folder / "dark" / "0.png").write_bytes(b"")
        widget = self.compare()
        assert str(widget.Warning.failed_embedders).startswith("1 of 2 embedders could not run")
        assert "1 images of the sample skipped" in str(widget.Warning.skipped)
        scores = self.scores()
        assert "a broken file" in str(scores[1, "Reason"])
        assert np.isnan(scores.X[1]).all()
        table = widget.score_table
        assert "a broken file" in table.item(1, table.columnCount() - 1).text()
        self.choose(1)
        assert widget.chosen_key == ""
        assert widget.neighbor_view.neighbors.rowCount() == 2  # the images, one embedder

    def test_without_a_tick_or_without_images_it_says_so(self):
        widget = self.create(ticked=[])
        assert not widget.start_button.isEnabled()
        self.send(Table("housing"))
        assert "Import Images" in str(widget.Error.no_column)
        assert not widget.start_button.isEnabled()
        self.send(self.images)
        assert not widget.Error.no_column.is_shown()
        QTest.mouseClick(widget.start_button, Qt.LeftButton)
        assert "Tick at least one" in str(widget.Error.none_ticked)
        assert self.scores() is None

    def test_without_a_class_there_are_no_columns_of_it(self):
        data = import_images(self.folder, classes=False).table
        widget = self.compare(data)
        assert widget.Information.no_class.is_shown()
        titles = [
            widget.score_table.horizontalHeaderItem(i).text()
            for i in range(widget.score_table.columnCount())
        ]
        assert "1-NN Accuracy" not in titles
        assert "Stability" in titles
        assert widget.neighbor_view.neighbors.index(1, BLOCK - 1).data() is None

    def test_cancel_keeps_what_was_found(self):
        self.backend = Hanging()
        widget = self.two()
        self.send(self.images)
        QTest.mouseClick(widget.start_button, Qt.LeftButton)
        self.process_events(lambda: widget.compared is not None and self.backend.begun.is_set())
        assert widget.cancel_button.isEnabled()
        assert not widget.start_button.isEnabled()
        QTest.mouseClick(widget.cancel_button, Qt.LeftButton)
        assert widget.Information.cancelled.is_shown()
        assert [str(row["Id"]) for row in self.scores()] == [BUILT_IN]
        assert widget.start_button.isEnabled()
        self.backend.hang.set()
        wait_for_runs()

    def test_other_images_take_the_results_away(self):
        widget = self.compare()
        self.choose(0)
        assert self.embeddings() is not None
        self.send(None)
        assert self.scores() is None
        assert self.embeddings() is None
        assert widget.score_table.rowCount() == 0
        assert widget.neighbor_view.neighbors.rowCount() == 0
        assert not widget.start_button.isEnabled()

    # The chosen embedder

    def test_the_chosen_embedder_embeds_all_images_as_image_embedding_does(self):
        widget = self.compare(n_images=4)
        assert len(widget.compared.rows) == 4
        self.choose(0)
        assert widget.chosen_key == BUILT_IN
        sent = self.embeddings()
        expected = embed_images(self.images, BUILT_IN, backend=FakeBackend2()).embeddings
        np.testing.assert_array_equal(sent.X, expected.X)
        assert sent.domain["n0"].attributes == expected.domain["n0"].attributes
        assert sent.domain["n0"].compute_value == expected.domain["n0"].compute_value
        np.testing.assert_array_equal(sent.ids, self.images.ids)
        new = import_images(self.folder).table.transform(sent.domain)
        np.testing.assert_allclose(new.X, sent.X)

    def test_a_workflow_that_is_opened_again_embeds_without_start(self):
        widget = self.compare()
        self.choose(1)
        settings = self.saved(widget)
        assert settings["chosen_key"] == f"file:{self.own}"
        self.create(**settings)
        self.send(self.images)
        assert self.embeddings().domain["n0"].attributes["embedder"].endswith("own.pth")
        assert self.scores() is None

    def test_an_embedder_that_is_chosen_meanwhile_is_used_afterwards(self):
        widget = self.compare()
        self.choose(0)
        first = self.embeddings()
        QTest.mouseClick(widget.start_button, Qt.LeftButton)
        widget.choose_embedder("own.pth")
        assert widget._is_comparing
        self.process_events(lambda: not widget._is_comparing)
        self.process_events(lambda: widget._sent_key == f"file:{self.own}")
        assert self.embeddings().domain != first.domain
        QTest.mouseClick(widget.start_button, Qt.LeftButton)
        self.settle()
        assert self.embeddings() is not None  # still

    def test_nothing_is_embedded_before_it_is_sent_by_hand(self):
        widget = self.compare(auto_commit=False)
        self.choose(0)
        assert self.embeddings() is None
        widget.commit.now()
        self.settle()
        assert len(self.embeddings()) == 12

    def test_embedding_that_was_cancelled_goes_on_at_send(self):
        begun = threading.Event()
        self.backend = FakeBackend2(hang=threading.Event(), on_batch=begun.set)
        widget = self.create(chosen_key=BUILT_IN)
        self.send_signal(widget.Inputs.images, self.images)
        self.process_events(begun.is_set)
        QTest.mouseClick(widget.cancel_button, Qt.LeftButton)
        assert not widget.Information.cancelled.is_shown()
        assert self.embeddings() is None
        self.backend.hang.set()
        wait_for_runs()
        assert widget.go_on._box.button.isEnabled()
        QTest.mouseClick(widget.go_on._box.button, Qt.LeftButton)
        self.settle()
        assert len(self.embeddings()) == 12

    def test_images_that_cannot_be_embedded_are_told(self):
        bad = self.folder / "dark" / "0.png"
        bad.write_bytes(b"")
        widget = self.compare()
        self.choose(0)
        assert "1 of 12 images skipped; the first: empty file" in str(widget.Warning.not_embedded)
        assert len(self.embeddings()) == 11

    # What is believed when it is seen

    def test_the_first_images_are_of_different_classes_and_their_nearest_are_shown(self):
        widget = self.compare()
        classes = self.images.Y[widget.queries]
        assert len(widget.queries) == 3
        assert set(classes[:2]) == {0, 1}
        model = widget.neighbor_view.neighbors
        assert model.rowCount() == 3
        assert model.headerData(1, Qt.Vertical) == "EfficientNet-Lite0"
        for block, query in enumerate(widget.queries):
            assert model.index(0, block * BLOCK).data(RowRole) == query
            position = widget.compared.rows.tolist().index(query)
            near = widget.compared.embedders[1].neighbors[position].tolist()
            shown = [model.index(2, block * BLOCK + i).data(RowRole) for i in range(5)]
            assert shown == near
            n_same = (self.images.Y[near] == self.images.Y[query]).sum()
            assert model.index(2, block * BLOCK + 5).data() == f"{n_same}/5"

    def test_images_are_chosen_by_clicks_and_the_last_three_stay(self):
        widget = self.compare()
        widget.show()
        sample = widget.sample_view
        for i in (0, 1, 2, 7):
            sample.scrollTo(sample.images.index(i))
            rect = sample.visualRect(sample.images.index(i))
            if widget.compared.rows[i] not in widget.queries:
                QTest.mouseClick(sample.viewport(), Qt.LeftButton, pos=rect.center())
        assert widget.queries[-1] == 7
        assert len(widget.queries) == 3
        assert sorted(sample.selected_rows()) == sorted(widget.queries)
        rect = sample.visualRect(sample.images.index(7))
        QTest.mouseClick(sample.viewport(), Qt.LeftButton, pos=rect.center())
        assert 7 not in widget.queries
        assert len(widget.queries) == 2
        widget.hide()

    def test_a_click_or_enter_on_a_neighbor_asks_for_its_nearest(self):
        widget = self.compare()
        view, model = widget.neighbor_view, widget.neighbor_view.neighbors
        before = list(widget.queries)
        place = next(i for i in range(5) if model.index(1, BLOCK + i).data(RowRole) not in before)
        asked = model.index(1, BLOCK + place).data(RowRole)
        view.scrollTo(model.index(1, BLOCK + place))
        pos = view.visualRect(model.index(1, BLOCK + place)).center()
        QTest.mouseClick(view.viewport(), Qt.LeftButton, pos=pos)
        assert widget.queries == [before[0], asked, before[2]]
        view.setCurrentIndex(model.index(1, 0))
        other = model.index(1, 0).data(RowRole)
        QTest.keyClick(view, Qt.Key_Return)
        assert widget.queries[0] == (before[0] if other in (asked, before[2]) else other)
        QTest.keyClick(view, Qt.Key_Space)
        assert widget._preview.isVisible()
        assert widget._preview.position >= 0

    def test_frames_have_the_color_of_the_class_and_only_where_it_is_the_same(self):
        widget = self.compare()
        view, model = widget.neighbor_view, widget.neighbor_view.neighbors
        widget._set_queries([0, 11, 5])
        assert model.is_same(0, 0)
        same = [[model.is_same(1, b * BLOCK + i) for i in range(5)] for b in range(3)]
        rows = [[model.row_at(1, b * BLOCK + i) for i in range(5)] for b in range(3)]
        classes = self.images.Y
        assert same == [
            [classes[row] == classes[query] for row in block]
            for block, query in zip(rows, widget.queries, strict=True)
        ]
        widget.resize(1400, 800)
        widget.show()
        keys = [(str(location), view.side_px) for location in self.images.get_column("image")]
        self.process_events(lambda: all(view.pixmaps.pixmap(*key) is not None for key in keys))
        image = view.grab().toImage()
        color = QColor(*self.images.domain.class_var.colors[int(classes[0])])
        corner = view.viewport().mapTo(view, view.visualRect(model.index(0, 0)).topLeft())
        assert has_color(image, corner, view.side + 10, color)
        wrong = [(b, i) for b in range(3) for i in range(5) if not same[b][i]]
        for b, i in wrong[:1]:
            index = model.index(1, b * BLOCK + i)
            corner = view.viewport().mapTo(view, view.visualRect(index).topLeft())
            other = QColor(*self.images.domain.class_var.colors[int(classes[rows[b][i]])])
            assert not has_color(image, corner, view.side + 10, other)
        widget.hide()

    def test_chosen_images_are_known_again_also_when_they_have_moved(self):
        widget = self.compare()
        widget._set_queries([2, 9, 4])
        settings = self.saved(widget)
        moved = self.tmp_path / "elsewhere" / "lights"
        shutil.copytree(self.folder, moved)
        table = import_images(moved).table
        other = self.two(chosen_images=settings["chosen_images"])
        self.send(table[::-1])
        QTest.mouseClick(other.start_button, Qt.LeftButton)
        self.settle()
        names = {str(row["file"]) for row in self.images[[2, 9, 4]]}
        assert {str(table[::-1][row, "file"]) for row in other.queries} == names

    # Servers

    def test_no_server_is_asked_or_sent_to_before_somebody_has_chosen_it(self):
        widget = self.create(server_url=SERVER, ticked=[BUILT_IN, "server:theirs"])
        self.send(self.images)
        assert self.asked == []
        assert SERVER in widget.notice.label.text()
        assert widget.where_label.text() == "Images stay on this computer."
        QTest.mouseClick(widget.notice.buttons["Use This Server"], Qt.LeftButton)
        self.process_events(lambda: len(widget.check_list.ticked()) == 2)
        assert self.asked == [SERVER]
        assert trust.is_remembered(SERVER)
        assert widget.where_label.text() == f"The images of the sample are sent to {SERVER}."
        assert widget.where_label.font().bold()
        titles = [item.text(0) for item in self.items() if "On the server" in item.text(2)]
        assert titles == ["EfficientNet-Lite0", "theirs"]
        widget.chosen_key = "server:theirs"
        widget._show_where()
        assert f"All images are sent to {SERVER}" in widget.where_label.text()

    def test_a_server_can_be_forgotten(self):
        widget = self.create(server_url=SERVER)
        QTest.mouseClick(widget.notice.buttons["Remove Server"], Qt.LeftButton)
        assert widget.server_url == ""
        assert not widget.notice.isVisibleTo(widget)
        assert self.asked == []

    def test_a_new_server_offers_its_embedders_and_none_is_ticked(self):
        widget = self.create()
        widget.server_box.url_edit.setText(SERVER)
        widget.server_box.url_edit.editingFinished.emit()
        self.process_events(lambda: any(item.text(0) == "theirs" for item in self.items()))
        assert widget.check_list.ticked() == [BUILT_IN]
        assert widget.where_label.text() == "Images stay on this computer."

    # Beside

    def test_the_report_tells_scores_and_shows_images(self):
        widget = self.compare()
        self.choose(0)
        widget.send_report()
        html = widget.report_html
        for text in ("EfficientNet-Lite0", "1-NN Accuracy", "12 of 12 images", "data:image/png",
                     "Images stay on this computer"):  # fmt: skip
            assert text in html

    def saved(self, widget):
        widget.settingsAboutToBePacked.emit()
        settings = widget.settingsHandler.pack_data(widget)
        return {key: value for key, value in settings.items() if key != "savedWidgetGeometry"}


class Hanging(FakeBackend2):
    """Its second embedder waits."""

    def __init__(self):
        super().__init__()
        self.begun = threading.Event()

    def load(self, spec, progress):
        if spec.id != BUILT_IN:
            self.hang = self.hang or threading.Event()
            self.begun.set()
        return super().load(spec, progress)


def _with(scores, **values):
    changed = {name: type(scores.tree)(*pair) for name, pair in values.items()}
    return dataclasses.replace(scores, **changed)


def has_color(image: QImage, corner: QPoint, side: int, color: QColor) -> bool:
    return any(
        image.pixelColor(corner.x() + x, corner.y() + y) == color
        for x in range(side)
        for y in range(side)
    )
