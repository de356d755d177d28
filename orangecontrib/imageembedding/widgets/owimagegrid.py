"""Image Grid: similar images lie side by side; sends the selected ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from AnyQt.QtCore import QPoint, Qt
from AnyQt.QtGui import QColor
from AnyQt.QtWidgets import QGraphicsScene, QLabel
from Orange.data import Domain, Table, Variable
from Orange.widgets import gui
from Orange.widgets.settings import Context, ContextSetting, DomainContextHandler, Setting
from Orange.widgets.utils.signals import LazyValue
from Orange.widgets.utils.widgetpreview import WidgetPreview
from Orange.widgets.widget import Input, Msg, Output

from orangecontrib.imageembedding.grids.shape import grid_shape
from orangecontrib.imageembedding.pipeline import GridOfRows
from orangecontrib.imageembedding.tables.describe import (
    SelectedImages,
    Titles,
    identities,
    rows_of,
)
from orangecontrib.imageembedding.tables.grid_columns import (
    rows_with_groups,
    with_places,
    with_selection,
)
from orangecontrib.imageembedding.tables.locate import (
    default_image_column,
    image_columns,
)
from orangecontrib.imageembedding.widgets.grid.interaction import GridView
from orangecontrib.imageembedding.widgets.grid.painting import CROP, FIT
from orangecontrib.imageembedding.widgets.grid.picture import grid_scene, load_grid
from orangecontrib.imageembedding.widgets.shared.colors import colors_of, rgb_of
from orangecontrib.imageembedding.widgets.shared.groups import Groups
from orangecontrib.imageembedding.widgets.shared.imagereport import html_of_images
from orangecontrib.imageembedding.widgets.shared.imagesfolder import ImagesFolder
from orangecontrib.imageembedding.widgets.shared.imagewidget import (
    NO_COLUMN,
    NOT_FOUND,
    ImageWidget,
)
from orangecontrib.imageembedding.widgets.shared.legend import Legend
from orangecontrib.imageembedding.widgets.shared.loading import Loaded
from orangecontrib.imageembedding.widgets.shared.taskwidget import TaskWidget
from orangecontrib.imageembedding.widgets.shared.tips import explain
from orangecontrib.imageembedding.widgets.sorting.controls import (
    AFTER_COLUMN,
    LAYOUTS,
    MAP,
    SIMILARITY,
    add_images_box,
    add_layout_box,
    add_output_box,
    add_size_box,
)
from orangecontrib.imageembedding.widgets.sorting.tasks import sort_in_background
from orangecontrib.imageembedding.widgets.sorting.tips import TIPS
from orangecontrib.imageembedding.widgets.viewing.imageswidget import ImagesWidget

HINT = "Connect embeddings of images, which Image Embedding makes, to see similar ones together."


class OWImageGrid(ImagesWidget, TaskWidget):
    name = "Image Grid"
    description = "Lay similar images side by side and select some of them."
    keywords = "image, picture, photo, grid, similarity, mosaic, sorted, map"
    icon = "icons/image-grid.svg"
    priority = 35
    replaces = ["orangecontrib.imageanalytics.widgets.owimagegrid.OWImageGrid"]

    class Inputs:
        data = Input("Embeddings", Table, default=True)
        data_subset = Input("Data Subset", Table)

    class Outputs:
        selected_data = Output("Selected Images", Table, default=True)
        data = Output("Images", Table)

    class Error(ImageWidget.Error):
        no_column = Msg(NO_COLUMN)
        no_map = Msg("A map needs two numeric columns, such as t-SNE adds.")
        failed = Msg("{}")

    class Warning(ImageWidget.Warning):
        incomplete = Msg("{} rows are not in the grid: they have missing numbers.")
        foreign_subset = Msg("No row of Data Subset is in the data.")
        not_found = Msg(NOT_FOUND)

    class Information(ImageWidget.Information):
        cancelled = Msg("Cancelled: the images are only partly sorted.")

    settings_version = 2  # the predecessor's is 1
    settingsHandler = DomainContextHandler()

    image_attr: Variable | None = ContextSetting(None)
    images_folder: str = Setting("", schema_only=True)
    label_attrs: list[Variable] = ContextSetting([])
    color_attr: Variable | None = ContextSetting(None)
    x_attr: Variable | None = ContextSetting(None)
    y_attr: Variable | None = ContextSetting(None)
    image_position: int = ContextSetting(-1)  # of the column, in the predecessor's workflows
    layout_id: str = Setting(SIMILARITY)
    n_columns: int = Setting(0)
    fit: str = Setting(FIT)
    side: int = Setting(64)
    is_whole: bool = Setting(True)
    adds_places: bool = Setting(False)
    auto_commit: bool = Setting(True)
    selected_groups: list[SelectedImages] = Setting([], schema_only=True)

    graph_name = "picture"

    def __init__(self) -> None:
        super().__init__()
        TaskWidget.__init__(self)
        self.grid: GridOfRows | None = None
        self._is_new = False
        self._pictures: Loaded = {}
        self._to_restore = list(self.selected_groups)
        self._add_controls()
        self._add_view()
        self.settingsAboutToBePacked.connect(self._note_selection)
        explain(self, TIPS)

    def _add_controls(self) -> None:
        add_layout_box(self, self._layout_changed)
        box = add_images_box(
            self, self._column_changed, self._show_labels, self._show_colors, self._show_fit
        )
        self.folder_row = ImagesFolder(self.images_folder, self.workflowEnv().get("basedir", ""))
        self.images_folder = self.folder_row.folder
        self.folder_row.chosen.connect(self._folder_chosen)
        box.layout().insertWidget(AFTER_COLUMN, self.folder_row)
        add_size_box(self, self._resize, self._show_whole)
        add_output_box(self, self._places_changed)
        gui.rubber(self.controlArea)
        gui.auto_send(self.buttonsArea, self, "auto_commit")
        self.cancel_button = gui.button(
            self.buttonsArea, self, "Cancel", callback=self._cancel_or_sort, autoDefault=False
        )
        self.cancel_button.setEnabled(False)
        self.map_box.setVisible(self.layout_id == MAP)

    def _add_view(self) -> None:
        self.view = GridView()
        self.view.hint = HINT
        self.view.set_fit(self.fit)
        self.view.is_whole, self.view.side = self.is_whole, float(self.side)
        self.view.selection_changed.connect(self._selection_changed)
        self.view.opened.connect(self.open_preview)
        self.view.zoomed.connect(self._zoomed)
        self.view.setContextMenuPolicy(Qt.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.legend = Legend()
        self.count_label = QLabel()
        self.mainArea.layout().addWidget(self.view)
        self.mainArea.layout().addWidget(self.legend)
        self.mainArea.layout().addWidget(self.count_label)

    # Inputs

    @Inputs.data
    def set_data(self, data: Table | None) -> None:
        self.cancel()
        kept = self._groups_of(data)
        self.closeContext()
        self.clear_messages()
        self.data, self._locations, self.grid = data, [], None
        self._is_new = True
        self.view.hint = HINT if data is None else ""
        self._set_domain()
        self._show_images()
        if data is not None and self._locations:
            self.view.set_groups(self._restored(len(data)) if kept is None else kept)

    @Inputs.data_subset
    def set_subset(self, subset: Table | None) -> None:
        self.subset = subset

    def handleNewSignals(self) -> None:
        self._show_subset()
        if self._is_new:
            self._is_new = False
            self._sort()

    def _set_domain(self) -> None:
        data = self.data
        domain = data.domain if data is not None else None
        self.column_model[:] = [] if data is None else image_columns(data)
        self.image_attr = None if data is None else default_image_column(data)
        for model in (self.label_model, self.color_model, self.axis_model):
            model.set_domain(domain)
        self.label_attrs, self.color_attr, self.image_position = [], None, -1
        self.x_attr, self.y_attr = _axes(domain)
        if self.column_model:  # where there is nothing to choose, no choice is to be remembered
            self.openContext(domain)
            if 0 <= self.image_position < len(self.column_model):
                self.image_attr = self.column_model[self.image_position]

    def _restored(self, n_rows: int) -> Groups:
        """Get the groups that were selected when the workflow was saved; the next time none."""
        known, self._to_restore = self._to_restore, []
        groups = np.zeros(n_rows, dtype=np.intp)
        for number, images in enumerate(known, start=1):
            groups[rows_of(self._locations, images)] = number
        return groups

    # Sorting

    def _layout_changed(self) -> None:
        self.map_box.setVisible(self.layout_id == MAP)
        self._sort()

    def _sort(self) -> None:
        self.cancel()
        self.cancel_button.setText("Cancel")
        self.cancel_button.setEnabled(False)
        for message in (self.Error.no_map, self.Error.failed, self.Warning.incomplete):
            message.clear()
        self.Information.cancelled.clear()
        if self.data is None or not self._locations:
            self.commit.now()
            return
        axes = None
        if self.layout_id == MAP:
            if self.x_attr is None or self.y_attr is None:
                self.Error.no_map()
                self.commit.now()
                return
            axes = self.x_attr.name, self.y_attr.name
        if self.grid is None:
            self._show_grid(_in_order(len(self.data), self.n_columns))
        args = self.data, self.n_columns or None, axes
        self.start(partial(sort_in_background, *args))
        self.cancel_button.setEnabled(True)

    def _cancel_or_sort(self) -> None:
        if self.task is None:
            self._sort()
        else:
            self.cancel_sorting()

    def cancel_sorting(self) -> None:
        """Stop sorting; the images stay where they are."""
        self.cancel()
        self.cancel_button.setText("Sort Again")
        self.Information.cancelled()
        self.commit.now()

    def on_partial_result(self, result: GridOfRows) -> None:
        self._show_grid(result)

    def on_done(self, result: GridOfRows) -> None:
        self.cancel_button.setEnabled(False)
        self._show_grid(result)
        n_missing = int((~result.has_cell).sum())
        self.Warning.incomplete(n_missing, shown=n_missing > 0)
        self.commit.now()

    def task_failed(self, error: Exception) -> None:
        self.cancel_button.setEnabled(False)
        self.grid = None
        self.view.set_cells(np.full(len(self._locations), -1), 0, 0)
        self.commit.now()

    def _show_grid(self, grid: GridOfRows) -> None:
        self.grid = grid
        self.view.set_cells(grid.cells, grid.n_rows, grid.n_columns)
        self._count()

    # What is shown

    def _column_changed(self) -> None:
        groups = self.view.groups
        self._show_images()
        if self._locations:
            self.view.groups = groups
        if self.grid is not None:
            self._show_grid(self.grid)
        self._show_subset()
        self.commit.deferred()

    def _show_images(self) -> None:
        self._find_images()
        self.view.set_images(self._locations)
        self._show_labels()
        self._show_colors()
        self._count()

    def _show_labels(self) -> None:
        if self._locations:
            self.view.set_labels(Titles(self.data, self.label_attrs), len(self.label_attrs))

    def _show_colors(self) -> None:
        variable = self.color_attr if self._locations else None
        self.view.set_frames(rgb_of(self.data, variable))
        self.legend.set_entries(self._legend())

    def _legend(self) -> list[tuple[str, QColor]]:
        return colors_of(self.data, self.color_attr if self._locations else None)[1]

    def _show_fit(self) -> None:
        self.view.set_fit(self.fit)

    def _show_subset(self) -> None:
        in_subset = self._in_subset()
        self.view.set_faded(None if in_subset is None else ~in_subset)

    def _count(self) -> None:
        n, n_selected = len(self._locations), len(self.view.selected_images())
        n_groups = int(self.view.groups.max(initial=0))
        groups = f" in {n_groups} groups" if n_groups > 1 else ""
        text = f"{n:,} images, {n_selected:,} selected{groups}"
        if self.grid is not None:
            text += f"; {self.grid.n_rows:,} × {self.grid.n_columns:,} cells"
        self.count_label.setText(text if n else "")

    def _resize(self) -> None:
        self.view.set_side(self.side)

    def _show_whole(self) -> None:
        self.view.show_whole()

    def _zoomed(self, side: float) -> None:
        self.is_whole = self.view.is_whole
        self.side = max(round(side), 1)

    # One image

    def open_preview(self, image: int) -> None:
        """Show an image large; the arrow keys follow the order of the grid."""
        order = self.view.images_in_order()
        self._show_large(order, int(np.flatnonzero(order == image)[0]), self._preview_moved)

    def _preview_moved(self, position: int) -> None:
        self.view.set_focus_image(int(self.view.images_in_order()[position]))

    def _open_menu(self, point: QPoint) -> None:
        image = self.view.image_at(point)
        if image < 0:
            return
        menu = self._menu_of(image, self.view.selected_images())
        menu.popup(self.view.viewport().mapToGlobal(point))

    # Outputs

    def _selection_changed(self) -> None:
        self._count()
        self.commit.deferred()

    def _places_changed(self) -> None:
        self.commit.deferred()

    def _note_selection(self) -> None:
        if self._locations:  # else what a workflow remembers would be lost before its data come
            groups = self.view.groups
            self.selected_groups = [
                identities(self._locations, np.flatnonzero(groups == number).tolist())
                for number in range(1, int(groups.max(initial=0)) + 1)
            ]

    @gui.deferred
    def commit(self) -> None:
        if self.grid is None or self._led is None or not self._locations:
            self.Outputs.selected_data.send(None)
            self.Outputs.data.send(None)
            return
        data, groups, grid = self._led, self.view.groups, self.grid

        def all_rows() -> Table:
            return with_selection(placed(data), groups)

        def placed(table: Table) -> Table:
            return with_places(table, grid.rows, grid.columns) if adds_places else table

        adds_places = self.adds_places
        n_selected = int(np.count_nonzero(groups))
        chosen = LazyValue[Table](lambda: rows_with_groups(placed(data), groups), length=n_selected)
        self.Outputs.selected_data.send(chosen if n_selected else None)
        self.Outputs.data.send(LazyValue[Table](all_rows, length=len(data)))

    def onDeleteWidget(self) -> None:
        self.view.close_threads()
        super().onDeleteWidget()

    # Pictures and report

    @property
    def picture(self) -> QGraphicsScene:
        """Get the whole grid as a picture."""
        self._scene = grid_scene(self.view, self._pictures, self._legend())
        return self._scene

    def _load_pictures(self) -> bool:
        """Decode all images of the picture; False if cancelled."""
        loaded = load_grid(self.view)
        self._pictures = loaded or {}
        return loaded is not None

    def send_report(self) -> None:
        if self.data is None or not self._load_pictures():
            return
        rows = self.view.selected_images()
        layout = LAYOUTS[self.layout_id]
        if self.layout_id == MAP and self.x_attr and self.y_attr:
            layout += f": {self.x_attr.name}, {self.y_attr.name}"
        self.report_items(
            (
                ("Layout", layout),
                ("Image column", self.image_attr and self.image_attr.name),
                ("Labels", ", ".join(variable.name for variable in self.label_attrs)),
                ("Frame color", self.color_attr and self.color_attr.name),
                ("Images", self.count_label.text()),
            )
        )
        self.report_plot(self.picture)
        if rows:
            labels = Titles(self.data, self.label_attrs)
            chosen = [(self._locations[row], labels[row]) for row in rows]
            self.report_raw("Selected images", html_of_images(chosen, self.view.pixmaps))

    @classmethod
    def migrate_settings(cls, settings: dict[str, Any], version: int | None) -> None:
        if version is None or version < 2:
            # Columns and rows are not migrated: the old widget computed them for all data.
            crop = settings.pop("cell_fit", None)
            if isinstance(crop, int | np.integer):
                settings["fit"] = CROP if crop == 1 else FIT

    @classmethod
    def migrate_context(cls, context: Context, version: int | None) -> None:
        values = context.values
        if version is None or version < 2:
            label = values.pop("label_attr", None)
            if isinstance(label, tuple) and isinstance(label[0], str):
                values["label_attrs"] = ([label], -3)
            position = values.pop("imageAttr", None)
            position = position[0] if isinstance(position, tuple) else position
            if isinstance(position, int | np.integer):
                values["image_position"] = (int(position), -2)


def _axes(domain: Domain | None) -> Sequence[Variable | None]:
    """Get two numeric columns: the last metas, where t-SNE and the like add theirs."""
    for variables in (domain.metas, domain.attributes) if domain is not None else ():
        numeric = [v for v in variables if v.is_continuous and not v.attributes.get("hidden")]
        if len(numeric) > 1:
            return numeric[-2:]
    return None, None


def _in_order(n: int, n_columns: int) -> GridOfRows:
    """Get the grid that is seen before sorting begins: row by row, as in the data."""
    shape = grid_shape(n, n_columns or None)
    rows, columns = np.divmod(np.arange(n), max(shape[1], 1))
    return GridOfRows(rows, columns, *shape)


if __name__ == "__main__":  # pragma: no cover
    WidgetPreview(OWImageGrid).run()
