"""Image Map: similar images lie near each other on a map; those chosen go on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from AnyQt.QtCore import QPoint, Qt
from AnyQt.QtWidgets import QGraphicsScene, QLabel
from Orange.data import Table, Variable
from Orange.widgets import gui
from Orange.widgets.settings import ContextSetting, DomainContextHandler, Setting
from Orange.widgets.utils.concurrent import TaskState
from Orange.widgets.utils.signals import LazyValue
from Orange.widgets.utils.widgetpreview import WidgetPreview
from Orange.widgets.widget import Input, Msg, Output

from orangecontrib.imageembedding.tables.describe import (
    SelectedImages,
    Titles,
    identities,
    rows_of,
)
from orangecontrib.imageembedding.tables.grid_columns import rows_with_groups, with_selection
from orangecontrib.imageembedding.tables.locate import (
    FoundImages,
    default_image_column,
    find_images,
    image_columns,
)
from orangecontrib.imageembedding.widgets.map.layers import Classes
from orangecontrib.imageembedding.widgets.map.look import DEFAULT_SIDE
from orangecontrib.imageembedding.widgets.map.picture import Cut, cut_of, load_cut, map_scene
from orangecontrib.imageembedding.widgets.map.toolbar import ToolBar
from orangecontrib.imageembedding.widgets.map.view import SELECT, MapView
from orangecontrib.imageembedding.widgets.mapping.axes import (
    default_axes,
    has_embeddings,
    named_axes,
)
from orangecontrib.imageembedding.widgets.mapping.controls import (
    AFTER_COLUMN,
    LAYOUTS,
    PARTS,
    WHOLE,
    add_honesty_box,
    add_images_box,
    add_layout_box,
    add_regions_box,
    add_saving_box,
    add_view_box,
)
from orangecontrib.imageembedding.widgets.mapping.findings import Findings
from orangecontrib.imageembedding.widgets.mapping.outputs import placed_rows
from orangecontrib.imageembedding.widgets.mapping.places import ViewPlace, place_of, restored_camera
from orangecontrib.imageembedding.widgets.mapping.tasks import (
    COLUMNS,
    TSNE,
    LaidOut,
    gather_in_background,
    lay_out_in_background,
    spread_in_background,
)
from orangecontrib.imageembedding.widgets.mapping.tips import TIPS
from orangecontrib.imageembedding.widgets.shared.colors import colors_of, rgb_of
from orangecontrib.imageembedding.widgets.shared.imagereport import html_of_images
from orangecontrib.imageembedding.widgets.shared.imagesfolder import ImagesFolder
from orangecontrib.imageembedding.widgets.shared.imagewidget import NOT_FOUND, ImageWidget
from orangecontrib.imageembedding.widgets.shared.legend import Entries, Legend
from orangecontrib.imageembedding.widgets.shared.loading import Loaded
from orangecontrib.imageembedding.widgets.shared.taskwidget import TaskWidget
from orangecontrib.imageembedding.widgets.shared.tips import explain
from orangecontrib.imageembedding.widgets.viewing.imageswidget import ImagesWidget

HINT = (
    "Connect embeddings from Image Embedding, or a table with coordinates, "
    "to see similar images near each other."
)
NO_ROWS = "The data have no rows."
REPORT_PX = 1000
N_RINGED = 5


class OWImageMap(ImagesWidget, TaskWidget):
    name = "Image Map"
    description = "Show images on a map, similar ones near each other, and select some of them."
    keywords = "image, picture, photo, map, t-sne, similarity, embedding, atlas, projection"
    icon = "icons/image-map.svg"
    priority = 36

    class Inputs:
        data = Input("Data", Table, default=True)
        data_subset = Input("Data Subset", Table)

    class Outputs:
        selected_data = Output("Selected Images", Table, default=True)
        data = Output("Data", Table)

    class Error(ImageWidget.Error):
        no_axes = Msg("A map of two columns needs two numeric columns, such as t-SNE adds.")
        failed = Msg("{}")

    class Warning(ImageWidget.Warning):
        no_column = Msg(
            "No column was recognized as paths or URLs of images, so dots are shown. "
            "If there is one, choose it."
        )
        incomplete = Msg("{} rows are not on the map: they have missing numbers.")
        foreign_subset = Msg("No row of Data Subset is in the data.")
        not_found = Msg(NOT_FOUND)

    class Information(ImageWidget.Information):
        cancelled = Msg("Cancelled: the map stays as it is.")
        one_place = Msg("All rows have the same numbers, so they lie at one place.")

    settings_version = 1
    settingsHandler = DomainContextHandler()

    image_attr: Variable | None = ContextSetting(None)
    images_folder: str = Setting("", schema_only=True)
    color_attr: Variable | None = ContextSetting(None)
    label_attr: Variable | None = ContextSetting(None)
    layout_id: str = ContextSetting(TSNE)
    x_attr: Variable | None = ContextSetting(None)
    y_attr: Variable | None = ContextSetting(None)
    side: int = Setting(DEFAULT_SIDE)
    dots_only: bool = Setting(False)
    is_spread: bool = Setting(False)
    shows_names: bool = Setting(True)
    shows_regions: bool = Setting(False)
    fineness: int = Setting(50)
    marks_torn: bool = Setting(False)
    saved_part: str = Setting(WHOLE)
    saved_px: int = Setting(2000)
    tool: str = Setting(SELECT, schema_only=True)
    auto_commit: bool = Setting(True)
    selected_groups: list[SelectedImages] = Setting([], schema_only=True)
    view_place: ViewPlace | None = Setting(None, schema_only=True)

    graph_name = "picture"

    def __init__(self) -> None:
        super().__init__()
        TaskWidget.__init__(self)
        self.laid_out: LaidOut | None = None
        self._is_new = False
        self._loaded: Loaded = {}
        self.findings = Findings(self)
        self.findings.changed.connect(self._found)
        self._to_restore = list(self.selected_groups)
        self._place_to_restore = self.view_place
        self._add_controls()
        self._add_view()
        self.settingsAboutToBePacked.connect(self._note_state)
        explain(self, TIPS)

    def _add_controls(self) -> None:
        add_layout_box(self, self._layout_changed)
        box = add_images_box(self, self._column_changed, self._show_labels, self._show_colors)
        self.folder_row = ImagesFolder(self.images_folder, self.workflowEnv().get("basedir", ""))
        self.images_folder = self.folder_row.folder
        self.folder_row.chosen.connect(self._folder_chosen)
        box.layout().insertWidget(AFTER_COLUMN, self.folder_row)
        add_view_box(self, self._side_changed, self._look_changed, self._spread_changed)
        add_regions_box(self, self._regions_changed)
        add_honesty_box(self, self._find_torn)
        add_saving_box(self)
        gui.rubber(self.controlArea)
        gui.auto_send(self.buttonsArea, self, "auto_commit")
        self.cancel_button = gui.button(
            self.buttonsArea, self, "Cancel", callback=self._cancel_or_start, autoDefault=False
        )
        self.cancel_button.setEnabled(False)

    def _add_view(self) -> None:
        self.view = MapView()
        self.view.hint = HINT
        self.view.look.side, self.view.look.dots_only = float(self.side), self.dots_only
        self.view.set_tool(self.tool)
        self.view.selection_changed.connect(self._selection_changed)
        self.view.opened.connect(self.open_preview)
        self.view.hover.changed.connect(self._ring_neighbors)
        self.view.settled.connect(self._restore_place)
        self.view.setContextMenuPolicy(Qt.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.tool_bar = ToolBar()
        self.tool_bar.set_tool(self.tool)
        self.tool_bar.chosen.connect(self._tool_chosen)
        self.tool_bar.fit.connect(self.view.show_whole)
        self.legend = Legend()
        self.count_label = QLabel(wordWrap=True)
        for part in (self.tool_bar, self.view, self.legend, self.count_label):
            self.mainArea.layout().addWidget(part)
        self.mainArea.layout().setStretchFactor(self.view, 1)

    # Inputs

    @Inputs.data
    def set_data(self, data: Table | None) -> None:
        self.cancel()
        kept = self._groups_of(data)
        self.closeContext()
        self.clear_messages()
        self.data, self.laid_out = data, None
        self.findings.forget()
        self._is_new = True
        self.view.hint = HINT if data is None else ""
        self._set_domain()
        self._forget_images()
        if kept is not None:
            self.view.set_groups(kept)

    @Inputs.data_subset
    def set_subset(self, subset: Table | None) -> None:
        self.subset = subset

    def handleNewSignals(self) -> None:
        self._show_subset()
        if self._is_new:
            self._is_new = False
            self._lay_out()

    def _set_domain(self) -> None:
        data = self.data
        domain = data.domain if data is not None else None
        self.column_model[:] = [] if data is None else image_columns(data)
        self.image_attr = None if data is None else default_image_column(data)
        for model in (self.label_model, self.color_model, self.axis_model):
            model.set_domain(domain)
        self.label_attr = None
        class_var = domain.class_var if domain is not None else None
        self.color_attr = class_var if class_var in self.color_model else None
        self.x_attr, self.y_attr = default_axes(domain)
        is_map = data is not None and not has_embeddings(data) and named_axes(domain)[0] is not None
        self.layout_id = COLUMNS if is_map else TSNE
        if data is not None:
            self.openContext(domain)
        self._show_layout_choice()

    def _show_layout_choice(self) -> None:
        self.layout_combo.setCurrentIndex(max(self.layout_combo.findData(self.layout_id), 0))
        self.axes_box.setVisible(self.layout_id == COLUMNS)

    def _restore_groups(self) -> None:
        """Select what was selected when the workflow was saved; the next time nothing."""
        known, self._to_restore = self._to_restore, []
        if known:
            groups = np.zeros(len(self._locations), dtype=np.intp)
            for number, images in enumerate(known, start=1):
                groups[rows_of(self._locations, images)] = number
            self.view.set_groups(groups)

    # Laying out

    def _layout_changed(self) -> None:
        self._show_layout_choice()
        self.view.show_whole()
        self._lay_out()

    def _lay_out(self) -> None:
        self.cancel()
        self.cancel_button.setText("Cancel")
        self.cancel_button.setEnabled(False)
        for message in (self.Error.no_axes, self.Error.failed, self.Warning.incomplete):
            message.clear()
        self.Information.clear()
        if self.data is None or not len(self.data):
            self.view.hint = HINT if self.data is None else NO_ROWS
            self.commit.now()
            return
        axes = None
        if self.layout_id == COLUMNS:
            if self.x_attr is None or self.y_attr is None:
                self.Error.no_axes()
                self._show_none()
                return
            axes = self.x_attr.name, self.y_attr.name
        find = self._finder() if self._led is None else None
        self._start(
            partial(lay_out_in_background, find, self.data, self.layout_id, axes, self.is_spread)
        )

    def _start(self, work: Callable[[TaskState], LaidOut]) -> None:
        self.start(work)
        self.cancel_button.setEnabled(True)

    def _cancel_or_start(self) -> None:
        if self.task is None:
            self._lay_out()
        else:
            self.cancel_laying_out()

    def cancel_laying_out(self) -> None:
        """Stop laying out; the images stay where they are."""
        self.cancel()
        self.cancel_button.setText("Lay Out Again")
        self.Information.cancelled()
        self._regions_changed()

    def on_partial_result(self, result: LaidOut | FoundImages) -> None:
        if isinstance(result, FoundImages):
            self._take_images(result)
        else:
            self._show_map(result)

    def on_done(self, result: LaidOut) -> None:
        self.cancel_button.setEnabled(False)
        self._show_map(result)
        self.findings.find_trustworthiness(result)
        self._find_torn()
        bounds = result.points.bounds
        is_one = len(result.points) > 1 and bounds.width() == bounds.height() == 0
        self.Information.one_place(shown=is_one)
        n_missing = len(result.coordinates) - len(result.points)
        self.Warning.incomplete(f"{n_missing:,}", shown=n_missing > 0)
        if self.shows_regions:
            self._find_regions()  # which go out with the rest
        else:
            self.commit.now()

    def task_failed(self, error: Exception) -> None:
        self.cancel_button.setEnabled(False)
        self._show_none()

    def _show_none(self) -> None:
        self.laid_out = None
        self.findings.forget()
        self.view.set_points(None)
        self._count()
        self.commit.now()

    def _show_map(self, laid_out: LaidOut) -> None:
        if self.laid_out is not None and laid_out.coordinates is not self.laid_out.coordinates:
            self.findings.forget()
            self._show_findings()
        self.laid_out = laid_out
        self.view.set_points(laid_out.points)
        self._count()

    def _spread_changed(self) -> None:
        if self.laid_out is None or self.task is not None:
            self._lay_out()
            return
        work = spread_in_background if self.is_spread else gather_in_background
        self._start(partial(work, self.laid_out))

    # What is shown

    def _column_changed(self) -> None:
        find = self._finder()
        if find is not None and self._led is not None:
            self._take_images(find())
        self.commit.deferred()

    def _forget_images(self) -> None:
        """Show the rows without images, which are found with the first map."""
        self._locations, self._led = [""] * (0 if self.data is None else len(self.data)), None
        self._forget_preview()
        self.view.set_images(self._locations)
        self._look_changed()
        self._show_labels()
        self._show_colors()
        self._count()

    def _finder(self) -> Callable[[], FoundImages] | None:
        """Get what finds the images of the data, in seconds if there are a million."""
        data, column = self.data, self.image_attr
        if data is None:
            return None
        if column is None:
            return lambda: FoundImages([""] * len(data), data, "")
        return partial(find_images, data, column, self.images_folder)

    def _take_images(self, found: FoundImages) -> None:
        self._locations, self._led = found.locations, found.table
        self.Warning.no_column(shown=self.image_attr is None)
        self.Warning.not_found(found.problem, shown=bool(found.problem))
        self._forget_preview()
        self.view.set_locations(self._locations)
        self._restore_groups()
        self._look_changed()
        self._count()

    def _show_labels(self) -> None:
        labels = None
        if self.data is not None and self.label_attr is not None:
            labels = Titles(self.data, [self.label_attr])
        self.view.set_labels(labels)
        self.view.hover.titles = labels if labels is not None else ()

    def _show_colors(self) -> None:
        variable = self.color_attr if self.data is not None else None
        self.view.set_colors(rgb_of(self.data, variable))
        self.legend.set_entries(self._legend())
        self._show_names()

    def _legend(self) -> Entries:
        return colors_of(self.data, self.color_attr if self.data is not None else None)[1]

    def _show_names(self) -> None:
        variable, classes = self.color_attr, None
        regions = self.findings.regions
        if self.shows_regions and regions is not None:
            classes = regions.as_classes()
        elif self.data is not None and self.shows_names and variable and variable.is_discrete:
            codes = np.nan_to_num(self.data.get_column(variable), nan=-1).astype(int)
            classes = Classes(codes, variable.values)
        self.view.set_classes(classes)

    # Regions and honesty

    def _regions_changed(self) -> None:
        if self.shows_regions and self.laid_out is not None:
            self._find_regions()
        else:
            self.findings.regions = None
            self._show_findings()
            self.commit.deferred()

    def _find_regions(self) -> None:
        data, laid_out, variable = self.data, self.laid_out, self.color_attr
        if data is None or laid_out is None:
            return
        codes, values = None, ()
        if variable is not None and variable.is_discrete:
            codes, values = data.get_column(variable), variable.values
        self.findings.find_regions(laid_out, self.fineness / 100, codes, values)

    def _find_torn(self) -> None:
        if self.marks_torn and self.laid_out is not None:
            self.findings.find_torn(self.laid_out)
        else:
            self.findings.torn = None
            self._show_findings()

    def _found(self, what: str) -> None:
        self._show_findings()
        if what == "regions":
            self.commit.now()

    def _show_findings(self) -> None:
        regions, torn = self.findings.regions, self.findings.torn
        self._show_names()
        self.view.set_torn(torn)
        n_torn = 0 if torn is None else int(torn.sum())
        self.torn_label.setText("" if torn is None else f"{n_torn:,} images are marked.")
        self.regions_label.setText("" if regions is None else f"{len(regions.names):,} regions")
        self._count()

    def _look_changed(self) -> None:
        self.view.set_dots_only(self.dots_only or not any(self._locations))
        self._show_names()

    def _side_changed(self) -> None:
        self.view.set_side(float(self.side))

    def _show_subset(self) -> None:
        in_subset = self._in_subset()
        self.view.set_faded(None if in_subset is None else ~in_subset)

    def _count(self) -> None:
        n, n_selected = len(self._locations), int(np.count_nonzero(self.view.groups))
        n_groups = int(self.view.groups.max(initial=0))
        groups = f" in {n_groups} groups" if n_groups > 1 else ""
        text = f"{n:,} images, {n_selected:,} selected{groups}"
        done = None if self.laid_out is None else self.laid_out.map
        if done is not None and np.isfinite(done.kept_neighbors):
            text += f"; the map keeps {done.kept_neighbors:.0%} of the 15 nearest of each image"
        if np.isfinite(self.findings.trustworthiness):
            text += f", trustworthiness {self.findings.trustworthiness:.3f}"
        self.count_label.setText(text if n else "")

    def _tool_chosen(self, tool: str) -> None:
        self.tool = tool
        self.view.set_tool(tool)

    # One image

    def _ring_neighbors(self, row: int) -> None:
        """Ring the images that are really nearest to one, wherever they lie."""
        done = None if self.laid_out is None else self.laid_out.map
        if row >= 0 and done is not None:
            neighbors = done.neighbors[row, :N_RINGED]
            self.view.hover.set_neighbors(row, neighbors[neighbors >= 0].tolist())

    def open_preview(self, row: int) -> None:
        """Show an image large; the arrow keys go on in the order of the rows."""
        self._show_large(range(len(self._locations)), row, self.view.set_focus_row)

    def _open_menu(self, point: QPoint) -> None:
        row = self.view.menu_point(point)
        if row < 0:
            return
        menu = self._menu_of(row, self.view.selected_rows())
        menu.popup(self.view.mapToGlobal(point))

    # Outputs

    def _selection_changed(self) -> None:
        self._count()
        self.commit.deferred()

    def _note_state(self) -> None:
        if self._led is None:  # else what a workflow remembers would be lost before its data come
            return
        groups = self.view.groups
        self.selected_groups = [
            identities(self._locations, np.flatnonzero(groups == number).tolist())
            for number in range(1, int(groups.max(initial=0)) + 1)
        ]
        if self._place_to_restore is None:
            self.view_place = place_of(self.view, self._locations)

    def _restore_place(self) -> None:
        """Show the part of the map that was shown when the workflow was saved."""
        if self._place_to_restore is None or self.task is not None or not self.view.is_whole:
            return
        camera = restored_camera(self.view, self._locations, self._place_to_restore)
        self._place_to_restore = None
        if camera is not None:
            self.view.set_camera(camera)

    @gui.deferred
    def commit(self) -> None:
        if self.laid_out is None or self._led is None:
            self.Outputs.selected_data.send(None)
            self.Outputs.data.send(None)
            return
        data, groups = self._led, self.view.groups
        placed = partial(placed_rows, data, self.laid_out, self.findings.regions)

        n_selected = int(np.count_nonzero(groups))
        chosen = LazyValue[Table](lambda: rows_with_groups(placed(), groups), length=n_selected)
        self.Outputs.selected_data.send(chosen if n_selected else None)
        everything = LazyValue[Table](lambda: with_selection(placed(), groups), length=len(data))
        self.Outputs.data.send(everything)

    def onDeleteWidget(self) -> None:
        self.view.close_threads()
        self.findings.close()
        super().onDeleteWidget()

    # Pictures and report

    @property
    def picture(self) -> QGraphicsScene:
        """Get the map as a picture."""
        self._scene = map_scene(self.view, self._cut(), self._loaded, self._legend())
        return self._scene

    def _cut(self) -> Cut:
        return cut_of(self.view, self.saved_part == WHOLE, self.saved_px)

    def _load_pictures(self) -> bool:
        """Decode the images of the picture; tell whether to go on."""
        loaded = load_cut(self.view, self._cut())
        self._loaded = loaded or {}
        return loaded is not None

    def send_report(self) -> None:
        if self.data is None:
            return
        cut = cut_of(self.view, self.saved_part == WHOLE, REPORT_PX)
        loaded = load_cut(self.view, cut)
        if loaded is None:
            return
        layout = LAYOUTS[self.layout_id]
        if self.layout_id == COLUMNS and self.x_attr and self.y_attr:
            layout += f": {self.x_attr.name}, {self.y_attr.name}"
        self.report_items(
            (
                ("Map", layout),
                ("Image column", self.image_attr and self.image_attr.name),
                ("Color", self.color_attr and self.color_attr.name),
                ("Shown", PARTS[self.saved_part]),
                ("Images", self.count_label.text()),
            )
        )
        self.report_plot(map_scene(self.view, cut, loaded, self._legend()))
        rows = self.view.selected_rows()
        if rows:
            labels = Titles(self.data, [self.label_attr] if self.label_attr else [])
            chosen = [(self._locations[row], labels[row]) for row in rows]
            self.report_raw("Selected images", html_of_images(chosen, self.view.pixmaps))


if __name__ == "__main__":  # pragma: no cover
    WidgetPreview(OWImageMap).run()
