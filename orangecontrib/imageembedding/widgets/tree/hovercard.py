"""What a branch is, shown beside the pointer: text and typical images."""

from __future__ import annotations

from collections.abc import Sequence

from AnyQt.QtCore import QPoint, QRect, QRectF, QSize, Qt
from AnyQt.QtGui import QFontMetrics, QPainter, QPaintEvent, QPalette
from AnyQt.QtWidgets import QWidget

from orangecontrib.imageembedding.widgets.tree.collage import ReadPixmap, paint_collage

PADDING = 8
PICTURE = 50
DISTANCE = 16  # from the pointer


class HoverCard(QWidget):
    """A card over the view; the mouse does not notice it."""

    def __init__(self, parent: QWidget, pixmap: ReadPixmap) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self._pixmap = pixmap
        self.text = ""
        self._locations: Sequence[str] = ()
        self.hide()

    def show_at(self, pointer: QPoint, text: str, locations: Sequence[str]) -> None:
        """Show text and images near a point of the parent, inside it."""
        self.text, self._locations = text, [location for location in locations if location]
        self.resize(self.sizeHint())
        place = QRect(pointer + QPoint(DISTANCE, DISTANCE), self.size())
        area = self.parentWidget().rect()
        if place.right() > area.right():
            place.moveRight(pointer.x() - DISTANCE)
        if place.bottom() > area.bottom():
            place.moveBottom(area.bottom())
        self.move(max(place.left(), 0), max(place.top(), 0))
        self.show()
        self.update()

    def sizeHint(self) -> QSize:
        text = QFontMetrics(self.font()).boundingRect(QRect(0, 0, 400, 400), 0, self.text)
        pictures = len(self._locations) * (PICTURE + 2)
        height = text.height() + (PICTURE + PADDING if pictures else 0)
        return QSize(max(text.width(), pictures) + 2 * PADDING + 2, height + 2 * PADDING)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        palette = self.palette()
        painter.setPen(palette.color(QPalette.Mid))
        painter.setBrush(palette.color(QPalette.ToolTipBase))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        inside = self.rect().adjusted(PADDING, PADDING, -PADDING, -PADDING)
        painter.setPen(palette.color(QPalette.ToolTipText))
        painter.drawText(inside, Qt.AlignLeft | Qt.AlignTop, self.text)
        if self._locations:
            wide = 6.0 * PICTURE  # several pictures get a part of the width each
            top = inside.bottom() - PICTURE + 1
            rect = QRectF(inside.left(), top, wide, PICTURE)
            paint_collage(painter, rect, self._locations, self._pixmap)
