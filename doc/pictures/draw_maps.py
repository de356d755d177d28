"""Draw the pictures of Image Map for its help page, in light and dark.

    python doc/pictures/draw_maps.py [FOLDER]

writes into `doc/widgets`, or into FOLDER. The images are made here: shapes in all colors; of
100,000 each comes twenty times, and is moved a little.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from AnyQt.QtCore import QPoint
from AnyQt.QtWidgets import QWidget
from draw_grids import shapes
from draw_widgets import Part, draw, settle
from Orange.data import ContinuousVariable, Domain, Table

from orangecontrib.imageembedding import map_images
from orangecontrib.imageembedding.widgets.owimagemap import OWImageMap

SIZE = 1100, 800
N_SHAPES, TIMES, MOVED = 5000, 20, 0.6


@cache
def places() -> np.ndarray:
    """Lay out the shapes."""
    return map_images(shapes(N_SHAPES)).coordinates


def placed(n: int) -> Table:
    """Get so many shapes with two columns of coordinates."""
    old = shapes(N_SHAPES)
    rows = np.arange(n) % len(old)
    at = places()[rows].astype(float)
    if n > len(old):
        at += np.random.default_rng(0).normal(size=at.shape) * MOVED
    columns = [ContinuousVariable("map-x"), ContinuousVariable("map-y")]
    domain = Domain(columns, old.domain.class_var, old.domain.metas)
    return Table.from_numpy(domain, at, old.Y[rows], old.metas[rows])


def opened(data: Table) -> OWImageMap:
    """Get the widget with data, when all is drawn."""
    widget = OWImageMap()
    widget.resize(*SIZE)
    widget.show()
    widget.set_data(data)
    widget.handleNewSignals()
    while widget.task is not None:
        settle(0.2)
    while not widget.view.is_settled or widget.findings.is_busy:
        settle(0.2)
    settle(3)
    return widget


def numbered_map() -> tuple[QWidget, list[Part]]:
    """Get a map of some images with regions, of which some images are selected in two groups."""
    widget = opened(shapes(400))
    widget.controls.shows_regions.click()
    while widget.findings.is_busy:
        settle(0.2)
    labels = widget.findings.regions.labels
    widget.view.select_rows(np.flatnonzero(labels == 1))
    groups = widget.view.groups.copy()
    groups[labels == 4] = 2
    widget.view.set_groups(groups)
    settle()
    controls, view, tools = widget.controls, widget.view, widget.tool_bar
    parts = [
        widget.layout_combo, controls.image_attr, controls.color_attr, controls.label_attr,
        widget.size_slider, controls.dots_only, controls.is_spread, controls.shows_names,
        controls.shows_regions, widget.fineness_slider, controls.marks_torn, widget.part_combo,
        controls.saved_px, controls.auto_commit, widget.cancel_button,
        (tools, QPoint(190, 6)), (view, QPoint(view.width() // 2, 8)), widget.legend,
        widget.count_label,
    ]  # fmt: skip
    return widget, parts


def many() -> tuple[QWidget, list[Part]]:
    """Get the map of 5,000 images."""
    return opened(placed(N_SHAPES)), []


def very_many() -> tuple[QWidget, list[Part]]:
    """Get the map of 100,000 images."""
    return opened(placed(N_SHAPES * TIMES)), []


def near() -> tuple[QWidget, list[Part]]:
    """Get the same from near, an image under the pointer."""
    widget = opened(placed(N_SHAPES * TIMES))
    view = widget.view
    view.zoom_by(14, view.point_of_row(7))
    settle(3)
    rows = view.points.rows[view.shown.positions]
    view.hover.move_to(int(rows[len(rows) // 2]))
    settle()
    return widget, []


PICTURES = {
    "image-map": numbered_map,
    "image-map-5000": many,
    "image-map-100000": very_many,
    "image-map-near": near,
}


if __name__ == "__main__":
    draw(PICTURES)
