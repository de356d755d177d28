"""Image Viewer: shows the images of a table; sends the selected ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from AnyQt.QtCore import Qt
from AnyQt.QtWidgets import QHBoxLayout, QLabel, QLineEdit
from Orange.data import StringVariable, Table, Variable
from Orange.widgets import gui
from Orange.widgets.settings import Context, ContextSetting, DomainContextHandler, Setting
from Orange.widgets.utils.annotated_data import ANNOTATED_DATA_SIGNAL_NAME, lazy_annotated_table
from Orange.widgets.utils.concurrent import ConcurrentMixin, TaskState
from Orange.widgets.utils.signals import LazyValue
from Orange.widgets.utils.widgetpreview import WidgetPreview
from Orange.widgets.widget import Input, Msg, Output

from orangecontrib.imageembedding.tables.arrange import Arrangement, arrange, searchable_texts
from orangecontrib.imageembedding.tables.describe import (
    SelectedImages,
    Titles,
    rows_of,
)
from orangecontrib.imageembedding.tables.locate import (
    default_image_column,
    image_columns,
)
from orangecontrib.imageembedding.widgets.shared.colors import colors_of
from orangecontrib.imageembedding.widgets.shared.imagereport import html_of_images
from orangecontrib.imageembedding.widgets.shared.imagesfolder import ImagesFolder
from orangecontrib.imageembedding.widgets.shared.imagewidget import (
    NO_COLUMN,
    NOT_FOUND,
    ImageWidget,
)
from orangecontrib.imageembedding.widgets.shared.legend import Legend
from orangecontrib.imageembedding.widgets.shared.tips import explain
from orangecontrib.imageembedding.widgets.thumbnails.view import (
    MAX_SIDE,
    MIN_SIDE,
    ThumbnailView,
)
from orangecontrib.imageembedding.widgets.viewing.controls import (
    AFTER_COLUMN,
    add_images_box,
    add_order_box,
    add_size_box,
)
from orangecontrib.imageembedding.widgets.viewing.thumbnailswidget import ThumbnailsWidget
from orangecontrib.imageembedding.widgets.viewing.tips import TIPS

AT_ONCE = 5000  # rows that are arranged in less than the blink of an eye
HINT = "Connect a table of images, such as Import Images makes, to see them."


def arrange_in_background(
    table: Table,
    locations: list[str],
    texts: list[str],
    wishes: dict[str, Any],
    state: TaskState | None,
) -> tuple[Arrangement, list[str]]:
    """Arrange the rows; also get the texts that words are looked for in, if they were needed."""
    if wishes["words"] and not texts:
        texts = searchable_texts(table, locations)
    return arrange(table, texts=texts, **wishes), texts


class OWImageViewer(ThumbnailsWidget, ConcurrentMixin):
    name = "Image Viewer"
    description = "Look at images and select some of them."
    keywords = "image, picture, photo, view, show, gallery, thumbnails"
    icon = "icons/image-viewer.svg"
    priority = 40
    replaces = [
        "orangecontrib.imageanalytics.widgets.owimageviewer.OWImageViewer",
        "Orange.widgets.data.owimageviewer.OWImageViewer",
    ]

    class Inputs:
        data = Input("Data", Table, default=True)
        data_subset = Input("Data Subset", Table)

    class Outputs:
        selected_data = Output("Selected Images", Table, default=True)
        data = Output(ANNOTATED_DATA_SIGNAL_NAME, Table)

    class Error(ImageWidget.Error):
        no_column = Msg(NO_COLUMN)

    class Warning(ImageWidget.Warning):
        foreign_subset = Msg("No row of Data Subset is in the data.")
        not_found = Msg(NOT_FOUND)

    settings_version = 4
    settingsHandler = DomainContextHandler()

    image_attr: Variable | None = ContextSetting(None)
    images_folder: str = Setting("", schema_only=True)
    title_attrs: list[Variable] = ContextSetting([])
    colour_attr: Variable | None = ContextSetting(None)
    group_attr: Variable | None = ContextSetting(None)
    sort_attr: Variable | None = ContextSetting(None)
    selected_cells: frozenset[str] = ContextSetting(frozenset())  # of the predecessor's workflows
    descending: bool = Setting(False)
    side: int = Setting(128)
    auto_commit: bool = Setting(True)
    selected_images: SelectedImages = Setting(("", []), schema_only=True)
    selected_rows: list[int] = Setting([], schema_only=True)  # of older workflows

    graph_name = "picture"

    def __init__(self) -> None:
        super().__init__()
        ConcurrentMixin.__init__(self)
        self._texts: list[str] = []
        self._to_restore = self.selected_images, list(self.selected_rows)
        box = add_images_box(self, self._column_changed, self._show_titles, self._show_colors)
        self.folder_row = ImagesFolder(self.images_folder, self.workflowEnv().get("basedir", ""))
        self.images_folder = self.folder_row.folder
        self.folder_row.chosen.connect(self._folder_chosen)
        box.layout().insertWidget(AFTER_COLUMN, self.folder_row)
        add_order_box(self, self._rearrange)
        add_size_box(self, self._resize)
        gui.rubber(self.controlArea)
        gui.auto_send(self.buttonsArea, self, "auto_commit")
        self._add_view()
        self.settingsAboutToBePacked.connect(self._note_selection)
        explain(self, TIPS)

    def _add_view(self) -> None:
        self.filter_edit = QLineEdit(
            placeholderText="Filter …", clearButtonEnabled=True,
            toolTip="Show only images whose texts, categories or file names contain these words",
        )  # fmt: skip
        self.filter_edit.setAccessibleName("Filter")
        self.filter_edit.textChanged.connect(self._rearrange)
        self.count_label = QLabel()
        row = QHBoxLayout()
        row.addWidget(self.filter_edit, 1)
        row.addWidget(self.count_label)
        self.view = ThumbnailView()
        self.view.hint = HINT
        self.view.set_side(self.side)
        self.view.side_changed.connect(self._set_side)
        self.view.selection_changed.connect(self._selection_changed)
        self.view.opened.connect(self.open_preview)
        self.view.typed.connect(self._typed)
        self.view.setContextMenuPolicy(Qt.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.legend = Legend()
        self.mainArea.layout().addLayout(row)
        self.mainArea.layout().addWidget(self.view)
        self.mainArea.layout().addWidget(self.legend)

    # Inputs

    @Inputs.data
    def set_data(self, data: Table | None) -> None:
        chosen = self._ids_selected()
        same_rows = _same_rows(self.data, data)
        self.cancel()
        self.closeContext()
        self.clear_messages()
        self.data, self._locations = data, []
        self.view.hint = HINT if data is None else ""
        self._set_domain()
        self._show_images()
        if data is not None and self._locations:
            rows = np.flatnonzero(np.isin(data.ids, chosen)) if same_rows else self._restored()
            self.view.select_rows(rows)

    @Inputs.data_subset
    def set_subset(self, subset: Table | None) -> None:
        self.subset = subset

    def handleNewSignals(self) -> None:
        self._show_subset()
        self._count()
        self.commit.now()

    def _set_domain(self) -> None:
        domain = self.data.domain if self.data is not None else None
        self.column_model[:] = [] if self.data is None else image_columns(self.data)
        self.image_attr = None if self.data is None else default_image_column(self.data)
        for model in (self.title_model, self.color_model, self.group_model, self.sort_model):
            model.set_domain(domain)
        self.title_attrs = self._default_titles()
        self.colour_attr = self.group_attr = self.sort_attr = None
        self.selected_cells = frozenset()
        if self.column_model:  # where there is nothing to choose, no choice is to be remembered
            self.openContext(domain)

    def _default_titles(self) -> list[Variable]:
        texts = [v for v in self.title_model if isinstance(v, StringVariable)]
        return [v for v in texts if v != self.image_attr][:1]

    def _restored(self) -> list[int]:
        """Get the rows that were selected when the workflow was saved; the next time none."""
        (images, rows), self._to_restore = self._to_restore, (("", []), [])
        if self.selected_cells and self.data is not None and self.image_attr is not None:
            cells = self.selected_cells
            self.selected_cells = frozenset()
            column = self.data.get_column(self.image_attr)
            texts = [self.image_attr.str_val(value) for value in column]
            return [row for row, text in enumerate(texts) if text in cells]
        if images[1]:
            return rows_of(self._locations, images)
        return [row for row in rows if row < len(self._locations)]

    # What is shown

    def _column_changed(self) -> None:
        self._show_images()
        self._show_subset()
        self._selection_changed()

    def _show_images(self) -> None:
        self._texts = []
        self._find_images()
        if self.data is not None and self.image_attr is not None:
            self.view.set_images(self._locations, Titles(self.data, self.title_attrs))
        else:
            self.view.set_images((), ())
        self._show_titles()
        self._show_colors()
        self._rearrange()

    def _show_titles(self) -> None:
        self.view.set_title_lines(len(self.title_attrs))
        if self._locations:
            self.view.images.set_titles(Titles(self.data, self.title_attrs))

    def _show_colors(self) -> None:
        variable = self.colour_attr if self._locations else None
        color, entries = colors_of(self.data, variable)
        self.view.images.set_colors(color)
        self.legend.set_entries(entries)

    def _show_subset(self) -> None:
        self.view.images.set_subset(self._in_subset())

    def _rearrange(self) -> None:
        self.cancel()
        if self.data is None or not self._locations:
            return
        wishes = {
            "group_by": self.group_attr,
            "sort_by": self.sort_attr,
            "descending": self.descending,
            "words": self.filter_edit.text().strip(),
        }
        args = self.data, self._locations, self._texts, wishes
        if len(self.data) <= AT_ONCE or not any(wishes.values()):
            self.on_done(arrange_in_background(*args, None))
        else:
            self.start(arrange_in_background, *args)

    def on_done(self, result: tuple[Arrangement, list[str]]) -> None:
        arrangement, self._texts = result
        self._forget_preview()
        headed = [(f"{name} ({n:,})", n) for name, n in arrangement.groups]
        self.view.arrange(arrangement.rows, headed)
        self._count()

    def _count(self) -> None:
        n, n_shown = len(self._locations), len(self.view.images.rows)
        shown = f"{n:,} images" if n_shown == n else f"{n_shown:,} of {n:,} images"
        chosen = self.view.selected_rows()
        self.count_label.setText(f"{shown}, {len(chosen):,} selected" if n else "")

    def _typed(self, text: str) -> None:
        self.filter_edit.setFocus()
        self.filter_edit.insert(text)

    def _set_side(self, side: int) -> None:
        self.side = side
        self._resize()

    def _resize(self) -> None:
        self.view.set_side(self.side)

    # One image

    # Outputs

    def _selection_changed(self) -> None:
        self.selected_rows = self.view.selected_rows()
        self._count()
        self.commit.deferred()

    @gui.deferred
    def commit(self) -> None:
        data, rows = self._led, np.array(self.view.selected_rows(), dtype=int)
        if data is None:
            self.Outputs.selected_data.send(None)
            self.Outputs.data.send(None)
            return
        chosen = LazyValue[Table](lambda: data[rows], length=len(rows), domain=data.domain)
        self.Outputs.selected_data.send(chosen if len(rows) else None)
        self.Outputs.data.send(lazy_annotated_table(data, rows))

    def onDeleteWidget(self) -> None:
        self.view.pixmaps.close()
        super().onDeleteWidget()

    # Pictures and report

    def send_report(self) -> None:
        if self.data is None:
            return
        rows = self.view.selected_rows()
        self.report_items(
            (
                ("Image column", self.image_attr and self.image_attr.name),
                ("Titles", ", ".join(variable.name for variable in self.title_attrs)),
                ("Color", self.colour_attr and self.colour_attr.name),
                ("Group by", self.group_attr and self.group_attr.name),
                ("Sort by", self.sort_attr and self.sort_attr.name),
                ("Filter", self.filter_edit.text()),
                ("Images", f"{len(self.data)}, {len(rows)} selected"),
            )
        )
        self.report_plot(self.view)
        if rows:
            titles = self.view.images.titles
            chosen = [(self._locations[row], titles[row]) for row in rows]
            self.report_raw("Selected images", html_of_images(chosen, self.view.pixmaps))

    @classmethod
    def migrate_settings(cls, settings: dict[str, Any], version: int | None) -> None:
        if version is None or version < 3:
            settings.pop("savedWidgetGeometry", None)  # of another layout
            if "imageSize" in settings:
                settings["side"] = min(max(settings.pop("imageSize"), MIN_SIDE), MAX_SIDE)
            if "autoCommit" in settings:
                settings["auto_commit"] = settings.pop("autoCommit")

    @classmethod
    def migrate_context(cls, context: Context, version: int | None) -> None:
        values = context.values
        if version is None or version < 4:
            title = values.pop("title_attr", None)
            if isinstance(title, tuple) and isinstance(title[0], str):
                values["title_attrs"] = ([title], -3)
            cells = values.pop("selected_items", None)
            cells = cells[0] if isinstance(cells, tuple) else cells
            if cells:
                values["selected_cells"] = (frozenset(map(str, cells)), -2)


def _same_rows(old: Table | None, new: Table | None) -> bool:
    if old is None or new is None or len(old) != len(new):
        return False
    return np.array_equal(np.sort(old.ids), np.sort(new.ids))


if __name__ == "__main__":  # pragma: no cover
    WidgetPreview(OWImageViewer).run()
