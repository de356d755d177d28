"""Groups of duplicates as lines of thumbnails, each with a heading; any number of them."""

from __future__ import annotations

from collections.abc import Sequence

from AnyQt.QtCore import Qt, pyqtSignal
from AnyQt.QtGui import QColor, QKeyEvent, QMouseEvent

from orangecontrib.imageembedding.widgets.duplicates.decisions import Decisions
from orangecontrib.imageembedding.widgets.duplicates.facts import N_TITLE_LINES, title_of
from orangecontrib.imageembedding.widgets.thumbnails.view import ThumbnailView

KEPT = QColor(46, 160, 67)


class _Titles(Sequence):  # type: ignore[type-arg]
    """The texts below images, made when they are looked at."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions

    def __len__(self) -> int:
        return len(self._decisions.compared.locations)

    def __getitem__(self, row):  # type: ignore[no-untyped-def]
        return title_of(self._decisions, row)


class GroupView(ThumbnailView):
    """Shows the kept one of each group in a frame.

    A click, K or Enter keeps an image; N says that the selected ones are not duplicates; Space
    compares. All else is as in other views of thumbnails.
    """

    keep_wanted = pyqtSignal(int)
    """The row of the image that is to be kept."""
    distinct_wanted = pyqtSignal(list)
    """Rows that are not duplicates of the others in their groups."""

    def __init__(self) -> None:
        super().__init__()
        self.decisions: Decisions | None = None
        self._pressed = -1
        self.set_title_lines(N_TITLE_LINES)
        self.setAccessibleName("Groups of duplicates")

    def show_decisions(self, decisions: Decisions | None) -> None:
        """Show other groups."""
        self.decisions = decisions
        if decisions is None:
            self.set_images((), ())
            return
        self.set_images(decisions.compared.locations, _Titles(decisions))
        self.images.set_colors(lambda row: KEPT if decisions.is_kept(row) else None)
        self.rearrange()

    def rearrange(self) -> None:
        """Show the groups in another order, or without those that are gone."""
        if self.decisions is not None:
            groups = self.decisions.groups
            headed = [(self.decisions.heading(i), len(group)) for i, group in enumerate(groups)]
            self.arrange(self.decisions.rows_shown(), headed)

    def changed(self) -> None:
        """Paint anew: another image is kept."""
        self.images.set_titles(self.images.titles)
        self.viewport().update()

    def row_at(self, position: int) -> int:
        """Get the row of the image at a position."""
        return int(self.images.rows[position])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        plain = event.button() == Qt.LeftButton and not event.modifiers()
        self._pressed = self.indexAt(event.pos()).row() if plain else -1
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        pressed, self._pressed = self._pressed, -1
        if pressed >= 0 and self.indexAt(event.pos()).row() == pressed:
            self.keep_wanted.emit(self.row_at(pressed))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        position = self.currentIndex().row()
        is_plain = not event.modifiers() & ~Qt.KeypadModifier
        if is_plain and position >= 0 and event.key() in (Qt.Key_K, Qt.Key_Return, Qt.Key_Enter):
            self.keep_wanted.emit(self.row_at(position))
        elif is_plain and event.key() == Qt.Key_N:
            rows = self.selected_rows() or ([self.row_at(position)] if position >= 0 else [])
            self.distinct_wanted.emit(rows)
        else:
            super().keyPressEvent(event)
