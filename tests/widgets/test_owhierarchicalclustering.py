import sys
import threading

import numpy as np
import pytest
from AnyQt.QtCore import QPointF, Qt
from AnyQt.QtTest import QTest
from Orange.data import StringVariable, Table
from Orange.distance import Cosine, Euclidean
from Orange.misc import DistMatrix
from Orange.widgets.tests.base import WidgetTest
from pictures import write_images

from orangecontrib.imageembedding.pipeline import cluster_images, import_images
from orangecontrib.imageembedding.tables.features import with_embeddings
from orangecontrib.imageembedding.widgets import owhierarchicalclustering
from orangecontrib.imageembedding.widgets.owhierarchicalclustering import (
    BY_CLICK,
    BY_HEIGHT,
    BY_NUMBER,
    OWHierarchicalClustering,
)


class TestOWHierarchicalClustering(WidgetTest):
    @pytest.fixture(autouse=True)
    def _patching(self, monkeypatch, tmp_path):
        self.monkeypatch = monkeypatch
        self.tmp_path = tmp_path

    def setUp(self):
        self.iris = Table("iris")
        self.widget = self.create_widget(OWHierarchicalClustering)

    def send(self, data=None, distances=None, widget=None):
        widget = widget or self.widget
        inputs = widget.Inputs
        self.send_signals([(inputs.data, data), (inputs.distances, distances)], widget=widget)
        self.wait_until_finished(widget=widget)

    def selected(self, widget=None):
        widget = widget or self.widget
        return self.get_output(widget.Outputs.selected_data, widget=widget)

    def annotated(self, widget=None):
        widget = widget or self.widget
        return self.get_output(widget.Outputs.annotated_data, widget=widget)

    def counts(self, table, column):
        variable = table.domain[column]
        values = [variable.str_val(value) for value in table.get_column(variable)]
        return {value: values.count(value) for value in variable.values}

    def choose(self, mode, **values):
        for name, value in values.items():
            setattr(self.widget, name, value)
        self.widget.select_buttons[mode].click()

    def test_without_a_selection_all_rows_go_on_and_none_is_selected(self):
        self.send(self.iris)
        assert self.selected() is None
        assert self.counts(self.annotated(), "Cluster") == {"Other": 150}
        assert self.counts(self.annotated(), "Selected") == {"No": 150, "Yes": 0}

    def test_a_number_of_clusters_gives_those_of_the_tree(self):
        self.send(self.iris)
        self.choose(BY_NUMBER, n_clusters=4)
        labels = cluster_images(self.iris, "cosine", "average").cut(n_clusters=4)
        clusters = self.annotated().get_column("Cluster") + 1
        np.testing.assert_array_equal(clusters, labels)
        assert len(self.selected()) == 150
        assert self.widget.selection_label.text().startswith("4 branches: ")

    def test_a_cut_at_a_height_gives_those_of_the_tree(self):
        self.send(self.iris)
        self.choose(BY_HEIGHT, height_percent=30.0)
        tree = self.widget.clustered.tree
        labels = tree.cut(height=0.3 * tree.linkage[-1, 2])
        np.testing.assert_array_equal(self.annotated().get_column("Cluster") + 1, labels)

    def test_more_clusters_than_rows_are_as_many_as_rows(self):
        self.send(self.iris[::50])
        self.choose(BY_NUMBER, n_clusters=20)
        assert self.counts(self.annotated(), "Cluster") == {"C1": 1, "C2": 1, "C3": 1}

    def test_a_click_on_a_branch_sends_its_rows(self):
        self.send(self.iris)
        tree = self.widget.clustered.tree
        node = int(tree.linkage[-1, 0])
        self.click_node(node)
        labels = tree.labels_of([node])
        assert sorted(self.selected().ids) == sorted(self.iris.ids[labels == 1])
        assert self.counts(self.selected(), "Cluster") == {"C1": labels.sum()}
        assert self.counts(self.annotated(), "Selected")["Yes"] == labels.sum()

    def test_ctrl_adds_a_branch_and_takes_it_away_again(self):
        self.send(self.iris)
        a, b = self.widget.clustered.tree.linkage[-1, :2].astype(int)
        self.click_node(a)
        self.click_node(b, Qt.ControlModifier)
        assert set(self.counts(self.selected(), "Cluster")) == {"C1", "C2"}
        assert len(self.selected()) == 150
        self.click_node(a, Qt.ControlModifier)
        assert len(self.selected()) < 150

    def test_a_click_on_a_leaf_selects_one_row(self):
        self.send(self.iris)
        item = self.widget.view.item
        self.click_at(QPointF(item.tree_right + 20, item.boundingRect().height() / 150 * 2.5))
        row = self.widget.clustered.tree.leaf_order[2]
        assert list(self.selected().ids) == [self.iris.ids[row]]

    def test_a_click_beside_the_tree_selects_nothing(self):
        self.send(self.iris[:5])
        self.click_node(8)
        assert len(self.selected()) == 5
        self.click_at(QPointF(100, 5000), outside=True)
        assert self.selected() is None

    def click_node(self, node, modifiers=Qt.NoModifier):
        """Click right of the merge of a node, at its own height."""
        item = self.widget.view.item
        shape = item.shape_of_tree
        row_height = item.boundingRect().height() / len(shape.leaf_order)
        x = item.x_at(shape.height[node]) + 1
        y = (shape.position[node] + 0.5) * row_height
        self.click_at(QPointF(x, y), modifiers)

    def click_at(self, point, modifiers=Qt.NoModifier, outside=False):
        view = self.widget.view
        self.widget.resize(900, 700)
        if not outside:
            view.centerOn(point)
            place = view.mapFromScene(point)
        else:
            place = view.viewport().rect().bottomLeft()
        QTest.mouseClick(view.viewport(), Qt.LeftButton, modifiers, place)

    def test_the_selection_is_kept_in_the_workflow(self):
        self.send(self.iris)
        self.click_node(int(self.widget.clustered.tree.linkage[-1, 1]))
        expected = list(self.selected().ids)
        settings = self.widget.settingsHandler.pack_data(self.widget)
        widget = self.create_widget(OWHierarchicalClustering, stored_settings=settings)
        self.send(self.iris, widget=widget)
        assert list(self.selected(widget).ids) == expected

    def test_a_kept_selection_does_not_fit_other_data(self):
        settings = {"clicked_nodes": [298]}
        widget = self.create_widget(OWHierarchicalClustering, stored_settings=settings)
        self.send(self.iris[:4], widget=widget)
        assert self.selected(widget) is None

    def test_linkage_and_distance_are_used(self):
        self.send(self.iris)
        heights = []
        for name, choice in (("linkage", "single"), ("distance_metric", "euclidean")):
            combo = getattr(self.widget.controls, name)
            combo.setCurrentText(choice)
            combo.activated.emit(combo.currentIndex())
            self.wait_until_finished(widget=self.widget)
            heights.append(self.widget.clustered.tree.linkage[-1, 2])
        assert heights[0] == cluster_images(self.iris, "cosine", "single").linkage[-1, 2]
        assert heights[1] == cluster_images(self.iris, "euclidean", "single").linkage[-1, 2]

    def test_distances_of_orange_are_taken_instead_of_data(self):
        self.send(self.iris, Euclidean(self.iris))
        assert self.widget.Warning.distances_first.is_shown()
        assert not self.widget.controls.distance_metric.isEnabled()
        reference = cluster_images(self.iris, "euclidean", "average")
        np.testing.assert_allclose(
            self.widget.clustered.tree.linkage[:, 2], reference.linkage[:, 2], atol=1e-6
        )
        assert len(self.annotated()) == 150
        self.send(self.iris, None)
        assert not self.widget.Warning.distances_first.is_shown()
        assert self.widget.controls.distance_metric.isEnabled()

    def test_distances_without_a_table_are_drawn_but_send_nothing(self):
        self.send(distances=DistMatrix(np.array([[0.0, 1, 2], [1, 0, 1.5], [2, 1.5, 0]])))
        assert self.widget.Information.no_table.is_shown()
        assert self.widget.view.item is not None
        assert self.annotated() is None

    def test_distances_between_columns_are_labelled_by_the_columns(self):
        self.send(distances=Cosine(self.iris, axis=0))
        assert set(self.widget.view.item.labels) == {a.name for a in self.iris.domain.attributes}

    def test_rows_with_missing_numbers_are_left_out_and_said(self):
        data = self.iris.copy()
        with data.unlocked(data.X):
            data.X[3, 1] = np.nan
        self.send(data)
        self.choose(BY_NUMBER, n_clusters=2)
        assert str(self.widget.Warning.incomplete) == "1 rows left out: they have missing numbers."
        assert str(self.annotated()[3, "Cluster"]) == "Other"
        assert len(self.selected()) == 149

    @pytest.mark.filterwarnings("ignore")
    def test_data_that_makes_no_tree_is_an_error_and_nothing_is_sent(self):
        for data in (self.iris[:1], self.iris[:0], Table("zoo")[:, 0]):
            self.send(data)
            assert self.widget.Error.failed.is_shown()
            assert self.annotated() is None
        self.send(self.iris)
        assert not self.widget.Error.failed.is_shown()

    def test_identical_rows_are_a_tree_of_height_zero(self):
        self.send(self.iris[[0, 0, 0, 0]])
        self.choose(BY_HEIGHT, height_percent=50.0)
        self.choose(BY_NUMBER, n_clusters=2)
        assert set(self.counts(self.annotated(), "Cluster")) == {"C1", "C2"}
        self.widget.grab()

    def test_no_data_clears_everything(self):
        self.send(self.iris)
        self.choose(BY_NUMBER)
        self.send(None)
        assert self.annotated() is None
        assert self.widget.view.item is None
        assert self.widget.selection_label.text() == ""

    def test_labels_can_be_chosen(self):
        name = StringVariable("name")
        self.send(self.iris.add_column(name, [f"flower {i}" for i in range(150)]))
        assert self.widget.label_attr.name == "name"
        assert self.widget.view.item.labels[7] == "flower 7"
        self.widget.label_attr = self.iris.domain.class_var
        self.widget._show_labels()
        assert self.widget.view.item.labels[7] == "Iris-setosa"

    def test_cancel_stops_at_once(self):
        entered, release = threading.Event(), threading.Event()

        def hang(data, metric, linkage, progress):
            entered.set()
            while not release.wait(0.01):
                progress(0.5)

        self.monkeypatch.setattr(owhierarchicalclustering, "cluster_table", hang)
        self.send_signal(self.widget.Inputs.data, self.iris, widget=self.widget)
        try:
            assert entered.wait(30)
            self.widget.cancel_button.click()
            assert self.widget.Information.cancelled.is_shown()
            assert not self.widget.isInvalidated()
        finally:
            release.set()

    def test_thousands_of_leaves_are_painted_and_hit(self):
        rng = np.random.default_rng(0)
        data = Table.from_numpy(None, rng.normal(size=(3000, 5)))
        self.send(data)
        for row in (1.0, 20.0):
            self.widget.view.row = row
            self.widget.view._lay_out()
            self.widget.grab()
        assert self.widget.view.item.node_at(QPointF(1, 10)) is not None

    def test_auto_send_off_waits(self):
        self.widget.controls.auto_commit.click()
        self.send(self.iris)
        before = self.annotated()
        self.choose(BY_NUMBER, n_clusters=3)
        assert self.annotated() is before

    def test_thumbnails_may_arrive_after_a_second_tree(self):
        folder = write_images(self.tmp_path, [f"{i}.png" for i in range(6)])
        table = import_images(folder).table
        vectors = np.random.default_rng(0).normal(size=(6, 4))
        data = with_embeddings(table, range(6), vectors, "net")
        self.widget.resize(900, 700)
        self.widget.show()
        for linkage in ("average", "ward", "single"):
            self.widget.linkage = linkage
            self.send(data)
            self.widget.grab()
        cache = self.widget.view._pixmaps._cache
        self.process_events(until=lambda: len(cache) >= 6, timeout=20_000)
        self.widget.hide()

    def test_a_bug_is_shown_and_does_not_block_what_follows(self):
        def fail(*args):
            raise KeyError("a bug")

        self.monkeypatch.setattr(owhierarchicalclustering, "cluster_table", fail)
        caught = []
        self.monkeypatch.setattr(sys, "excepthook", lambda *error: caught.append(error[1]))
        self.send(self.iris)
        assert isinstance(caught[0], KeyError)
        assert self.widget.Error.failed.is_shown()
        assert not self.widget.isInvalidated()

    def test_a_kept_selection_survives_saving_before_the_tree_is_there(self):
        settings = {"clicked_nodes": [7]}
        widget = self.create_widget(OWHierarchicalClustering, stored_settings=settings)
        self.send(None, widget=widget)
        assert widget.settingsHandler.pack_data(widget)["clicked_nodes"] == [7]

    def test_distances_that_are_no_distances_are_an_error(self):
        for matrix in (np.ones((3, 4)), np.ones((4, 3)), -np.ones((3, 3))):
            self.send(distances=DistMatrix(matrix))
            assert self.widget.Error.failed.is_shown()
        self.send(Table.from_numpy(None, np.array([[1e300, 1], [-1e300, 2], [3, 1e308]])))
        self.widget.grab()

    def test_the_report_tells_the_settings(self):
        self.send(self.iris)
        self.widget.send_report()
        assert "average" in self.widget.report_html

    def test_the_way_to_select_is_kept(self):
        self.choose(BY_NUMBER)
        assert self.widget.select_by == BY_NUMBER
        assert not self.widget.select_buttons[BY_CLICK].isChecked()
