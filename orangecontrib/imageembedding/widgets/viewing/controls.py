"""The controls of Image Viewer."""

from __future__ import annotations

from AnyQt.QtCore import QSize
from AnyQt.QtWidgets import QListView, QWidget
from Orange.data import ContinuousVariable, DiscreteVariable
from Orange.widgets import gui
from Orange.widgets.utils.itemmodels import DomainModel, VariableListModel

from orangecontrib.imageembedding.widgets.thumbnails.view import MAX_SIDE, MIN_SIDE

AFTER_COLUMN = 1  # place in the box
TITLES_SIZE = QSize(100, 84)
ORDER = (DomainModel.METAS, DomainModel.CLASSES, DomainModel.ATTRIBUTES)


def add_images_box(widget, column_changed, titles_changed, color_changed) -> QWidget:
    """Add which images are shown, and what with them."""
    box = gui.vBox(widget.controlArea, "Images")
    widget.column_model = VariableListModel()
    _add_combo(box, widget, "image_attr", "Image column", widget.column_model, column_changed)
    widget.title_model = DomainModel(ORDER)
    gui.widgetLabel(box, "Titles:")
    widget.title_list = gui.listView(
        box, widget, "title_attrs", model=widget.title_model, callback=titles_changed,
        sizeHint=TITLES_SIZE, selectionMode=QListView.ExtendedSelection,
    )  # fmt: skip
    widget.title_list.setAccessibleName("Titles")
    primitive = DiscreteVariable, ContinuousVariable
    widget.color_model = DomainModel(ORDER, valid_types=primitive, placeholder="(none)")
    _add_combo(box, widget, "colour_attr", "Color", widget.color_model, color_changed)
    return box


def add_order_box(widget, changed) -> None:
    """Add groups and order."""
    box = gui.vBox(widget.controlArea, "Order")
    widget.group_model = DomainModel(ORDER, valid_types=DiscreteVariable, placeholder="(none)")
    _add_combo(box, widget, "group_attr", "Group by", widget.group_model, changed)
    widget.sort_model = DomainModel(ORDER, placeholder="(as in the data)")
    _add_combo(box, widget, "sort_attr", "Sort by", widget.sort_model, changed)
    gui.checkBox(box, widget, "descending", "Descending", callback=changed)


def add_size_box(widget, changed) -> None:
    """Add the size of the images."""
    box = gui.vBox(widget.controlArea, "Size")
    widget.size_slider = gui.hSlider(
        box, widget, "side", minValue=MIN_SIDE, maxValue=MAX_SIDE, step=16, callback=changed,
        createLabel=False,
    )  # fmt: skip
    widget.size_slider.setAccessibleName("Size of the images")


def _add_combo(box, widget, value, label, model, callback) -> None:
    combo = gui.comboBox(
        box, widget, value, label=f"{label}:", model=model, searchable=True, callback=callback
    )
    combo.setAccessibleName(label)
