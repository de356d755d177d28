"""The controls of Image Map."""

from __future__ import annotations

from AnyQt.QtCore import Qt
from AnyQt.QtWidgets import QWidget
from Orange.data import ContinuousVariable
from Orange.widgets import gui
from Orange.widgets.utils.itemmodels import DomainModel
from Orange.widgets.widget import OWWidget

from orangecontrib.imageembedding.maps.installed import PACKAGES, is_installed
from orangecontrib.imageembedding.widgets.mapping.tasks import COLUMNS, PCA, TSNE
from orangecontrib.imageembedding.widgets.shared.columns import (
    ORDER,
    Callback,
    add_choice,
    add_color_combo,
    add_combo,
    add_image_combo,
)

AFTER_COLUMN = 1  # place in the box
LAYOUTS = {
    TSNE: "t-SNE of the embeddings",
    PCA: "Principal components",
    "umap": "UMAP of the embeddings",
    "pacmap": "PaCMAP of the embeddings",
    COLUMNS: "Two columns",
}
WINDOW, WHOLE = "window", "whole"
PARTS = {WHOLE: "Whole map", WINDOW: "As in the window"}
MIN_SIDE, MAX_SIDE = 20, 256
MIN_PICTURE_PX, MAX_PICTURE_PX = 300, 12_000


def add_layout_box(widget: OWWidget, changed: Callback) -> None:
    """Add where images lie."""
    box = gui.vBox(widget.controlArea, "Layout")
    offered = {
        method: title
        for method, title in LAYOUTS.items()
        if method not in PACKAGES or is_installed(method)
    }
    widget.layout_combo = add_choice(box, widget, "layout_id", "Map", offered, changed)
    widget.axes_box = gui.indentedBox(box)
    widget.axis_model = DomainModel(ORDER, valid_types=ContinuousVariable)
    for value, label in (("x_attr", "Right"), ("y_attr", "Up")):
        add_combo(widget.axes_box, widget, value, label, widget.axis_model, changed)


def add_images_box(
    widget: OWWidget, column_changed: Callback, label_changed: Callback, color_changed: Callback
) -> QWidget:
    """Add which images are shown, and what with them."""
    box = gui.vBox(widget.controlArea, "Images")
    add_image_combo(box, widget, column_changed)
    add_color_combo(box, widget, "color_attr", "Color", color_changed)
    widget.label_model = DomainModel(ORDER, placeholder="(none)")
    add_combo(box, widget, "label_attr", "Label", widget.label_model, label_changed)
    return box


def add_view_box(
    widget: OWWidget, side_changed: Callback, look_changed: Callback, spread_changed: Callback
) -> None:
    """Add how large images are, and which are seen."""
    box = gui.vBox(widget.controlArea, "Pictures")
    widget.size_slider = gui.hSlider(
        box, widget, "side", label="Size:", minValue=MIN_SIDE, maxValue=MAX_SIDE,
        callback=side_changed, createLabel=False,
    )  # fmt: skip
    widget.size_slider.setAccessibleName("Size of pictures")
    gui.checkBox(box, widget, "dots_only", "Dots only", callback=look_changed)
    gui.checkBox(
        box, widget, "is_spread", "Spread out", callback=spread_changed,
        tooltip="Move pictures apart, as little as possible, so that none covers another",
    )  # fmt: skip
    gui.checkBox(
        box, widget, "shows_names", "Names of classes", callback=look_changed,
        tooltip="Show a name where most images of its class are; more as you zoom in",
    )  # fmt: skip


def add_regions_box(widget: OWWidget, changed: Callback) -> None:
    """Add where images lie densely."""
    box = gui.vBox(widget.controlArea, "Regions")
    row = gui.hBox(box)
    gui.checkBox(
        row, widget, "shows_regions", "Show regions", callback=changed,
        tooltip="Show where images lie densely; the outputs get a column of regions",
    )  # fmt: skip
    widget.regions_label = gui.widgetLabel(row, "")
    widget.fineness_slider = gui.hSlider(
        box, widget, "fineness", label="Coarse – fine:", minValue=0, maxValue=100, step=5,
        callback=changed, createLabel=False,
    )  # fmt: skip
    widget.fineness_slider.setAccessibleName("How fine regions are")


def add_honesty_box(widget: OWWidget, changed: Callback) -> None:
    """Add which images are not to be trusted."""
    box = gui.vBox(widget.controlArea, "Honesty")
    gui.checkBox(
        box, widget, "marks_torn", "Mark images torn from neighbors", callback=changed,
        tooltip="Most of their 15 true nearest neighbors lie far away on the map",
    )  # fmt: skip
    widget.torn_label = gui.widgetLabel(box, "")


def add_saving_box(widget: OWWidget) -> None:
    """Add what of the map is saved, copied and reported."""
    box = gui.vBox(widget.controlArea, "Saved picture")
    widget.part_combo = add_choice(box, widget, "saved_part", "Part", PARTS, lambda: None)
    spin = gui.spin(
        box, widget, "saved_px", MIN_PICTURE_PX, MAX_PICTURE_PX, step=100, label="Longer side:",
        controlWidth=110, alignment=Qt.AlignRight,
    )  # fmt: skip
    spin.setSuffix(" px")
    spin.setAccessibleName("Longer side in pixels")
