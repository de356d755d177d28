"""A grid of thumbnails with titles, for any number of images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from AnyQt.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QRect,
    Qt,
    QTimer,
    pyqtSignal,
)
from AnyQt.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QWheelEvent
from AnyQt.QtWidgets import QApplication, QListView, QStyle
from numpy.typing import NDArray

from orangecontrib.imageembedding.widgets.shared.dragging import drag_out
from orangecontrib.imageembedding.widgets.shared.hint import paint_hint
from orangecontrib.imageembedding.widgets.thumbnails.gridview import GridView
from orangecontrib.imageembedding.widgets.thumbnails.model import LocationRole
from orangecontrib.imageembedding.widgets.thumbnails.rubberband import RubberBand

MIN_SIDE, MAX_SIDE = 32, 512
ZOOM_STEP = 1.2
REPAINT_MS = 30  # images that become ready within it are painted together
AROUND = 1  # screenfuls below and above what is in sight that are decoded, too

_ADDING = Qt.ControlModifier | Qt.ShiftModifier


class ThumbnailView(GridView):
    """Shows a `ThumbnailModel`; only what is in sight, and a little around it, is decoded."""

    side_changed = pyqtSignal(int)
    selection_changed = pyqtSignal()
    """The user, or `select_rows`, has chosen other images; not when they are only rearranged."""
    opened = pyqtSignal(int)
    """The position of an image that is to be shown large."""
    typed = pyqtSignal(str)

    _hidden_selected: Sequence[int] = ()  # rows that are chosen, but filtered out
    _arranging = False
    hint = ""  # what is written where there are no images
    _wanted: tuple[int, int, int] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.setSelectionMode(QListView.ExtendedSelection)
        self.setDragEnabled(True)
        self.setAccessibleName("Images")
        self._band = RubberBand(self, self._select_in_band)
        self._repaint = QTimer(self, interval=REPAINT_MS, singleShot=True)
        self._repaint.timeout.connect(self.viewport().update)
        self.pixmaps.ready.connect(self._image_ready)
        self.doubleClicked.connect(self._open)

    # What is shown

    def set_images(self, locations: Sequence[str], titles: Sequence[str]) -> None:
        """Show other images, none of them selected; see `ThumbnailModel.set_images`."""
        self.pixmaps.forget()
        self._hidden_selected = ()
        self.images.set_images(locations, titles)
        self.verticalScrollBar().setValue(0)

    def arrange(self, rows: NDArray[np.intp], groups: Sequence[tuple[str, int]] = ()) -> None:
        """Show the images `rows`, shape (n_shown,), dtype int, in this order.

        The selection stays, also of images that are not shown.
        """
        selected = self.selected_rows()
        current = self.currentIndex()
        current_row = int(self.images.rows[current.row()]) if current.isValid() else None
        self._arranging = True
        self.images.arrange(rows, groups)
        self._select(selected)
        self._arranging = False
        positions = self.images.positions_of([] if current_row is None else [current_row])
        if len(positions):
            index = self.images.index(int(positions[0]))
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.NoUpdate)

    # What is selected

    def selected_rows(self) -> list[int]:
        """Get the rows of the selected images, sorted; also of those that are filtered out."""
        rows = [
            self.images.rows[chosen.top() : chosen.bottom() + 1]
            for chosen in self.selectionModel().selection()
        ]
        return np.sort(np.concatenate([self._hidden_selected, *rows]).astype(int)).tolist()

    def select_rows(self, rows: Iterable[int]) -> None:
        """Select these images and no others."""
        self._arranging = True
        self._select(list(rows))
        self._arranging = False
        self.selection_changed.emit()

    def _select(self, rows: Sequence[int]) -> None:
        positions = self.images.positions_of(rows)
        shown = set(self.images.rows[positions].tolist())
        self._hidden_selected = [row for row in rows if row not in shown]
        selection = self._selection_of(_ranges(positions))
        self.selectionModel().select(selection, QItemSelectionModel.ClearAndSelect)

    def select_group(self, group: int, add: bool = False) -> None:
        """Select all images of a group."""
        first, end = self._cells.group_first[group : group + 2]
        command = QItemSelectionModel.Select if add else QItemSelectionModel.ClearAndSelect
        if end > first:
            selection = self._selection_of([(int(first), int(end) - 1)])
            self.selectionModel().select(selection, command)

    def _selection_of(self, ranges: Iterable[tuple[int, int]]) -> QItemSelection:
        selection = QItemSelection()
        for first, last in ranges:
            selection.select(self.images.index(first), self.images.index(last))
        return selection

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.viewport().update()
        if not self._arranging:
            if not QApplication.keyboardModifiers() & _ADDING:
                self._hidden_selected = ()
            self.selection_changed.emit()

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlags) -> None:
        # From the cell where a range begins to that where it ends, in the order shown.
        ends = [self.indexAt(point).row() for point in (rect.topLeft(), rect.bottomRight())]
        ends = [end for end in ends if end >= 0]
        selection = self._selection_of([(min(ends), max(ends))] if ends else [])
        self.selectionModel().select(selection, command)

    def _select_in_band(self, rect: QRect, base: QItemSelection) -> None:
        """Select what a rectangle of the grid touches, and what was selected before."""
        selection = QItemSelection(base)
        selection.merge(
            self._selection_of(self._cells.ranges_in(self._mirrored(rect))),
            QItemSelectionModel.Select,
        )
        self.selectionModel().select(selection, QItemSelectionModel.ClearAndSelect)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self._band.follow()

    # Painting

    def _lay_out(self) -> None:
        self._wanted = None
        super()._lay_out()

    def paintEvent(self, event: QPaintEvent) -> None:
        with self.pixmaps.held():
            self._paint(event)
            self._want_what_is_in_sight()
        if not self.images.locations:
            paint_hint(self.viewport(), self.hint)

    def _paint(self, event: QPaintEvent) -> None:
        painter, offset = QPainter(self.viewport()), self.verticalOffset()
        top, bottom = event.rect().top() + offset, event.rect().bottom() + 1 + offset
        self.paint_part(painter, top, bottom, offset)
        painter.end()

    def paint_part(self, painter: QPainter, top: int, bottom: int, offset: int) -> None:
        """Paint the part of the grid between two heights; `offset` is painted at 0."""
        option = self._option()
        usual = option.state & ~(QStyle.State_HasFocus | QStyle.State_Selected)
        selection, current = self.selectionModel(), self.currentIndex()
        for position in self._cells.positions_between(top, bottom):
            index = self.images.index(position)
            option.rect = self._mirrored(self._cells.rect_of(position)).translated(0, -offset)
            option.state = usual
            if selection.isSelected(index):
                option.state |= QStyle.State_Selected
            if index == current and self.hasFocus():
                option.state |= QStyle.State_HasFocus
            self._delegate.paint(painter, option, index)
        painter.setPen(option.palette.color(QPalette.Text))
        for group in self._cells.headings_between(top, bottom):
            rect = self._cells.heading_rect(group).translated(0, -offset)
            self._delegate.paint_heading(painter, rect, self.images.groups[group][0])

    def keys_between(self, top: int, bottom: int) -> list[tuple[str, int]]:
        """Get location and size of the thumbnails in a stretch of the grid."""
        return self._keys(self._cells.positions_between(top, bottom))

    def _keys(self, positions: Iterable[int]) -> list[tuple[str, int]]:
        side_px = self._delegate.side_px
        return [(self.images.index(i).data(LocationRole), side_px) for i in positions]

    def _want_what_is_in_sight(self) -> None:
        top, height = self.verticalOffset(), self.viewport().height()
        seen = self._cells.positions_between(top, top + height)
        wanted = seen.start, seen.stop, self._delegate.side_px
        if wanted == self._wanted:
            return
        self._wanted = wanted
        below = self._cells.positions_between(top + height, top + (1 + AROUND) * height)
        above = self._cells.positions_between(max(top - AROUND * height, 0), top)
        self.pixmaps.want(self._keys(dict.fromkeys([*seen, *below, *reversed(above)])))

    def _image_ready(self, _: str) -> None:
        if not self._repaint.isActive():
            self._repaint.start()

    # What the user does

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta().y()
        if event.modifiers() & Qt.ControlModifier and turn:
            factor = ZOOM_STEP if turn > 0 else 1 / ZOOM_STEP
            side = min(max(round(self._delegate.side * factor), MIN_SIDE), MAX_SIDE)
            self.side_changed.emit(side)
            event.accept()
        else:
            super().wheelEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.LeftButton or self.indexAt(event.pos()).isValid():
            super().mousePressEvent(event)
            return
        adds = bool(event.modifiers() & _ADDING)
        group = self.group_at(event.pos())
        if group >= 0:
            self.select_group(group, adds)
        else:
            before = self.selectionModel().selection() if adds else QItemSelection()
            self._band.begin(event.pos(), before)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._band.active:
            self._band.drag_to(event.pos())
        else:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._band.active:
            self._band.end()
        else:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.indexAt(event.pos()).isValid():
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        opens = event.key() in (Qt.Key_Space, Qt.Key_Return, Qt.Key_Enter)
        if opens and not event.modifiers() and self.currentIndex().isValid():
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        self.typed.emit(search)

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())

    def startDrag(self, actions: Qt.DropActions) -> None:
        index = self.currentIndex()
        rows = self.selected_rows()
        image = self.pixmaps.image(index.data(LocationRole), self._delegate.side_px)
        drag_out(self, [self.images.locations[row] for row in rows], image)


def _ranges(positions: np.ndarray) -> list[tuple[int, int]]:
    """Join sorted positions to ranges (first, last): a selection of many single ones is slow."""
    if not len(positions):
        return []
    breaks = np.flatnonzero(np.diff(positions) != 1)
    firsts = positions[np.concatenate([[0], breaks + 1])]
    lasts = positions[np.concatenate([breaks, [len(positions) - 1]])]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))
