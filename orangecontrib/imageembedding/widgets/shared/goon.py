"""The button of a widget that applies by itself, for when its work was stopped."""

from __future__ import annotations

from typing import Any

from AnyQt.QtWidgets import QWidget


class GoOn:
    """Lets Apply (or Send) be clicked although it is automatic, while there is work left.

    Clearing the check box changes nothing; setting it continues at once, as elsewhere in Orange.

    Parameters
    ----------
    commit : deferred method
        Of the widget; see `gui.deferred`.
    box : QWidget
        What `gui.auto_apply` or `gui.auto_send` gave.
    title : str
        Of the button, as it is when it is not automatic.
    """

    def __init__(self, commit: Any, box: QWidget, title: str) -> None:
        self._commit = commit
        self._box = box
        self._title = title

    def offer(self) -> None:
        """Tell that there is work left."""
        self._show(is_dirty=True, title=self._title)

    def withdraw(self) -> None:
        """Tell that there is none, or that it is being done."""
        is_automatic = self._box.checkbox.isChecked()
        self._show(
            is_dirty=False, title=f"{self._title} Automatically" if is_automatic else self._title
        )

    def _show(self, *, is_dirty: bool, title: str) -> None:
        self._commit.dirty = is_dirty
        self._box.button.setText(title)
        self._box.button.setEnabled(is_dirty)
