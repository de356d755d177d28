"""The list of clusters beside the tree of Hierarchical Clustering."""

import numpy as np
import pytest
from AnyQt.QtCore import QItemSelectionModel, Qt
from AnyQt.QtGui import QKeySequence
from AnyQt.QtTest import QTest
from AnyQt.QtWidgets import QApplication
from Orange.data import ContinuousVariable, DiscreteVariable, Domain, StringVariable, Table
from orangewidget.tests.base import WidgetTest
from pictures import write_images

from orangecontrib.imageembedding.widgets.clustering.clustermodel import (
    CLUSTER,
    COLUMNS,
    MAJORITY,
    PURITY,
    SIZE,
    TYPICAL,
)
from orangecontrib.imageembedding.widgets.clustering.controls import BY_CLICK, BY_NUMBER
from orangecontrib.imageembedding.widgets.owhierarchicalclustering import OWHierarchicalClustering

KINDS = "aaaabbbbbbccc"
PLACES = [0, 1, 2, 50, *range(100, 106), 300, 301, 302]


class TestClusterList(WidgetTest):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path):
        self.folder = tmp_path

    def setUp(self):
        self.widget = self.create_widget(OWHierarchicalClustering)
        self.widget.distance_metric = "euclidean"
        self.list = self.widget.panel.list

    def tearDown(self):
        self.widget.panel.close_threads()
        super().tearDown()

    def table(self):
        names = [f"{k}{i}" for i, k in enumerate(KINDS)]
        write_images(self.folder, [f"{name}.png" for name in names])
        kind = DiscreteVariable("kind", ("a", "b", "c", "never"))
        name, image = StringVariable("name"), StringVariable("image")
        image.attributes["type"] = "image"
        metas = np.array([[name, str(self.folder / f"{name}.png")] for name in names], object)
        places = np.array(PLACES, float)[:, None]
        classes = np.array(["abc".index(k) for k in KINDS], float)
        classes[9] = 0  # one b is an a
        domain = Domain([ContinuousVariable("x")], kind, [name, image])
        return Table.from_numpy(domain, places, classes, metas)

    def shown(self, n_clusters=3):
        self.send_signal("Data", self.table())
        self.wait_until_finished()
        self.widget.label_attr = self.widget.clustered.table.domain["name"]
        self.widget._show_label()
        self.widget.n_clusters = n_clusters
        self.widget.select_buttons[BY_NUMBER].click()
        self.wait_until_finished()
        self.process_events(lambda: not self.list._missing())
        self.process_events(lambda: all(self.column(TYPICAL)))

    def column(self, column):
        model = self.list.model()
        return [model.index(row, column).data() for row in range(model.rowCount())]

    def test_each_cluster_has_size_majority_purity_and_what_is_most_typical(self):
        self.shown()
        lines = sorted(zip(*map(self.column, range(1, len(COLUMNS))), strict=True))
        assert lines == [
            ("a1", "4", "a", "100%"),
            ("b6", "6", "b", "83%"),
            ("c11", "3", "c", "100%"),
        ]
        assert sorted(self.column(CLUSTER)) == ["C1", "C2", "C3"]

    def test_what_is_most_typical_is_what_goes_out_as_representative(self):
        self.shown()
        sent = self.get_output("Cluster Representatives")
        assert sorted(self.column(TYPICAL)) == sorted(map(str, sent.get_column("name")))

    def test_a_click_selects_the_cluster_among_those_of_a_cut_and_shows_it(self):
        self.shown()
        row = self.column(SIZE).index("6")
        index = self.list.model().index(row, SIZE)
        rect = self.list.visualRect(index.siblingAtColumn(CLUSTER))  # always in sight
        QTest.mouseClick(self.list.viewport(), Qt.LeftButton, Qt.NoModifier, rect.center())
        self.wait_until_finished()
        assert len(self.get_output("Selected Data")) == 6
        assert self.widget.view.item.focus_node == self.list.node_at(index)
        assert {index.row() for index in self.list.selectedIndexes()} == {row}

    def test_a_click_leaves_clusters_that_were_clicked_as_they_are(self):
        self.shown()
        nodes = [cluster.node for cluster in self.list.clusters.clusters]
        self.widget.select_branches(nodes[:2])
        self.widget._cluster_clicked(nodes[1], Qt.NoModifier)
        assert self.widget.select_by == BY_CLICK
        assert self.widget.clicked_nodes == nodes[:2]

    def test_numbers_are_sorted_as_numbers(self):
        self.shown()
        for column, values in ((SIZE, ["3", "4", "6"]), (PURITY, ["83%", "100%", "100%"])):
            self.list.sortByColumn(column, Qt.AscendingOrder)
            assert self.column(column) == values
        self.list.sortByColumn(SIZE, Qt.DescendingOrder)
        assert self.column(SIZE) == ["6", "4", "3"]

    def test_what_is_copied_is_what_is_seen(self):
        self.shown()
        self.list.sortByColumn(SIZE, Qt.AscendingOrder)
        QTest.keySequence(self.list, QKeySequence(QKeySequence.Copy))
        lines = [line.split("\t") for line in QApplication.clipboard().text().splitlines()]
        assert lines[0] == list(COLUMNS)
        assert [line[SIZE] for line in lines[1:]] == ["3", "4", "6"]
        rows = QItemSelectionModel.ClearAndSelect | QItemSelectionModel.Rows
        self.list.selectionModel().select(self.list.model().index(1, 0), rows)
        self.list.copy()
        (_, line) = QApplication.clipboard().text().splitlines()
        assert line.split("\t")[1:] == ["a1", "4", "a", "100%"]

    def test_a_name_that_is_typed_in_the_list_is_that_of_the_cluster(self):
        self.shown()
        self.list.model().setData(self.list.model().index(1, CLUSTER), "spotted dogs")
        self.wait_until_finished()
        assert "spotted dogs" in self.widget.view.item.names
        assert "spotted dogs" in self.get_output("Selected Data").domain["Cluster"].values
        assert "spotted dogs" in self.column(CLUSTER)

    def test_without_classes_there_are_no_columns_for_them(self):
        self.shown()
        assert not self.list.isColumnHidden(MAJORITY)
        data = self.table()
        self.send_signal("Data", data.transform(Domain(data.domain.attributes)))
        self.wait_until_finished()
        assert self.list.isColumnHidden(MAJORITY)
        assert self.list.isColumnHidden(PURITY)
        assert self.list.model().rowCount() == 3

    def test_another_tree_has_other_clusters_and_none_has_none(self):
        self.shown()
        self.send_signal("Data", self.table()[:5])
        self.wait_until_finished()
        assert sum(map(int, self.column(SIZE))) == 5
        self.send_signal("Data", None)
        assert self.list.model().rowCount() == 0

    def test_the_report_has_the_list_with_images(self):
        self.shown()
        self.widget.send_report()
        html = self.widget.report_html
        for text in ("Majority (kind)", "83%", "Most typical", "c11", "data:image/png;base64"):
            assert text in html
