"""A list view that lays out a grid of cells by itself."""

from __future__ import annotations

import numpy as np
from AnyQt.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    pyqtSignal,
)
from AnyQt.QtGui import QRegion, QResizeEvent
from AnyQt.QtWidgets import QAbstractItemView, QListView, QStyle, QStyleOptionViewItem

from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps
from orangecontrib.imageembedding.widgets.thumbnails.delegate import ThumbnailDelegate
from orangecontrib.imageembedding.widgets.thumbnails.layout import CellLayout
from orangecontrib.imageembedding.widgets.thumbnails.model import ThumbnailModel


class GridView(QListView):
    """Where the images of a `ThumbnailModel` lie; it neither paints nor selects them.

    A list view to screen readers. It lays out and finds its cells itself: that takes as long for
    100,000 images as for those in sight.
    """

    columns_changed = pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self.pixmaps = Pixmaps(self)
        self.images = ThumbnailModel()
        self._delegate = ThumbnailDelegate(self, self.pixmaps)
        self._cells = CellLayout(1, QSize(1, 1), ())
        self.setItemDelegate(self._delegate)
        self.setUniformItemSizes(True)
        # Qt lays its list out all the same, unseen: in one go that would take 0.3 s for 100,000.
        self.setLayoutMode(QListView.Batched)
        self.setVerticalScrollMode(QListView.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarAlwaysOn)  # else its coming would re-lay out
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setModel(self.images)
        self.images.modelReset.connect(self._lay_out)

    def set_side(self, side: int) -> None:
        """Show images at most `side` pixels wide and high."""
        bar, old = self.verticalScrollBar(), self._cells
        in_sight = old.positions_between(bar.value(), bar.value() + 1)
        self._delegate.side = side
        self._lay_out()
        if in_sight:
            bar.setValue(self._cells.rect_of(in_sight[0]).top() - self._cells.heading_height)

    @property
    def n_columns(self) -> int:
        """Images side by side."""
        return self._cells.n_columns

    @property
    def grid_height(self) -> int:
        """Height of the whole grid in pixels."""
        return self._cells.height

    def set_title_lines(self, n_lines: int) -> None:
        """Reserve room for a number of lines of a title."""
        self._delegate.n_title_lines = n_lines
        self._lay_out()

    def set_current(self, position: int) -> None:
        """Bring an image into sight and give it the focus of the keyboard."""
        index = self.images.index(position)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.NoUpdate)
        self.scrollTo(index)

    def group_of(self, position: int) -> int:
        """Get the group that an image is in; -1 without groups."""
        if not self.images.groups:
            return -1
        return int(np.searchsorted(self._cells.group_first, position, side="right")) - 1

    def _option(self) -> QStyleOptionViewItem:
        option = QStyleOptionViewItem()
        option.initFrom(self)
        option.font = self.font()
        return option

    def _lay_out(self) -> None:
        option = self._option()
        heading_height = round(2.2 * self.fontMetrics().height()) if self.images.groups else 0
        sizes = [n for _, n in self.images.groups] or [len(self.images.rows)]
        cell = self._delegate.sizeHint(option, QModelIndex())
        self._cells = CellLayout(self.viewport().width(), cell, sizes, heading_height)
        self.updateGeometries()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        bar, old = self.verticalScrollBar(), self._cells
        in_sight = old.positions_between(bar.value(), bar.value() + 1)
        QAbstractItemView.resizeEvent(self, event)
        self._lay_out()
        if self._cells.n_columns != old.n_columns:
            self.columns_changed.emit(self._cells.n_columns)
        if in_sight and self._cells.n_columns != old.n_columns:
            bar.setValue(self._cells.rect_of(in_sight[0]).top() - self._cells.heading_height)

    def updateGeometries(self) -> None:
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(self._cells.height - height, 0))
        bar.setPageStep(height)
        bar.setSingleStep(max(self._delegate.side // 3, 1))

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(dx, dy)

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def visualRect(self, index: QModelIndex) -> QRect:
        if not index.isValid() or index.row() >= len(self.images.rows):
            return QRect()
        rect = self._mirrored(self._cells.rect_of(index.row()))
        return rect.translated(0, -self.verticalOffset())

    def _mirrored(self, rect: QRect) -> QRect:
        """Turn a place in the grid round where one reads from right to left."""
        return QStyle.visualRect(self.layoutDirection(), self.viewport().rect(), rect)

    def indexAt(self, point: QPoint) -> QModelIndex:
        x = self.viewport().width() - 1 - point.x() if self.isRightToLeft() else point.x()
        position = self._cells.position_at(x, point.y() + self.verticalOffset())
        index = self.images.index(position) if position >= 0 else QModelIndex()
        content = self._delegate.content_rect(self.visualRect(index))
        return index if index.isValid() and content.contains(point) else QModelIndex()

    def group_at(self, point: QPoint) -> int:
        """Get the group whose heading is at a point of the viewport; -1 if there is none."""
        return self._cells.heading_at(point.y() + self.verticalOffset())

    def isIndexHidden(self, index: QModelIndex) -> bool:
        return False

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        return QRegion(self.viewport().rect())

    def scrollTo(
        self,
        index: QModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.EnsureVisible,
    ) -> None:
        rect, bar = self.visualRect(index), self.verticalScrollBar()
        if rect.top() < 0 or hint == QAbstractItemView.PositionAtTop:
            bar.setValue(bar.value() + rect.top())
        elif rect.bottom() > self.viewport().height():
            bar.setValue(bar.value() + rect.bottom() - self.viewport().height() + 1)

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifiers
    ) -> QModelIndex:
        n, position = len(self.images.rows), self.currentIndex().row()
        if n == 0:
            return QModelIndex()
        if position < 0:
            return self.images.index(0)
        forward = -1 if self.isRightToLeft() else 1
        page = max(self.viewport().height() // self._cells.rect_of(position).height(), 1)
        steps = {
            self.MoveLeft: -forward, self.MoveRight: forward, self.MovePrevious: -1,
            self.MoveNext: 1, self.MoveHome: -n, self.MoveEnd: n,
        }  # fmt: skip
        lines = {self.MoveUp: -1, self.MoveDown: 1, self.MovePageUp: -page, self.MovePageDown: page}
        if action in lines:
            return self.images.index(self._cells.moved(position, lines[action]))
        return self.images.index(min(max(position + steps[action], 0), n - 1))
