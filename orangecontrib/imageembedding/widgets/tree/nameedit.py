"""Where a name in the tree is typed."""

from __future__ import annotations

from collections.abc import Callable

from AnyQt.QtCore import QRect, Qt
from AnyQt.QtGui import QKeyEvent
from AnyQt.QtWidgets import QLineEdit, QWidget

MIN_WIDTH_PX = 140


class NameEdit(QLineEdit):
    """Stands over a name until Enter, Escape or a click elsewhere.

    Parameters
    ----------
    parent : QWidget
        Over which.
    place : QRect
        Of the name.
    text : str
        To begin with.
    done : callable
        Told the new name; not after Escape.
    """

    def __init__(
        self, parent: QWidget, place: QRect, text: str, done: Callable[[str], object]
    ) -> None:
        super().__init__(text, parent)
        self._done: Callable[[str], object] | None = done
        self.setAccessibleName("Name of the cluster")
        self.setPlaceholderText("C1, C2, …")
        width = max(place.width(), MIN_WIDTH_PX)
        height = self.sizeHint().height()
        top = place.center().y() - height // 2
        self.setGeometry(max(place.right() - width, 0), top, width, height)
        self.selectAll()
        self.editingFinished.connect(self._finish)
        self.show()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Escape:
            self._done = None
            self._finish()
        else:
            super().keyPressEvent(event)

    def _finish(self) -> None:
        done, self._done = self._done, None
        self.hide()
        self.deleteLater()
        self.parentWidget().setFocus()
        if done is not None:
            done(" ".join(self.text().split()))
