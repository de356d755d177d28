"""What to do, written where nothing is shown yet."""

from __future__ import annotations

from AnyQt.QtCore import Qt
from AnyQt.QtGui import QPainter, QPalette
from AnyQt.QtWidgets import QWidget


def paint_hint(surface: QWidget, text: str) -> None:
    """Write quietly in the middle of an empty view."""
    painter = QPainter(surface)
    painter.setPen(surface.palette().color(QPalette.PlaceholderText))
    inside = surface.rect().adjusted(20, 20, -20, -20)
    painter.drawText(inside, int(Qt.AlignCenter | Qt.TextWordWrap), text)
    painter.end()
