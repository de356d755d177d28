"""Ctrl+Z of a widget."""

from __future__ import annotations

from collections.abc import Callable

from AnyQt.QtCore import Qt
from AnyQt.QtGui import QKeySequence
from AnyQt.QtWidgets import QShortcut, QWidget

MOST_STEPS = 100


class Undo:
    """Takes back what the user did, the last thing first.

    Parameters
    ----------
    widget : QWidget
        In which Ctrl+Z (Cmd+Z) undoes; where text is typed, it goes to the text.
    """

    def __init__(self, widget: QWidget) -> None:
        self._steps: list[Callable[[], object]] = []
        self._is_undoing = False
        shortcut = QShortcut(QKeySequence(QKeySequence.Undo), widget)
        shortcut.setContext(Qt.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.undo)

    def add(self, back: Callable[[], object]) -> None:
        """Record how to undo what was just done."""
        if not self._is_undoing:
            self._steps = [*self._steps[1 - MOST_STEPS :], back]

    def undo(self) -> None:
        """Take back the last step."""
        if self._steps:
            self._is_undoing = True
            try:
                self._steps.pop()()
            finally:
                self._is_undoing = False

    def clear(self) -> None:
        """Forget all steps: what they were done to is gone."""
        self._steps = []
