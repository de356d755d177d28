"""How one image with its title is drawn, and a heading."""

from __future__ import annotations

from AnyQt.QtCore import QEvent, QModelIndex, QPoint, QPointF, QRect, QRectF, QSize, QSizeF, Qt
from AnyQt.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPalette, QPen
from AnyQt.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)

from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps
from orangecontrib.imageembedding.widgets.thumbnails.model import (
    ColorRole,
    FadedRole,
    LocationRole,
)

PADDING = 6
SPACING = 4  # between the highlights of two images
FRAME_WIDTH = 3
FADED_OPACITY = 0.3


class ThumbnailDelegate(QStyledItemDelegate):
    """Paints one image with its title below; a reason in place of an image that is none."""

    def __init__(self, view: QAbstractItemView, pixmaps: Pixmaps) -> None:
        super().__init__(view)
        self.side = 128
        self.n_title_lines = 1
        self._view = view
        self._pixmaps = pixmaps

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        margin = 2 * (PADDING + SPACING)
        title_height = self.n_title_lines * QFontMetrics(option.font).height()
        gap = PADDING if self.n_title_lines else 0
        return QSize(self.side + margin, self.side + gap + title_height + margin)

    @property
    def side_px(self) -> int:
        """Side of a thumbnail in the pixels of the screen."""
        return round(self.side * self._view.devicePixelRatioF())

    def content_rect(self, cell: QRect) -> QRect:
        """Get the part of a cell that belongs to the image: a press outside it hits no image."""
        rect = cell.adjusted(0, SPACING, 0, -SPACING)
        rect.setWidth(self.side + 2 * PADDING)
        rect.moveLeft(cell.left() + (cell.width() - rect.width()) // 2)
        return rect

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        painter.save()
        content = self.content_rect(option.rect)
        selected = bool(option.state & QStyle.State_Selected)
        if selected:
            self._paint_background(painter, content, option.palette)
        role = QPalette.HighlightedText if selected else QPalette.Text
        painter.setPen(option.palette.color(self._group(), role))
        painter.setFont(option.font)
        if index.data(FadedRole):
            painter.setOpacity(FADED_OPACITY)
        square = QRect(content.left() + PADDING, content.top() + PADDING, self.side, self.side)
        self._paint_image(painter, square, index)
        self._paint_title(painter, square, index.data(Qt.DisplayRole))
        painter.setOpacity(1)
        if option.state & QStyle.State_HasFocus:
            painter.setPen(QPen(option.palette.color(QPalette.Text), 1, Qt.DotLine))
            painter.drawRoundedRect(content.adjusted(0, 0, -1, -1), PADDING, PADDING)
        painter.restore()

    def _paint_background(self, painter: QPainter, content: QRect, palette: QPalette) -> None:
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(Qt.NoPen)
        painter.setBrush(palette.brush(self._group(), QPalette.Highlight))
        painter.drawRoundedRect(content, PADDING, PADDING)
        painter.setBrush(Qt.NoBrush)

    def _group(self) -> QPalette.ColorGroup:
        return QPalette.Active if self._view.isActiveWindow() else QPalette.Inactive

    def _paint_title(self, painter: QPainter, square: QRect, title: str) -> None:
        metrics = painter.fontMetrics()
        top = square.bottom() + PADDING
        for i, line in enumerate(title.split("\n")[: self.n_title_lines]):
            rect = QRect(square.left(), top + i * metrics.height(), self.side, metrics.height())
            painter.drawText(
                rect, Qt.AlignCenter, metrics.elidedText(line, Qt.ElideMiddle, self.side)
            )

    def _paint_image(self, painter: QPainter, square: QRect, index: QModelIndex) -> None:
        location = index.data(LocationRole)
        image = self._pixmaps.image(location, self.side_px)
        place = QRectF(square)
        if image is None:
            self._paint_placeholder(painter, square, self._pixmaps.reason(location, self.side_px))
        else:
            place = QRectF(QPointF(), QSizeF(image.size()) / self._view.devicePixelRatioF())
            place.moveCenter(QRectF(square).center())
            place.moveTopLeft(QPointF(place.topLeft().toPoint()))  # sharp: no half pixels
            painter.drawImage(place, image)
        color = index.data(ColorRole)
        if color is not None:
            self._paint_frame(painter, place, color)

    @staticmethod
    def _paint_frame(painter: QPainter, place: QRectF, color: QColor) -> None:
        painter.save()
        pen = QPen(color, FRAME_WIDTH)
        pen.setJoinStyle(Qt.MiterJoin)
        painter.setPen(pen)
        half = FRAME_WIDTH / 2
        painter.drawRect(place.adjusted(-half, -half, half, half))
        painter.restore()

    @staticmethod
    def _paint_placeholder(painter: QPainter, square: QRect, reason: str) -> None:
        painter.save()
        color = painter.pen().color()
        tint = QColor(color)
        tint.setAlphaF(0.06)
        painter.fillRect(square, tint)
        if reason:
            outline = QColor(color)
            outline.setAlphaF(0.4)
            painter.setPen(QPen(outline, 1, Qt.DashLine))
            painter.drawRect(square.adjusted(0, 0, -1, -1))
            painter.setPen(color)
            flags = Qt.AlignCenter | Qt.TextWordWrap
            painter.drawText(square.adjusted(4, 4, -4, -4), int(flags), reason)
        painter.restore()

    def paint_heading(self, painter: QPainter, rect: QRect, title: str) -> None:
        """Paint the heading of a group; the painter has the font and the pen."""
        painter.save()
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        inside = rect.adjusted(PADDING + SPACING, 0, -PADDING - SPACING, -SPACING)
        title = painter.fontMetrics().elidedText(title, Qt.ElideMiddle, inside.width())
        side = Qt.AlignRight if self._view.isRightToLeft() else Qt.AlignLeft
        painter.drawText(inside, int(Qt.AlignBottom | side), title)
        line = QColor(painter.pen().color())
        line.setAlphaF(0.25)
        painter.setPen(line)
        painter.drawLine(inside.bottomLeft() + QPoint(0, 2), inside.bottomRight() + QPoint(0, 2))
        painter.restore()

    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: QModelIndex,
    ) -> bool:
        if event.type() != QEvent.ToolTip or not index.isValid():
            return super().helpEvent(event, view, option, index)
        location = index.data(LocationRole)
        reason = self._pixmaps.reason(location, self.side_px)
        lines = [index.data(Qt.DisplayRole), location[:500], reason]
        QToolTip.showText(event.globalPos(), "\n".join(filter(None, lines)), view)
        return True
