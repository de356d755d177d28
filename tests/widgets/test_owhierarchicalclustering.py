import sys
import threading

import numpy as np
import pytest
from AnyQt.QtCore import QPoint, QPointF, Qt
from AnyQt.QtGui import QContextMenuEvent, QWheelEvent
from AnyQt.QtTest import QTest
from AnyQt.QtWidgets import QMenu, QToolButton
from fake_backends import source
from Orange.data import ContinuousVariable, DiscreteVariable, Domain, StringVariable, Table
from Orange.distance import Cosine, Euclidean
from Orange.misc import DistMatrix
from Orange.widgets.io import PdfFormat, PngFormat, SvgFormat
from Orange.widgets.tests.base import WidgetTest, simulate
from pictures import write_images

from orangecontrib.imageembedding import pipeline
from orangecontrib.imageembedding.clusters import plan
from orangecontrib.imageembedding.clusters.distances import METRICS
from orangecontrib.imageembedding.pipeline import cluster_images, import_images
from orangecontrib.imageembedding.tables.features import with_embeddings
from orangecontrib.imageembedding.widgets.clustering.controls import (
    BY_CLICK,
    BY_HEIGHT,
    BY_MODULARITY,
    BY_NUMBER,
    BY_SILHOUETTE,
)
from orangecontrib.imageembedding.widgets.owhierarchicalclustering import OWHierarchicalClustering
from orangecontrib.imageembedding.widgets.tree.nameedit import NameEdit
from orangecontrib.imageembedding.widgets.tree.staggered import picture_rect
from orangecontrib.imageembedding.widgets.tree.zoombar import ZoomBar


class TestOWHierarchicalClustering(WidgetTest):
    @pytest.fixture(autouse=True)
    def _patching(self, monkeypatch, tmp_path):
        self.monkeypatch = monkeypatch
        self.tmp_path = tmp_path

    def setUp(self):
        self.iris = Table("iris")
        self.widget = self.create_widget(OWHierarchicalClustering)

    def tearDown(self):
        for widget in self.widgets:
            widget.panel.close_threads()
        for thread in threading.enumerate():
            if "_work" in thread.name:  # what decodes must not outlive what it decodes for
                thread.join(10)
        super().tearDown()

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
        labels = cluster_images(self.iris, "cosine", "ward").cut(n_clusters=4)
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
        for name, choice in (("linkage", "Single"), ("distance_metric", "Euclidean")):
            combo = getattr(self.widget.controls, name)
            combo.setCurrentText(choice)
            combo.activated.emit(combo.currentIndex())
            self.wait_until_finished(widget=self.widget)
            heights.append(self.widget.clustered.tree.linkage[-1, 2])
        assert heights[0] == cluster_images(self.iris, linkage="single").linkage[-1, 2]
        assert heights[1] == cluster_images(self.iris, "euclidean", "single").linkage[-1, 2]
        assert (self.widget.linkage, self.widget.distance_metric) == ("single", "euclidean")

    def test_distances_of_orange_are_taken_instead_of_data(self):
        self.widget.linkage = "average"
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

    def test_distances_without_a_table_send_a_table_of_names(self):
        matrix = np.array([[0.0, 1, 2], [1, 0, 1.5], [2, 1.5, 0]])
        self.send(distances=DistMatrix(matrix, row_items=["a", "b", "c"]))
        assert list(self.widget.view.item.labels) == ["a", "b", "c"]
        self.choose(BY_NUMBER, n_clusters=2)
        names = [str(row["Name"]) for row in self.annotated()]
        assert names == ["a", "b", "c"]
        assert self.counts(self.selected(), "Cluster") == {"C1": 2, "C2": 1}
        assert len(self.representatives()) == 2
        self.send(distances=DistMatrix(matrix))
        assert list(self.widget.view.item.labels) == ["1", "2", "3"]

    def test_distances_between_columns_are_labeled_by_the_columns(self):
        self.send(distances=Cosine(self.iris, axis=0))
        names = {variable.name for variable in self.iris.domain.attributes}
        assert set(self.widget.view.item.labels) == names
        self.choose(BY_NUMBER, n_clusters=2)
        assert {str(row["Name"]) for row in self.selected()} == names

    def test_rows_with_missing_numbers_are_left_out_and_said(self):
        data = self.iris.copy()
        with data.unlocked(data.X):
            data.X[3, 1] = np.nan
        self.send(data)
        self.choose(BY_NUMBER, n_clusters=2)
        assert str(self.widget.Warning.incomplete) == "1 rows skipped: they have missing numbers."
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
        self.widget._show_label()
        assert self.widget.view.item.labels[7] == "Iris-setosa"

    def test_cancel_stops_at_once(self):
        entered, release = threading.Event(), threading.Event()

        def hang(data, metric, linkage, progress, **options):
            entered.set()
            while not release.wait(0.01):
                progress(0.5)

        self.monkeypatch.setattr(pipeline, "cluster_table", hang)
        self.send_signal(self.widget.Inputs.data, self.iris, widget=self.widget)
        try:
            assert entered.wait(30)
            self.widget.cancel_button.click()
            assert self.widget.Information.cancelled.is_shown()
            assert not self.widget.isInvalidated()
        finally:
            release.set()
        button = self.widget.go_on._box.button
        assert button.text() == "Send"
        self.monkeypatch.undo()
        button.click()
        self.wait_until_finished()
        assert len(self.get_output(self.widget.Outputs.annotated_data)) == 150
        assert not button.isEnabled()
        assert not self.widget.Information.cancelled.is_shown()

    def test_the_first_view_is_the_whole_tree_or_its_top_whatever_the_size(self):
        view = self.widget.view
        few = self.iris[:12]
        for table, sizes in ((few, ((700, 400), (1000, 800))), (self.iris, ((700, 500),))):
            self.send(table)
            for width, height in sizes:
                self.widget.resize(width, height)
                self.widget.show()
                self.process_events()
                top, bottom = view.part_in_sight()
                assert top == 0
                assert bottom == 1 or view.whole_row() < 16
                assert view.row >= 16
        view.zoom_rows(2)
        assert view.state() is not None
        view.fit()
        assert view.part_in_sight() == (0, 1)
        self.widget.hide()

    def test_clusters_are_named_and_counted_in_tints_of_no_class(self):
        self.send(self.iris)
        self.widget.n_clusters = 12
        self.widget._select_by(BY_NUMBER)
        item = self.widget.view.item
        tops = item.tops_in_sight(0, 1e9, item.row_height)
        assert len(tops) == 12
        for _, tint in tops:
            assert tint.hslSaturation() < 60  # palettes of classes are vivid
        assert tops[0][1].lightness() != tops[1][1].lightness()
        nodes = self.widget.selection.nodes()
        sizes = self.widget.clustered.tree.sizes_of(nodes)
        assert item.names_in_sight(0, 1e9) == [
            (node, f"C{i} · {size}")
            for i, (node, size) in enumerate(zip(nodes, sizes, strict=True), start=1)
        ]
        self.widget.select_branches([int(item.shape_of_tree.leaf_order[0])])
        assert self.widget.selection_label.text() == "1 branch: 1 row"

    def cluster_values(self, output="annotated_data"):
        self.wait_until_finished()
        data = self.get_output(getattr(self.widget.Outputs, output))
        return data.domain["Cluster"].values

    def name_by_double_click(self, node, text, key=Qt.Key_Return):
        view = self.widget.view
        self.widget.resize(1000, 800)
        self.widget.show()
        view.show_node(node)
        place = view._name_places()[node]
        before = self.widget.selection.nodes()
        QTest.mouseClick(view.viewport(), Qt.LeftButton, pos=place.center())
        QTest.mouseDClick(view.viewport(), Qt.LeftButton, pos=place.center())
        assert self.widget.selection.nodes() == before
        edits = view.viewport().findChildren(NameEdit)
        (edit,) = [edit for edit in edits if not edit.isHidden()]
        edit.clear()
        QTest.keyClicks(edit, text)
        QTest.keyClick(edit, key)
        assert edit.isHidden()
        self.widget.hide()

    def test_a_cluster_is_named_by_double_click_and_the_name_goes_out(self):
        self.send(self.iris)
        self.widget.n_clusters = 3
        self.widget._select_by(BY_NUMBER)
        first, second, third = self.widget.selection.nodes()
        self.name_by_double_click(second, " spotted  dogs ")
        assert self.cluster_values() == ("C1", "spotted dogs", "C3")
        self.name_by_double_click(third, "spotted dogs")
        assert self.cluster_values() == ("C1", "spotted dogs", "spotted dogs (2)")
        assert self.cluster_values("representatives") == self.cluster_values()
        self.name_by_double_click(first, "never", key=Qt.Key_Escape)
        self.name_by_double_click(third, "")
        assert self.cluster_values() == ("C1", "spotted dogs", "C3")
        reopened = self.reopened(self.iris)
        data = self.get_output(reopened.Outputs.annotated_data, widget=reopened)
        assert data.domain["Cluster"].values == ("C1", "spotted dogs", "C3")
        self.widget.n_clusters = 2
        self.widget._select_by(BY_NUMBER)
        assert set(self.cluster_values()) <= {"C1", "C2", "spotted dogs"}

    def test_a_click_selects_among_the_clusters_that_a_rule_makes(self):
        self.send(self.iris)
        self.widget.n_clusters = 4
        self.widget._select_by(BY_NUMBER)
        nodes = self.widget.selection.nodes()
        sizes = self.widget.clustered.tree.sizes_of(nodes)
        leaf = int(self.widget.clustered.tree.rows_of(nodes[1])[0])
        click = self.widget._node_clicked
        click(leaf, Qt.NoModifier)
        assert self.widget.select_by == BY_NUMBER
        assert self.widget.selection.nodes() == nodes
        self.wait_until_finished()
        data = self.get_output(self.widget.Outputs.annotated_data)
        assert len(data) == 150
        assert data.domain["Cluster"].values == ("C1", "C2", "C3", "C4")
        assert np.isfinite(data.get_column("Cluster")).all()
        assert data.get_column("Selected").sum() == sizes[1]
        selected = self.get_output(self.widget.Outputs.selected_data)
        assert {str(row["Cluster"]) for row in selected} == {"C2"}
        assert self.widget.selection_label.text() == f"1 of 4 branches: {sizes[1]} rows"
        click(nodes[3], Qt.ControlModifier)
        self.wait_until_finished()
        selected = self.get_output(self.widget.Outputs.selected_data)
        assert len(selected) == sizes[1] + sizes[3]
        representatives = self.get_output(self.widget.Outputs.representatives)
        assert [str(row["Cluster"]) for row in representatives] == ["C2", "C4"]
        click(leaf, Qt.ControlModifier)
        assert self.widget.selection.chosen(nodes) == [3]
        click(None, Qt.NoModifier)
        self.wait_until_finished()
        assert len(self.get_output(self.widget.Outputs.selected_data)) == 150

    def test_undo_takes_back_selection_collapse_rotation_and_names(self):
        self.send(self.iris)
        widget, view = self.widget, self.widget.view
        root = 2 * 150 - 2
        first, second = (int(node) for node in widget.clustered.tree.linkage[-1, :2])
        widget.select_branches([first])
        widget.select_branches([second])
        view.toggle_collapsed(second)
        order = widget.clustered.tree.leaf_order.tolist()
        widget.rotate(root)
        widget.rename(second, "mine")
        widget._node_clicked(first, Qt.ControlModifier)
        widget._select_by(BY_NUMBER)
        view.set_collapsed([])
        states = []
        for _ in range(8):
            states.append(
                (widget.select_by, sorted(widget.clicked_nodes), widget.cluster_names != [],
                 widget.clustered.tree.leaf_order.tolist() != order, view.collapsed)
            )  # fmt: skip
            self.widget.undo.undo()
        both = sorted([first, second])
        assert states == [
            (BY_NUMBER, both, True, True, []),
            (BY_NUMBER, both, True, True, [second]),
            (BY_CLICK, both, True, True, [second]),
            (BY_CLICK, [second], True, True, [second]),
            (BY_CLICK, [second], False, True, [second]),
            (BY_CLICK, [second], False, False, [second]),
            (BY_CLICK, [second], False, False, []),
            (BY_CLICK, [first], False, False, []),
        ]
        assert widget.clicked_nodes == []
        widget.undo.undo()
        assert widget.rotated_keys == []

    def test_ctrl_z_undoes(self):
        self.send(self.iris)
        self.widget.select_branches([10])
        self.widget.show()
        self.widget.activateWindow()
        assert QTest.qWaitForWindowActive(self.widget)
        self.widget.view.setFocus()
        QTest.keyClick(self.widget.view, Qt.Key_Z, Qt.ControlModifier)
        assert self.widget.clicked_nodes == []
        self.widget.hide()

    def test_the_frame_of_the_keyboard_is_not_drawn_for_the_mouse(self):
        self.send(self.iris)
        view = self.widget.view
        QTest.keyClick(view, Qt.Key_Home)
        assert view.item.shows_focus
        QTest.mouseClick(view.viewport(), Qt.LeftButton, pos=QPoint(200, 50))
        assert view.item.focus_node is not None
        assert not view.item.shows_focus

    def test_no_hover_card_beside_a_menu(self):
        self.send(self.iris)
        view = self.widget.view
        view._pointer = QPoint(300, 50)
        self.widget.show()
        view._show_card()
        assert view._card.isVisible()
        event = QContextMenuEvent(
            QContextMenuEvent.Mouse, QPoint(300, 50), view.viewport().mapToGlobal(QPoint(300, 50))
        )
        view.contextMenuEvent(event)
        assert not view._card.isVisible()
        view._show_card()
        assert not view._card.isVisible()
        view.findChild(QMenu).close()
        self.widget.hide()

    def test_the_card_over_a_name_is_that_of_its_cluster(self):
        self.send(self.iris)
        self.widget.n_clusters = 3
        self.widget._select_by(BY_NUMBER)
        self.widget.show()
        view = self.widget.view
        (node, place), *_ = view._name_places().items()
        view._pointer = place.center()
        view._show_card()
        size = self.widget.clustered.tree.sizes_of([node])[0]
        assert f"{size} rows" in view._card.text
        self.widget.hide()

    def test_the_zoom_is_seen_and_set(self):
        self.widget.resize(1200, 700)
        self.widget.grab()
        self.send(self.iris)
        view, bar = self.widget.view, self.widget.panel.findChild(ZoomBar)
        view.fit()
        assert bar.slider.value() == 0
        bar.slider.setValue(100)
        assert view.row == pytest.approx(192)
        view.zoom_rows(0.5)
        assert 0 < bar.slider.value() < 100
        names = {button.text(): button for button in bar.findChildren(QToolButton)}
        row = view.row
        names["−"].click()
        assert view.row < row
        names["+"].click()
        assert view.row == pytest.approx(row)
        names["Fit"].click()
        assert bar.slider.value() == 0

    def test_scores_that_are_cancelled_are_computed_by_send(self):
        self.send(self.iris)
        entered, release = threading.Event(), threading.Event()
        real = pipeline.score_clusters

        def hang(*args):
            entered.set()
            release.wait(30)
            return real(*args)

        self.monkeypatch.setattr(pipeline, "score_clusters", hang)
        self.widget._select_by("silhouette")
        assert entered.wait(30)
        self.widget.cancel_button.click()
        release.set()
        self.widget.go_on._box.button.click()
        self.wait_until_finished()
        assert "silhouette" in self.widget.scores
        assert "Selected" in self.get_output(self.widget.Outputs.annotated_data).domain

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
        data = with_embeddings(table, range(6), vectors, source())
        self.widget.resize(900, 700)
        self.widget.show()
        for linkage in ("average", "ward", "single"):
            self.widget.linkage = linkage
            self.send(data)
            self.widget.grab()
        cache = self.widget.view.pixmaps._cache
        self.process_events(until=lambda: len(cache) >= 6, timeout=20_000)
        self.widget.hide()

    def test_a_bug_is_shown_and_does_not_block_what_follows(self):
        def fail(*args, **options):
            raise KeyError("a bug")

        self.monkeypatch.setattr(pipeline, "cluster_table", fail)
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

    def test_the_legend_is_as_high_as_it_needs_at_any_width(self):
        names = [f"a long name of the kind {i}" for i in range(8)]
        kinds = np.arange(24) % 8
        domain = Domain(self.iris.domain.attributes, DiscreteVariable("kind", names))
        self.send(Table.from_numpy(domain, self.iris.X[:24], kinds))
        self.widget.show()
        legend, heights = self.widget.panel.legend, []
        for width in (1400, 800):
            self.widget.resize(width, 600)
            self.process_events(lambda: legend.height() == legend.heightForWidth(legend.width()))
            heights.append(legend.height())
        assert heights[0] < heights[1]
        self.widget.hide()

    def test_the_report_calls_the_settings_as_the_controls_do(self):
        self.send(self.iris)
        for name in ("distance_metric", "linkage"):
            combo = getattr(self.widget.controls, name)
            for i in range(combo.count()):
                combo.setCurrentIndex(i)
                setattr(self.widget, name, combo.model()[i])
                self.widget.report_html = ""
                self.widget.send_report()
                assert combo.currentText() in self.widget.report_html
                assert f">{combo.model()[i]}<" not in self.widget.report_html

    def test_the_way_to_select_is_kept(self):
        self.choose(BY_NUMBER)
        assert self.widget.select_by == BY_NUMBER
        assert not self.widget.select_buttons[BY_CLICK].isChecked()

    # Images

    def images(self, n=12, folders=("cat", "dog")):
        names = [f"{folders[i % len(folders)]}/{i}.png" for i in range(n)]
        table = import_images(write_images(self.tmp_path / "images", names)).table
        rng = np.random.default_rng(0)
        vectors = rng.normal(size=(n, 6)) + 5 * (table.Y[:, None] == np.arange(6))
        return with_embeddings(table, range(n), vectors, source())

    def representatives(self, widget=None):
        widget = widget or self.widget
        return self.get_output(widget.Outputs.representatives, widget=widget)

    def test_each_cluster_is_represented_by_its_medoid(self):
        self.send(self.iris)
        self.choose(BY_NUMBER, n_clusters=3)
        found = self.representatives()
        assert [str(row["Cluster"]) for row in found] == ["C1", "C2", "C3"]
        clusters = self.annotated().get_column("Cluster")
        distances = self.widget.clustered.distances
        for i, row_id in enumerate(found.ids):
            members = np.flatnonzero(clusters == i)
            sums = distances.between(members, members).sum(axis=1)
            assert self.iris.ids[members[np.argmin(sums)]] == row_id
        assert found.domain.class_var == self.iris.domain.class_var

    def test_the_best_silhouette_chooses_the_number_of_clusters(self):
        data = self.images()
        self.send(data)
        self.choose(BY_SILHOUETTE)
        self.wait_until_finished()
        assert self.widget.selection.number_of_clusters == 2
        assert self.counts(self.annotated(), "Cluster") == {"C1": 6, "C2": 6}
        assert "Mean silhouette" in self.widget.selection_label.text()

    def test_a_distance_that_nobody_chose_follows_the_linkage(self):
        self.send(self.iris)

        def set_to(control, value):
            combo = getattr(self.widget.controls, control)
            simulate.combobox_activate_index(combo, combo.model().indexOf(value))
            return self.widget.distance_metric

        assert self.widget.distance_metric == "cosine"
        assert set_to("linkage", "average") == "centered-cosine"
        assert self.widget.controls.distance_metric.currentText() == "Centered cosine"
        self.wait_until_finished()
        expected = cluster_images(self.iris, linkage="average").linkage
        np.testing.assert_array_equal(self.widget.clustered.tree.linkage, expected)
        assert set_to("linkage", "complete") == "centered-cosine"
        assert set_to("linkage", "ward") == "cosine"
        assert set_to("distance_metric", "euclidean") == "euclidean"
        assert set_to("linkage", "single") == "euclidean"

    def test_a_workflow_keeps_its_distance_and_linkage(self):
        settings = {"distance_metric": "cosine", "linkage": "average"}
        widget = self.create_widget(OWHierarchicalClustering, stored_settings=settings)
        self.send_signal(widget.Inputs.data, self.iris, widget=widget)
        self.wait_until_finished(widget=widget)
        assert (widget.distance_metric, widget.linkage) == ("cosine", "average")
        expected = cluster_images(self.iris, "cosine", "average").linkage
        np.testing.assert_array_equal(widget.clustered.tree.linkage, expected)

    def test_the_number_of_clusters_is_found_and_comes_back(self):
        rng = np.random.default_rng(0)
        data = Table.from_numpy(None, np.repeat(np.eye(5), 12, 0) + rng.normal(0, 0.05, (60, 5)))
        self.send(data)
        self.choose(BY_MODULARITY)
        self.wait_until_finished()
        assert self.widget.selection.number_of_clusters == 5
        assert "5 branches: 12, 12, 12, 12, 12 rows" in self.widget.selection_label.text()
        assert "Modularity 0.799" in self.widget.selection_label.text()
        settings = self.widget.settingsHandler.pack_data(self.widget)
        again = self.create_widget(OWHierarchicalClustering, stored_settings=settings)
        self.send_signal(again.Inputs.data, data, widget=again)
        self.process_events(lambda: again.scores)
        assert again.selection.number_of_clusters == 5

    def test_rows_keep_ids_class_name_and_type(self):
        class Corpus(Table):
            pass

        data = Corpus.from_table(self.iris.domain, self.iris)
        data.name, data.ids = "flowers", self.iris.ids
        self.send(data)
        self.choose(BY_NUMBER, n_clusters=3)
        for table in (self.selected(), self.annotated(), self.representatives()):
            assert isinstance(table, Corpus)
            assert table.name == "flowers"
            assert set(table.ids) <= set(self.iris.ids)
            assert table.domain.class_var == self.iris.domain.class_var
        np.testing.assert_array_equal(self.annotated().ids, self.iris.ids)

    def test_orange_clusters_what_comes_out(self):
        self.send(self.iris)
        self.choose(BY_NUMBER, n_clusters=3)
        assert Euclidean(self.annotated()).shape == (150, 150)

    def test_the_class_is_shown_in_colors_with_a_legend(self):
        self.send(self.iris)
        (strip,) = self.widget.view.item.strips
        assert strip.name == "iris"
        assert [text for text, _ in strip.legend] == list(self.iris.domain.class_var.values)
        assert tuple(strip.colors[0]) == strip.legend[0][1]
        variables = [self.iris.domain.class_var, self.iris.domain["petal width"]]
        self.widget.strip_attrs = variables
        self.widget._show_strips()
        assert [strip.name for strip in self.widget.view.item.strips] == ["iris", "petal width"]
        self.widget.grab()

    def test_a_subset_is_marked_and_one_that_does_not_fit_is_said(self):
        self.send(self.iris)
        tree = self.widget.clustered.tree
        self.send_signal(self.widget.Inputs.subset, self.iris[3:5])
        marked = self.widget.view.item.marked
        assert list(np.flatnonzero(marked)) == [3, 4]
        assert self.widget.clustered.tree is tree, "nothing is computed again"
        self.send_signal(self.widget.Inputs.subset, Table("zoo"))
        assert self.widget.Warning.other_subset.is_shown()
        self.send_signal(self.widget.Inputs.subset, None)
        assert not self.widget.Warning.other_subset.is_shown()
        assert self.widget.view.item.marked is None

    def test_a_subset_that_comes_while_the_tree_is_built_starts_nothing_anew(self):
        self.send_signal(self.widget.Inputs.data, self.iris)
        task = self.widget.task
        self.send_signal(self.widget.Inputs.subset, self.iris[:7])
        assert self.widget.task is task
        self.wait_until_finished()
        assert self.widget.view.item.marked.sum() == 7

    def test_shift_selects_the_run_from_the_last_branch(self):
        self.send(self.iris)
        order = self.widget.clustered.tree.leaf_order
        self.widget._node_clicked(int(order[10]), Qt.NoModifier)
        self.widget._node_clicked(int(order[30]), Qt.ShiftModifier)
        assert sorted(self.selected().ids) == sorted(self.iris.ids[order[10:31]])

    def test_the_cut_follows_the_mouse_and_is_sent_when_it_is_let_go(self):
        self.send(self.iris)
        before = self.annotated()
        height = 0.4 * self.widget.view.item.max_height
        self.widget.view.cut_moved.emit(height)
        n = self.widget.clustered.tree.cut(height=height).max()
        assert self.widget.selection_label.text().startswith(f"{n} branch")
        assert self.annotated() is before
        self.widget.view.cut_released.emit()
        assert len(self.counts(self.annotated(), "Cluster")) == n
        assert self.widget.select_buttons[BY_HEIGHT].isChecked()

    def test_the_cut_can_be_dragged_in_the_scale(self):
        self.send(self.iris)
        self.widget.resize(900, 700)
        self.widget.grab()
        axis, item = self.widget.view._axis, self.widget.view.item
        place = QPoint(round(item.x_at(0.5 * item.max_height)), 5)
        QTest.mouseClick(axis, Qt.LeftButton, Qt.NoModifier, place)
        assert abs(self.widget.height_percent - 50) < 1
        assert self.widget.select_by == BY_HEIGHT

    # Keys

    def press(self, *keys, modifier=Qt.NoModifier):
        for key in keys:
            QTest.keyClick(self.widget.view, key, modifier)

    def test_keys_walk_through_the_tree_and_select(self):
        self.send(self.iris)
        tree, item = self.widget.clustered.tree, self.widget.view.item
        self.press(Qt.Key_Right)
        assert item.focus_node == 298
        self.press(Qt.Key_Right)
        first, second = (int(node) for node in tree.linkage[-1, :2])
        assert item.focus_node == first
        self.press(Qt.Key_Return)
        assert self.widget.selection.nodes() == [first]
        self.press(Qt.Key_Left)
        assert item.focus_node == 298
        self.press(Qt.Key_Home)
        assert item.focus_node == tree.leaf_order[0]
        self.press(Qt.Key_Down)
        assert item.focus_node == tree.leaf_order[1]
        self.press(Qt.Key_Up)
        assert item.focus_node == tree.leaf_order[0]
        self.press(Qt.Key_End)
        self.press(Qt.Key_Return, modifier=Qt.ControlModifier)
        chosen = tree.in_leaf_order([first, int(tree.leaf_order[-1])])
        assert self.widget.selection.nodes() == chosen
        self.press(Qt.Key_Escape)
        assert self.widget.selection.nodes() == []
        assert second not in self.widget.selection.nodes()

    def test_keys_zoom_collapse_and_rotate(self):
        self.send(self.iris)
        view = self.widget.view
        row = view.row
        self.press(Qt.Key_Plus)
        assert view.row > row
        self.press(Qt.Key_0)
        assert view.row <= row
        self.press(Qt.Key_Right, Qt.Key_Right, Qt.Key_C)
        assert len(view.item.slots.node) < 150
        self.widget.grab()
        self.press(Qt.Key_C)
        assert len(view.item.slots.node) == 150
        order = self.widget.clustered.tree.leaf_order
        self.press(Qt.Key_Left, Qt.Key_R)
        turned = self.widget.clustered.tree.leaf_order
        assert list(turned) != list(order)
        self.press(Qt.Key_R)
        assert list(self.widget.clustered.tree.leaf_order) == list(order)
        assert self.widget.rotated_keys == []

    def test_space_shows_the_image_of_the_leaf_and_arrows_go_on_in_the_tree(self):
        data = self.images()
        self.send(data)
        self.press(Qt.Key_Home, Qt.Key_Space)
        order = self.widget.clustered.tree.leaf_order
        preview = self.widget.panel._preview
        assert preview.isVisible()
        names = [str(data[row]["image"]).rpartition("/")[2] for row in order]
        assert preview.windowTitle() == f"{names[0]} (1 of 12)"
        assert "category" in preview.facts.text()
        QTest.keyClick(preview, Qt.Key_Down)
        assert preview.windowTitle() == f"{names[1]} (2 of 12)"
        assert self.widget.view.item.focus_node == order[1]
        QTest.keyClick(preview, Qt.Key_Space)
        assert not preview.isVisible()
        self.press(Qt.Key_Space)
        self.send(None)
        assert not preview.isVisible()

    def test_space_shows_nothing_where_there_is_no_image(self):
        self.send(self.iris)
        self.press(Qt.Key_Home, Qt.Key_Space)
        assert self.widget.panel._preview is None

    # What is kept

    def reopened(self, data):
        settings = self.widget.settingsHandler.pack_data(self.widget)
        widget = self.create_widget(OWHierarchicalClustering, stored_settings=settings)
        self.send(data, widget=widget)
        return widget

    def test_selection_and_view_come_back_by_row_identity(self):
        data = self.images(40)
        self.send(data)
        tree = self.widget.clustered.tree
        node = next(n for n in range(40, 79) if tree.outline.n_leaves[n] == 4)
        self.widget.select_branches([node])
        self.widget.view.toggle_collapsed(int(tree.linkage[-1, 1]))
        self.widget.rotate(78)
        self.widget.view.zoom_rows(2.0)
        expected = {str(row["image"]) for row in self.selected()}
        hidden = len(self.widget.view.item.slots.node)
        row = self.widget.view.row

        widget = self.reopened(data[::-1])  # other rows first, and in a new session other ids

        assert {str(row["image"]) for row in self.selected(widget)} == expected
        assert len(widget.view.item.slots.node) == hidden
        assert widget.view.row == row
        assert len(widget.rotated_keys) == 1

    def test_a_selection_comes_back_when_the_same_branch_is_in_another_tree(self):
        data = self.images()
        self.send(data)
        self.widget.select_branches([int(self.widget.clustered.tree.linkage[-1, 0])])
        expected = sorted(self.selected().ids)
        self.send(data.copy())
        assert sorted(self.selected().ids) == expected
        self.send(self.iris)
        assert self.selected() is None

    def test_settings_of_the_first_version_are_understood(self):
        settings = {
            "distance_metric": "euclidean", "linkage": "average", "select_by": BY_CLICK,
            "clicked_nodes": [297], "__version__": 1,
        }  # fmt: skip
        widget = self.create_widget(OWHierarchicalClustering, stored_settings=settings)
        self.send(self.iris, widget=widget)
        tree = cluster_images(self.iris, "euclidean", "average")
        assert widget.selection.nodes() == [297]
        assert len(self.selected(widget)) == tree.outline.n_leaves[297]

    # Large and odd data

    def test_too_many_rows_are_grouped_and_that_is_said(self):
        self.monkeypatch.setattr(plan, "free_bytes", lambda: 40_000)
        self.widget.linkage = "average"
        self.send(self.iris)
        assert "150 rows are too many" in str(self.widget.Information.prototypes)
        assert self.widget.clustered.tree.n_leaves < 80
        self.choose(BY_NUMBER, n_clusters=3)
        assert len(self.selected()) == 150
        assert sum(self.counts(self.annotated(), "Cluster").values()) == 150
        self.widget.grab()

    def test_the_memory_is_said_before_it_is_taken(self):
        self.send_signal(self.widget.Inputs.data, self.iris)
        assert self.widget.plan_label.text() == "Memory: 1 MB"

    @pytest.mark.filterwarnings("ignore")
    def test_zero_constant_and_equal_rows_make_a_tree(self):
        rows = np.array([[0, 0, 0], [0, 0, 0], [2, 2, 2], [1, 2, 3], [1, 2, 3], [-1, 0, 5.0]])
        for metric in METRICS:
            self.widget.distance_metric = metric
            self.widget.linkage = "average"
            self.send(Table.from_numpy(None, rows))
            assert not self.widget.Error.failed.is_shown(), metric
            heights = self.widget.clustered.tree.linkage[:, 2]
            assert np.isfinite(heights).all()
            assert heights[0] == 0

    def test_rows_that_are_all_alike_are_said(self):
        self.send(self.iris[[0, 0, 0]])
        assert self.widget.Information.all_equal.is_shown()
        self.send(self.iris)
        assert not self.widget.Information.all_equal.is_shown()

    def test_columns_are_normalized_if_asked(self):
        self.widget.controls.normalise.click()
        self.send(self.iris)
        scaled = (self.iris.X - self.iris.X.mean(axis=0)) / self.iris.X.std(axis=0)
        heights = self.widget.clustered.tree.linkage[:, 2]
        np.testing.assert_allclose(heights, cluster_images(scaled).linkage[:, 2], atol=1e-9)

    def test_other_columns_than_embeddings_are_compared_if_asked(self):
        data = self.images()
        both = data.transform(
            Domain((ContinuousVariable("x"), *data.domain.attributes), data.domain.class_vars)
        )
        with both.unlocked(both.X):
            both.X[:, 0] = 100 * np.arange(12)
        self.send(both)
        without = self.widget.clustered.tree.linkage[-1, 2]
        self.widget.controls.all_numeric.click()
        self.wait_until_finished()
        assert self.widget.clustered.tree.linkage[-1, 2] != without

    def test_leaves_need_not_be_ordered(self):
        self.widget.controls.order_leaves.click()
        self.send(self.iris)
        assert (self.widget.clustered.tree.linkage[:, :2].argmax(axis=1) == 1).mean() > 0.4

    # Views

    def test_a_branch_is_described(self):
        self.send(self.iris)
        text = self.widget.panel.describe(298)
        assert "150 rows" in text
        assert "Purity by iris: 33%" in text
        self.widget.view._pointer = QPoint(20, 20)
        self.widget.view._show_card()
        assert self.widget.view._card.text

    def test_the_wheel_zooms_rows_and_heights_and_scrolls(self):
        self.send(self.iris)
        view = self.widget.view
        row = view.row
        self.turn_wheel(120, Qt.ControlModifier)
        assert view.row > row
        self.turn_wheel(-120, Qt.ControlModifier)
        assert view.row == pytest.approx(row)
        self.turn_wheel(120, Qt.ShiftModifier)
        assert view.item.scale.high - view.item.scale.low < 1
        view.fit()
        assert (view.item.scale.low, view.item.scale.high) == (0, 1)

    def turn_wheel(self, turn, modifier):
        place = QPointF(50, 50)
        event = QWheelEvent(
            place, place, QPoint(), QPoint(0, turn), Qt.NoButton, modifier,
            Qt.NoScrollPhase, False,
        )  # fmt: skip
        self.widget.view.wheelEvent(event)

    def test_heights_can_be_logarithmic(self):
        self.send(self.iris)
        self.widget.height_scale = "log"
        self.widget._show_scale()
        item = self.widget.view.item
        for height in (item.max_height, item.max_height / 7):
            assert item.height_at(float(item.x_at(height))) == pytest.approx(height)
        assert len(item.scale.ticks(400)) > 2
        self.widget.grab()

    def test_an_overview_is_shown_for_deep_trees_and_leads_there(self):
        self.send(self.iris)
        self.widget.resize(900, 700)
        self.widget.grab()
        view = self.widget.view
        assert view._minimap.isVisibleTo(view)
        view.scroll_to_part(0.9)
        low, high = view.part_in_sight()
        assert low < 0.9 < high or high == pytest.approx(1)
        view.fit()
        assert not view._minimap.isVisibleTo(view)

    def test_the_whole_tree_is_saved_with_all_images(self):
        data = self.images(30)
        self.send(data)
        self.choose(BY_NUMBER, n_clusters=4)
        assert self.widget.panel.load_pictures()
        assert {location for location, _ in self.widget.panel.pictures} == {
            str(row["image"]) for row in data
        }
        for form in (PngFormat, SvgFormat, PdfFormat):
            path = self.tmp_path / f"tree{form.EXTENSIONS[0]}"
            form.write(str(path), self.widget.scene)
            assert path.stat().st_size > 5000
        assert self.widget.scene.height() > 30 * 36

    def test_a_picture_of_thousands_of_leaves_has_a_size_that_can_be_saved(self):
        self.send(Table.from_numpy(None, np.random.default_rng(0).normal(size=(3000, 5))))
        assert self.widget.scene.height() < 17_000
        PngFormat.write(str(self.tmp_path / "tree.png"), self.widget.scene)

    def test_the_report_has_a_table_of_the_clusters(self):
        self.send(self.images())
        self.choose(BY_NUMBER, n_clusters=2)
        self.widget.send_report()
        html = self.widget.report_html
        for text in ("Majority (category)", "100%", "C2", "Cosine"):
            assert text in html

    def test_pictures_use_the_room_beside_short_labels_and_are_clicked_as_their_row(self):
        self.send(self.images())
        self.widget.resize(1200, 480)
        self.widget.grab()
        item = self.widget.view.item
        assert item.picture_side == 2 * item.row_height
        labels = item.leaves_left + item.pictures_width
        assert 0 < item._width - labels < 160
        for slot in (0, 1, 2, len(item.slots.node) - 1):
            place = picture_rect(
                slot, item.n_columns, item.row_height, item.leaves_left, len(item.slots.node)
            )
            assert item.node_at(place.center()) == item.slots.node[slot]
        self.widget.view.set_collapsed([len(item.labels)])  # three small ones in one row
        assert item.n_columns == 1

    def test_every_control_has_an_accessible_name(self):
        names = ["distance_metric", "linkage", "label_attr", "strip_attrs", "height_scale",
                 "height_percent", "n_clusters"]  # fmt: skip
        for name in names:
            assert getattr(self.widget.controls, name).accessibleName(), name
        view = self.widget.view
        for part in (view, view._axis, view._minimap, self.widget.panel.legend):
            assert part.accessibleName()

    def test_the_menu_and_a_double_click_collapse(self):
        self.send(self.iris)
        view = self.widget.view
        view.toggle_collapsed(290)
        view.toggle_collapsed(3)  # a leaf
        assert view.collapsed == [290]
        assert view.item.node_at(view.item.rect_of(290).center()) == 290
        view.set_collapsed([])
        assert len(view.item.slots.node) == 150
