"""The controls of Save Images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from AnyQt.QtCore import Qt
from AnyQt.QtWidgets import QComboBox, QLabel, QMenu, QSizePolicy, QToolButton, QWidget
from Orange.data import DiscreteVariable
from Orange.widgets import gui
from Orange.widgets.utils.itemmodels import DomainModel, VariableListModel
from Orange.widgets.widget import OWWidget

from orangecontrib.imageembedding.widgets.saving.wishes import FITS, FORMATS, SIZES
from orangecontrib.imageembedding.widgets.shared.columncombos import add_column_combos
from orangecontrib.imageembedding.widgets.shared.columns import Callback

ORDER = (DomainModel.CLASSES, DomainModel.METAS, DomainModel.ATTRIBUTES)
LABEL_WIDTH = 110
MAX_SIDE = 20_000
AUTOMATIC = 0  # quality


def add_names_box(widget: OWWidget, changed: Callback) -> None:
    """Add which images are saved, and under which names."""
    box = gui.vBox(widget.controls_box, "Names")
    widget.column_model = VariableListModel()
    gui.comboBox(
        _line(box, "Image column"), widget, "image_attr", model=widget.column_model,
        searchable=True, callback=changed,
    ).setAccessibleName("Image column")  # fmt: skip
    widget.by_model = _add_columns(
        box,
        widget,
        "by_vars",
        "Sub-folders by",
        "A folder for each value, one inside the other",
        changed,
    )
    line = _line(box, "File name")
    widget.pattern_edit = gui.lineEdit(
        line, widget, "pattern", callbackOnType=True, callback=changed,
        tooltip="Put columns in braces, such as {category}_{image name}",
    )  # fmt: skip
    widget.pattern_edit.setAccessibleName("File name")
    widget.insert_button = QToolButton(text="Insert", popupMode=QToolButton.InstantPopup)
    widget.insert_button.setToolTip("Insert the value of a column into the file name")
    widget.insert_button.setMenu(QMenu(widget.insert_button))
    line.layout().addWidget(widget.insert_button)
    widget.example_label = QLabel(textFormat=Qt.PlainText, wordWrap=True)
    widget.example_label.setAccessibleName("Example of a name")
    box.layout().addWidget(widget.example_label)


def add_format_box(widget: OWWidget, changed: Callback, embedders: dict[str, str]) -> None:
    """Add what becomes of the files."""
    box = gui.vBox(widget.controls_box, "Files")
    _add_id_combo(box, widget, "format_id", "Format", changed, FORMATS)
    line = widget.lines["quality"] = _line(box, "Quality")
    widget.quality_spin = gui.spin(
        line, widget, "quality", AUTOMATIC, 100, callback=changed, controlWidth=110
    )
    widget.quality_spin.setAccessibleName("Quality")
    gui.rubber(line)
    widget.quality_spin.setSpecialValueText("Automatic")
    widget.quality_spin.setToolTip("Automatic: JPEG files stay as they are, others get 90")
    widget.label_model = _add_columns(
        box, widget, "label_vars", "Labels", "Texts below each image, one line each", changed
    )
    _add_id_combo(box, widget, "size_id", "Size", changed, SIZES)
    line = widget.lines["pixels"] = gui.hBox(box)
    gui.widgetLabel(line, "").setMinimumWidth(LABEL_WIDTH)
    for value, name in (("width_px", "Width"), ("height_px", "Height")):
        spin = gui.spin(line, widget, value, 1, MAX_SIDE, callback=changed, controlWidth=90)
        spin.setAccessibleName(f"{name} in pixels")
        spin.setToolTip(f"{name} in pixels")
        if value == "width_px":
            gui.widgetLabel(line, "×")
    gui.rubber(line)
    _add_id_combo(box, widget, "embedder_id", "Embedder", changed, embedders)
    _add_id_combo(box, widget, "fit_id", "Fit", changed, FITS)
    gui.checkBox(
        box, widget, "metadata", "Keep metadata (EXIF, XMP, comments)", callback=changed,
        tooltip="The color profile and the orientation are always kept",
    )  # fmt: skip
    gui.checkBox(
        box, widget, "manifest", "Write a list of the sources (manifest.csv)",
        callback=changed,
    )  # fmt: skip


def _line(box: QWidget, label: str) -> QWidget:
    """Add a line that begins with a label, as wide as the others unless its text is wider."""
    line = gui.hBox(box)
    title = gui.widgetLabel(line, f"{label}:")
    title.setMinimumWidth(LABEL_WIDTH)
    title.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Preferred)
    return line


def show_fields(widget: OWWidget, fields: list[str]) -> None:
    """Offer the columns that can be put into a name."""
    menu = widget.insert_button.menu()
    menu.clear()
    for field in fields:
        text = f"{{{field}}}"
        menu.addAction(text.replace("&", "&&"), lambda text=text: widget.pattern_edit.insert(text))
    widget.insert_button.setEnabled(bool(fields))


def _add_columns(
    box: QWidget, widget: OWWidget, value: str, label: str, tip: str, callback: Callback
) -> DomainModel:
    """Add the choice of several columns; get their model."""
    kinds = DiscreteVariable if value == "by_vars" else None
    model = DomainModel(ORDER, valid_types=kinds, placeholder="(none)")
    line = widget.lines[value] = _line(box, label)
    line.layout().addWidget(add_column_combos(widget, value, model, label, tip, callback))
    return model


def _add_id_combo(
    box: QWidget,
    widget: OWWidget,
    value: str,
    label: str,
    callback: Callback,
    choices: Mapping[Any, str],
) -> QComboBox:
    """Add a choice of which the setting holds an id, not a position."""
    line = widget.lines[value] = _line(box, label)
    combo = QComboBox(minimumContentsLength=12)
    combo.setSizeAdjustPolicy(QComboBox.AdjustToMinimumContentsLengthWithIcon)
    combo.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
    for choice, title in choices.items():
        combo.addItem(title, choice)
    combo.setCurrentIndex(combo.findData(getattr(widget, value)))
    combo.setAccessibleName(label)

    def chosen() -> None:
        setattr(widget, value, combo.currentData())
        callback()

    combo.activated.connect(chosen)
    line.layout().addWidget(combo)
    return combo
