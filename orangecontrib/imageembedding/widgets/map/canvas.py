"""A window onto a map of images: what is shown of it, how large, and which part of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from AnyQt.QtCore import QEvent, QPointF, QRectF, QSize, QTimer, pyqtSignal
from AnyQt.QtGui import QImage, QPainter, QPaintEvent, QPalette, QResizeEvent
from AnyQt.QtWidgets import QWidget
from numpy.typing import NDArray

from orangecontrib.imageembedding.widgets.map.camera import Camera
from orangecontrib.imageembedding.widgets.map.drawing import MapDrawing, Shown
from orangecontrib.imageembedding.widgets.map.layers import (
    Classes,
    Layers,
    make_layers,
    make_marks,
)
from orangecontrib.imageembedding.widgets.map.look import MapLook, colors_or_plain
from orangecontrib.imageembedding.widgets.map.points import MapPoints
from orangecontrib.imageembedding.widgets.map.tiles import DensityTiles
from orangecontrib.imageembedding.widgets.shared.background import Background
from orangecontrib.imageembedding.widgets.shared.hint import paint_hint
from orangecontrib.imageembedding.widgets.shared.pixmaps import Key, Pixmaps, decoded_side

REPAINT_MS = 30  # images that become ready within it are painted together
BUDGET_S = 0.008  # for tiles, in a frame
PICTURE_BYTES = 96 << 20
EDGE_PX = 12.0
NONE = -1


class MapCanvas(QWidget):
    """Shows a map; keeps no data but what it paints, and takes no input."""

    settled = pyqtSignal()
    """What was to be drawn in the background is there."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Map of images")
        self.setMinimumSize(200, 200)
        self.pixmaps = Pixmaps(self, PICTURE_BYTES)
        self.pixmaps.ready.connect(self._image_ready)
        self.hint = ""  # what is written where nothing is shown
        self.look = MapLook()
        self.drawing = MapDrawing(_nowhere(0), self.look)
        self.shown = Shown()
        self.camera = Camera()
        self.is_whole = True  # zooms with the window, so that the whole map is in sight
        self.locations: Sequence[str] = ()
        self._classes: Classes | None = None
        self._background = Background(self)
        self._wanted_layers = self._dropped_layers = self._wanted_marks = 0
        self._is_making = False
        self._next: MapPoints | None = None
        self._repaint = QTimer(self, interval=REPAINT_MS, singleShot=True)
        self._repaint.timeout.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(860, 640)

    @property
    def points(self) -> MapPoints:
        """Get the points that are shown now."""
        return self.drawing.points

    # What is shown

    def set_images(self, locations: Sequence[str]) -> None:
        """Show other rows, nowhere yet, and their images; "" where there is none."""
        self.pixmaps.forget()
        self.locations = locations
        n = len(locations)
        self.look = MapLook(side=self.look.side, dots_only=self.look.dots_only)
        self.look.rgb = colors_or_plain(None, n)
        self.look.groups = np.zeros(n, dtype=np.intp)
        self._classes = None
        self._show_nothing()

    def set_locations(self, locations: Sequence[str]) -> None:
        """Show other images of the same rows."""
        self.pixmaps.forget()
        self.locations = locations
        self.update()

    def set_points(self, points: MapPoints | None) -> None:
        """Show the rows in other places."""
        if points is None:
            self._show_nothing()
            return
        self._next = points
        self._make_layers()

    def _show_nothing(self) -> None:
        self._next = None
        self.drawing = MapDrawing(_nowhere(len(self.locations)), self.look)
        self.shown = Shown()
        self._dropped_layers = self._wanted_layers
        self.update()

    def set_colors(self, rgb: NDArray[np.float32] | None) -> None:
        """Color the rows: shape (n_rows, 3), dtype float32, 0 to 255, NaN or None for no color."""
        self.look.rgb = colors_or_plain(rgb, len(self.locations))
        self.look.has_frames = rgb is not None
        self._make_layers()

    def set_faded(self, faded: NDArray[np.bool_] | None) -> None:
        """Fade some rows: shape (n_rows,), dtype bool; None for none."""
        self.look.faded = faded
        self._make_layers()

    def set_classes(self, classes: Classes | None) -> None:
        """Write names at the places where most of their rows are; tint their areas."""
        self._classes = classes
        self._make_layers()

    def set_torn(self, torn: NDArray[np.bool_] | None) -> None:
        """Mark some rows: shape (n_rows,), dtype bool; None for none."""
        self.look.torn = torn
        self._make_marks()

    def set_labels(self, labels: Sequence[str] | None) -> None:
        """Write labels on the pictures; None for none."""
        self.look.labels = labels
        self.update()

    def set_side(self, side: float) -> None:
        """Show pictures of another size."""
        self.look.side = side
        self.go_whole_again()
        self.update()

    def set_dots_only(self, dots_only: bool) -> None:
        """Show no pictures."""
        self.look.dots_only = dots_only
        self.update()

    # What is drawn in the background

    def _make_layers(self) -> None:
        """Draw tiles and names anew; what is seen stays until they are there."""
        points = self._next if self._next is not None else self.points
        self._wanted_layers += 1
        if not len(points) or self._is_making:
            return  # the one that is being made is followed by the one that is wanted
        self._is_making = True
        number, look, classes = self._wanted_layers, self.look, self._classes
        rgb, faded = look.rgb, look.faded

        def make() -> tuple[int, MapPoints, Layers]:
            return number, points, make_layers(points, rgb, faded, classes)

        self._background.run(make, self._take_layers)

    def _take_layers(self, made: tuple[int, MapPoints, Layers]) -> None:
        number, points, layers = made
        self._is_making = False
        if number <= self._dropped_layers:  # of a map that is gone
            self._make_layers()
            return
        if self._next is points:
            self._next = None
        self.drawing = MapDrawing(
            points, self.look, layers.tiles, self.drawing.marks, layers.names, layers.tint
        )
        self.go_whole_again()
        self._make_marks()
        if number != self._wanted_layers:
            self._make_layers()
        else:
            self.settled.emit()

    def _make_marks(self) -> None:
        """Draw the dots of selected and torn rows anew."""
        points, look = self.points, self.look
        self.update()
        if not len(points):
            return
        self._wanted_marks += 1
        number, palette = self._wanted_marks, self.palette()
        groups, torn = look.groups, look.torn

        def make() -> tuple[int, MapPoints, DensityTiles | None]:
            return number, points, make_marks(points, groups, torn, palette)

        self._background.run(make, self._take_marks)

    def _take_marks(self, made: tuple[int, MapPoints, DensityTiles | None]) -> None:
        number, points, marks = made
        if number == self._wanted_marks and points is self.points:
            self.drawing.marks = marks
            self.update()

    @property
    def is_settled(self) -> bool:
        """Whether all is drawn as it is wanted."""
        return not self._background.is_busy and not self._is_making

    # Which part is in the window

    def whole_camera(self) -> Camera:
        """Get the camera that has the whole map in the window."""
        bounds = self.points.bounds
        margin = self.look.side / 2 + EDGE_PX
        return Camera.around(bounds, self.width(), self.height(), margin)

    def set_camera(self, camera: Camera) -> None:
        """Show another part of the map."""
        self.is_whole = False
        self.camera = camera
        self.update()

    def show_whole(self) -> None:
        """Show the whole map, and stay so."""
        self.is_whole = True
        self.go_whole_again()

    def go_whole_again(self) -> None:
        """Show the whole map, if that was wanted."""
        if self.is_whole:
            self.camera = self.whole_camera()
            self.update()

    def show_part(self, part: QRectF) -> None:
        """Zoom to a part of the map."""
        self.set_camera(Camera.around(part, self.width(), self.height(), 0))

    def point_of_row(self, row: int) -> QPointF | None:
        """Get the point of the window at which a row lies; None if it is not on the map."""
        points = self.points
        position = int(points.position_of[row])
        return self.camera.point_of(points.places[position]) if position >= 0 else None

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.go_whole_again()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.PaletteChange:
            self._make_marks()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), self.palette().color(QPalette.Base))
        if len(self.points):
            with self.pixmaps.held():
                self._paint_map(painter)
        painter.end()
        if self.hint and not len(self.points):
            paint_hint(self, self.hint)

    def _paint_map(self, painter: QPainter) -> None:
        window, ratio = QRectF(self.rect()), self.devicePixelRatioF()
        self.shown = self.drawing.paint(
            painter, self.camera, window, self.palette(), self.image_of_row, BUDGET_S, ratio
        )
        if self.shown.n_owed:
            self._repaint.start()
        self._want_pictures()

    def _want_pictures(self) -> None:
        """Ask for the pictures in sight, those that are shown first at first."""
        points, shown = self.points, self.shown
        order = np.argsort(points.levels[shown.positions], kind="stable")
        rows = [name.row for name, _ in shown.names if name.row >= 0]
        rows += points.rows[shown.positions[order]].tolist()
        side = self._decoded_side()
        self.pixmaps.want([(self.locations[row], side) for row in rows if self.locations[row]])

    def image_of_row(self, row: int) -> tuple[QImage | None, str]:
        """Get the picture of a row as far as it is there, and why it cannot be."""
        location = self.locations[row]
        if not location:
            return None, "no path or URL"
        side = self._decoded_side()
        image = self.pixmaps.image(location, side)
        if image is None:  # a smaller one stands in until this one is decoded
            small = self.pixmaps.small(location)
            image = small[0] if small is not None else None
        return image, "" if image is not None else self.pixmaps.reason(location, side)

    def _decoded_side(self) -> int:
        return decoded_side(self.look.side * self.devicePixelRatioF())

    def keys_of(self, rows: Sequence[int], side_px: int) -> list[Key]:
        """Get location and size of the pictures of some rows."""
        places = dict.fromkeys(self.locations[row] for row in rows)
        return [(location, side_px) for location in places if location]

    def _image_ready(self, location: str) -> None:
        if not self._repaint.isActive():
            self._repaint.start()

    def close_threads(self) -> None:
        """Stop decoding and drawing for good."""
        self.pixmaps.close()
        self._background.close()


def _nowhere(n_rows: int) -> MapPoints:
    return MapPoints(np.full((n_rows, 2), np.nan, dtype=np.float32))
