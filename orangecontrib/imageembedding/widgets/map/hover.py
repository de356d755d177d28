"""The image under the pointer: enlarged, with a ring around those that are really nearest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from AnyQt.QtCore import QObject, QPointF, pyqtSignal
from AnyQt.QtGui import QPainter, QPalette, QPen

from orangecontrib.imageembedding.widgets.map.hovercard import HoverCard

if TYPE_CHECKING:
    from orangecontrib.imageembedding.widgets.map.canvas import MapCanvas

NONE = -1
RING_PX, LINE_PX, DOT_RING_PX = 2.5, 1.0, 8.0


class Hover(QObject):
    """What is shown of one row while the pointer is over it, or the keys have gone to it."""

    changed = pyqtSignal(int)
    """The row, whose neighbors are to be told; -1 for none."""

    def __init__(self, view: MapCanvas) -> None:
        super().__init__(view)
        self._view = view
        self.row = NONE
        self.neighbors: Sequence[int] = ()
        self.titles: Sequence[str] = ()
        self.card = HoverCard(view, view.pixmaps)

    def move_to(self, row: int) -> None:
        """Show another row; -1 for none."""
        if row != self.row:
            self.go_to(row)

    def go_to(self, row: int) -> None:
        """Show a row, wherever it is now."""
        self.row, self.neighbors = row, ()
        point = self._view.point_of_row(row) if row >= 0 else None
        if point is None:
            self.card.hide()
        else:
            location = self._view.locations[row]
            self.card.show_beside(point, self._view.look.side / 2, location, self.told(row))
        self.changed.emit(row)
        self._view.update()

    def leave(self) -> None:
        """Show none any more."""
        if self.row != NONE:
            self.go_to(NONE)

    def set_neighbors(self, row: int, neighbors: Sequence[int]) -> None:
        """Ring the rows that are really nearest to one, if it is still shown."""
        if row == self.row:
            self.neighbors = neighbors
            self._view.update()

    def told(self, row: int) -> str:
        """Say what is known of a row: title, file, and why it cannot be seen."""
        location = self._view.locations[row]
        name = location.replace("\\", "/").rpartition("/")[2][:200]
        title = self.titles[row] if len(self.titles) else ""
        return "\n".join(filter(None, [title, name, self._view.image_of_row(row)[1]]))

    def paint(self, painter: QPainter) -> None:
        """Ring the row and those that are nearest to it."""
        start = self._view.point_of_row(self.row) if self.row >= 0 else None
        if start is None:
            return
        palette = self._view.palette()
        pictures = set(self._view.points.rows[self._view.shown.positions].tolist())
        large = self._view.look.side / 2 + 3
        rings = [
            (end, large if row in pictures else DOT_RING_PX)
            for row in self.neighbors
            if (end := self._view.point_of_row(row)) is not None
        ]
        for width, role in ((RING_PX + 2, QPalette.Base), (RING_PX, QPalette.Text)):
            color = palette.color(role)
            painter.setPen(QPen(color, LINE_PX if role == QPalette.Text else LINE_PX + 2))
            for end, radius in rings:
                painter.drawLine(*_between(start, end, radius))
            painter.setPen(QPen(color, width))
            for end, radius in rings:
                painter.drawEllipse(end, radius, radius)


def _between(start: QPointF, end: QPointF, radius: float) -> tuple[QPointF, QPointF]:
    """Get the ends of a line to a ring."""
    step = end - start
    length = max((step.x() ** 2 + step.y() ** 2) ** 0.5, 1e-6)
    return start, end - step * min(radius / length, 1.0)
