"""The controls of Image Grid."""

from __future__ import annotations

from AnyQt.QtCore import Qt
from AnyQt.QtWidgets import QWidget
from Orange.data import ContinuousVariable
from Orange.widgets import gui
from Orange.widgets.utils.itemmodels import DomainModel
from Orange.widgets.widget import OWWidget

from orangecontrib.imageembedding.widgets.grid.painting import CROP, FIT, STRETCH
from orangecontrib.imageembedding.widgets.grid.zoom import MAX_SIDE
from orangecontrib.imageembedding.widgets.shared.columns import (
    ORDER,
    Callback,
    add_choice,
    add_color_combo,
    add_columns,
    add_combo,
    add_image_combo,
)

AFTER_COLUMN = 1  # place in the box
SIMILARITY, MAP = "similarity", "map"
LAYOUTS = {SIMILARITY: "Similar images side by side", MAP: "As on a map"}
FITS = {FIT: "Whole", CROP: "Cropped to a square", STRETCH: "Stretched to a square"}
MAX_COLUMNS = 10_000


def add_layout_box(widget: OWWidget, changed: Callback) -> None:
    """Add where images lie."""
    box = gui.vBox(widget.controlArea, "Layout")
    widget.layout_combo = add_choice(box, widget, "layout_id", "Order", LAYOUTS, changed)
    widget.map_box = gui.indentedBox(box)
    widget.axis_model = DomainModel(ORDER, valid_types=ContinuousVariable)
    for value, label in (("x_attr", "Right"), ("y_attr", "Up")):
        add_combo(widget.map_box, widget, value, label, widget.axis_model, changed)
    spin = gui.spin(
        box, widget, "n_columns", 0, MAX_COLUMNS, label="Columns:", callback=changed,
        controlWidth=110, alignment=Qt.AlignRight,
    )  # fmt: skip
    spin.setSpecialValueText("automatic")
    spin.setKeyboardTracking(False)
    spin.setAccessibleName("Columns")


def add_images_box(
    widget: OWWidget,
    column_changed: Callback,
    labels_changed: Callback,
    color_changed: Callback,
    fit_changed: Callback,
) -> QWidget:
    """Add which images are shown, and what with them."""
    box = gui.vBox(widget.controlArea, "Images")
    add_image_combo(box, widget, column_changed)
    widget.fit_combo = add_choice(box, widget, "fit", "Shown", FITS, fit_changed)
    widget.label_model = add_columns(
        box, widget, "label_attrs", "Labels", "Texts in each cell, one line each", labels_changed
    )
    add_color_combo(box, widget, "color_attr", "Frame color", color_changed)
    return box


def add_size_box(widget: OWWidget, changed: Callback, show_whole: Callback) -> None:
    """Add the size of the cells."""
    box = gui.vBox(widget.controlArea, "Cell size")
    row = gui.hBox(box)
    widget.size_slider = gui.hSlider(
        row, widget, "side", minValue=1, maxValue=int(MAX_SIDE), callback=changed,
        createLabel=False,
    )  # fmt: skip
    widget.size_slider.setAccessibleName("Cell size")
    widget.fit_button = gui.button(
        row, widget, "&Fit", callback=show_whole, autoDefault=False, toolTip="Show all (0)"
    )


def add_output_box(widget: OWWidget, changed: Callback) -> None:
    """Add what is sent with the images."""
    box = gui.vBox(widget.controlArea, "Output")
    gui.checkBox(
        box, widget, "adds_places", "Add row and column", callback=changed,
        tooltip="Two numeric columns tell where each image lies, counted from 1 at the top left",
    )  # fmt: skip
