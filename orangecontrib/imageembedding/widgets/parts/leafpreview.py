"""The image of one leaf, large; Space or Escape closes it."""

from __future__ import annotations

from AnyQt.QtCore import Qt
from AnyQt.QtGui import QKeyEvent, QPainter, QPalette
from AnyQt.QtWidgets import QDialog, QWidget

from orangecontrib.imageembedding.widgets.parts.pixmaps import Pixmaps

SIDE_PX = 1024
SIZE = (640, 640)


class LeafPreview(QDialog):
    """Shows an image as soon as it is decoded."""

    def __init__(self, pixmaps: Pixmaps, parent: QWidget) -> None:
        super().__init__(parent)
        self._pixmaps = pixmaps
        self._location = ""
        self.resize(*SIZE)
        pixmaps.ready.connect(self._image_ready)

    def show_image(self, location: str, title: str) -> None:
        """Show another image."""
        self._location = location
        self.setWindowTitle(title)
        self.setAccessibleName(f"Image {title}")
        self.show()
        self.update()

    def _image_ready(self, location: str) -> None:
        if location == self._location:
            self.update()

    def paintEvent(self, _) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.Base))
        image = self._pixmaps.pixmap(self._location, SIDE_PX)
        if image is None:
            text = self._pixmaps.reason(self._location, SIDE_PX) or "Reading the image…"
            painter.setPen(self.palette().color(QPalette.Text))
            painter.drawText(self.rect(), Qt.AlignCenter, text)
            return
        size = image.size().scaled(self.size(), Qt.KeepAspectRatio)
        place = self.rect()
        place.setSize(size)
        place.moveCenter(self.rect().center())
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        painter.drawPixmap(place, image)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Space:
            self.close()
        else:
            super().keyPressEvent(event)
