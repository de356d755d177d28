"""A map drawn from arrays: density from far, typical pictures nearer, all at last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from AnyQt.QtCore import QPointF, QRectF, Qt
from AnyQt.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPalette,
)
from numpy.typing import NDArray

from orangecontrib.imageembedding.widgets.map.camera import Camera
from orangecontrib.imageembedding.widgets.map.look import ImageOf, MapLook
from orangecontrib.imageembedding.widgets.map.names import (
    PADDING,
    PICTURE_PX,
    MapName,
    covered,
    placed_names,
)
from orangecontrib.imageembedding.widgets.map.pictures import TORN, PicturePainter, inside
from orangecontrib.imageembedding.widgets.map.points import MapPoints
from orangecontrib.imageembedding.widgets.map.tiles import FADED, DensityTiles
from orangecontrib.imageembedding.widgets.shared.groups import color_of_group

MAX_PICTURES = 1600  # in a window, painted in 20 ms
MAX_DOTS = 1500  # are round; of more only the density is shown
DOT_PX, MARKED_DOT_PX = 7.0, 13.0
NAME_ALPHA = 225


@dataclass(slots=True)
class Shown:
    """What was painted last.

    Attributes
    ----------
    positions : ndarray of int
        Of the points shown as pictures.
    centers : ndarray of shape (n_pictures, 2)
        Of the pictures, in the window.
    n_owed : int
        Tiles that there was no time for.
    names : list of (MapName, QRectF)
    """

    positions: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))
    centers: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    n_owed: int = 0
    names: list[tuple[MapName, QRectF]] = field(default_factory=list)


@dataclass(slots=True)
class MapDrawing:
    """All that is drawn of a map, in a window or a picture.

    Attributes
    ----------
    tiles : DensityTiles or None
        Of all points.
    marks : DensityTiles or None
        Of points that are selected or torn, over them.
    tint : QImage or None
        Over the unit square, below all.
    """

    points: MapPoints
    look: MapLook
    tiles: DensityTiles | None = None
    marks: DensityTiles | None = None
    names: Sequence[MapName] = ()
    tint: QImage | None = None

    def paint(
        self,
        painter: QPainter,
        camera: Camera,
        window: QRectF,
        palette: QPalette,
        image_of: ImageOf,
        budget_s: float = 60.0,
        ratio: float = 1.0,
    ) -> Shown:
        """Paint a part of the map; tiles that are not made, for some seconds at most."""
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        self._paint_tint(painter, camera, window)
        shown = self.shown_in(camera, window, painter.font())
        shown.n_owed = self._paint_points(painter, camera, window, palette, shown, budget_s, ratio)
        pictures = PicturePainter(painter, self.look, palette, image_of)
        rows = self.points.rows[shown.positions]
        for row, (x, y) in zip(rows.tolist(), shown.centers.tolist(), strict=True):
            pictures.paint(row, x, y)
        painter.save()
        painter.setFont(_bold(painter.font()))
        for name, rect in shown.names:
            _paint_name(painter, name, rect, palette, image_of)
        painter.restore()
        return shown

    def shown_in(self, camera: Camera, window: QRectF, font: QFont) -> Shown:
        """Get what is shown in a window: names that have room, and pictures beside them."""
        positions, centers = self._pictures_in(camera, window)
        metrics, side = QFontMetricsF(_bold(font)), self.look.side
        names = placed_names(self.names, camera, window, metrics, centers, side)
        is_free = np.ones(len(positions), dtype=bool)
        for _, rect in names:
            is_free &= ~covered(rect, centers, side)
        return Shown(positions[is_free], centers[is_free], names=names)

    def _paint_tint(self, painter: QPainter, camera: Camera, window: QRectF) -> None:
        part = camera.part(window).intersected(QRectF(0, 0, 1, 1))
        if self.tint is None or part.isEmpty():
            return
        n = self.tint.width()
        source = QRectF(part.x() * n, part.y() * n, part.width() * n, part.height() * n)
        corner = (part.topLeft() - QPointF(camera.x, camera.y)) * camera.scale
        target = QRectF(corner, part.size() * camera.scale)
        painter.drawImage(target, self.tint, source)

    def _pictures_in(
        self, camera: Camera, window: QRectF
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Get the points that have room as pictures, and where."""
        points, side = self.points, self.look.side
        part = camera.part(window.adjusted(-side / 2, -side / 2, side / 2, side / 2))
        level = -1 if self.look.dots_only else points.level_at(camera.scale, side)
        positions = points.pictures_in(part, level)
        while len(positions) > MAX_PICTURES:
            level -= 1
            positions = points.pictures_in(part, level)
        return positions, np.round(camera.to_window(points.places[positions]))

    def _paint_points(
        self,
        painter: QPainter,
        camera: Camera,
        window: QRectF,
        palette: QPalette,
        shown: Shown,
        budget_s: float,
        ratio: float,
    ) -> int:
        """Paint what is not shown as a picture: as dots, or, if these are many, as tiles."""
        part = camera.part(window.adjusted(-DOT_PX, -DOT_PX, DOT_PX, DOT_PX))
        if self.points.buckets.count_near(part) <= 4 * MAX_DOTS:
            positions = self.points.buckets.inside(part)
            if len(positions) <= MAX_DOTS + len(shown.positions):
                hidden = np.setdiff1d(positions, shown.positions, assume_unique=True)
                self._paint_dots(painter, camera, hidden, palette)
                return 0
        layers = [tiles for tiles in (self.tiles, self.marks) if tiles is not None]
        return sum(tiles.paint(painter, camera, window, ratio, budget_s) for tiles in layers)

    def _paint_dots(
        self,
        painter: QPainter,
        camera: Camera,
        positions: NDArray[np.intp],
        palette: QPalette,
    ) -> None:
        look, rows = self.look, self.points.rows[positions]
        centers = camera.to_window(self.points.places[positions])
        if look.torn is not None:
            _paint_round(painter, centers[look.torn[rows]], TORN, MARKED_DOT_PX - 2)
        groups = look.groups[rows]
        for group in np.unique(groups[groups > 0]).tolist():
            color = color_of_group(group, palette)
            _paint_round(painter, centers[groups == group], color, MARKED_DOT_PX)
        faded = np.zeros(len(rows), bool) if look.faded is None else look.faded[rows]
        for back, opacity in ((True, FADED), (False, 0.85)):
            chosen = np.flatnonzero(faded == back)
            rgb = look.rgb[rows[chosen]] & np.uint8(0xF8)  # few colors of many
            painter.setOpacity(opacity)
            for color, members in _by_color(rgb):
                _paint_round(painter, centers[chosen[members]], color, DOT_PX)
        painter.setOpacity(1.0)


def _bold(font: QFont) -> QFont:
    bold = QFont(font)
    bold.setBold(True)
    return bold


def _by_color(rgb: NDArray[np.uint8]) -> list[tuple[QColor, NDArray[np.intp]]]:
    keys = rgb.astype(np.int32) @ np.array([65536, 256, 1], np.int32)
    order = np.argsort(keys, kind="stable")
    values, starts = np.unique(keys[order], return_index=True)
    parts = np.split(order, starts[1:])
    return [(QColor(int(value)), part) for value, part in zip(values, parts, strict=False)]


def _paint_round(
    painter: QPainter, centers: NDArray[np.float64], color: QColor, diameter: float
) -> None:
    """Paint dots; a picture of one, painted again and again, is faster than points."""
    if not len(centers):
        return
    ratio = painter.device().devicePixelRatioF() if painter.device() is not None else 1.0
    dot = _dot(color.rgb(), diameter, ratio)
    for x, y in (centers - diameter / 2).tolist():
        painter.drawImage(QPointF(x, y), dot)


@lru_cache(maxsize=512)
def _dot(rgb: int, diameter: float, ratio: float) -> QImage:
    side = round(diameter * ratio)
    image = QImage(side, side, QImage.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.Antialiasing)
    painter.setPen(Qt.NoPen)
    painter.setBrush(QColor(rgb))
    painter.drawEllipse(QRectF(0, 0, side, side))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


def _paint_name(
    painter: QPainter, name: MapName, rect: QRectF, palette: QPalette, image_of: ImageOf
) -> None:
    ground = QColor(palette.color(QPalette.Base))
    ground.setAlpha(NAME_ALPHA)
    painter.setRenderHint(QPainter.Antialiasing)
    painter.setPen(Qt.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(rect, 4, 4)
    text = rect.adjusted(PADDING, 0, -PADDING, 0)
    if name.row >= 0:
        square = QRectF(text.left(), rect.center().y() - PICTURE_PX / 2, PICTURE_PX, PICTURE_PX)
        image = image_of(name.row)[0]
        if image is not None:
            painter.drawImage(inside(square, image.width(), image.height()), image)
        text.setLeft(square.right() + PADDING)
    painter.setPen(palette.color(QPalette.Text))
    painter.drawText(text, int(Qt.AlignCenter), name.text)
    painter.setRenderHint(QPainter.Antialiasing, False)
