"""Hierarchical Clustering: a tree of images; the branches chosen go on."""

from __future__ import annotations

from functools import partial

from AnyQt.QtCore import Qt
from AnyQt.QtWidgets import QButtonGroup, QRadioButton
from Orange.data import DiscreteVariable, StringVariable, Table, Variable
from Orange.misc import DistMatrix
from Orange.widgets import gui
from Orange.widgets.settings import ContextSetting, DomainContextHandler, Setting
from Orange.widgets.utils.annotated_data import ANNOTATED_DATA_SIGNAL_NAME, create_annotated_table
from Orange.widgets.utils.colorpalettes import LimitedDiscretePalette
from Orange.widgets.utils.concurrent import ConcurrentWidgetMixin, TaskState
from Orange.widgets.utils.itemmodels import DomainModel, PyListModel
from Orange.widgets.utils.widgetpreview import WidgetPreview
from Orange.widgets.widget import Input, Msg, Output, OWWidget

from orangecontrib.imageembedding.clusters.distances import METRICS
from orangecontrib.imageembedding.clusters.link import LINKAGES
from orangecontrib.imageembedding.errors import Cancelled, ImageEmbeddingError
from orangecontrib.imageembedding.pipeline import ClusteredRows, cluster_distances, cluster_table
from orangecontrib.imageembedding.tables.choose import with_clusters
from orangecontrib.imageembedding.tables.locate import default_image_locations
from orangecontrib.imageembedding.widgets.parts.dendrogram import DendrogramView
from orangecontrib.imageembedding.widgets.tasks import TaskProgress

BY_CLICK, BY_HEIGHT, BY_NUMBER = "click", "height", "number"


def cluster_in_background(data: Table, metric: str, linkage: str, state: TaskState):
    """Cluster the rows of a table, with progress in the widget."""
    return cluster_table(data, metric, linkage, TaskProgress(state))


def link_in_background(distances: DistMatrix, linkage: str, state: TaskState):
    """Cluster by distances that are given, with progress in the widget."""
    return cluster_distances(distances, linkage, TaskProgress(state))


class OWHierarchicalClustering(OWWidget, ConcurrentWidgetMixin):
    name = "Hierarchical Clustering"
    description = "Group similar images in a tree and select its branches."
    keywords = "cluster, tree, dendrogram, hierarchy, linkage, image"
    icon = "icons/hierarchical-clustering.svg"
    priority = 30

    class Inputs:
        data = Input("Data", Table, default=True)
        distances = Input("Distances", DistMatrix)

    class Outputs:
        selected_data = Output("Selected Data", Table, default=True)
        annotated_data = Output(ANNOTATED_DATA_SIGNAL_NAME, Table)

    class Error(OWWidget.Error):
        failed = Msg("{}")

    class Warning(OWWidget.Warning):
        incomplete = Msg("{} rows left out: they have missing numbers.")
        distances_first = Msg("Distances are given: the input Data is not used.")

    class Information(OWWidget.Information):
        cancelled = Msg("Cancelled. Change a setting or the data to start again.")
        no_table = Msg("The distances come without a table: there is nothing to send on.")

    settings_version = 1
    settingsHandler = DomainContextHandler()

    distance_metric: str = Setting("cosine")  # `metric` is a method of every Qt paint device
    linkage: str = Setting("average")
    label_attr: Variable | None = ContextSetting(None)
    select_by: str = Setting(BY_CLICK)
    height_percent: float = Setting(75.0)
    n_clusters: int = Setting(5)
    auto_commit: bool = Setting(True)
    clicked_nodes: list[int] = Setting([], schema_only=True)

    graph_name = "scene"

    def __init__(self) -> None:
        super().__init__()
        ConcurrentWidgetMixin.__init__(self)
        self.data: Table | None = None
        self.distances: DistMatrix | None = None
        self.clustered: ClusteredRows | None = None
        self._add_controls()
        self.view = DendrogramView()
        self.view.node_clicked.connect(self._node_clicked)
        self.scene = self.view.scene()
        self.mainArea.layout().addWidget(self.view)

    def _add_controls(self) -> None:
        box = gui.vBox(self.controlArea, "Clustering")
        for name, values, label in (
            ("distance_metric", METRICS, "Distance:"),
            ("linkage", LINKAGES, "Linkage:"),
        ):
            gui.comboBox(
                box, self, name, label=label, orientation=Qt.Horizontal,
                model=PyListModel(values), callback=self._start,
            )  # fmt: skip
            getattr(self.controls, name).setAccessibleName(label)
        self.label_model = DomainModel(
            (DomainModel.METAS, DomainModel.CLASSES, DomainModel.ATTRIBUTES),
            valid_types=(StringVariable, DiscreteVariable),
            placeholder="(row number)",
        )
        box = gui.vBox(self.controlArea, "Labels")
        gui.comboBox(
            box, self, "label_attr", model=self.label_model, searchable=True,
            callback=self._show_labels,
        )  # fmt: skip
        self.controls.label_attr.setAccessibleName("Labels")

        box = gui.vBox(self.controlArea, "Selection")
        group = QButtonGroup(self)
        self.select_buttons: dict[str, QRadioButton] = {}
        for mode, label, setting, kind, low, high in (
            (BY_CLICK, "Click on branches", None, int, 0, 0),
            (BY_HEIGHT, "Cut at height (%):", "height_percent", float, 0, 100),
            (BY_NUMBER, "Number of clusters:", "n_clusters", int, 1, 1000),
        ):
            row = gui.hBox(box)
            button = QRadioButton(label, checked=self.select_by == mode)
            button.clicked.connect(partial(self._select_by, mode))
            row.layout().addWidget(button)
            group.addButton(button)
            self.select_buttons[mode] = button
            if setting is not None:
                spin = gui.spin(
                    row, self, setting, low, high, step=1, spinType=kind, controlWidth=80,
                    alignment=Qt.AlignRight, callback=partial(self._select_by, mode),
                )  # fmt: skip
                spin.setAccessibleName(label)
        self.selection_label = gui.widgetLabel(box, "")
        gui.rubber(self.controlArea)
        gui.auto_send(self.buttonsArea, self, "auto_commit")
        self.cancel_button = gui.button(
            self.buttonsArea, self, "Cancel", callback=self.cancel_clustering, autoDefault=False
        )
        self.cancel_button.setEnabled(False)

    @Inputs.data
    def set_data(self, data: Table | None) -> None:
        self.data = data

    @Inputs.distances
    def set_distances(self, distances: DistMatrix | None) -> None:
        self.distances = distances

    def handleNewSignals(self) -> None:
        self._start()

    def _start(self) -> None:
        self.cancel()
        self.clear_messages()
        self._forget_tree()
        self.controls.distance_metric.setEnabled(self.distances is None)
        if self.distances is not None:
            if self.data is not None:
                self.Warning.distances_first()
            self.start(partial(link_in_background, self.distances, self.linkage))
        elif self.data is not None:
            self.start(
                partial(cluster_in_background, self.data, self.distance_metric, self.linkage)
            )
        self.cancel_button.setEnabled(self.task is not None)

    def cancel_clustering(self) -> None:
        """Stop computing."""
        self.cancel()
        self.cancel_button.setEnabled(False)
        self.Information.cancelled()

    def on_done(self, result: ClusteredRows) -> None:
        self.cancel_button.setEnabled(False)
        self.clustered = result
        if result.n_left_out:
            self.Warning.incomplete(result.n_left_out)
        if result.table is None:
            self.Information.no_table()
        domain = result.table.domain if result.table is not None else None
        self.closeContext()
        self.label_model.set_domain(domain)
        self.label_attr = next((v for v in self.label_model if isinstance(v, Variable)), None)
        if domain is not None:
            self.openContext(domain)
        self.view.set_tree(result.tree.outline, self._labels(), self._locations())
        n_nodes = 2 * result.tree.n_leaves - 1
        if any(node >= n_nodes for node in self.clicked_nodes):
            self.clicked_nodes = []
        self._show_selection()
        self.commit.now()

    def on_exception(self, ex: Exception) -> None:
        if isinstance(ex, Cancelled):
            return
        self.cancel_button.setEnabled(False)
        self.Error.failed(ex)
        if not isinstance(ex, ImageEmbeddingError):
            self.setInvalidated(False)  # else all that follows would wait for ever
            raise ex

    def on_partial_result(self, _: object) -> None:
        """Nothing comes in parts."""

    def _forget_tree(self) -> None:
        if self.clustered is not None:  # else they are those of the workflow: the tree comes yet
            self.clicked_nodes = []
        self.clustered = None
        self.view.clear()
        self.selection_label.setText("")
        self.commit.now()

    # What is shown

    def _labels(self) -> list[str]:
        result = self.clustered
        if result.table is None or self.label_attr is None:
            return [result.name_of(leaf) for leaf in range(result.tree.n_leaves)]
        values = result.table.get_column(self.label_attr)[result.rows]
        return [self.label_attr.str_val(value) for value in values]

    def _locations(self) -> list[str]:
        result = self.clustered
        if result.table is None:
            return [""] * result.tree.n_leaves
        locations = default_image_locations(result.table)
        return [locations[row] for row in result.rows]

    def _show_labels(self) -> None:
        if self.clustered is not None:
            self.view.set_labels(self._labels())

    # Selection

    def _select_by(self, mode: str) -> None:
        self.select_by = mode
        self.select_buttons[mode].setChecked(True)
        self._selection_changed()

    def _node_clicked(self, node: int | None, with_ctrl: bool) -> None:
        tree = self.clustered.tree
        chosen = self.clicked_nodes if with_ctrl and self.select_by == BY_CLICK else []
        if node is not None:
            overlapping = [other for other in chosen if tree.overlap(node, other)]
            chosen = [other for other in chosen if other not in overlapping]
            if node not in overlapping:
                chosen = [*chosen, node]
        self.select_branches(chosen)

    def select_branches(self, nodes: list[int]) -> None:
        """Select the branches under some nodes, as clicks on them do."""
        self.clicked_nodes = nodes
        self._select_by(BY_CLICK)

    def selected_nodes(self) -> list[int]:
        """Get the nodes on top of the selected branches, in the order C1, C2 and so on."""
        tree = self.clustered.tree
        if self.select_by == BY_NUMBER:
            return tree.branches(min(self.n_clusters, tree.n_leaves)).tolist()
        if self.select_by == BY_HEIGHT:
            height = self.height_percent / 100 * tree.linkage[-1, 2]
            return tree.branches(int(tree.cut(height=height).max())).tolist()
        return tree.in_leaf_order(self.clicked_nodes)

    def _selection_changed(self) -> None:
        if self.clustered is not None:
            self._show_selection()
            self.commit.deferred()

    def _show_selection(self) -> None:
        nodes = self.selected_nodes()
        colours = LimitedDiscretePalette(max(len(nodes), 1))
        self.view.item.set_branches([(node, colours[i]) for i, node in enumerate(nodes)])
        sizes = sorted((int(n) for n in self.clustered.tree.sizes_of(nodes)), reverse=True)
        shown = ", ".join(map(str, sizes[:8])) + (", …" if len(sizes) > 8 else "")  # noqa: PLR2004
        clusters = "1 branch" if len(nodes) == 1 else f"{len(nodes)} branches"
        self.selection_label.setText(f"{clusters}: {shown} rows" if nodes else "Nothing selected")

    @gui.deferred
    def commit(self) -> None:
        result = self.clustered
        if result is None or result.table is None:
            self.Outputs.selected_data.send(None)
            self.Outputs.annotated_data.send(None)
            return
        labels = result.tree.labels_of(self.selected_nodes())
        data = with_clusters(result.table, labels, result.rows)
        selected = result.rows[labels > 0]
        only_chosen = with_clusters(result.table[selected], labels[labels > 0])
        self.Outputs.selected_data.send(only_chosen if len(selected) else None)
        self.Outputs.annotated_data.send(create_annotated_table(data, selected))

    def onDeleteWidget(self) -> None:
        self.shutdown()
        self.view.close_threads()
        super().onDeleteWidget()

    def send_report(self) -> None:
        distance = "given" if self.distances is not None else self.distance_metric
        self.report_items(
            (
                ("Distance", distance),
                ("Linkage", self.linkage),
                ("Selection", self.selection_label.text()),
            )
        )
        if self.clustered is not None:
            self.report_plot()


if __name__ == "__main__":  # pragma: no cover
    WidgetPreview(OWHierarchicalClustering).run(Table("iris"))
