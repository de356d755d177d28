"""The controls of Find Duplicates."""

from __future__ import annotations

from AnyQt.QtCore import Qt
from AnyQt.QtWidgets import QLabel, QWidget
from Orange.widgets import gui
from Orange.widgets.widget import OWWidget

from orangecontrib.imageembedding.duplicates.keeping import (
    FIRST_ROW,
    LARGEST_FILE,
    MOST_PIXELS,
    OLDEST,
)
from orangecontrib.imageembedding.widgets.duplicates.decisions import LARGEST, SUREST
from orangecontrib.imageembedding.widgets.duplicates.examplepairs import ExamplePairs
from orangecontrib.imageembedding.widgets.shared.columns import (
    Callback,
    add_choice,
    add_image_combo,
)
from orangecontrib.imageembedding.widgets.shared.imagesfolder import ImagesFolder
from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps
from orangecontrib.imageembedding.widgets.thumbnails.view import MAX_SIDE, MIN_SIDE

RULES = {
    MOST_PIXELS: "Most pixels",
    LARGEST_FILE: "Largest file",
    OLDEST: "Oldest",
    FIRST_ROW: "First row",
}
ORDERS = {SUREST: "Surest first", LARGEST: "Largest first"}
MIN_SIMILAR, MAX_SIMILAR = 30, 95


def add_images_box(widget: OWWidget, column_changed: Callback) -> QWidget:
    """Add which images are compared."""
    box: QWidget = gui.vBox(widget.controlArea, "Images")
    add_image_combo(box, widget, column_changed)
    return box


def add_similar_box(widget: OWWidget, changed: Callback, moved: Callback, pixmaps: Pixmaps) -> None:
    """Add whether images that are only similar are grouped, too, and what that means."""
    box = gui.vBox(widget.controlArea, "Find")
    gui.widgetLabel(box, "Identical images and changed copies")
    gui.checkBox(
        box, widget, "finds_similar", "Also similar images", callback=changed,
        tooltip="Images that are not copies of each other but look much the same",
    )  # fmt: skip
    widget.similar_box = gui.indentedBox(box)
    widget.similar_slider = gui.hSlider(
        widget.similar_box, widget, "similar_percent", minValue=MIN_SIMILAR,
        maxValue=MAX_SIMILAR, step=5, callback=moved, callback_finished=changed,
        label="At least:", labelFormat="%d %%",
    )  # fmt: skip
    widget.similar_slider.setAccessibleName("Least similarity")
    gui.widgetLabel(widget.similar_box, "Pairs with about this similarity:")
    widget.example_pairs = ExamplePairs(pixmaps)
    widget.similar_box.layout().addWidget(widget.example_pairs)


def add_keep_box(widget: OWWidget, changed: Callback, folder: ImagesFolder) -> None:
    """Add which one of a group is kept."""
    box = gui.vBox(widget.controlArea, "Keep")
    widget.rule_combo = add_choice(box, widget, "rule", "Rule", RULES, changed)
    box.layout().addWidget(folder)
    widget.order_combo = add_choice(box, widget, "order", "Groups", ORDERS, changed)


def add_size_box(widget: OWWidget, changed: Callback) -> None:
    """Add the size of the images."""
    box = gui.vBox(widget.controlArea, "Size")
    slider = gui.hSlider(
        box, widget, "side", minValue=MIN_SIDE, maxValue=MAX_SIDE, step=16, callback=changed,
        createLabel=False,
    )  # fmt: skip
    slider.setAccessibleName("Size of the images")


def hint_label(text: str) -> QLabel:
    """Get a line of keys."""
    return QLabel(text, wordWrap=True, textFormat=Qt.PlainText)
