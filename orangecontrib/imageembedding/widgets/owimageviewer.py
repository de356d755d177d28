"""Image Viewer: shows the images of a table; those chosen go on."""

from __future__ import annotations

import numpy as np
from Orange.data import DiscreteVariable, StringVariable, Table, Variable
from Orange.widgets import gui
from Orange.widgets.settings import ContextSetting, DomainContextHandler, Setting
from Orange.widgets.utils.annotated_data import ANNOTATED_DATA_SIGNAL_NAME, create_annotated_table
from Orange.widgets.utils.itemmodels import DomainModel, VariableListModel
from Orange.widgets.utils.widgetpreview import WidgetPreview
from Orange.widgets.widget import Input, Msg, Output, OWWidget

from orangecontrib.imageembedding.tables.locate import image_columns, image_locations
from orangecontrib.imageembedding.widgets.parts.thumbnails import (
    MAX_SIDE,
    MIN_SIDE,
    ThumbnailView,
)


class OWImageViewer(OWWidget):
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
        data = Input("Data", Table)

    class Outputs:
        selected_data = Output("Selected Images", Table, default=True)
        data = Output(ANNOTATED_DATA_SIGNAL_NAME, Table)

    class Error(OWWidget.Error):
        no_column = Msg(
            "The data has no text or categorical column with paths or URLs of images. "
            "Import Images makes such data."
        )

    settings_version = 3
    settingsHandler = DomainContextHandler()

    image_attr: Variable | None = ContextSetting(None)
    title_attr: Variable | None = ContextSetting(None)
    side: int = Setting(128)
    auto_commit: bool = Setting(True)
    selected_rows: list[int] = Setting([], schema_only=True)

    graph_name = "view"

    def __init__(self) -> None:
        super().__init__()
        self.data: Table | None = None
        self._rows_to_restore = list(self.selected_rows)
        box = gui.vBox(self.controlArea, "Images")
        self.column_model = VariableListModel()
        gui.comboBox(
            box, self, "image_attr", label="Image column:", model=self.column_model,
            searchable=True, callback=self._column_changed,
        )  # fmt: skip
        self.title_model = DomainModel(
            (DomainModel.METAS, DomainModel.CLASSES, DomainModel.ATTRIBUTES),
            valid_types=(StringVariable, DiscreteVariable),
            placeholder="(none)",
        )
        gui.comboBox(
            box, self, "title_attr", label="Title:", model=self.title_model,
            searchable=True, callback=self._show_titles,
        )  # fmt: skip
        self.size_slider = gui.hSlider(
            box, self, "side", label="Size:", minValue=MIN_SIDE, maxValue=MAX_SIDE, step=16,
            callback=self._resize, createLabel=False,
        )  # fmt: skip
        for control, label in (
            (self.controls.image_attr, "Image column"),
            (self.controls.title_attr, "Title"),
            (self.size_slider, "Size of the images"),
        ):
            control.setAccessibleName(label)
        gui.rubber(self.controlArea)
        gui.auto_send(self.buttonsArea, self, "auto_commit")
        self.view = ThumbnailView()
        self.view.set_side(self.side)
        self.view.side_changed.connect(self._set_side)
        self.view.selectionModel().selectionChanged.connect(self._selection_changed)
        self.mainArea.layout().addWidget(self.view)

    @Inputs.data
    def set_data(self, data: Table | None) -> None:
        self.closeContext()
        self.clear_messages()
        self.data = data
        domain = data.domain if data is not None else None
        self.column_model[:] = image_columns(domain) if domain is not None else []
        self.image_attr = self.column_model[0] if self.column_model else None
        self.title_model.set_domain(domain)
        self.title_attr = self._default_title()
        if self.column_model:  # where there is nothing to choose, no choice is to be remembered
            self.openContext(domain)
        elif data is not None:
            self.Error.no_column()
        self._show_images()
        if data is not None:
            self.view.select_rows([row for row in self._rows_to_restore if row < len(data)])
            self.selected_rows = self.view.selected_rows()
            self._rows_to_restore = []
        self.commit.now()

    def _default_title(self) -> Variable | None:
        for variable in self.title_model:
            if isinstance(variable, StringVariable) and variable != self.image_attr:
                return variable
        return None

    def _column_changed(self) -> None:
        self._show_images()
        self._selection_changed()

    def _show_images(self) -> None:
        if self.data is None or self.image_attr is None:
            self.view.images.set_images((), ())
        else:
            locations = image_locations(self.data, self.image_attr)
            self.view.images.set_images(locations, self._titles())

    def _show_titles(self) -> None:
        if self.data is not None and self.image_attr is not None:
            self.view.images.set_titles(self._titles())

    def _titles(self) -> list[str]:
        if self.title_attr is None:
            return [""] * len(self.data)
        values = self.data.get_column(self.title_attr)
        return [self.title_attr.str_val(value) for value in values]

    def _set_side(self, side: int) -> None:
        self.side = side
        self._resize()

    def _resize(self) -> None:
        self.view.set_side(self.side)

    def _selection_changed(self) -> None:
        self.selected_rows = self.view.selected_rows()
        self.commit.deferred()

    @gui.deferred
    def commit(self) -> None:
        if self.data is None:
            self.Outputs.selected_data.send(None)
            self.Outputs.data.send(None)
            return
        rows = np.array(self.view.selected_rows(), dtype=int)
        self.Outputs.selected_data.send(self.data[rows] if len(rows) else None)
        self.Outputs.data.send(create_annotated_table(self.data, rows))

    def onDeleteWidget(self) -> None:
        self.view.pixmaps.close()
        super().onDeleteWidget()

    def send_report(self) -> None:
        if self.data is None:
            return
        self.report_items(
            (
                ("Image column", self.image_attr and self.image_attr.name),
                ("Title", self.title_attr and self.title_attr.name),
                ("Images", f"{len(self.data)}, {len(self.selected_rows)} selected"),
            )
        )
        self.report_plot()

    @classmethod
    def migrate_settings(cls, settings: dict, version: int | None) -> None:
        if version is None or version < 3:  # noqa: PLR2004
            if "imageSize" in settings:
                settings["side"] = min(max(settings.pop("imageSize"), MIN_SIDE), MAX_SIDE)
            if "autoCommit" in settings:
                settings["auto_commit"] = settings.pop("autoCommit")


if __name__ == "__main__":  # pragma: no cover
    WidgetPreview(OWImageViewer).run()
