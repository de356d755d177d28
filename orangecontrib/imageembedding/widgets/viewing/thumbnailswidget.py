"""What the widgets have in common that show the images of a table in a grid of thumbnails."""

from __future__ import annotations

import numpy as np
from AnyQt.QtCore import QPoint
from AnyQt.QtWidgets import QGraphicsScene
from numpy.typing import NDArray

from orangecontrib.imageembedding.tables.describe import SelectedImages, identities
from orangecontrib.imageembedding.widgets.thumbnails.picture import grid_scene, load_grid
from orangecontrib.imageembedding.widgets.viewing.imageswidget import ImagesWidget


class ThumbnailsWidget(ImagesWidget, openclass=True):  # type: ignore[call-arg]
    """A widget with a grid of thumbnails; it has the setting `selected_images`."""

    selected_images: SelectedImages

    def open_preview(self, position: int) -> None:
        """Show an image large; the arrow keys go on in the order of the grid."""
        self._show_large(self.view.images.rows, position, self.view.set_current)

    def _open_menu(self, point: QPoint) -> None:
        index = self.view.indexAt(point)
        if not index.isValid():
            return
        row = int(self.view.images.rows[index.row()])
        menu = self._menu_of(row, self.view.selected_rows())
        group = self.view.group_of(index.row())
        if group >= 0:
            menu.addAction("Select group", lambda: self.view.select_group(group))
        menu.popup(self.view.viewport().mapToGlobal(point))

    def _ids_selected(self) -> NDArray[np.intp]:
        rows = np.array(self.view.selected_rows(), dtype=int)
        return self.data.ids[rows] if self.data is not None and len(rows) else np.array([], int)

    def _note_selection(self) -> None:
        if self._locations:
            self.selected_images = identities(self._locations, self.view.selected_rows())

    # The picture

    @property
    def picture(self) -> QGraphicsScene:
        """Get all images as a picture, if it is not too high."""
        self._scene = grid_scene(self.view)
        return self._scene

    def _load_pictures(self) -> bool:
        return load_grid(self.view)
