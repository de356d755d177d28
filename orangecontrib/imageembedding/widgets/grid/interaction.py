"""What the user does with a grid of images: select, go about, zoom, open, drag out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from AnyQt.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, pyqtSignal
from AnyQt.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QWheelEvent
from AnyQt.QtWidgets import QApplication, QRubberBand, QToolTip

from orangecontrib.imageembedding.widgets.grid.view import EMPTY, Cells, GridCanvas
from orangecontrib.imageembedding.widgets.shared.dragging import drag_out
from orangecontrib.imageembedding.widgets.shared.groups import Groups, after_selecting

ZOOM_STEP = 1.2
WHEEL_STEP = 120
SCROLL_MS = 30
OPENS = (Qt.Key_Space, Qt.Key_Return, Qt.Key_Enter)


class GridView(GridCanvas):
    """A grid of images that can be selected in groups.

    A click or a rubber band selects, with Shift a new group, with Ctrl more or fewer; so do the
    arrow keys. The wheel zooms, the middle button and a touchpad move.
    """

    selection_changed = pyqtSignal()
    """Other images are selected; while a rubber band is drawn, at its end."""
    opened = pyqtSignal(int)
    """An image that is to be shown large."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.StrongFocus)
        self._pressed: QPoint | None = None
        self._drags_out = False  # what was pressed is selected: it may be dragged out
        self._moved_from: QPoint | None = None
        self._start = QPointF()  # of the rubber band, in cells
        self._before: Groups = self.groups
        self._anchor = EMPTY
        self._band = QRubberBand(QRubberBand.Rectangle, self.viewport())
        self._scroll_timer = QTimer(self, interval=SCROLL_MS)
        self._scroll_timer.timeout.connect(self._scroll_with_band)
        self.viewport().grabGesture(Qt.PinchGesture)

    # Selection

    def selected_images(self) -> list[int]:
        """Get the selected images."""
        return np.flatnonzero(self.groups).tolist()

    def set_groups(self, groups: Groups) -> None:
        """Select images by groups of shape (n_images,), dtype int: from 1; 0 is not selected."""
        if not np.array_equal(groups, self.groups):
            self.groups = groups
            self.look_changed()
            if not self._band.isVisible():
                self.selection_changed.emit()

    def select_cells(
        self, cells: Sequence[int] | Cells, modifiers: Qt.KeyboardModifiers = Qt.NoModifier
    ) -> None:
        """Select the images in cells of shape (n_cells,), dtype int, as a click there does."""
        images = self.image_in[np.asarray(cells, dtype=int)]
        self.set_groups(after_selecting(self._before, images[images >= 0], modifiers))

    def set_focus_image(self, image: int) -> None:
        """Go on with the keys from an image, and bring it into sight."""
        self._focus(int(self.cells[image]))

    def _focus(self, cell: int) -> None:
        self.focus_cell = cell
        self.show_cell(cell)
        image = self.focused_image()
        self.setAccessibleDescription(self._told(image) if image >= 0 else "")
        self.viewport().update()

    def image_at(self, point: QPoint) -> int:
        """Get the image at a point of the viewport; -1 if there is none."""
        cell = self.geometry_of_cells.cell_at(QPointF(point)) if self.image_in.size else EMPTY
        return int(self.image_in[cell]) if cell >= 0 else EMPTY

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MiddleButton:
            self._moved_from = event.pos()
            self.viewport().setCursor(Qt.ClosedHandCursor)
        if event.button() != Qt.LeftButton or not self.image_in.size:
            return
        self._pressed, self._before = event.pos(), self.groups
        self._start = self._in_cells(event.pos())
        image = self.image_at(event.pos())
        self._drags_out = image >= 0 and self.groups[image] > 0 and not event.modifiers()
        if not self._drags_out:
            self._select_at(event)

    def _select_at(self, event: QMouseEvent) -> None:
        cell = self.geometry_of_cells.cell_at(QPointF(self._pressed))
        if self.image_at(self._pressed) >= 0:
            self._anchor = cell
            self._focus(cell)
        self.select_cells([cell] if cell >= 0 else [], event.modifiers())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._moved_from is not None:
            self._move_by(self._moved_from - event.pos())
            self._moved_from = event.pos()
        elif self._band.isVisible():
            self._draw_band(event.pos(), event.modifiers())
        elif self._pressed is not None:
            far = (event.pos() - self._pressed).manhattanLength()
            if far >= QApplication.startDragDistance():
                self._begin_drag(event)

    def _begin_drag(self, event: QMouseEvent) -> None:
        if self._drags_out:
            self._pressed = None
            self._drag_out()
        else:
            self._scroll_timer.start()
            self._band.show()
            self._draw_band(event.pos(), event.modifiers())

    def _drag_out(self) -> None:
        image = self.image_at(self.viewport().mapFromGlobal(self.cursor().pos()))
        picture = self.image_of(self.locations[image])[0] if image >= 0 else None
        drag_out(self, [self.locations[i] for i in self.selected_images()], picture)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MiddleButton:
            self._moved_from = None
            self.viewport().unsetCursor()
        elif self._band.isVisible():
            self._band.hide()
            self._scroll_timer.stop()
            self.selection_changed.emit()
        elif self._pressed is not None and self._drags_out:
            self._select_at(event)
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        image = self.image_at(event.pos())
        if event.button() == Qt.LeftButton and image >= 0:
            self.opened.emit(image)

    # The rubber band

    def _in_cells(self, point: QPoint) -> QPointF:
        geometry = self.geometry_of_cells
        return (QPointF(point) - geometry.origin) / geometry.side

    def _draw_band(self, mouse: QPoint, modifiers: Qt.KeyboardModifiers) -> None:
        geometry = self.geometry_of_cells
        start = self._start * geometry.side + geometry.origin
        rect = QRectF(start, QPointF(mouse)).normalized()
        self._band.setGeometry(rect.toRect())
        self.select_cells(geometry.cells_in(rect), modifiers)

    def _scroll_with_band(self) -> None:
        mouse, area = self.viewport().mapFromGlobal(self.cursor().pos()), self.viewport().rect()
        if not area.contains(mouse):
            inside = QPoint(
                min(max(mouse.x(), area.left()), area.right()),
                min(max(mouse.y(), area.top()), area.bottom()),
            )
            self._move_by(mouse - inside)
            self._draw_band(mouse, QApplication.keyboardModifiers())

    def _move_by(self, step: QPoint) -> None:
        for bar, by in (
            (self.horizontalScrollBar(), step.x()),
            (self.verticalScrollBar(), step.y()),
        ):
            bar.setValue(bar.value() + by)

    # Wheel and touchpad

    def wheelEvent(self, event: QWheelEvent) -> None:
        from_touchpad = event.phase() != Qt.NoScrollPhase
        if event.modifiers() & Qt.ShiftModifier:
            self._move_by(QPoint(-event.angleDelta().y() - event.angleDelta().x(), 0))
        elif from_touchpad and not event.modifiers() & Qt.ControlModifier:
            self._move_by(-event.pixelDelta())
        elif event.angleDelta().y():
            factor = ZOOM_STEP ** (event.angleDelta().y() / WHEEL_STEP)
            self.set_side(self.side * factor, event.position())
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.NativeGesture:
            if event.gestureType() == Qt.ZoomNativeGesture:
                self.set_side(self.side * (1 + event.value()), QPointF(event.pos()))
            return True
        if event.type() == QEvent.Gesture and event.gesture(Qt.PinchGesture) is not None:
            pinch = event.gesture(Qt.PinchGesture)
            center = QPointF(self.viewport().mapFromGlobal(pinch.centerPoint().toPoint()))
            self.set_side(self.side * pinch.scaleFactor(), center)
            return True
        if event.type() == QEvent.ToolTip:
            self._tell(event)
            return True
        return super().viewportEvent(event)

    def _tell(self, event: QHelpEvent) -> None:
        image = self.image_at(event.pos())
        QToolTip.showText(event.globalPos(), self._told(image) if image >= 0 else "", self)

    def _told(self, image: int) -> str:
        """Say what is known of an image: label, location, and why it cannot be seen."""
        location = self.locations[image]
        label = self.labels[image] if self.n_label_lines else ""
        return "\n".join(filter(None, [label, location[:500], self.image_of(location)[1]]))

    # The keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        goes_to = self._cell_after(event.key())
        acts = {
            Qt.Key_Plus: lambda: self.set_side(self.side * ZOOM_STEP),
            Qt.Key_Equal: lambda: self.set_side(self.side * ZOOM_STEP),
            Qt.Key_Minus: lambda: self.set_side(self.side / ZOOM_STEP),
            Qt.Key_0: self.show_whole,
            Qt.Key_Escape: self._select_none,
        }
        if goes_to is not None:
            self._go_to(goes_to, event.modifiers())
        elif event.key() == Qt.Key_A and event.modifiers() == Qt.ControlModifier:
            self._before = self.groups
            self.select_cells(np.arange(len(self.image_in)))
        elif event.key() in OPENS and self.focused_image() >= 0:
            self._open_or_toggle(event)
        elif event.key() in acts and (event.key() != Qt.Key_Escape or self.groups.any()):
            acts[event.key()]()
        else:
            super().keyPressEvent(event)

    def _select_none(self) -> None:
        self.set_groups(np.zeros_like(self.groups))

    def _open_or_toggle(self, event: QKeyEvent) -> None:
        if event.modifiers() & Qt.ControlModifier:
            self._before = self.groups
            self.select_cells([self.focus_cell], Qt.ControlModifier)
        else:
            self.opened.emit(self.focused_image())

    def _cell_after(self, key: int) -> int | None:
        """Get the cell that a key goes to; None if it goes nowhere."""
        n_rows, n_columns = self.shape
        if not len(self.images_in_order()):
            return None
        row, column = divmod(max(self.focus_cell, 0), n_columns)
        page = max(int(self.viewport().height() / self.side) - 1, 1)
        steps = {
            Qt.Key_Left: (0, -1), Qt.Key_Right: (0, 1), Qt.Key_Up: (-1, 0),
            Qt.Key_Down: (1, 0), Qt.Key_PageUp: (-page, 0), Qt.Key_PageDown: (page, 0),
            Qt.Key_Home: (-n_rows, -n_columns), Qt.Key_End: (n_rows, n_columns),
        }  # fmt: skip
        if key not in steps:
            return None
        if self.focus_cell < 0:
            return int(np.flatnonzero(self.image_in >= 0)[0])
        down, right = steps[key]
        new_row = min(max(row + down, 0), n_rows - 1)
        return self._near(new_row, min(max(column + right, 0), n_columns - 1))

    def _near(self, row: int, column: int) -> int:
        """Get the nearest cell with an image, rather one in the same row."""
        filled = np.flatnonzero(self.image_in >= 0)
        rows, columns = np.divmod(filled, self.shape[1])
        return int(filled[np.argmin(2 * (rows - row) ** 2 + (columns - column) ** 2)])

    def _go_to(self, cell: int, modifiers: Qt.KeyboardModifiers) -> None:
        self._focus(cell)
        if modifiers & Qt.ShiftModifier and self._anchor >= 0:
            (top, left), (bottom, right) = (
                divmod(end, self.shape[1]) for end in (self._anchor, cell)
            )
            rows = np.arange(min(top, bottom), max(top, bottom) + 1)
            columns = np.arange(min(left, right), max(left, right) + 1)
            self.select_cells((rows[:, None] * self.shape[1] + columns).ravel())
        elif not modifiers & Qt.ControlModifier:
            self._anchor, self._before = cell, self.groups
            self.select_cells([cell])
