"""The picture under the pointer, larger, with what is told of it."""

from __future__ import annotations

from AnyQt.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from AnyQt.QtGui import QFontMetrics, QPainter, QPaintEvent, QPalette
from AnyQt.QtWidgets import QWidget

from orangecontrib.imageembedding.widgets.map.pictures import inside
from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps

PADDING = 6
PICTURE_PX = 192
DECODED_PX = 256
DISTANCE = 14  # from the picture


class HoverCard(QWidget):
    """A card over the map; the mouse does not notice it."""

    def __init__(self, parent: QWidget, pixmaps: Pixmaps) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self._pixmaps = pixmaps
        self._location = self.text = ""
        self.hide()

    def show_beside(self, point: QPointF, reach: float, location: str, text: str) -> None:
        """Show an image and a text beside a point of the parent, `reach` pixels from it."""
        self._location, self.text = location, text
        self.resize(self.sizeHint())
        off = round(reach) + DISTANCE
        area, center = self.parentWidget().rect(), point.toPoint()
        place = QRect(center + QPoint(off, -self.height() // 2), self.size())
        if place.right() > area.right():
            place.moveRight(center.x() - off)
        place.moveTop(min(max(place.top(), 0), max(area.bottom() - self.height(), 0)))
        self.move(max(place.left(), 0), place.top())
        self.show()
        self.update()

    def sizeHint(self) -> QSize:
        text = self._text_rect()
        height = PICTURE_PX if self._location else 0
        return QSize(PICTURE_PX + 2 * PADDING, height + text.height() + 3 * PADDING)

    def _text_rect(self) -> QRect:
        room = QRect(0, 0, PICTURE_PX, 200)
        flags = int(Qt.AlignHCenter | Qt.TextWrapAnywhere)
        return QFontMetrics(self.font()).boundingRect(room, flags, self.text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, palette = QPainter(self), self.palette()
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        painter.setPen(palette.color(QPalette.Mid))
        painter.setBrush(palette.color(QPalette.ToolTipBase))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        square = QRectF(PADDING, PADDING, PICTURE_PX, PICTURE_PX if self._location else 0)
        if self._location:
            self._pixmaps.pixmap(self._location, DECODED_PX)  # asks for it
            small = self._pixmaps.small(self._location)
            if small is not None:
                image = small[0]
                painter.drawImage(inside(square, image.width(), image.height()), image)
        painter.setPen(palette.color(QPalette.ToolTipText))
        text = QRectF(PADDING, square.bottom() + PADDING, PICTURE_PX, self._text_rect().height())
        painter.drawText(text, int(Qt.AlignHCenter | Qt.TextWrapAnywhere), self.text)
