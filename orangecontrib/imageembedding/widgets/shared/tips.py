"""Tooltips: what each control is good for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from AnyQt.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QScrollBar,
    QStatusBar,
    QWidget,
)

CONTROLS = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit,
)  # fmt: skip
PARTS = (QHeaderView, QScrollBar)
HOLDING_PARTS = (QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QStatusBar)

USUAL = {
    "Advanced": "Show what is rarely needed",
    "Apply Automatically": "Compute as soon as something changes, or only when you press this",
    "Cancel": "Stop; what is finished is kept",
    "Color": "Color each image by its category or number",
    "Image column": "The column with the paths or URLs of the images",
    "Right": "The numeric column that tells how far to the right an image lies",
    "Send Automatically": "Send as soon as something changes, or only when you press this",
    "Up": "The numeric column that tells how far up an image lies",
}


def controls_of(window: QWidget) -> Iterator[QWidget]:
    """Yield what can be clicked or typed into, the parts of such things excepted."""
    for control in window.findChildren(QWidget):
        if not isinstance(control, CONTROLS) or isinstance(control, PARTS):
            continue
        if control.window() is window and not _is_part(control):
            yield control


def explain(window: QWidget, tips: Mapping[str, str]) -> None:
    """Give tooltips to the controls of a window that have none.

    Parameters
    ----------
    window : QWidget
        Holds the controls.
    tips : mapping of str to str
        By the accessible name of a control, or its text; added to those of `USUAL`.
    """
    known = {**USUAL, **tips}
    for control in controls_of(window):
        if not control.toolTip():
            control.setToolTip(known.get(name_of(control), ""))


def name_of(control: QWidget) -> str:
    """Get what people, or screen readers, call a control."""
    text = control.text() if isinstance(control, QAbstractButton) else ""
    return (control.accessibleName() or text).replace("&", "").rstrip(":")


def _is_part(control: QWidget) -> bool:
    """Tell a part of another control, or of the frame that Orange puts around all."""
    if control.objectName().startswith("qt_"):
        return True
    holder = control.parentWidget()
    while holder is not None and not isinstance(holder, HOLDING_PARTS):
        holder = holder.parentWidget()
    return holder is not None
