"""What the images of the suggested class look like, beside an image whose label is doubtful."""

from __future__ import annotations

from collections.abc import Sequence

from AnyQt.QtCore import QPoint, QRect, QSize, Qt, pyqtSignal
from AnyQt.QtGui import QMouseEvent, QPainter, QPaintEvent, QPalette
from AnyQt.QtWidgets import QSizePolicy, QWidget

from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps

SIDE_PX, GAP_PX, CAPTION_PX = 64, 6, 110


class Witnesses(QWidget):
    """A line of text, and images below it."""

    opened = pyqtSignal(int)
    """The row of an image that was double-clicked."""

    def __init__(self, pixmaps: Pixmaps) -> None:
        super().__init__()
        self._pixmaps = pixmaps
        self.text = self.caption = ""
        self._images: Sequence[tuple[int, str]] = ()
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setAccessibleName("Reason")
        pixmaps.ready.connect(lambda _: self.update())

    def sizeHint(self) -> QSize:
        """Have room for the images, if there are some."""
        height = self.fontMetrics().height() + GAP_PX
        return QSize(300, height + (SIDE_PX + GAP_PX if self._images else 0))

    def minimumSizeHint(self) -> QSize:
        """Get the least size."""
        return self.sizeHint()

    def show_images(
        self, text: str, caption: str = "", images: Sequence[tuple[int, str]] = ()
    ) -> None:
        """Show a text, and images, by their rows and locations, with a caption."""
        self.text, self.caption, self._images = text, caption, images
        self.setAccessibleDescription(text)
        self.setToolTip(text)
        self.updateGeometry()
        self.update()

    @property
    def rows(self) -> list[int]:
        """Rows of the images that are shown."""
        return [row for row, _ in self._images]

    def rect_of(self, place: int) -> QRect:
        """Get where an image is."""
        top = self.fontMetrics().height() + GAP_PX
        return QRect(CAPTION_PX + place * (SIDE_PX + GAP_PX), top, SIDE_PX, SIDE_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the text and the images."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.WindowText))
        line = QRect(0, 0, self.width(), self.fontMetrics().height())
        shown = painter.fontMetrics().elidedText(self.text, Qt.ElideRight, self.width())
        painter.drawText(line, Qt.AlignLeft, shown)
        beside = QRect(0, self.rect_of(0).top(), CAPTION_PX - GAP_PX, SIDE_PX)
        if self._images:
            painter.drawText(beside, Qt.AlignLeft | Qt.AlignVCenter | Qt.TextWordWrap, self.caption)
        scale = self.devicePixelRatioF()
        for place, (_, location) in enumerate(self._images):
            pixmap = self._pixmaps.pixmap(location, round(SIDE_PX * scale))
            if pixmap is not None:
                rect = QRect(QPoint(), pixmap.size() / scale)
                rect.moveCenter(self.rect_of(place).center())
                painter.drawPixmap(rect, pixmap)
        painter.end()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show an image large."""
        for place, (row, _) in enumerate(self._images):
            if self.rect_of(place).contains(event.pos()):
                self.opened.emit(row)
