"""How one image in its cell is drawn, with its label, frame and mark."""

from __future__ import annotations

from dataclasses import dataclass

from AnyQt.QtCore import QRectF, Qt
from AnyQt.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPalette, QPen

FIT, CROP, STRETCH = "fit", "crop", "stretch"
MIN_LABEL_SIDE = 56.0  # labels are written in cells at least as wide
MAX_LABEL_LINES = 3
MIN_GAP_SIDE = 12.0  # below it the images touch
FADED_OPACITY = 0.3
TINT = 0.35  # of the color of a group behind its images


@dataclass(slots=True)
class Look:
    """The look of one cell; colors are None where there is no frame or mark."""

    image: QImage | None
    reason: str = ""
    label: str = ""
    frame: QColor | None = None
    mark: QColor | None = None
    faded: bool = False
    focused: bool = False


class CellPainter:
    """Draws cells of one size; thousands of them in the blink of an eye.

    Parameters
    ----------
    painter : QPainter
        Where to; it has the font of labels.
    side : float
        Of the cells.
    fit : {"fit", "crop", "stretch"}
        How an image fills its square.
    palette : QPalette
        For text and what is missing.
    n_lines : int
        Number of lines of labels that get room, if the cells are wide enough.
    """

    def __init__(
        self, painter: QPainter, side: float, fit: str, palette: QPalette, n_lines: int
    ) -> None:
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        self._painter, self._side, self._fit, self._palette = painter, side, fit, palette
        self._is_large = side >= MIN_LABEL_SIDE
        self._gap = min(side / 32, 3.0) if side >= MIN_GAP_SIDE else 0.0
        self._width = max(min(side / 24, 5.0), 1.5)  # of frames and marks
        n_lines = min(n_lines, MAX_LABEL_LINES) if self._is_large else 0
        self._line = QFontMetricsF(painter.font()).height()
        self._label_height = min(n_lines * self._line + 2, side / 2) if n_lines else 0.0

    def paint(self, x: float, y: float, look: Look) -> None:
        """Draw a cell from its top left corner on."""
        painter, side, inset = self._painter, self._side, self._gap
        if look.mark is not None:
            self._paint_mark(QRectF(x, y, side, side), look.mark)
        if look.mark is not None or look.frame is not None:
            inset += self._width
        width = side - 2 * inset
        square = QRectF(x + inset, y + inset, width, width - self._label_height)
        if look.faded:
            painter.setOpacity(FADED_OPACITY)
        self._paint_image(square, look)
        if self._label_height and look.label:
            self._paint_label(square, look.label)
        if look.faded:
            painter.setOpacity(1.0)
        if look.focused:
            painter.setPen(QPen(self._palette.color(QPalette.Text), 1, Qt.DotLine))
            painter.drawRect(QRectF(x + 0.5, y + 0.5, side - 2, side - 2))

    def _paint_mark(self, rect: QRectF, color: QColor) -> None:
        """Show that a cell is selected: large ones are tinted, small ones filled."""
        if not self._is_large:
            self._painter.fillRect(rect, color)
            return
        tint = QColor(color)
        tint.setAlphaF(TINT)
        self._painter.fillRect(rect, tint)
        half = self._width / 2
        pen = QPen(color, self._width)
        pen.setJoinStyle(Qt.MiterJoin)
        self._painter.setPen(pen)
        self._painter.drawRect(rect.adjusted(half, half, -half, -half))

    def _paint_image(self, square: QRectF, look: Look) -> None:
        """Draw the image and its frame, or a placeholder."""
        image, painter, place = look.image, self._painter, square
        if image is not None and self._fit == FIT:
            place = _inside(square, image.width(), image.height())
        if look.frame is not None:
            wide = self._width
            painter.fillRect(place.adjusted(-wide, -wide, wide, wide), look.frame)
        if image is None:
            self._paint_placeholder(square, look)
        elif self._fit == CROP:
            source = QRectF(image.rect())
            painter.drawImage(place, image, _inside(source, square.width(), square.height()))
        else:
            painter.drawImage(place, image)

    def _paint_placeholder(self, square: QRectF, look: Look) -> None:
        painter = self._painter
        painter.fillRect(square, self._palette.color(QPalette.Base))
        color = QColor(self._palette.color(QPalette.Text))
        color.setAlphaF(0.07)
        painter.fillRect(square, color)
        if look.reason:
            color.setAlphaF(0.4)
            painter.setPen(QPen(color, 1, Qt.DashLine))
            painter.drawRect(square.adjusted(0.5, 0.5, -1, -1))
        if look.reason and self._is_large:
            painter.setPen(self._palette.color(QPalette.Text))
            flags = int(Qt.AlignCenter | Qt.TextWordWrap)
            painter.drawText(square.adjusted(3, 3, -3, -3), flags, look.reason)

    def _paint_label(self, square: QRectF, label: str) -> None:
        painter, top, line = self._painter, square.bottom() + 2, self._line
        metrics, width = painter.fontMetrics(), square.width()
        painter.setPen(self._palette.color(QPalette.Text))
        for i, text in enumerate(label.split("\n")[: round(self._label_height / line)]):
            shown = metrics.elidedText(text, Qt.ElideMiddle, int(width))
            rect = QRectF(square.left(), top + i * line, width, line)
            painter.drawText(rect, int(Qt.AlignCenter), shown)


def _inside(rect: QRectF, width: float, height: float) -> QRectF:
    """Get the largest part of a rectangle, in its middle, with a ratio of sides."""
    scale = min(rect.width() / width, rect.height() / height)
    width, height = width * scale, height * scale
    left = rect.left() + (rect.width() - width) / 2
    return QRectF(left, rect.top() + (rect.height() - height) / 2, width, height)
