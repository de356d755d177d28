"""The controls of Image Viewer."""

from __future__ import annotations

from AnyQt.QtWidgets import QWidget
from Orange.data import DiscreteVariable
from Orange.widgets import gui
from Orange.widgets.utils.itemmodels import DomainModel
from Orange.widgets.widget import OWWidget

from orangecontrib.imageembedding.widgets.shared.columns import (
    ORDER,
    Callback,
    add_color_combo,
    add_columns,
    add_combo,
    add_image_combo,
)
from orangecontrib.imageembedding.widgets.thumbnails.view import MAX_SIDE, MIN_SIDE

AFTER_COLUMN = 1  # place in the box


def add_images_box(
    widget: OWWidget,
    column_changed: Callback,
    titles_changed: Callback,
    color_changed: Callback,
) -> QWidget:
    """Add which images are shown, and what with them."""
    box = gui.vBox(widget.controlArea, "Images")
    add_image_combo(box, widget, column_changed)
    widget.title_model = add_columns(
        box,
        widget,
        "title_attrs",
        "Titles",
        "Texts below each image, one line each",
        titles_changed,
    )
    add_color_combo(box, widget, "colour_attr", "Color", color_changed)
    return box


def add_order_box(widget: OWWidget, changed: Callback) -> None:
    """Add groups and order."""
    box = gui.vBox(widget.controlArea, "Order")
    widget.group_model = DomainModel(ORDER, valid_types=DiscreteVariable, placeholder="(none)")
    add_combo(box, widget, "group_attr", "Group by", widget.group_model, changed)
    widget.sort_model = DomainModel(ORDER, placeholder="(as in the data)")
    add_combo(box, widget, "sort_attr", "Sort by", widget.sort_model, changed)
    gui.checkBox(box, widget, "descending", "Descending", callback=changed)


def add_size_box(widget: OWWidget, changed: Callback) -> None:
    """Add the size of the images."""
    box = gui.vBox(widget.controlArea, "Size")
    widget.size_slider = gui.hSlider(
        box, widget, "side", minValue=MIN_SIDE, maxValue=MAX_SIDE, step=16, callback=changed,
        createLabel=False,
    )  # fmt: skip
    widget.size_slider.setAccessibleName("Size of the images")
