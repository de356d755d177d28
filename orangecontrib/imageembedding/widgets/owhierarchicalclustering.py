"""Hierarchical Clustering: a tree of images; the branches chosen go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from AnyQt.QtCore import Qt
from AnyQt.QtWidgets import QGraphicsScene
from Orange.data import Table, Variable
from Orange.misc import DistMatrix
from Orange.widgets import gui
from Orange.widgets.settings import ContextSetting, DomainContextHandler, Setting
from Orange.widgets.utils.annotated_data import ANNOTATED_DATA_SIGNAL_NAME
from Orange.widgets.utils.colorpalettes import LimitedDiscretePalette
from Orange.widgets.utils.concurrent import ConcurrentWidgetMixin, TaskState
from Orange.widgets.utils.widgetpreview import WidgetPreview
from Orange.widgets.widget import Input, Msg, Output, OWWidget

from orangecontrib.imageembedding.clusters.plan import EXACT, REDUCED, gigabytes, make_plan
from orangecontrib.imageembedding.errors import Cancelled, ImageEmbeddingError
from orangecontrib.imageembedding.pipeline import (
    BranchKey,
    ChosenBranches,
    choose_branches,
    cluster_distances,
    cluster_table,
)
from orangecontrib.imageembedding.widgets.clusteringcontrols import (
    BY_CLICK,
    BY_HEIGHT,
    BY_NUMBER,
    BY_SILHOUETTE,
    add_appearance_box,
    add_clustering_box,
    add_selection_box,
)
from orangecontrib.imageembedding.widgets.clusteringreport import as_html, cluster_rows
from orangecontrib.imageembedding.widgets.clusteringtasks import (
    NewTree,
    Scores,
    score,
    with_locations,
)
from orangecontrib.imageembedding.widgets.leafcolours import (
    leaf_labels,
    leaf_strip,
    majority,
    purity_variable,
)
from orangecontrib.imageembedding.widgets.parts.dendrogram import DendrogramView
from orangecontrib.imageembedding.widgets.parts.dendrogrampicture import (
    load_pictures,
    picture_scene,
)
from orangecontrib.imageembedding.widgets.parts.heightscale import LINEAR
from orangecontrib.imageembedding.widgets.parts.leafpreview import LeafPreview
from orangecontrib.imageembedding.widgets.parts.strips import Legend
from orangecontrib.imageembedding.widgets.tasks import TaskProgress

N_SIZES_SHOWN = 8
MAX_COLOURS = 64  # more cannot be told apart
MAX_DESCRIBED = 100  # clusters in a report


def cluster_in_background(data: Table, metric: str, linkage: str, options, state: TaskState):
    """Cluster the rows of a table, with progress in the widget."""
    return with_locations(cluster_table(data, metric, linkage, TaskProgress(state), **options))


def link_in_background(distances: DistMatrix, linkage: str, ordered: bool, state: TaskState):
    """Cluster by distances that are given, with progress in the widget."""
    progress = TaskProgress(state)
    return with_locations(cluster_distances(distances, linkage, progress, ordered=ordered))


def score_in_background(clustered, state: TaskState):
    """Look for the best number of clusters, with progress in the widget."""
    return score(clustered, TaskProgress(state))


def choose_in_background(clustered, nodes: Sequence[int], state: TaskState):
    """Make the tables of the selected branches, with progress in the widget."""
    return choose_branches(clustered, nodes, TaskProgress(state))


class OWHierarchicalClustering(OWWidget, ConcurrentWidgetMixin):
    name = "Hierarchical Clustering"
    description = "Group similar images in a tree and select its branches."
    keywords = "cluster, tree, dendrogram, hierarchy, linkage, image"
    icon = "icons/hierarchical-clustering.svg"
    priority = 30

    class Inputs:
        data = Input("Data", Table, default=True)
        distances = Input("Distances", DistMatrix)
        subset = Input("Data Subset", Table)

    class Outputs:
        selected_data = Output("Selected Data", Table, default=True)
        annotated_data = Output(ANNOTATED_DATA_SIGNAL_NAME, Table)
        representatives = Output("Cluster Representatives", Table)

    class Error(OWWidget.Error):
        failed = Msg("{}")

    class Warning(OWWidget.Warning):
        incomplete = Msg("{} rows left out: they have missing numbers.")
        distances_first = Msg("Distances are given: the input Data is not used.")
        other_subset = Msg("No row of Data Subset is in the tree.")

    class Information(OWWidget.Information):
        cancelled = Msg("Cancelled. Change a setting or the data to start again.")
        no_table = Msg("The distances come without a table: there is nothing to send on.")
        prototypes = Msg(
            "{} rows are too many for exact distances ({} of memory). Similar rows are grouped "
            "first: each leaf stands for several."
        )
        reduced = Msg(
            "{} rows are too many for exact distances ({} of memory). The tree is built from "
            "100 principal components."
        )
        all_equal = Msg("All rows are at distance 0 from each other.")

    settings_version = 2
    settingsHandler = DomainContextHandler()

    distance_metric: str = Setting("cosine")  # `metric` is a method of every Qt paint device
    linkage: str = Setting("ward")
    normalise: bool = Setting(False)
    all_numeric: bool = Setting(False)
    order_leaves: bool = Setting(True)
    label_attr: Variable | None = ContextSetting(None)
    strip_attrs: list[Variable] = ContextSetting([])
    height_scale: str = Setting(LINEAR)
    select_by: str = Setting(BY_CLICK)
    height_percent: float = Setting(75.0)
    n_clusters: int = Setting(5)
    auto_commit: bool = Setting(True)
    clicked_nodes: list[int] = Setting([], schema_only=True)
    clicked_keys: list[BranchKey] = Setting([], schema_only=True)
    collapsed_keys: list[BranchKey] = Setting([], schema_only=True)
    rotated_keys: list[BranchKey] = Setting([], schema_only=True)
    kept_view: tuple | None = Setting(None, schema_only=True)

    graph_name = "scene"

    def __init__(self) -> None:
        super().__init__()
        ConcurrentWidgetMixin.__init__(self)
        self.data: Table | None = None
        self.distances: DistMatrix | None = None
        self.subset: Table | None = None
        self.clustered = None
        self.silhouettes: np.ndarray | None = None
        self._locations: Sequence[str] = ()
        self._labels: Sequence[str] = ()
        self._pictures: dict = {}
        self._next = None
        self._source: Table | DistMatrix | None = None
        self._add_controls()
        self.view = DendrogramView()
        self.view.describe = self.describe
        self.view.node_clicked.connect(self._node_clicked)
        self.view.cut_moved.connect(self._cut_moved)
        self.view.cut_released.connect(self._cut_released)
        self.view.rotate_requested.connect(self.rotate)
        self.view.preview_requested.connect(self.show_preview)
        self.preview = LeafPreview(self.view.pixmaps(), self)
        self.legend = Legend()
        self.mainArea.layout().addWidget(self.view)
        self.mainArea.layout().addWidget(self.legend)
        self.settingsAboutToBePacked.connect(self._keep_view)

    def _add_controls(self) -> None:
        add_clustering_box(self, self._start)
        add_appearance_box(self, self._show_labels, self._show_strips, self._show_scale)
        add_selection_box(self, self._select_by)
        gui.rubber(self.controlArea)
        gui.auto_send(self.buttonsArea, self, "auto_commit")
        self.cancel_button = gui.button(
            self.buttonsArea, self, "Cancel", callback=self.cancel_clustering, autoDefault=False
        )
        self.cancel_button.setEnabled(False)

    # Inputs and background work

    @Inputs.data
    def set_data(self, data: Table | None) -> None:
        self.data = data

    @Inputs.distances
    def set_distances(self, distances: DistMatrix | None) -> None:
        self.distances = distances

    @Inputs.subset
    def set_subset(self, subset: Table | None) -> None:
        self.subset = subset

    def handleNewSignals(self) -> None:
        source = self.data if self.distances is None else self.distances
        if source is not self._source or (self.clustered is None and self.task is None):
            self._start()
        elif self.clustered is not None:  # else it is shown when the tree is there
            self._show_subset()
        self.Warning.distances_first(shown=self.distances is not None and self.data is not None)

    def _start(self) -> None:
        self.cancel()
        self.clear_messages()
        self._forget_tree()
        self._source = self.data if self.distances is None else self.distances
        for name in ("distance_metric", "normalise", "all_numeric"):
            getattr(self.controls, name).setEnabled(self.distances is None)
        if self.distances is not None:
            self.start(partial(link_in_background, self.distances, self.linkage, self.order_leaves))
        elif self.data is not None:
            self._foresee_memory()
            usual = {"normalise": False, "all_numeric": False, "ordered": True}
            chosen = (self.normalise, self.all_numeric, self.order_leaves)
            options = {
                name: value
                for (name, default), value in zip(usual.items(), chosen, strict=True)
                if value != default
            }
            self.start(
                partial(
                    cluster_in_background, self.data, self.distance_metric, self.linkage, options
                )
            )
        self.cancel_button.setEnabled(self.task is not None)

    def _foresee_memory(self) -> None:
        n = len(self.data)
        plan = make_plan(n, len(self.data.domain.attributes), self.linkage)
        self.plan_label.setText(f"Memory: {plan.memory}")
        if plan.way != EXACT:
            message = "reduced" if plan.way == REDUCED else "prototypes"
            getattr(self.Information, message)(f"{n:,}", gigabytes(plan.n_exact_bytes))

    def cancel_clustering(self) -> None:
        """Stop computing."""
        self.cancel()
        self.cancel_button.setEnabled(False)
        self.Information.cancelled()

    def _on_task_done(self, future) -> None:
        super()._on_task_done(future)
        self.cancel_button.setEnabled(False)
        follow, self._next = self._next, None  # no task can be started before this one is over
        if follow is not None:
            follow()

    def on_done(self, result: NewTree | Scores | ChosenBranches) -> None:
        if isinstance(result, NewTree):
            self._show_tree(result)
        elif isinstance(result, Scores):
            self.silhouettes = result.scores
            self._show_selection()
            self._next = self.commit.now
        else:
            self._send(result.selected, result.data, result.representatives)

    def on_exception(self, ex: Exception) -> None:
        if isinstance(ex, Cancelled):
            return
        self.Error.failed(ex)
        if not isinstance(ex, ImageEmbeddingError):
            self.setInvalidated(False)  # else all that follows would wait for ever
            raise ex

    def on_partial_result(self, _: object) -> None:
        """Nothing comes in parts."""

    def _forget_tree(self) -> None:
        self._keep_view()
        self.clustered = self.silhouettes = self._next = None
        self._pictures = {}
        self.view.clear()
        self.legend.set_strips(())
        self.plan_label.setText("")
        self.selection_label.setText("")
        self._send(None, None, None)

    # What is shown

    def _show_tree(self, result: NewTree) -> None:
        clustered = self.clustered = result.clustered
        self._locations = result.locations
        self.Warning.incomplete(clustered.n_left_out, shown=clustered.n_left_out > 0)
        self.Information.no_table(shown=clustered.table is None)
        self.Information.all_equal(shown=not clustered.tree.linkage[:, 2].any())
        self._open_context()
        for node in clustered.nodes_of(self.rotated_keys):
            self._turn(node)
        tree = self.clustered.tree
        self._labels = leaf_labels(self.clustered, self.label_attr)
        locations = [self._locations[row] for row in tree.typical_rows]
        self.view.set_tree(tree.outline, self._labels, locations, self._typical)
        self.view.item.counts = tree.sizes_of(np.arange(2 * tree.n_leaves - 1))
        self.view.set_scale(self.height_scale)
        self._show_strips()
        self._show_subset()
        self._restore()
        self._show_selection()
        self._next = self._commit_or_score

    def _open_context(self) -> None:
        domain = self.clustered.table.domain if self.clustered.table is not None else None
        self.closeContext()
        self.label_model.set_domain(domain)
        self.strip_model.set_domain(domain)
        self.label_attr = next((v for v in self.label_model if isinstance(v, Variable)), None)
        self.strip_attrs = []
        if domain is not None:
            if domain.class_var in list(self.strip_model):
                self.strip_attrs = [domain.class_var]
            self.openContext(domain)

    def _typical(self, node: int, n_wanted: int) -> list[int]:
        return self.clustered.typical_of(node, n_wanted).tolist()

    def _restore(self) -> None:
        """Bring back the selection and the view, as far as there are the same rows."""
        nodes = self.clustered.nodes_of(self.clicked_keys)
        if not self.clicked_keys:  # a workflow of the first version knows only their numbers
            nodes = self.clicked_nodes
            if any(node >= 2 * self.clustered.tree.n_leaves - 1 for node in nodes):
                nodes = []
        self._set_clicked(nodes)
        self.view.set_collapsed(self.clustered.nodes_of(self.collapsed_keys))
        if self.kept_view is not None:
            row, key, low, high = self.kept_view
            if key in self.clustered.keys:
                leaf = self.clustered.tree.leaf_of_row[self.clustered.keys.index(key)]
                self.view.restore(row, int(leaf), low, high)

    def _keep_view(self) -> None:
        if self.clustered is not None:
            key_of = self.clustered.key_of
            self.collapsed_keys = [key_of(node) for node in self.view.collapsed]
            row, leaf, low, high = self.view.state()
            self.kept_view = (row, key_of(leaf)[0], low, high)

    def _show_labels(self) -> None:
        if self.clustered is not None:
            self._labels = leaf_labels(self.clustered, self.label_attr)
            self.view.set_labels(self._labels)

    def _show_strips(self) -> None:
        if self.view.item is not None:
            chosen = self.strip_attrs if self.clustered.table is not None else []
            strips = [leaf_strip(self.clustered, variable) for variable in chosen]
            self.view.set_strips(strips)
            self.legend.set_strips(strips)

    def _show_scale(self) -> None:
        if self.clustered is not None:
            self.view.set_scale(self.height_scale)

    def _show_subset(self) -> None:
        marked = None
        if self.subset is not None and self.clustered.table is not None:
            ids = self.clustered.table.ids[self.clustered.rows]
            in_subset = np.isin(ids, self.subset.ids)
            marked = np.bincount(self.clustered.tree.leaf_of_row, in_subset) > 0
        self.Warning.other_subset(
            shown=self.subset is not None and (marked is None or not marked.any())
        )
        if self.view.item is not None:
            self.view.item.marked = marked
            self.view.item.update()

    def describe(self, node: int) -> str:
        """Say what a branch is: height, size, purity."""
        tree = self.clustered.tree
        size = int(tree.sizes_of([node])[0])
        lines = [
            f"Height {tree.outline.height[node]:.4g}, {size:,} {'row' if size == 1 else 'rows'}"
        ]
        if node < tree.n_leaves:
            lines.insert(0, self._labels[node])
        variable = purity_variable(self.clustered.table, self.strip_attrs)
        value, purity = majority(self.clustered, node, variable)
        if value:
            lines.append(f"Purity by {variable.name}: {purity:.0%} {value}")
        return "\n".join(lines)

    def rotate(self, node: int) -> None:
        """Swap the two branches of a node."""
        if node >= self.clustered.tree.n_leaves:
            self._turn(node)
            key = self.clustered.key_of(node)
            old = [other for other in self.rotated_keys
                   if self.clustered.nodes_of([other]) != [node]]  # fmt: skip
            is_back = len(old) < len(self.rotated_keys)
            self.rotated_keys = old if is_back else [*old, key]
            self.view.set_shape(self.clustered.tree.outline)
            self._selection_changed()

    def _turn(self, node: int) -> None:
        self.clustered = replace(self.clustered, tree=self.clustered.tree.rotated(node))

    def show_preview(self, leaf: int) -> None:
        """Show the image of a leaf large."""
        location = self.view.item.locations[leaf]
        if location:
            self.preview.show_image(location, self._labels[leaf])

    # Selection

    def _select_by(self, mode: str) -> None:
        self.select_by = mode
        self.select_buttons[mode].setChecked(True)
        self._selection_changed()

    def _node_clicked(self, node: int | None, modifiers) -> None:
        if node is None:
            self.select_branches([])
            return
        adds = modifiers & (Qt.ControlModifier | Qt.ShiftModifier)
        chosen = self.clicked_nodes if adds and self.select_by == BY_CLICK else []
        tree = self.clustered.tree
        if modifiers & Qt.ShiftModifier and chosen:
            new = tree.between(chosen[-1], node)
        else:
            overlapping = [other for other in chosen if tree.overlap(node, other)]
            new = [] if node in overlapping else [node]
        taken = [*new, node]
        kept = [old for old in chosen if not any(tree.overlap(old, other) for other in taken)]
        self.select_branches([*kept, *new])

    def select_branches(self, nodes: list[int]) -> None:
        """Select the branches under some nodes, as clicks on them do."""
        self._set_clicked(nodes)
        self._select_by(BY_CLICK)

    def _set_clicked(self, nodes: Sequence[int]) -> None:
        self.clicked_nodes = list(nodes)
        self.clicked_keys = [self.clustered.key_of(node) for node in nodes]

    def _cut_moved(self, height: float) -> None:
        self.height_percent = round(100 * height / self.view.item.max_height, 2)
        self.select_by = BY_HEIGHT
        self.select_buttons[BY_HEIGHT].setChecked(True)
        self._show_selection()

    def _cut_released(self) -> None:
        self._select_by(BY_HEIGHT)

    @property
    def cut_height(self) -> float:
        """Get the height of the cut by a part of the tree's height."""
        return self.height_percent / 100 * float(self.clustered.tree.top_heights[-1])

    def number_of_clusters(self) -> int | None:
        """Get how many clusters are asked for, by number or silhouette; None if not so."""
        n_leaves = self.clustered.tree.n_leaves
        if self.select_by == BY_NUMBER:
            return min(self.n_clusters, n_leaves)
        if self.select_by == BY_SILHOUETTE and self.silhouettes is not None:
            return int(np.argmax(self.silhouettes)) + 2 if len(self.silhouettes) else n_leaves
        return None

    def selected_nodes(self) -> list[int]:
        """Get the nodes on top of the selected branches, in the order C1, C2 and so on."""
        tree = self.clustered.tree
        n_clusters = self.number_of_clusters()
        if n_clusters is not None:
            return tree.branches(n_clusters).tolist()
        if self.select_by == BY_HEIGHT:
            return tree.branches(height=self.cut_height).tolist()
        return tree.in_leaf_order(self.clicked_nodes) if self.select_by == BY_CLICK else []

    def _selection_changed(self) -> None:
        if self.clustered is not None:
            self._show_selection()
            self._commit_or_score(self.commit.deferred)

    def _commit_or_score(self, commit=None) -> None:
        if self.select_by == BY_SILHOUETTE and self.silhouettes is None:
            self.start(partial(score_in_background, self.clustered))
            self.cancel_button.setEnabled(True)
        else:
            (commit or self.commit.now)()

    def _show_selection(self) -> None:
        nodes = self.selected_nodes()
        n_colours = min(max(len(nodes), 1), MAX_COLOURS)
        self.view.set_branches(nodes, list(LimitedDiscretePalette(n_colours)))
        self.view.set_cut(self._shown_cut())
        sizes = sorted((int(n) for n in self.clustered.tree.sizes_of(nodes)), reverse=True)
        shown = ", ".join(map(str, sizes[:N_SIZES_SHOWN]))
        shown += ", …" if len(sizes) > N_SIZES_SHOWN else ""
        clusters = "1 branch" if len(nodes) == 1 else f"{len(nodes)} branches"
        text = f"{clusters}: {shown} rows" if nodes else "Nothing selected"
        if self.select_by == BY_SILHOUETTE and self.silhouettes is not None:
            text += f"\nMean silhouette {self.silhouettes.max(initial=0):.3f}"
        self.selection_label.setText(text)

    def _shown_cut(self) -> float | None:
        if self.select_by == BY_HEIGHT:
            return self.cut_height
        n_clusters = self.number_of_clusters()
        if n_clusters is None:
            return None
        heights = np.concatenate([[0.0], self.clustered.tree.top_heights])
        place = len(heights) - n_clusters
        above = heights[min(place + 1, len(heights) - 1)]
        return float((heights[place] + above) / 2)

    @gui.deferred
    def commit(self) -> None:
        if self.clustered is None or self.clustered.table is None:
            self._send(None, None, None)
        else:
            self.start(partial(choose_in_background, self.clustered, self.selected_nodes()))

    def _send(self, selected, data, representatives) -> None:
        self.Outputs.selected_data.send(selected)
        self.Outputs.annotated_data.send(data)
        self.Outputs.representatives.send(representatives)

    # Pictures and report

    @property
    def scene(self) -> QGraphicsScene:
        """Get the whole tree as a picture."""
        if self.view.item is None:
            return QGraphicsScene(self)
        self._scene = picture_scene(self.view.item, self._picture_of)
        return self._scene

    def _picture_of(self, location: str, side_px: int):
        found = self._pictures.get((location, side_px))
        return found if found is not None else self.view.pixmaps().pixmap(location, side_px)

    def _load_pictures(self) -> bool:
        """Decode all images that a picture of the tree shows; tell whether to go on."""
        if self.view.item is None:
            return True
        loaded = load_pictures(self.view.item, self.view.pixmaps(), self)
        self._pictures = loaded or {}
        return loaded is not None

    def save_graph(self) -> None:
        """Save the whole tree with all its images."""
        if self._load_pictures():
            super().save_graph()

    def copy_to_clipboard(self) -> None:
        """Copy the whole tree with all its images."""
        if self._load_pictures():
            super().copy_to_clipboard()

    def send_report(self) -> None:
        distance = "given" if self.distances is not None else self.distance_metric
        self.report_items(
            (
                ("Distance", distance),
                ("Linkage", self.linkage),
                ("Normalised", "yes" if self.normalise else "no"),
                ("Selection", self.selection_label.text()),
            )
        )
        if self.clustered is None or not self._load_pictures():
            return
        nodes = self.selected_nodes()[:MAX_DESCRIBED]
        if nodes:
            variable = purity_variable(self.clustered.table, self.strip_attrs)
            lines = cluster_rows(self.clustered, nodes, self._labels, variable)
            self.report_raw("Clusters", as_html(lines))
        self.report_plot(self.scene)

    def onDeleteWidget(self) -> None:
        self.shutdown()
        self.view.close_threads()
        super().onDeleteWidget()


if __name__ == "__main__":  # pragma: no cover
    WidgetPreview(OWHierarchicalClustering).run(Table("iris"))
