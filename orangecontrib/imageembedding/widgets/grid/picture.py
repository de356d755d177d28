"""The whole grid as a scene of its own, to be saved, copied and reported."""

from __future__ import annotations

import numpy as np
from AnyQt.QtCore import QPointF, QRectF
from AnyQt.QtGui import QPainter, QPalette
from AnyQt.QtWidgets import QGraphicsItem, QGraphicsScene, QStyleOptionGraphicsItem, QWidget

from orangecontrib.imageembedding.widgets.grid.geometry import GridGeometry
from orangecontrib.imageembedding.widgets.grid.view import Found, GridCanvas, ImageOf
from orangecontrib.imageembedding.widgets.shared.legend import Entries, LegendLines
from orangecontrib.imageembedding.widgets.shared.loading import Loaded, load_all

MIN_SIDE, MAX_SIDE = 32.0, 256.0
MAX_PIXELS = 40_000_000  # of the whole picture, and of all its images in memory
MAX_EXTENT = 12_000  # picture formats have limits


class _Whole(QGraphicsItem):
    """All cells, and the legend below them."""

    def __init__(self, view: GridCanvas, legend: Entries, side: float, image_of: ImageOf) -> None:
        super().__init__()
        n_rows, n_columns = view.shape
        self._view, self._image_of = view, image_of
        self._geometry = GridGeometry(n_rows, n_columns, side, QPointF())
        width = max(self._geometry.rect.width(), 200)
        self._lines = LegendLines(legend, width, view.font(), view.palette())
        self._rect = self._geometry.rect.adjusted(0, 0, 0, self._lines.height)

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        view = self._view
        cells = np.arange(len(view.image_in))
        view.paint_cells(painter, cells, self._geometry, self._image_of)
        self._lines.paint(painter, self._geometry.rect.bottom())


def picture_side(view: GridCanvas) -> float:
    """Get the side of the cells of a picture: as seen now, as far as the whole is not too large."""
    n_rows, n_columns = view.shape
    by_extent = MAX_EXTENT / max(n_rows, n_columns, 1)
    by_area = (MAX_PIXELS / max(n_rows * n_columns, 1)) ** 0.5
    return min(max(view.side, MIN_SIDE), MAX_SIDE, by_extent, by_area)


def load_grid(view: GridCanvas) -> Loaded | None:
    """Decode all images of a picture, by location and size; None if the user has cancelled."""
    side = picture_side(view)
    is_small = view.image_in.size * (2 * side) ** 2 <= MAX_PIXELS
    return load_all(view.keys_of_all(2 * side if is_small else side), view.pixmaps, view)


def grid_scene(view: GridCanvas, loaded: Loaded, legend: Entries) -> QGraphicsScene:
    """Get a scene with the whole grid.

    Parameters
    ----------
    view : GridCanvas
        What is shown in the window.
    loaded : dict of (str, int) to QPixmap
        Images, as `load_grid` gives them; what is missing is looked for in the window.
    legend : sequence of (str, QColor)
        What the frames mean.
    """
    side = picture_side(view)
    by_location = {location: pixmap.toImage() for (location, _), pixmap in loaded.items()}

    def image_of(location: str) -> Found:
        image = by_location.get(location)
        return (image, "") if image is not None else view.image_of(location)

    scene = QGraphicsScene()
    scene.setPalette(view.palette())
    scene.setBackgroundBrush(view.palette().color(QPalette.Base))
    scene.addItem(_Whole(view, legend, side, image_of))
    return scene
