"""What the user does with a map of images: select, go about, zoom, open, drag out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from AnyQt.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, pyqtSignal
from AnyQt.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QWheelEvent
from AnyQt.QtWidgets import QApplication
from numpy.typing import NDArray

from orangecontrib.imageembedding.widgets.map.canvas import NONE, MapCanvas
from orangecontrib.imageembedding.widgets.map.hover import Hover
from orangecontrib.imageembedding.widgets.map.lasso import points_inside, with_corner
from orangecontrib.imageembedding.widgets.map.ways import next_that_way
from orangecontrib.imageembedding.widgets.shared.dragging import drag_out
from orangecontrib.imageembedding.widgets.shared.groups import Groups, after_selecting

SELECT, LASSO, ZOOM, PAN = "select", "lasso", "zoom", "pan"
CURSORS = {
    SELECT: Qt.ArrowCursor, LASSO: Qt.CrossCursor, ZOOM: Qt.PointingHandCursor,
    PAN: Qt.OpenHandCursor,
}  # fmt: skip
ZOOM_STEP, CLICK_STEP = 1.2, 2.0
WHEEL_STEP = 120
DOT_REACH_PX = 7.0
SMALLEST_RECT_PX = 4
WAYS = {
    Qt.Key_Left: (-1, 0), Qt.Key_Right: (1, 0), Qt.Key_Up: (0, -1), Qt.Key_Down: (0, 1),
}  # fmt: skip


class MapView(MapCanvas):
    """A map of images that can be selected in groups.

    What the left button does is told by `tool`: it selects what a rectangle or a line drawn by
    hand surrounds, zooms into a rectangle, or moves the map. The wheel always zooms, the middle
    button and a touchpad move.
    """

    selection_changed = pyqtSignal()
    opened = pyqtSignal(int)
    """A row whose image is to be shown large."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.StrongFocus)
        self.setMouseTracking(True)
        self.tool = SELECT
        self.hover = Hover(self)
        self._pressed: QPointF | None = None
        self._line: list[QPointF] = []  # of the rectangle (its corners) or lasso that is drawn
        self._moved_from: QPointF | None = None
        self._drags_out = False  # what was pressed is selected: it may be dragged out
        self.grabGesture(Qt.PinchGesture)

    # Selection

    @property
    def groups(self) -> Groups:
        """Group of each row, from 1; 0 is not selected: shape (n_rows,), dtype int."""
        return self.look.groups

    def selected_rows(self) -> list[int]:
        """Get the selected rows."""
        return np.flatnonzero(self.look.groups).tolist()

    def set_groups(self, groups: Groups) -> None:
        """Select rows by groups of shape (n_rows,), dtype int: from 1; 0 is not selected."""
        if not np.array_equal(groups, self.look.groups):
            self.look.groups = groups
            self._make_marks()
            self.selection_changed.emit()

    def select_rows(
        self,
        rows: Sequence[int] | NDArray[np.intp],
        modifiers: Qt.KeyboardModifiers = Qt.NoModifier,
    ) -> None:
        """Select rows of shape (n,), dtype int, as a click does.

        Shift makes a new group, Ctrl adds to the last one, or takes out.
        """
        self.set_groups(after_selecting(self.look.groups, np.asarray(rows, dtype=int), modifiers))

    def set_tool(self, tool: str) -> None:
        """Let the left button do something else."""
        self.tool = tool
        self._line = []
        self.setCursor(CURSORS[tool])
        self.update()

    def set_focus_row(self, row: int) -> None:
        """Go on with the keys from a row, and bring it into the window."""
        self.look.focus = row
        point = self.point_of_row(row)
        if point is not None:
            edge = self.look.side
            inside = QRectF(self.rect()).adjusted(edge, edge, -edge, -edge)
            if not inside.contains(point):
                x = min(max(point.x(), inside.left()), inside.right())
                y = min(max(point.y(), inside.top()), inside.bottom())
                self.set_camera(self.camera.moved(x - point.x(), y - point.y()))
        self.setAccessibleDescription(self.hover.told(row))
        self.update()

    def row_at(self, point: QPointF) -> int:
        """Get the row shown at a point of the window, as a picture or a dot; -1 if none is."""
        if not len(self.points):
            return NONE
        shown = self.shown
        off = np.abs(shown.centers - (point.x(), point.y()))
        hit = np.flatnonzero((off <= self.look.side / 2).all(axis=1))
        if len(hit):
            return int(self.points.rows[shown.positions[hit[-1]]])
        place = self.camera.place_of(point)
        reach = DOT_REACH_PX / self.camera.scale
        distance, position = self.points.tree.query((place.x(), place.y()))
        return int(self.points.rows[position]) if distance <= reach else NONE

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = QPointF(event.pos())
        self.hover.leave()
        is_left = event.button() == Qt.LeftButton
        if event.button() == Qt.MiddleButton or (is_left and self.tool == PAN):
            self._moved_from = point
            self.setCursor(Qt.ClosedHandCursor)
        if not is_left or not len(self.points) or self.tool == PAN:
            return
        self._pressed, self._line = point, []
        row = self.row_at(point)
        self._drags_out = (
            self.tool == SELECT and row >= 0 and self.groups[row] > 0 and not event.modifiers()
        )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = QPointF(event.pos())
        if self._moved_from is not None:
            step = point - self._moved_from
            self._moved_from = point
            self.set_camera(self.camera.moved(step.x(), step.y()))
        elif self._line:
            self._draw_line(point)
        elif self._pressed is not None:
            if (point - self._pressed).manhattanLength() >= QApplication.startDragDistance():
                self._begin_drag(point)
        elif not event.buttons():
            self.hover.move_to(self.row_at(point))

    def _begin_drag(self, point: QPointF) -> None:
        if self._drags_out:
            row = self.row_at(self._pressed)
            self._pressed = None
            picture = self.image_of_row(row)[0] if row >= 0 else None
            drag_out(self, [self.locations[i] for i in self.selected_rows()], picture)
        else:
            self._line = [self._pressed]
            self._draw_line(point)

    def _draw_line(self, point: QPointF) -> None:
        if self.tool == LASSO:
            self._line = with_corner(self._line, point)
        else:
            self._line = [self._line[0], point]
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._moved_from is not None:
            self._moved_from = None
            self.setCursor(CURSORS[self.tool])
            return
        if self._pressed is None or event.button() != Qt.LeftButton:
            if event.button() == Qt.RightButton and self.tool == ZOOM:
                self.zoom_by(1 / CLICK_STEP, QPointF(event.pos()))
            return
        line, pressed = self._line, self._pressed
        self._line, self._pressed = [], None
        if line:
            self._end_line(line, event.modifiers())
        elif self.tool == ZOOM:
            is_back = event.modifiers() & Qt.ShiftModifier
            self.zoom_by(1 / CLICK_STEP if is_back else CLICK_STEP, pressed)
        else:
            self._click(pressed, event.modifiers())
        self.update()

    def _click(self, point: QPointF, modifiers: Qt.KeyboardModifiers) -> None:
        row = self.row_at(point)
        if row >= 0:
            self.set_focus_row(row)
        if row >= 0 or not modifiers:
            self.select_rows([row] if row >= 0 else [], modifiers)

    def _end_line(self, line: list[QPointF], modifiers: Qt.KeyboardModifiers) -> None:
        """Take what a rectangle or a lasso surrounds."""
        if self.tool == LASSO:
            corners = [self.camera.place_of(point) for point in line]
            positions = points_inside(self.points, corners)
        else:
            rect = QRectF(line[0], line[-1]).normalized()
            if self.tool == ZOOM:
                if min(rect.width(), rect.height()) >= SMALLEST_RECT_PX:
                    self.show_part(self.camera.part(rect))
                return
            positions = self.points.buckets.inside(self.camera.part(rect))
        self.select_rows(self.points.rows[positions], modifiers)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(QPointF(event.pos()))
        if event.button() == Qt.LeftButton and row >= 0 and self.tool in (SELECT, LASSO):
            self.opened.emit(row)

    def leaveEvent(self, event: QEvent) -> None:
        self.hover.leave()

    # Wheel and touchpad

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom; what is at a point of the window stays there."""
        if not len(self.points):
            return
        self.hover.leave()
        whole = self.whole_camera()
        if self.camera.scale * factor <= whole.scale:
            self.show_whole()
        else:
            at = QPointF(self.rect().center()) if at is None else at
            self.set_camera(self.camera.zoomed(factor, at))

    def wheelEvent(self, event: QWheelEvent) -> None:
        from_touchpad = event.phase() != Qt.NoScrollPhase
        if from_touchpad and not event.modifiers() & Qt.ControlModifier:
            self.hover.leave()
            step = event.pixelDelta()
            self.set_camera(self.camera.moved(step.x(), step.y()))
        elif event.angleDelta().y():
            turn = event.angleDelta().y() / WHEEL_STEP
            self.zoom_by(ZOOM_STEP**turn, event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.NativeGesture:
            if event.gestureType() == Qt.ZoomNativeGesture:
                self.zoom_by(1 + event.value(), QPointF(event.pos()))
            return True
        if event.type() == QEvent.Gesture and event.gesture(Qt.PinchGesture) is not None:
            pinch = event.gesture(Qt.PinchGesture)
            center = QPointF(self.mapFromGlobal(pinch.centerPoint().toPoint()))
            self.zoom_by(pinch.scaleFactor(), center)
            return True
        return super().event(event)

    # The keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        acts = {
            Qt.Key_Plus: lambda: self.zoom_by(ZOOM_STEP),
            Qt.Key_Equal: lambda: self.zoom_by(ZOOM_STEP),
            Qt.Key_Minus: lambda: self.zoom_by(1 / ZOOM_STEP),
            Qt.Key_0: self.show_whole,
        }
        key, modifiers = event.key(), event.modifiers()
        if not len(self.points):
            super().keyPressEvent(event)
        elif key in WAYS:
            self._go(*WAYS[key])
        elif key == Qt.Key_A and modifiers == Qt.ControlModifier:
            self.select_rows(self.points.rows)
        elif key == Qt.Key_Space and self.look.focus >= 0:
            self.opened.emit(self.look.focus)
        elif key in (Qt.Key_Return, Qt.Key_Enter) and self.look.focus >= 0:
            self.select_rows([self.look.focus], modifiers & ~Qt.KeypadModifier)
        elif key == Qt.Key_Escape and (self._line or self.groups.any()):
            self._escape()
        elif key in acts:
            acts[key]()
        else:
            super().keyPressEvent(event)

    def _escape(self) -> None:
        """Draw no further; else select nothing."""
        if self._line:
            self._line, self._pressed = [], None
            self.update()
        else:
            self.set_groups(np.zeros_like(self.groups))

    def _go(self, right: int, down: int) -> None:
        """Go to the nearest picture in a direction; to the one in the middle at first."""
        row = next_that_way(self.points, self.look, self.camera, self.size(), (right, down))
        if row >= 0:
            self.set_focus_row(row)
            self.hover.go_to(row)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        self.hover.paint(painter)
        if self._line:
            self._paint_line(painter)
        painter.end()

    def _paint_line(self, painter: QPainter) -> None:
        color = self.palette().color(QPalette.Highlight)
        painter.setPen(QPen(color, 1.5))
        color.setAlpha(40)
        painter.setBrush(color)
        if self.tool == LASSO:
            painter.drawPolygon(self._line)
        else:
            painter.drawRect(QRectF(self._line[0], self._line[-1]))

    def menu_point(self, point: QPoint) -> int:
        """Get the row whose menu is asked for at a point; -1 for none."""
        return NONE if self.tool == ZOOM else self.row_at(QPointF(point))
