"""Controls with which a column of the data is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from AnyQt.QtCore import QAbstractItemModel
from AnyQt.QtWidgets import QComboBox, QWidget
from Orange.data import ContinuousVariable, DiscreteVariable
from Orange.widgets import gui
from Orange.widgets.utils.itemmodels import DomainModel, VariableListModel
from Orange.widgets.widget import OWWidget

from orangecontrib.imageembedding.widgets.shared.columncombos import add_column_combos

Callback = Callable[[], object]
ORDER = (DomainModel.METAS, DomainModel.CLASSES, DomainModel.ATTRIBUTES)


def add_combo(
    box: QWidget,
    widget: OWWidget,
    setting: str,
    label: str,
    model: QAbstractItemModel,
    callback: Callback,
) -> None:
    """Add a choice of one column."""
    combo = gui.comboBox(
        box, widget, setting, label=f"{label}:", model=model, searchable=True, callback=callback
    )
    combo.setAccessibleName(label)


def add_image_combo(box: QWidget, widget: OWWidget, callback: Callback) -> None:
    """Add the choice of the column of images; its model is ``column_model``."""
    widget.column_model = VariableListModel()
    add_combo(box, widget, "image_attr", "Image column", widget.column_model, callback)


def add_color_combo(
    box: QWidget, widget: OWWidget, setting: str, label: str, callback: Callback
) -> None:
    """Add the choice of the column that colors; its model is ``color_model``."""
    primitive = DiscreteVariable, ContinuousVariable
    widget.color_model = DomainModel(ORDER, valid_types=primitive, placeholder="(none)")
    add_combo(box, widget, setting, label, widget.color_model, callback)


def add_columns(
    box: QWidget, widget: OWWidget, setting: str, label: str, tip: str, callback: Callback
) -> DomainModel:
    """Add the choice of several columns, a combo each; get their model."""
    model = DomainModel(ORDER, placeholder="(none)")
    gui.widgetLabel(box, f"{label}:")
    box.layout().addWidget(add_column_combos(widget, setting, model, label, tip, callback))
    return model


def add_choice(
    box: QWidget,
    widget: OWWidget,
    value: str,
    label: str,
    titles: Mapping[str, str],
    callback: Callback,
) -> QComboBox:
    """Add a choice of ids, by their titles."""
    row = gui.hBox(box)
    combo = QComboBox()
    for choice, title in titles.items():
        combo.addItem(title, choice)
    combo.setCurrentIndex(max(combo.findData(getattr(widget, value)), 0))
    combo.setAccessibleName(label)
    gui.widgetLabel(row, f"{label}:").setBuddy(combo)
    row.layout().addWidget(combo, 1)

    def chosen(index: int) -> None:
        setattr(widget, value, combo.itemData(index))
        callback()

    combo.activated.connect(chosen)
    return combo
