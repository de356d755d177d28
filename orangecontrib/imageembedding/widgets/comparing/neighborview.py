"""The nearest images of a few, one line for each embedder."""

from __future__ import annotations

from collections.abc import Sequence

from AnyQt.QtCore import QModelIndex, QPointF, QRect, QRectF, QSize, QSizeF, Qt, QTimer, pyqtSignal
from AnyQt.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPalette, QPen, QResizeEvent
from AnyQt.QtWidgets import (
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from orangecontrib.imageembedding.pipeline import ComparedEmbedders
from orangecontrib.imageembedding.widgets.comparing.neighbormodel import (
    BLOCK,
    N_NEAREST,
    NONE,
    ColorRole,
    LocationRole,
    NeighborModel,
    RowRole,
    SameRole,
    Told,
)
from orangecontrib.imageembedding.widgets.shared.hint import paint_hint
from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps, decoded_side

PADDING, FRAME = 5, 3
MIN_SIDE, MAX_SIDE = 32, 128
COUNT_PX = 34
TITLE_PX = 140
N_BLOCKS = 3
REPAINT_MS = 30


class NeighborView(QTableView):
    """Shows a `NeighborModel`. Enter or a click asks for the nearest of another image.

    The arrow keys go from image to image; Space or a double click shows one large.
    """

    asked = pyqtSignal(int, int)
    """The number of a block, and the row whose nearest are to stand there."""
    opened = pyqtSignal(int)
    """A row that is to be shown large."""
    hint = ""
    side = MIN_SIDE

    def __init__(self) -> None:
        super().__init__()
        self.pixmaps = Pixmaps(self)
        self.neighbors = NeighborModel()
        self.setModel(self.neighbors)
        self.setItemDelegate(_Images(self))
        self.setAccessibleName("Nearest images")
        self.setShowGrid(False)
        self.setSelectionMode(QTableView.SingleSelection)
        self.setHorizontalScrollMode(QTableView.ScrollPerPixel)
        self.setVerticalScrollMode(QTableView.ScrollPerPixel)
        self.horizontalHeader().hide()
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setMinimumSectionSize(COUNT_PX)
            header.setSectionResizeMode(QHeaderView.Fixed)
        self.verticalHeader().setDefaultAlignment(Qt.AlignLeft | Qt.AlignVCenter)
        self.verticalHeader().setFixedWidth(TITLE_PX)
        self.verticalHeader().setTextElideMode(Qt.ElideMiddle)
        self._repaint = QTimer(self, interval=REPAINT_MS, singleShot=True)
        self._repaint.timeout.connect(self.viewport().update)
        self.pixmaps.ready.connect(lambda _: self._repaint.start())
        self.clicked.connect(self._ask)
        self.doubleClicked.connect(self._open)

    def show_neighbors(
        self, compared: ComparedEmbedders | None, told: Told | None, queries: Sequence[int]
    ) -> None:
        """Show the nearest images of some rows."""
        place = self.currentIndex().row(), self.currentIndex().column()
        self.neighbors.show_neighbors(compared, told, queries)
        self._fit()
        index = self.neighbors.index(*place)
        if index.isValid():
            self.setCurrentIndex(index)

    @property
    def side_px(self) -> int:
        """Side of a thumbnail in the pixels of the screen."""
        return decoded_side(self.side * self.devicePixelRatioF())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Make the images as large as three blocks have room for."""
        width = (self.viewport().width() - N_BLOCKS * COUNT_PX) // (N_BLOCKS * N_NEAREST)
        self.side = min(max(width - 2 * PADDING, MIN_SIDE), MAX_SIDE)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setDefaultSectionSize(self.side + 2 * PADDING)
        for block in range(self.neighbors.n_queries):
            self.setColumnWidth(block * BLOCK + N_NEAREST, COUNT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.neighbors.n_queries:
            paint_hint(self.viewport(), self.hint)
            return
        super().paintEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in (Qt.Key_Return, Qt.Key_Enter) and index.isValid():
            self._ask(index)
        elif event.key() == Qt.Key_Space and index.isValid():
            self._open(index)
        else:
            super().keyPressEvent(event)

    def _ask(self, index: QModelIndex) -> None:
        row = index.data(RowRole)
        if row != NONE and index.row() > 0:
            self.asked.emit(index.column() // BLOCK, row)

    def _open(self, index: QModelIndex) -> None:
        row = index.data(RowRole)
        if row != NONE:
            self.opened.emit(row)


class _Images(QStyledItemDelegate):
    """Paints a thumbnail; one of the same class is framed in its color."""

    def __init__(self, view: NeighborView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(self._view.side + 2 * PADDING, self._view.side + 2 * PADDING)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        if index.data(RowRole) == NONE:
            painter.setPen(option.palette.color(QPalette.Text))
            painter.drawText(option.rect, int(Qt.AlignCenter), index.data() or "")
            return
        painter.save()
        if option.state & QStyle.State_Selected and self._view.hasFocus():
            painter.setPen(QPen(option.palette.color(QPalette.Text), 1, Qt.DotLine))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))
        square = option.rect.adjusted(PADDING, PADDING, -PADDING, -PADDING)
        place = self._paint_image(painter, square, index, option.palette)
        color = index.data(ColorRole)
        if color is not None and index.data(SameRole):
            _frame(painter, place, color)
        painter.restore()

    def _paint_image(
        self, painter: QPainter, square: QRect, index: QModelIndex, palette: QPalette
    ) -> QRectF:
        location, side_px = index.data(LocationRole), self._view.side_px
        pixmap = self._view.pixmaps.pixmap(location, side_px)
        if pixmap is None:
            tint = QColor(palette.color(QPalette.Text))
            tint.setAlphaF(0.08)
            painter.fillRect(square, tint)
            reason = self._view.pixmaps.reason(location, side_px)
            painter.setPen(palette.color(QPalette.Text))
            painter.drawText(square, int(Qt.AlignCenter | Qt.TextWordWrap), reason)
            return QRectF(square)
        size = QSizeF(pixmap.size()) / self._view.devicePixelRatioF()
        if size.width() > square.width() or size.height() > square.height():
            size.scale(QSizeF(square.size()), Qt.KeepAspectRatio)
        place = QRectF(QPointF(), size)
        place.moveCenter(QRectF(square).center())
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        painter.drawPixmap(place, pixmap, QRectF(pixmap.rect()))
        return place


def _frame(painter: QPainter, place: QRectF, color: QColor) -> None:
    pen = QPen(color, FRAME)
    pen.setJoinStyle(Qt.MiterJoin)
    painter.setPen(pen)
    half = FRAME / 2
    painter.drawRect(place.adjusted(-half, -half, half, half))
