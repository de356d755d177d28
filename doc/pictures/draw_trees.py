"""Draw the pictures of Hierarchical Clustering for its help page, in light and dark.

    python doc/pictures/draw_trees.py [FOLDER]

writes into `doc/widgets`, or into FOLDER. The images are the sketches of the example, with the
vectors of EfficientNet-Lite0; large trees are of copies with noise.
"""

from __future__ import annotations

from functools import cache, partial

import numpy as np
from AnyQt.QtCore import QPoint
from AnyQt.QtWidgets import QWidget
from draw_widgets import Part, copied, draw, settle
from Orange.data import Table
from Orange.distance import Cosine
from Orange.widgets.unsupervised.owhierarchicalclustering import (
    OWHierarchicalClustering as OrangesWidget,
)

from orangecontrib.imageembedding import embed_images, import_images
from orangecontrib.imageembedding.widgets.clustering.controls import BY_NUMBER
from orangecontrib.imageembedding.widgets.owhierarchicalclustering import OWHierarchicalClustering

SIZE = 1000, 720
NOISE = 0.3  # of the spread of all numbers


@cache
def embedded() -> Table:
    """Get the sketches with their vectors."""
    images = import_images(copied("animals")).table
    return embed_images(images, "efficientnet-lite0").embeddings


def rows(n: int) -> Table:
    """Get so many rows: sketches of all kinds, above 48 again and again, with noise."""
    known = embedded()
    order = np.random.default_rng(0).permutation(len(known)) if n < len(known) else np.arange(n)
    table = known[order[:n] % len(known)]
    if n > len(known):
        noise = np.random.default_rng(1).normal(scale=NOISE * known.X.std(), size=table.X.shape)
        with table.unlocked(table.X):
            table.X += noise
    return table


def tree(n: int, n_clusters: int) -> tuple[OWHierarchicalClustering, list[Part]]:
    """Get the widget with a tree, cut into clusters."""
    settings = {"select_by": BY_NUMBER, "n_clusters": n_clusters}
    widget = OWHierarchicalClustering.__new__(OWHierarchicalClustering, stored_settings=settings)
    widget.__init__()
    widget.resize(*SIZE)
    widget.show()
    widget.set_data(rows(n))
    widget.handleNewSignals()
    while widget.task is not None:
        settle(0.2)
    settle()
    return widget, []


def numbered_tree() -> tuple[QWidget, list[Part]]:
    """Get the tree of all sketches, and where its numbers are."""
    widget, _ = tree(48, 8)
    controls, view = widget.controls, widget.view
    view.zoom_rows(18 / view.row if view.row > 18 else 1.0)
    settle()
    window, item = view.viewport(), view.item
    cut = QPoint(int(item.x_at(item.cut_height)) + 10, 0)
    parts = [
        controls.distance_metric, controls.all_numeric, controls.strip_attrs, controls.n_clusters,
        (widget.selection_label, QPoint(246, 4)), (window, cut),
        (window, QPoint(60, 120)),
        (window, QPoint(int(item.tree_right) - 6, 24)),
        (window, QPoint(int(item.leaves_left) + 120, 24)), (widget.panel.legend, QPoint(480, 4)),
        widget.panel.list.header(),
    ]  # fmt: skip
    return widget, parts


def oranges_tree() -> tuple[QWidget, list[Part]]:
    """Get Orange's own widget with the same rows."""
    widget = OrangesWidget()
    widget.resize(*SIZE)
    widget.linkage = 3  # ward
    widget.show()
    widget.set_distances(Cosine(embedded()))
    widget.handleNewSignals()
    settle()
    return widget, []


if __name__ == "__main__":
    large = {f"hierarchical-clustering-{n}": partial(tree, n, 8) for n in (100, 2000, 20_000)}
    draw(
        {
            "hierarchical-clustering": numbered_tree,
            "hierarchical-clustering-orange": oranges_tree,
            "hierarchical-clustering-8": partial(tree, 8, 3),
            **large,
        }
    )
