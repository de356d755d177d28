"""Two images of a group, side by side or one in the place of the other."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from AnyQt.QtCore import Qt, pyqtSignal
from AnyQt.QtGui import QKeyEvent
from AnyQt.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from orangecontrib.imageembedding.widgets.duplicates.decisions import Decisions
from orangecontrib.imageembedding.widgets.duplicates.facts import facts_of
from orangecontrib.imageembedding.widgets.shared.pixmaps import WHOLE_PX, Pixmaps
from orangecontrib.imageembedding.widgets.shared.preview import Canvas

KEYS = (
    "Space: one over the other, in turn · S: side by side · ← →: others of the group · "
    "↑ ↓: other groups · K: keep this one · N: not a duplicate · Esc: close"
)


class Comparison(QDialog):
    """Shows the image that is kept, on the left, and another one of its group.

    Space lays one over the other and shows them in turn.
    """

    keep_wanted = pyqtSignal(int)
    distinct_wanted = pyqtSignal(list)
    moved = pyqtSignal(int)
    """The row of the image that is compared now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowFlag(Qt.WindowMaximizeButtonHint)
        self.resize(1000, 640)
        self.decisions: Decisions | None = None
        self.row = -1
        self.blinks = False
        self.shows_kept = False
        self.images = Pixmaps(self)
        self.images.ready.connect(self._image_ready)
        self.canvases = Canvas(), Canvas()
        self.labels = QLabel(textFormat=Qt.RichText), QLabel(textFormat=Qt.RichText)
        sides = QHBoxLayout()
        self.sides = QWidget(), QWidget()
        for part, canvas, label, name in zip(
            self.sides, self.canvases, self.labels, ("Kept", "Compared"), strict=True
        ):
            canvas.setAccessibleName(f"{name} image")
            label.setAccessibleName(f"{name}: facts")
            label.setTextInteractionFlags(Qt.TextSelectableByMouse)
            label.setFocusPolicy(Qt.NoFocus)
            label.setWordWrap(True)
            side = QVBoxLayout(part)
            side.setContentsMargins(0, 0, 0, 0)
            side.addWidget(canvas, 1)
            side.addWidget(label)
            sides.addWidget(part, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(sides, 1)
        layout.addWidget(QLabel(KEYS, alignment=Qt.AlignCenter, wordWrap=True))

    def open_at(self, decisions: Decisions, row: int) -> None:
        """Compare an image with the kept one of its group; that one, with the next."""
        self.decisions = decisions
        group = decisions.groups[decisions.group_of(row)]
        self._go_to(next(other for other in group if other != row) if self._is_kept(row) else row)
        self.show()
        self.raise_()
        self.activateWindow()

    def forget(self) -> None:
        """Close: there is nothing to be compared any more."""
        self.images.forget()
        self.decisions, self.row = None, -1
        self.hide()

    def close_threads(self) -> None:
        """Stop decoding for good."""
        self.images.close()
        self.hide()

    def _is_kept(self, row: int) -> bool:
        return self.decisions is not None and self.decisions.is_kept(row)

    def _go_to(self, row: int) -> None:
        self.row, self.shows_kept = row, False
        for canvas in self.canvases:
            canvas.fit()
        self.refresh()
        self.moved.emit(row)

    def refresh(self) -> None:
        """Show what is decided now."""
        if self.decisions is None or self.row < 0:
            return
        number = self.decisions.group_of(self.row)
        kept, locations = self.decisions.kept[number], self.decisions.compared.locations
        if self.row == kept:
            self.row = next(row for row in self.decisions.groups[number] if row != kept)
        self.images.want([(locations[row], WHOLE_PX) for row in (self.row, kept)])
        rows = (kept, self.row)
        if self.blinks:
            rows = (kept, kept) if self.shows_kept else (self.row, self.row)
        self.sides[1].setVisible(not self.blinks)
        for canvas, label, row, other in zip(
            self.canvases, self.labels, rows, (self.row, kept), strict=True
        ):
            image = self.images.image(locations[row], WHOLE_PX)
            reason = self.images.reason(locations[row], WHOLE_PX)
            canvas.show_image(image, reason or "Loading …", grows=True)
            compared = (self.row if row == kept else kept) if self.blinks else other
            label.setText(_told(self.decisions, row, compared))
        place = self.decisions.groups[number].index(self.row) + 1
        n_images, n_groups = len(self.decisions.groups[number]), len(self.decisions.groups)
        self.setWindowTitle(f"Image {place} of {n_images} in group {number + 1:,} of {n_groups:,}")

    def go_on(self, number: int) -> None:
        """Go on at a group, after images have left theirs; close where there is none."""
        if self.decisions is None or not self.isVisible():
            return
        if not self.decisions.groups:
            self.forget()
        elif self.decisions.has(self.row):
            self.refresh()
        else:
            group = self.decisions.groups[min(number, len(self.decisions.groups) - 1)]
            self._go_to(next(row for row in group if not self._is_kept(row)))

    def _image_ready(self, _: str) -> None:
        self.refresh()

    def _step(self, step: int) -> None:
        """Go on in the group."""
        if self.decisions is not None:
            number = self.decisions.group_of(self.row)
            group = [row for row in self.decisions.groups[number] if not self._is_kept(row)]
            place = group.index(self.row) + step if self.row in group else 0
            self._go_to(group[place % len(group)])

    def _next_group(self, step: int) -> None:
        if self.decisions is not None:
            number = self.decisions.group_of(self.row) + step
            if 0 <= number < len(self.decisions.groups):
                group = self.decisions.groups[number]
                self._go_to(next(row for row in group if not self._is_kept(row)))

    def _blink(self) -> None:
        self.shows_kept = not self.shows_kept if self.blinks else True
        self.blinks = True
        self.refresh()

    def _side_by_side(self) -> None:
        self.blinks = False
        self.refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        forward = -1 if self.isRightToLeft() else 1
        acts: dict[int, Callable[[], object]] = {
            Qt.Key_Space: self._blink, Qt.Key_S: self._side_by_side,
            Qt.Key_Right: lambda: self._step(forward), Qt.Key_Left: lambda: self._step(-forward),
            Qt.Key_Down: lambda: self._next_group(1), Qt.Key_Up: lambda: self._next_group(-1),
            Qt.Key_K: lambda: self.keep_wanted.emit(self.row),
            Qt.Key_N: lambda: self.distinct_wanted.emit([self.row]),
        }  # fmt: skip
        if event.key() in acts and self.decisions is not None:
            acts[event.key()]()
        else:
            super().keyPressEvent(event)


def _told(decisions: Decisions, row: int, other: int) -> str:
    """Get what is known of an image; what differs from another one stands out."""
    others = dict(facts_of(decisions, other))
    lines = [f"<b>{escape(decisions.state_of(row))}</b>"]
    for name, value in facts_of(decisions, row):
        text = escape(value).replace("/", "/\u200b").replace("_", "_\u200b")
        text = f"<b>{text}</b>" if value != others[name] else text
        lines.append(f"{name}: {text}")
    return "<br>".join(lines)
