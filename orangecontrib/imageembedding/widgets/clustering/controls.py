"""The controls of Hierarchical Clustering."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from AnyQt.QtCore import QAbstractItemModel, QModelIndex, Qt
from AnyQt.QtWidgets import QButtonGroup, QLabel, QRadioButton, QWidget
from Orange.data import ContinuousVariable, DiscreteVariable, StringVariable
from Orange.widgets import gui
from Orange.widgets.utils.itemmodels import DomainModel, PyListModel, VariableListModel
from Orange.widgets.widget import OWWidget

from orangecontrib.imageembedding.clusters.distances import METRICS
from orangecontrib.imageembedding.clusters.link import LINKAGES
from orangecontrib.imageembedding.widgets.shared.columncombos import add_column_combos
from orangecontrib.imageembedding.widgets.shared.columns import Callback
from orangecontrib.imageembedding.widgets.shared.imagesfolder import ImagesFolder
from orangecontrib.imageembedding.widgets.tree.heightscale import LINEAR, LOG

BY_CLICK, BY_HEIGHT, BY_NUMBER = "click", "height", "number"
BY_MODULARITY, BY_SILHOUETTE = "modularity", "silhouette"
BY_SCORE = {BY_MODULARITY: "Modularity", BY_SILHOUETTE: "Mean silhouette"}
MAX_CLUSTERS = 1000
TITLES = {
    "hellinger": "Hellinger (square roots)",
    "centered-cosine": "Centered cosine",
    "braycurtis": "Bray-Curtis",
}


def title_of(name: str) -> str:
    """Get how people call a distance or linkage."""
    return TITLES.get(name, name.capitalize())


class TitledModel(PyListModel):
    """Ids for settings, shown by their titles."""

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> object:
        """Get the title of an id to be shown, else what a list gives."""
        value = super().data(index, role)
        if role == Qt.DisplayRole and isinstance(value, str):
            return title_of(value)
        return value


def add_clustering_box(widget: OWWidget, changed: Callback, linkage_changed: Callback) -> None:
    """Add what the tree depends on; one of the calls follows each change."""
    box = gui.vBox(widget.controlArea, "Clustering")
    for name, values, label, call in (
        ("distance_metric", METRICS, "&Distance:", changed),
        ("linkage", LINKAGES, "&Linkage:", linkage_changed),
    ):
        _add_combo(box, widget, name, label, TitledModel(values), call)
    for name, label, tip in (
        ("normalise", "&Normalize columns", "Scale each column to mean 0 and deviation 1."),
        ("all_numeric", "&All numeric columns", "Compare all numbers, not only the embeddings."),
        ("order_leaves", "&Order leaves", "Turn branches so that neighboring leaves are similar."),
    ):
        gui.checkBox(box, widget, name, label, tooltip=tip, callback=changed)
    widget.plan_label = gui.widgetLabel(box, "")
    widget.plan_label.setWordWrap(True)


def add_appearance_box(
    widget: OWWidget,
    images_changed: Callback,
    labels_changed: Callback,
    strips_changed: Callback,
    scale_changed: Callback,
) -> None:
    """Add images, labels, colors and the scale of heights."""
    box = gui.vBox(widget.controlArea, "Appearance")
    widget.image_model = VariableListModel()
    _add_combo(box, widget, "image_attr", "&Images:", widget.image_model, images_changed)
    widget.folder_row = ImagesFolder(widget.images_folder, widget.workflowEnv().get("basedir", ""))
    widget.images_folder = widget.folder_row.folder
    widget.folder_row.chosen.connect(partial(setattr, widget, "images_folder"))
    widget.folder_row.chosen.connect(images_changed)
    box.layout().addWidget(widget.folder_row)
    order = (DomainModel.METAS, DomainModel.CLASSES, DomainModel.ATTRIBUTES)
    widget.label_model = DomainModel(
        order,
        valid_types=(StringVariable, DiscreteVariable, ContinuousVariable),
        placeholder="(row number)",
    )
    _add_combo(box, widget, "label_attr", "La&bels:", widget.label_model, labels_changed)
    order = (DomainModel.CLASSES, DomainModel.METAS, DomainModel.ATTRIBUTES)
    widget.strip_model = DomainModel(
        order, valid_types=(DiscreteVariable, ContinuousVariable), placeholder="(none)"
    )
    gui.widgetLabel(box, "Colors beside the leaves:")
    tip = "Colors beside the leaves, a stripe for each column"
    combos = add_column_combos(
        widget, "strip_attrs", widget.strip_model, "Colors beside the leaves", tip, strips_changed
    )
    box.layout().addWidget(combos)
    scales = PyListModel((LINEAR, LOG))
    _add_combo(box, widget, "height_scale", "&Heights:", scales, scale_changed)


def _add_combo(
    box: QWidget,
    widget: OWWidget,
    setting: str,
    label: str,
    model: QAbstractItemModel,
    callback: Callback,
) -> None:
    combo = gui.comboBox(
        box, widget, setting, label=label, orientation=Qt.Horizontal, model=model,
        searchable=setting == "label_attr", callback=callback,
    )  # fmt: skip
    combo.setAccessibleName(label.replace("&", "").rstrip(":"))
    combo.parentWidget().findChild(QLabel).setBuddy(combo)


def add_selection_box(widget: OWWidget, select_by: Callable[[str], object]) -> None:
    """Add the ways to select; `select_by` is called with the mode."""
    box = gui.vBox(widget.controlArea, "Selection")
    group = QButtonGroup(widget)
    widget.select_buttons = {}
    for mode, label, setting, kind, low, high in (
        (BY_CLICK, "Clic&k on branches", None, int, 0, 0),
        (BY_HEIGHT, "C&ut at height (%):", "height_percent", float, 0, 100),
        (BY_NUMBER, "&Top N clusters:", "n_clusters", int, 1, MAX_CLUSTERS),
        (BY_MODULARITY, "Auto&matic number", None, int, 0, 0),
        (BY_SILHOUETTE, "Best silhouett&e", None, int, 0, 0),
    ):
        row = gui.hBox(box)
        button = QRadioButton(label, checked=widget.select_by == mode)
        button.clicked.connect(partial(select_by, mode))
        row.layout().addWidget(button)
        group.addButton(button)
        widget.select_buttons[mode] = button
        if setting is not None:
            spin = gui.spin(
                row, widget, setting, low, high, step=1, spinType=kind, controlWidth=80,
                alignment=Qt.AlignRight, callback=partial(select_by, mode),
            )  # fmt: skip
            spin.setAccessibleName(label.replace("&", ""))
    widget.selection_label = gui.widgetLabel(box, "")
    widget.selection_label.setWordWrap(True)
    widget.selection_label.setAccessibleName("Selected clusters")
