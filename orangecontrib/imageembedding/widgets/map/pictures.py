"""One picture on a map, with its frame, label and marks."""

from __future__ import annotations

from AnyQt.QtCore import QPointF, QRectF, Qt
from AnyQt.QtGui import QColor, QFontMetricsF, QPainter, QPalette, QPen, QPolygonF

from orangecontrib.imageembedding.widgets.map.look import ImageOf, MapLook
from orangecontrib.imageembedding.widgets.shared.groups import color_of_group

FADED = 0.3
FRAME_PX, MARK_PX = 2.0, 3.0
MIN_LABEL_SIDE = 40.0
TORN = QColor(214, 39, 40)
TORN_PART = 0.3  # of the side, of the corner that marks torn neighbors


class PicturePainter:
    """Draws pictures of one size; hundreds of them in some milliseconds."""

    def __init__(
        self, painter: QPainter, look: MapLook, palette: QPalette, image_of: ImageOf
    ) -> None:
        self._painter, self._look, self._palette, self._image_of = painter, look, palette, image_of
        self._has_labels = look.labels is not None and look.side >= MIN_LABEL_SIDE
        self._metrics = QFontMetricsF(painter.font())

    def paint(self, row: int, x: float, y: float) -> None:
        """Draw the picture of a row around a point."""
        look, painter = self._look, self._painter
        image, reason = self._image_of(row)
        group = int(look.groups[row])
        inset = 1.0 + (FRAME_PX if look.has_frames else 0.0) + (MARK_PX if group else 0.0)
        side = look.side - 2 * inset
        square = QRectF(x - side / 2, y - side / 2, side, side)
        place = square if image is None else inside(square, image.width(), image.height())
        if look.faded is not None and look.faded[row]:
            painter.setOpacity(FADED)
        if group:
            wide = MARK_PX + (FRAME_PX if look.has_frames else 0.0)
            color = color_of_group(group, self._palette)
            painter.fillRect(place.adjusted(-wide, -wide, wide, wide), color)
        if look.has_frames:
            frame = QColor(*look.rgb[row].tolist())
            painter.fillRect(place.adjusted(-FRAME_PX, -FRAME_PX, FRAME_PX, FRAME_PX), frame)
        if image is None:
            self._paint_placeholder(place, row, reason)
        else:
            painter.drawImage(place, image)
        if self._has_labels:
            self._paint_label(place, look.labels[row] if look.labels is not None else "")
        if look.torn is not None and look.torn[row]:
            self._paint_corner(place)
        painter.setOpacity(1.0)
        if row == look.focus:
            painter.setPen(QPen(self._palette.color(QPalette.Text), 1, Qt.DotLine))
            painter.drawRect(place.adjusted(-inset - 0.5, -inset - 0.5, inset, inset))

    def _paint_placeholder(self, place: QRectF, row: int, reason: str) -> None:
        painter, color = self._painter, QColor(*self._look.rgb[row].tolist())
        painter.fillRect(place, self._palette.color(QPalette.Base))
        color.setAlphaF(0.35)
        painter.fillRect(place, color)
        if reason:  # it will never come
            color.setAlphaF(1.0)
            painter.setPen(QPen(color, 1, Qt.DashLine))
            painter.drawRect(place.adjusted(0.5, 0.5, -1, -1))
            painter.drawLine(place.topLeft(), place.bottomRight())

    def _paint_label(self, place: QRectF, label: str) -> None:
        painter, height = self._painter, self._metrics.height()
        text = self._metrics.elidedText(label, Qt.ElideMiddle, place.width())
        strip = QRectF(place.left(), place.bottom() - height, place.width(), height)
        ground = QColor(self._palette.color(QPalette.Base))
        ground.setAlpha(200)
        painter.fillRect(strip, ground)
        painter.setPen(self._palette.color(QPalette.Text))
        painter.drawText(strip, int(Qt.AlignCenter), text)

    def _paint_corner(self, place: QRectF) -> None:
        painter, corner = self._painter, place.topRight()
        size = TORN_PART * place.width()
        triangle = [corner, corner - QPointF(size, 0), corner + QPointF(0, size)]
        painter.setPen(QPen(self._palette.color(QPalette.Base), 1))
        painter.setBrush(TORN)
        painter.drawPolygon(QPolygonF(triangle))
        painter.setBrush(Qt.NoBrush)


def inside(rect: QRectF, width: float, height: float) -> QRectF:
    """Get the largest part of a rectangle, in its middle, with a ratio of sides."""
    scale = min(rect.width() / width, rect.height() / height)
    width, height = width * scale, height * scale
    return QRectF(rect.center().x() - width / 2, rect.center().y() - height / 2, width, height)
