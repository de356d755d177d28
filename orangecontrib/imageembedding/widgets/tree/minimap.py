"""The whole tree, small, beside the part of it that is in the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from AnyQt.QtCore import QRectF, Qt
from AnyQt.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QResizeEvent,
)
from AnyQt.QtWidgets import QWidget
from pyqtgraph import arrayToQPath

if TYPE_CHECKING:
    from orangecontrib.imageembedding.widgets.tree.painting import DendrogramItem
    from orangecontrib.imageembedding.widgets.tree.view import TreeView

MINIMAP_WIDTH = 56
MIN_BRANCH_PX = 3.0


class Minimap(QWidget):
    """A click or drag moves the view there."""

    def __init__(self, view: TreeView) -> None:
        super().__init__(view)
        self._view = view
        self._picture: QPixmap | None = None
        self.setAccessibleName("Overview of the tree")
        self.setToolTip("The whole tree. Click or drag to go there.")

    def refresh(self) -> None:
        """Redraw the tree: it, its colors or the size have changed."""
        self._picture = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.refresh()

    def paintEvent(self, _: QPaintEvent) -> None:
        item = self._view.item
        if item is None:
            return
        if self._picture is None:
            self._picture = self._drawn(item)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        top, bottom = (part * self.height() for part in self._view.part_in_sight())
        frame = QRectF(0.5, top, self.width() - 1.5, max(bottom - top, 3))
        color = QColor(self.palette().color(QPalette.Highlight))
        painter.setPen(color)
        color.setAlphaF(0.2)
        painter.setBrush(color)
        painter.drawRect(frame)

    def _drawn(self, item: DendrogramItem) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(self.palette().color(QPalette.Base))
        painter = QPainter(picture)
        slots, shape = item.slots, item.shape_of_tree
        row = self.height() / len(slots.node)
        for node, color in item.tops_in_sight(0, self.height(), row):
            place = QRectF(self.width() - 6, slots.first[node] * row, 6,
                           max(slots.size[node] * row, 1))  # fmt: skip
            painter.fillRect(place, color)
        painter.setPen(QPen(item.ink(0.7), 0))
        merges = np.flatnonzero(slots.is_open & (slots.size * row >= MIN_BRANCH_PX))
        a, b = shape.children[merges - len(shape.leaf_order)].T
        width = self.width() - 8
        x, x_a, x_b = (2 + (1 - item.scale.part(shape.height[k])) * width for k in (merges, a, b))
        y_a, y_b = ((slots.position[k] + 0.5) * row for k in (a, b))
        xs, ys = np.column_stack([x_a, x, x, x_b]), np.column_stack([y_a, y_a, y_b, y_b])
        connect = np.tile([True, True, True, False], len(merges))
        painter.drawPath(arrayToQPath(xs.ravel(), ys.ravel(), connect))
        painter.end()
        return picture

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.LeftButton:
            self._go(event)

    def _go(self, event: QMouseEvent) -> None:
        self._view.scroll_to_part(event.pos().y() / max(self.height(), 1))
