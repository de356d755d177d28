"""A map as a scene of its own, to be saved, copied and reported."""

from __future__ import annotations

from dataclasses import dataclass

from AnyQt.QtCore import QRectF, Qt
from AnyQt.QtGui import QImage, QPainter, QPalette
from AnyQt.QtWidgets import QGraphicsItem, QGraphicsScene, QStyleOptionGraphicsItem, QWidget

from orangecontrib.imageembedding.widgets.map.camera import Camera
from orangecontrib.imageembedding.widgets.map.canvas import MapCanvas
from orangecontrib.imageembedding.widgets.map.look import ImageOf
from orangecontrib.imageembedding.widgets.shared.legend import Entries, LegendLines
from orangecontrib.imageembedding.widgets.shared.loading import Loaded, load_all
from orangecontrib.imageembedding.widgets.shared.pixmaps import decoded_side

MARGIN_PX = 16.0


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of a map a picture shows, and how large.

    Attributes
    ----------
    camera : Camera
    width, height : float
        Before it is magnified.
    factor : float
        By which all is magnified, pictures and text too.
    """

    camera: Camera
    width: float
    height: float
    factor: float = 1.0

    @property
    def window(self) -> QRectF:
        """Get the rectangle that the camera looks at."""
        return QRectF(0, 0, self.width, self.height)


def cut_of(canvas: MapCanvas, whole: bool, longer_px: float) -> Cut:
    """Get the whole map, or what is in the window, with a longer side in pixels.

    The whole has more pictures the larger it is; the part in the window is magnified.
    """
    if not whole or not len(canvas.points):
        factor = longer_px / max(canvas.width(), canvas.height(), 1)
        return Cut(canvas.camera, canvas.width(), canvas.height(), factor)
    bounds, margin = canvas.points.bounds, canvas.look.side / 2 + MARGIN_PX
    inner, longest = longer_px - 2 * margin, max(bounds.width(), bounds.height(), 1e-9)
    width, height = (
        max(side / longest * inner, 0) + 2 * margin for side in (bounds.width(), bounds.height())
    )
    return Cut(Camera.around(bounds, width, height, margin), width, height)


class _Cut(QGraphicsItem):
    """A part of a map, and the legend below it."""

    def __init__(self, canvas: MapCanvas, cut: Cut, legend: Entries, image_of: ImageOf) -> None:
        super().__init__()
        self._canvas, self._cut, self._image_of = canvas, cut, image_of
        self._lines = LegendLines(legend, cut.width, canvas.font(), canvas.palette())

    def boundingRect(self) -> QRectF:
        cut = self._cut
        height = cut.height + self._lines.height
        return QRectF(0, 0, cut.width * cut.factor, height * cut.factor)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        canvas, cut = self._canvas, self._cut
        painter.save()
        painter.scale(cut.factor, cut.factor)
        painter.setFont(canvas.font())
        painter.setClipRect(cut.window, Qt.IntersectClip)
        canvas.drawing.paint(
            painter, cut.camera, cut.window, canvas.palette(), self._image_of, ratio=cut.factor
        )
        painter.setClipping(False)
        self._lines.paint(painter, cut.height)
        painter.restore()


def load_cut(canvas: MapCanvas, cut: Cut) -> Loaded | None:
    """Decode the pictures of a cut, by location and size; None if the user has cancelled."""
    shown = canvas.drawing.shown_in(cut.camera, cut.window, canvas.font())
    rows = canvas.drawing.points.rows[shown.positions].tolist()
    rows += [name.row for name, _ in shown.names if name.row >= 0]
    side = decoded_side(canvas.look.side * cut.factor)
    return load_all(canvas.keys_of(rows, side), canvas.pixmaps, canvas)


def map_scene(canvas: MapCanvas, cut: Cut, loaded: Loaded, legend: Entries) -> QGraphicsScene:
    """Get a scene with a part of the map; pictures that were not loaded are looked for on it."""
    by_location = {location: pixmap.toImage() for (location, _), pixmap in loaded.items()}

    def image_of(row: int) -> tuple[QImage | None, str]:
        image = by_location.get(canvas.locations[row])
        return (image, "") if image is not None else canvas.image_of_row(row)

    scene = QGraphicsScene()
    scene.setPalette(canvas.palette())
    scene.setBackgroundBrush(canvas.palette().color(QPalette.Base))
    scene.addItem(_Cut(canvas, cut, legend, image_of))
    return scene
