"""A clustered table on the screen: the tree with labels, colors, legend and images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from AnyQt.QtCore import Qt
from AnyQt.QtGui import QPixmap
from AnyQt.QtWidgets import QGraphicsScene, QHBoxLayout, QSplitter, QVBoxLayout, QWidget
from Orange.data import Table, Variable

from orangecontrib.imageembedding.pipeline import BranchKey, ClusteredRows, describe_clusters
from orangecontrib.imageembedding.tables.describe import facts
from orangecontrib.imageembedding.widgets.clustering.clusterside import ClusterSide
from orangecontrib.imageembedding.widgets.clustering.leafcolors import (
    LeafLabels,
    leaf_strip,
    purity_variable,
)
from orangecontrib.imageembedding.widgets.shared.legend import Legend
from orangecontrib.imageembedding.widgets.shared.loading import Loaded
from orangecontrib.imageembedding.widgets.shared.preview import Preview
from orangecontrib.imageembedding.widgets.tree.interaction import DendrogramView
from orangecontrib.imageembedding.widgets.tree.picture import (
    load_pictures,
    picture_scene,
)
from orangecontrib.imageembedding.widgets.tree.strips import legend_of
from orangecontrib.imageembedding.widgets.tree.zoombar import ZoomBar

HINT = "Connect a table with embeddings, or distances, to see their tree."

LIST_PERCENT = 38

KeptView = tuple[float, str, float, float]
"""Height of a row, key of the first one in sight, and the part of the heights in sight."""


class TreePanel(QWidget):
    """Shows `ClusteredRows`; the selection is set from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.clustered: ClusteredRows | None = None
        self.labels: Sequence[str] = ()
        self.purity_by: Variable | None = None
        self.pictures: Loaded = {}
        self._preview: Preview | None = None
        self._branches: tuple[Sequence[int], Sequence[str], Sequence[int] | None] = (), (), None
        self.view = DendrogramView()
        self.view.describe = self.describe
        self.view.hint = HINT
        self.view.preview_requested.connect(self.open_preview)
        self.list = ClusterSide(self.view.pixmaps)
        self.list.opened.connect(self._open_typical)
        self.splitter = QSplitter(Qt.Horizontal)
        self.splitter.addWidget(self.view)
        self.splitter.addWidget(self.list)
        self.splitter.setStretchFactor(0, 100 - LIST_PERCENT)
        self.splitter.setStretchFactor(1, LIST_PERCENT)
        self.splitter.setCollapsible(0, False)
        self.legend = Legend()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter, 1)
        below = QHBoxLayout()
        below.addWidget(self.legend, 1)
        below.addWidget(ZoomBar(self.view), 0, Qt.AlignRight | Qt.AlignTop)
        layout.addLayout(below)

    @property
    def shown(self) -> ClusteredRows:
        """The table whose tree is shown; `clustered` where there may be none."""
        if self.clustered is None:
            raise LookupError("no tree is shown")
        return self.clustered

    # What is shown

    def show_tree(
        self, clustered: ClusteredRows, locations: Sequence[str], label: Variable | None
    ) -> None:
        """Show another tree.

        Parameters
        ----------
        clustered : ClusteredRows
            The tree and its rows.
        locations : sequence of str
            The image of each leaf; "" where there is none.
        label : Variable or None
            Whose values stand beside the leaves; None for the numbers of the rows.
        """
        self.clear()
        tree = clustered.tree
        self.clustered = clustered
        self.labels = LeafLabels(clustered, label)
        self.view.set_tree(tree.outline, self.labels, locations, self._typical)
        self.view.tree_item.counts = tree.sizes_of(np.arange(2 * tree.n_leaves - 1))

    def clear(self) -> None:
        """Show nothing."""
        if self._preview is not None:
            self._preview.forget()
        self.clustered, self.pictures = None, {}
        self.view.clear()
        self.legend.set_entries(())
        self._describe_clusters()

    def set_label(self, variable: Variable | None) -> None:
        """Write the values of another variable beside the leaves."""
        self.labels = LeafLabels(self.shown, variable)
        self.view.set_labels(self.labels)
        self._describe_clusters()

    def set_strips(self, variables: Sequence[Variable]) -> None:
        """Show the values of some variables as colors; purity refers to the first."""
        strips = [leaf_strip(self.shown, variable) for variable in variables]
        self.purity_by = purity_variable(self.shown.table, variables)
        self.view.set_strips(strips)
        self.legend.set_entries(legend_of(strips))
        self._describe_clusters()

    def set_branches(
        self, nodes: Sequence[int], names: Sequence[str], chosen: Sequence[int] | None
    ) -> None:
        """Show the branches under some nodes as clusters; see `DendrogramItem.set_branches`."""
        self.view.set_branches(nodes, names, chosen)
        self._branches = nodes, names, chosen
        self._describe_clusters()

    def _describe_clusters(self) -> None:
        if self.clustered is None:
            self._branches = (), (), None
        self.list.describe(self.clustered, self._branches, self.purity_by, self._image_of)

    def _image_of(self, leaf: int) -> tuple[str, str]:
        return self.labels[leaf], self.view.tree_item.locations[leaf]

    def _open_typical(self, node: int) -> None:
        leaf = self.list.leaf_of(node)
        if leaf is not None:
            self.open_preview(leaf)

    def mark_subset(self, subset: Table | None) -> bool:
        """Mark the leaves of the rows of a table; tell whether there are such."""
        marked = None
        if subset is not None:
            ids = self.shown.table.ids[self.shown.rows]
            marked = np.bincount(self.shown.tree.leaf_of_row, np.isin(ids, subset.ids)) > 0
        self.view.tree_item.marked = marked
        self.view.tree_item.update()
        return marked is not None and bool(marked.any())

    def turn(self, node: int) -> None:
        """Swap the two branches of a node."""
        self.clustered = replace(self.shown, tree=self.shown.tree.rotated(node))
        self.view.set_shape(self.shown.tree.outline)

    def describe(self, node: int) -> str:
        """Say what a branch is: height, size, purity."""
        (cluster,) = describe_clusters(self.shown, [node], by=self.purity_by)
        rows = "1 row" if cluster.size == 1 else f"{cluster.size:,} rows"
        lines = [f"Height {cluster.height:.4g}, {rows}"]
        if node < self.shown.tree.n_leaves:
            lines.insert(0, self.labels[node])
        if cluster.majority and self.purity_by is not None:
            purity = f"{cluster.purity:.0%} {cluster.majority}"
            lines.append(f"Purity by {self.purity_by.name}: {purity}")
        return "\n".join(lines)

    def _typical(self, node: int, n_wanted: int) -> list[int]:
        return self.shown.typical_of(node, n_wanted).tolist()

    # What a workflow stores

    def state(self) -> tuple[list[BranchKey], KeptView | None]:
        """Get the collapsed branches, and the place in the tree if the user has chosen it."""
        key_of, place, kept = self.shown.key_of, self.view.state(), None
        if place is not None:
            row, leaf, low, high = place
            kept = (row, key_of(leaf)[0], low, high)
        return [key_of(node) for node in self.view.collapsed], kept

    def restore(self, collapsed: Sequence[BranchKey], kept: KeptView | None) -> None:
        """Restore a `state`, for the rows that still exist."""
        if nodes := self.shown.nodes_of(collapsed):
            self.view.set_collapsed(nodes)
        if kept is not None:
            height, key, low, high = kept
            row = self.shown.keys.row_of(key)
            if row is not None:
                leaf = int(self.shown.tree.leaf_of_row[row])
                self.view.restore(height, leaf, low, high)

    # One image

    def open_preview(self, leaf: int) -> None:
        """Show the image of a leaf large; the arrow keys move to neighboring leaves."""
        if not self.view.tree_item.locations[leaf]:
            return
        if self._preview is None:
            self._preview = Preview(self)
            self._preview.moved.connect(self._preview_moved)
        clustered, locations = self.shown, self.view.tree_item.locations
        order = clustered.tree.leaf_order
        rows = clustered.rows[clustered.tree.typical_rows[order]]
        self._preview.set_images(
            len(order),
            lambda i: locations[order[i]],
            lambda i: facts(clustered.table, int(rows[i])),
            self.view.pixmaps.small,
        )
        self._preview.open_at(int(clustered.tree.outline.first_leaf[leaf]))

    def _preview_moved(self, position: int) -> None:
        self.view.set_focus(int(self.shown.tree.leaf_order[position]))

    # Pictures

    @property
    def scene(self) -> QGraphicsScene:
        """Get the whole tree as a picture."""
        if self.view.item is None:
            return QGraphicsScene(self)
        self._scene = picture_scene(self.view.item, self._picture_of)
        return self._scene

    def _picture_of(self, location: str, side_px: int) -> QPixmap | None:
        found = self.pictures.get((location, side_px))
        return found if found is not None else self.view.pixmaps.pixmap(location, side_px)

    def load_pictures(self) -> bool:
        """Decode all images that a picture of the tree shows; False if cancelled."""
        if self.view.item is None:
            return True
        loaded = load_pictures(self.view.item, self.view.pixmaps, self)
        self.pictures = loaded or {}
        return loaded is not None

    def close_threads(self) -> None:
        """Stop decoding for good."""
        self.view.close_threads()
        self.list.close_threads()
        if self._preview is not None:
            self._preview.close_threads()
