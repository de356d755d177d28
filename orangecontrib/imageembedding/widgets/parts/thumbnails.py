"""A grid of thumbnails with titles."""

from __future__ import annotations

from collections.abc import Sequence

from AnyQt.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    QSizeF,
    Qt,
    pyqtSignal,
)
from AnyQt.QtGui import QFontMetrics, QPainter, QPalette, QWheelEvent
from AnyQt.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from orangecontrib.imageembedding.widgets.parts.pixmaps import Pixmaps

MIN_SIDE, MAX_SIDE = 32, 512
PADDING = 6

LocationRole = Qt.UserRole


class ThumbnailModel(QAbstractListModel):
    """Locations and titles; one row for each image."""

    def __init__(self) -> None:
        super().__init__()
        self._locations: Sequence[str] = ()
        self._titles: Sequence[str] = ()

    def set_images(self, locations: Sequence[str], titles: Sequence[str]) -> None:
        """Show other images.

        Parameters
        ----------
        locations : sequence of str
            Paths or URLs; "" where there is none.
        titles : sequence of str
            As many.
        """
        self.beginResetModel()
        self._locations, self._titles = locations, titles
        self.endResetModel()

    def set_titles(self, titles: Sequence[str]) -> None:
        """Show other titles under the same images."""
        self._titles = titles
        if titles:
            self.dataChanged.emit(self.index(0), self.index(len(titles) - 1), [Qt.DisplayRole])

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._locations)

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> str | None:
        if not index.isValid():
            return None
        if role == LocationRole:
            return self._locations[index.row()]
        if role in (Qt.DisplayRole, Qt.AccessibleTextRole):
            return self._titles[index.row()]
        return None


class ThumbnailDelegate(QStyledItemDelegate):
    """Paints one image with its title below; a reason in place of an image that is none."""

    def __init__(self, view: ThumbnailView, pixmaps: Pixmaps) -> None:
        super().__init__(view)
        self.side = 128
        self._pixmaps = pixmaps

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        text_height = QFontMetrics(option.font).height()
        return QSize(self.side + 2 * PADDING, self.side + text_height + 3 * PADDING)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        painter.save()
        palette = option.palette
        selected = bool(option.state & QStyle.State_Selected)
        if selected:
            painter.fillRect(option.rect, palette.brush(QPalette.Highlight))
        role = QPalette.HighlightedText if selected else QPalette.Text
        painter.setPen(palette.color(role))
        frame = option.rect.adjusted(PADDING, PADDING, -PADDING, -PADDING)
        image_rect = QRect(frame.left(), frame.top(), self.side, self.side)
        self._paint_image(painter, image_rect, index.data(LocationRole))
        metrics = QFontMetrics(option.font)
        text_rect = QRect(frame.left(), image_rect.bottom() + PADDING, self.side, metrics.height())
        title = metrics.elidedText(index.data(Qt.DisplayRole), Qt.ElideMiddle, self.side)
        painter.drawText(text_rect, Qt.AlignCenter, title)
        if option.state & QStyle.State_HasFocus:
            painter.setPen(Qt.DotLine)
            painter.drawRect(option.rect.adjusted(1, 1, -2, -2))
        painter.restore()

    def _paint_image(self, painter: QPainter, rect: QRect, location: str) -> None:
        ratio = painter.device().devicePixelRatioF()
        side_px = round(self.side * ratio)
        pixmap = self._pixmaps.pixmap(location, side_px)
        if pixmap is not None:
            place = QRectF(QPointF(), QSizeF(pixmap.size()) / ratio)
            place.moveCenter(QRectF(rect).center())
            painter.drawPixmap(place, pixmap, QRectF(pixmap.rect()))
            return
        painter.save()
        painter.setOpacity(0.5)
        painter.setPen(Qt.DashLine)
        painter.drawRect(rect.adjusted(1, 1, -1, -1))
        painter.setOpacity(1)
        reason = self._pixmaps.reason(location, side_px)
        flags = Qt.AlignCenter | Qt.TextWordWrap
        painter.drawText(rect.adjusted(4, 4, -4, -4), flags, reason)
        painter.restore()

    def helpEvent(self, event, view, option, index) -> bool:
        if event.type() == QEvent.ToolTip and index.isValid():
            location = index.data(LocationRole)
            ratio = view.devicePixelRatioF()
            reason = self._pixmaps.reason(location, round(self.side * ratio))
            view.setToolTip("\n".join(filter(None, (location, reason))))
        return super().helpEvent(event, view, option, index)


def _ranges(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Join sorted rows to ranges (first, last): a selection of many single rows is slow."""
    ranges: list[tuple[int, int]] = []
    for row in rows:
        if ranges and ranges[-1][1] == row - 1:
            ranges[-1] = ranges[-1][0], row
        else:
            ranges.append((row, row))
    return ranges


class ThumbnailView(QListView):
    """Shows a `ThumbnailModel`; only what is in sight is ever decoded."""

    side_changed = pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self.pixmaps = Pixmaps(self)
        self.images = ThumbnailModel()
        self.setModel(self.images)
        self._delegate = ThumbnailDelegate(self, self.pixmaps)
        self.setItemDelegate(self._delegate)
        self.setViewMode(QListView.IconMode)
        self.setMovement(QListView.Static)
        self.setResizeMode(QListView.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListView.ExtendedSelection)
        self.setVerticalScrollMode(QListView.ScrollPerPixel)
        self.setAccessibleName("Images")
        self.images.modelReset.connect(self.pixmaps.forget)
        self.pixmaps.ready.connect(lambda _: self.viewport().update())

    def set_side(self, side: int) -> None:
        """Show images at most `side` pixels wide and high."""
        self._delegate.side = side
        self.scheduleDelayedItemsLayout()

    def selected_rows(self) -> list[int]:
        """Get the rows of the selected images, in their order."""
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def select_rows(self, rows: Sequence[int]) -> None:
        """Select these images and no others."""
        selection = QItemSelection()
        for first, last in _ranges(sorted(rows)):
            selection.select(self.images.index(first), self.images.index(last))
        self.selectionModel().select(selection, QItemSelectionModel.ClearAndSelect)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.ControlModifier and event.angleDelta().y():
            factor = 1.2 if event.angleDelta().y() > 0 else 1 / 1.2
            side = min(max(round(self._delegate.side * factor), MIN_SIDE), MAX_SIDE)
            self.side_changed.emit(side)
            event.accept()
        else:
            super().wheelEvent(event)
