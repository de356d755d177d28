"""Hierarchical Clustering: a tree of images; sends the selected branches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

import numpy as np
from AnyQt.QtCore import Qt, QTimer
from AnyQt.QtWidgets import QGraphicsScene
from Orange.data import Table, Variable
from Orange.misc import DistMatrix
from Orange.widgets import gui
from Orange.widgets.settings import ContextSetting, DomainContextHandler, Setting
from Orange.widgets.utils.annotated_data import ANNOTATED_DATA_SIGNAL_NAME
from Orange.widgets.utils.widgetpreview import WidgetPreview
from Orange.widgets.widget import Input, Msg, Output

from orangecontrib.imageembedding.clusters.choice import after_click
from orangecontrib.imageembedding.clusters.link import default_metric
from orangecontrib.imageembedding.clusters.plan import EXACT, REDUCED, gigabytes, make_plan
from orangecontrib.imageembedding.pipeline import BranchKey, ClusteredRows, SelectedBranches
from orangecontrib.imageembedding.widgets.clustering.branchselection import BranchSelection
from orangecontrib.imageembedding.widgets.clustering.clusternames import (
    NamedBranch,
    names_of,
    renamed,
)
from orangecontrib.imageembedding.widgets.clustering.controls import (
    BY_CLICK,
    BY_HEIGHT,
    BY_SCORE,
    add_appearance_box,
    add_clustering_box,
    add_selection_box,
    title_of,
)
from orangecontrib.imageembedding.widgets.clustering.report import html_of_clusters
from orangecontrib.imageembedding.widgets.clustering.tasks import (
    NewTree,
    Scores,
    cluster_in_background,
    find_in_background,
    link_in_background,
    score_in_background,
    select_in_background,
)
from orangecontrib.imageembedding.widgets.clustering.tips import TIPS
from orangecontrib.imageembedding.widgets.clustering.treepanel import (
    HINT,
    LIST_PERCENT,
    KeptView,
    TreePanel,
)
from orangecontrib.imageembedding.widgets.shared.goon import GoOn
from orangecontrib.imageembedding.widgets.shared.imagewidget import NOT_FOUND, ImageWidget
from orangecontrib.imageembedding.widgets.shared.taskwidget import TaskWidget
from orangecontrib.imageembedding.widgets.shared.tips import explain
from orangecontrib.imageembedding.widgets.shared.undo import Undo
from orangecontrib.imageembedding.widgets.tree.heightscale import LINEAR

MAX_DESCRIBED = 100  # clusters in a report
PAINT_MS = 10  # after which a new tree is painted


class OWHierarchicalClustering(ImageWidget, TaskWidget):
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

    class Error(ImageWidget.Error):
        failed = Msg("{}")

    class Warning(ImageWidget.Warning):
        incomplete = Msg("{} rows skipped: they have missing numbers.")
        distances_first = Msg("Precomputed distances are used: the input Data is ignored.")
        other_subset = Msg("No row of Data Subset is in the tree.")
        not_found = Msg(NOT_FOUND)

    class Information(ImageWidget.Information):
        cancelled = Msg("Cancelled. Press Send to continue.")
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
    image_attr: Variable | None = ContextSetting(None)
    images_folder: str = Setting("", schema_only=True)
    label_attr: Variable | None = ContextSetting(None)
    strip_attrs: list[Variable] = ContextSetting([])
    height_scale: str = Setting(LINEAR)
    select_by: str = Setting(BY_CLICK)
    height_percent: float = Setting(75.0)
    n_clusters: int = Setting(5)
    auto_commit: bool = Setting(True)
    list_percent: int = Setting(LIST_PERCENT)
    clicked_nodes: list[int] = Setting([], schema_only=True)
    clicked_keys: list[BranchKey] = Setting([], schema_only=True)
    picked_keys: list[BranchKey] = Setting([], schema_only=True)
    cluster_names: list[NamedBranch] = Setting([], schema_only=True)
    collapsed_keys: list[BranchKey] = Setting([], schema_only=True)
    rotated_keys: list[BranchKey] = Setting([], schema_only=True)
    kept_view: KeptView | None = Setting(None, schema_only=True)

    graph_name = "scene"

    def __init__(self) -> None:
        super().__init__()
        TaskWidget.__init__(self)
        self.data: Table | None = None
        self.distances: DistMatrix | None = None
        self.subset: Table | None = None
        self.scores: dict[str, np.ndarray] = {}
        self._next: Callable[[], object] | None = None
        self._rows_as_given: ClusteredRows | None = None
        self._source: Table | DistMatrix | None = None
        self.undo = Undo(self)
        self._last_selection: tuple[object, ...] = ()
        self._add_controls()
        self.panel = TreePanel()
        self.view = self.panel.view
        self.view.node_clicked.connect(self._node_clicked)
        self.view.cut_moved.connect(self._cut_moved)
        self.view.cut_released.connect(partial(self._select_by, BY_HEIGHT))
        self.view.rotate_requested.connect(self.rotate)
        self.view.renamed.connect(self.rename)
        self.view.collapse_changed.connect(
            lambda old: self.undo.add(partial(self.view.set_collapsed, old))
        )
        self.panel.list.chosen.connect(self._cluster_clicked)
        self.panel.list.clusters.renamed.connect(self.rename)
        self.panel.splitter.setSizes([10 * (100 - self.list_percent), 10 * self.list_percent])
        self.panel.splitter.splitterMoved.connect(self._keep_list_part)
        self.mainArea.layout().addWidget(self.panel)
        self._paint_later = QTimer(self, singleShot=True, interval=PAINT_MS)
        self._paint_later.timeout.connect(partial(self.panel.setUpdatesEnabled, True))
        self.settingsAboutToBePacked.connect(self._keep_view)
        explain(self, TIPS)

    @property
    def clustered(self) -> ClusteredRows | None:
        """Get the rows and their tree; None while there is no tree."""
        return self.panel.clustered

    def _add_controls(self) -> None:
        self._linkage_before = self.linkage
        add_clustering_box(self, self._start, self._linkage_changed)
        add_appearance_box(
            self, self._find_images, self._show_label, self._show_strips, self._show_scale
        )
        add_selection_box(self, self._select_by)
        gui.rubber(self.controlArea)
        box = gui.auto_send(self.buttonsArea, self, "auto_commit")
        self.go_on = GoOn(self.commit, box, "Send")
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
        self.go_on.withdraw()
        self.clear_messages()
        self._forget_tree()
        self._source = self.data if self.distances is None else self.distances
        self.view.hint = HINT if self._source is None else ""
        for name in ("distance_metric", "normalise", "all_numeric"):
            getattr(self.controls, name).setEnabled(self.distances is None)
        if self.distances is not None:
            args = self.distances, self.linkage, self.order_leaves, self.images_folder
            self.start(partial(link_in_background, *args))
        elif self.data is not None:
            self._foresee_memory(self.data)
            options = {
                "normalise": self.normalise,
                "all_numeric": self.all_numeric,
                "ordered": self.order_leaves,
            }
            self.start(
                partial(
                    cluster_in_background, self.data, self.distance_metric, self.linkage, options,
                    self.images_folder,
                )
            )  # fmt: skip
        self.cancel_button.setEnabled(self.task is not None)

    def _linkage_changed(self) -> None:
        """Let a distance that is the default follow to the new linkage's default."""
        if self.distance_metric == default_metric(self._linkage_before):
            self.distance_metric = default_metric(self.linkage)
        self._linkage_before = self.linkage
        self._start()

    def _foresee_memory(self, data: Table) -> None:
        n = len(data)
        plan = make_plan(n, len(data.domain.attributes), self.linkage)
        self.plan_label.setText(f"Memory: {plan.memory}")
        if plan.way != EXACT:
            message = "reduced" if plan.way == REDUCED else "prototypes"
            getattr(self.Information, message)(f"{n:,}", gigabytes(plan.n_exact_bytes))

    def cancel_clustering(self) -> None:
        """Stop computing."""
        self.cancel()
        self.cancel_button.setEnabled(False)
        self.go_on.offer()
        self.Information.cancelled()

    def task_failed(self, error: Exception) -> None:
        self.go_on.offer()

    def _on_task_done(self, future: Future[object]) -> None:
        super()._on_task_done(future)
        self.cancel_button.setEnabled(False)
        follow, self._next = self._next, None  # no task can be started before this one has ended
        if follow is not None:
            # The result is painted in a separate turn, not together with Orange's progress bar.
            self.panel.setUpdatesEnabled(False)
            self._paint_later.start()
            follow()

    def on_done(self, result: NewTree | Scores | SelectedBranches) -> None:
        if isinstance(result, NewTree):
            self._show_tree(result)
        elif isinstance(result, Scores):
            self.scores[result.measure] = result.scores
            self._show_selection()
            self._next = self.commit.now
        else:
            self._send(result.selected, result.data, result.representatives)

    def _forget_tree(self) -> None:
        self._keep_view()
        self.scores, self._next = {}, None
        self.panel.clear()
        self.plan_label.setText("")
        self.selection_label.setText("")
        self._send(None, None, None)

    # What is shown

    def _show_tree(self, result: NewTree) -> None:
        clustered = result.clustered
        self.Warning.incomplete(clustered.n_left_out, shown=clustered.n_left_out > 0)
        self.Information.all_equal(shown=not clustered.tree.linkage[:, 2].any())
        self._rows_as_given = result.source
        self._open_context(result)
        self.Warning.not_found(result.problem, shown=bool(result.problem))
        self.panel.show_tree(clustered, result.locations, self.label_attr)
        for node in clustered.nodes_of(self.rotated_keys):
            self.panel.turn(node)
        self._show_scale()
        self._show_strips()
        self._show_subset()
        self._set_clicked(self._nodes_kept())
        self.panel.restore(self.collapsed_keys, self.kept_view)
        self._last_selection = self._selection_state()
        self.undo.clear()
        self._show_selection()
        is_other = self.image_attr is not None and self.image_attr != result.column
        self._next = self._find_images if is_other else self._commit_or_score

    def _find_images(self, *_: object) -> None:
        """Show the images of the column and the folder that were chosen."""
        if self.clustered is None:  # the task that makes the tree began with other ones
            if self.task is not None:
                self._start()
            return
        self._keep_view()
        name = self.image_attr and self.image_attr.name
        rows = self._rows_as_given or self.panel.shown
        self.start(partial(find_in_background, rows, name, self.images_folder))
        self.cancel_button.setEnabled(True)

    def _open_context(self, result: NewTree) -> None:
        domain = result.clustered.table.domain
        self.closeContext()
        self.image_model[:] = result.columns
        self.image_attr = result.column
        self.label_model.set_domain(domain)
        self.strip_model.set_domain(domain)
        self.label_attr = next((v for v in self.label_model if isinstance(v, Variable)), None)
        has_class = domain.class_var is not None and domain.class_var in self.strip_model
        self.strip_attrs = [domain.class_var] if has_class else []
        self.openContext(domain)

    def _nodes_kept(self) -> list[int]:
        """Get the branches that were clicked, if their rows are the same."""
        if self.clicked_keys:
            return self.panel.shown.nodes_of(self.clicked_keys)
        # A workflow of the first version knows only their numbers.
        n_nodes = 2 * self.panel.shown.tree.n_leaves - 1
        return self.clicked_nodes if all(node < n_nodes for node in self.clicked_nodes) else []

    def _keep_view(self) -> None:
        if self.clustered is not None:
            self.collapsed_keys, self.kept_view = self.panel.state()

    def _show_label(self) -> None:
        if self.clustered is not None:
            self.panel.set_label(self.label_attr)

    def _show_strips(self) -> None:
        if self.clustered is not None:
            self.panel.set_strips(self.strip_attrs)

    def _show_scale(self) -> None:
        if self.clustered is not None:
            self.view.set_scale(self.height_scale)

    def _show_subset(self) -> None:
        is_in_tree = self.panel.mark_subset(self.subset)
        self.Warning.other_subset(shown=self.subset is not None and not is_in_tree)

    def rotate(self, node: int) -> None:
        """Swap the two branches of a node; again, and they are as before."""
        if node < self.panel.shown.tree.n_leaves:
            return
        self.panel.turn(node)
        others = [key for key in self.rotated_keys if self.panel.shown.nodes_of([key]) != [node]]
        is_back = len(others) < len(self.rotated_keys)
        self.rotated_keys = others if is_back else [*others, self.panel.shown.key_of(node)]
        self.undo.add(partial(self.rotate, node))
        self._selection_changed()

    # Selection

    def _select_by(self, mode: str) -> None:
        self.select_by = mode
        self.select_buttons[mode].setChecked(True)
        self._selection_changed()

    def _node_clicked(self, node: int | None, modifiers: Qt.KeyboardModifiers) -> None:
        if self.select_by != BY_CLICK:
            self._pick(node, adds=bool(modifiers & (Qt.ControlModifier | Qt.ShiftModifier)))
            return
        if node is None:
            self.select_branches([])
            return
        adds = bool(modifiers & (Qt.ControlModifier | Qt.ShiftModifier))
        chosen = self.clicked_nodes if adds else []
        extends = bool(modifiers & Qt.ShiftModifier)
        self.select_branches(after_click(self.panel.shown.tree, chosen, node, extends=extends))

    def _pick(self, node: int | None, *, adds: bool) -> None:
        """Select among the clusters of the settings; a click outside the tree selects all."""
        selection = self.selection
        here = set() if node is None else set(selection.at(node))
        before = set(selection.picked)
        picked = (before - here if here <= before else before | here) if adds else here
        self.picked_keys = [self.panel.shown.key_of(top) for top in sorted(picked)]
        self._selection_changed()

    def _cluster_clicked(self, node: int, modifiers: Qt.KeyboardModifiers) -> None:
        """Show a cluster of the list in the tree; select it among those that a cut makes."""
        self.view.set_focus(node)
        if self.select_by != BY_CLICK:
            self._pick(node, adds=bool(modifiers & (Qt.ControlModifier | Qt.ShiftModifier)))

    def _keep_list_part(self) -> None:
        tree, clusters = self.panel.splitter.sizes()
        self.list_percent = round(100 * clusters / max(tree + clusters, 1))

    def select_branches(self, nodes: list[int]) -> None:
        """Select the branches under some nodes, as clicks on them do."""
        self._set_clicked(nodes)
        self._select_by(BY_CLICK)

    def _set_clicked(self, nodes: Sequence[int]) -> None:
        self.clicked_nodes = list(nodes)
        self.clicked_keys = [self.panel.shown.key_of(node) for node in nodes]

    def _cut_moved(self, height: float) -> None:
        self.height_percent = round(100 * height / self.view.tree_item.max_height, 2)
        self.select_by = BY_HEIGHT
        self.select_buttons[BY_HEIGHT].setChecked(True)
        self._show_selection()

    @property
    def selection(self) -> BranchSelection:
        """Get what the settings select."""
        return BranchSelection(
            self.panel.shown.tree,
            self.select_by,
            self.clicked_nodes,
            self.height_percent,
            self.n_clusters,
            self.scores.get(self.select_by),
            self.panel.shown.nodes_of(self.picked_keys),
        )

    def _names_of(self, nodes: Sequence[int]) -> list[str]:
        return names_of(self.panel.shown, nodes, self.cluster_names)

    def rename(self, node: int, name: str) -> None:
        """Give a cluster another name; "" for that by its place."""
        self._set_names(renamed(self.panel.shown, node, name, self.cluster_names))

    def _set_names(self, names: list[NamedBranch]) -> None:
        self.undo.add(partial(self._set_names, self.cluster_names))
        self.cluster_names = names
        self._show_selection()
        self.commit.deferred()

    def _selection_state(self) -> tuple[object, ...]:
        """Get what `_restore_selection` needs."""
        return (
            self.select_by, list(self.clicked_nodes), self.picked_keys, self.height_percent,
            self.n_clusters,
        )  # fmt: skip

    def _restore_selection(self, state: tuple[Any, ...]) -> None:
        mode, nodes, self.picked_keys, self.height_percent, self.n_clusters = state
        self._set_clicked(nodes)
        self._select_by(mode)

    def _selection_changed(self) -> None:
        if self.clustered is not None:
            state = self._selection_state()
            if state != self._last_selection:
                self.undo.add(partial(self._restore_selection, self._last_selection))
                self._last_selection = state
            self._show_selection()
            self._commit_or_score(self.commit.deferred)

    def _lacks_scores(self) -> bool:
        return self.select_by in BY_SCORE and self.select_by not in self.scores

    def _commit_or_score(self, commit: Callable[[], object] | None = None) -> None:
        if self._lacks_scores():
            self.start(partial(score_in_background, self.panel.shown, self.select_by))
            self.cancel_button.setEnabled(True)
        else:
            (commit or self.commit.now)()

    def _show_selection(self) -> None:
        selection = self.selection
        nodes = selection.nodes()
        self.panel.set_branches(nodes, self._names_of(nodes), selection.chosen(nodes))
        self.view.set_cut(selection.cut_height)
        self.selection_label.setText(selection.describe(nodes))

    @gui.deferred
    def commit(self) -> None:
        self.Information.cancelled.clear()
        if self.clustered is None:  # it was cancelled
            self._start()
        elif self._lacks_scores():
            self._commit_or_score()
        else:
            selection = self.selection
            nodes = selection.nodes()
            options = self.panel.shown, nodes, self._names_of(nodes), selection.chosen(nodes)
            self.start(partial(select_in_background, *options))

    def _send(
        self, selected: Table | None, data: Table | None, representatives: Table | None
    ) -> None:
        self.Outputs.selected_data.send(selected)
        self.Outputs.annotated_data.send(data)
        self.Outputs.representatives.send(representatives)

    # Pictures and report

    @property
    def scene(self) -> QGraphicsScene:
        """Get the whole tree as a picture."""
        return self.panel.scene

    def save_graph(self) -> None:
        """Save the whole tree with all its images."""
        if self.panel.load_pictures():
            super().save_graph()

    def copy_to_clipboard(self) -> None:
        """Copy the whole tree with all its images."""
        if self.panel.load_pictures():
            super().copy_to_clipboard()

    def send_report(self) -> None:
        distance = "Given" if self.distances is not None else title_of(self.distance_metric)
        self.report_items(
            (
                ("Distance", distance),
                ("Linkage", title_of(self.linkage)),
                ("Normalized columns", "Yes" if self.normalise else "No"),
                ("Selection", self.selection_label.text()),
            )
        )
        if self.clustered is None or not self.panel.load_pictures():
            return
        if clusters := self.panel.list.described()[:MAX_DESCRIBED]:
            by = self.panel.purity_by.name if self.panel.purity_by else ""
            self.report_raw("Clusters", html_of_clusters(clusters, by, self.view.pixmaps))
        self.report_plot(self.scene)

    def onDeleteWidget(self) -> None:
        self.shutdown()
        self.panel.close_threads()
        super().onDeleteWidget()


if __name__ == "__main__":  # pragma: no cover
    WidgetPreview(OWHierarchicalClustering).run(Table("iris"))
