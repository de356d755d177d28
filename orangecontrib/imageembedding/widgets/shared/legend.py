"""Which color means what."""

from __future__ import annotations

from collections.abc import Sequence

from AnyQt.QtCore import QPointF, QRectF, Qt
from AnyQt.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPalette
from AnyQt.QtWidgets import QLabel, QSizePolicy

MAX_ENTRIES = 30
LINE_PX, SWATCH_PX = 22.0, 12.0

Entries = Sequence[tuple[str, QColor | None]]
"""Texts and their colors; None for a heading."""


class Legend(QLabel):
    """Colored squares with their names, in as many lines as it takes; hidden without any."""

    def __init__(self) -> None:
        super().__init__(wordWrap=True, textFormat=Qt.RichText)
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Minimum)
        self.setAccessibleName("Legend")
        self.hide()

    def set_entries(self, entries: Entries) -> None:
        """Show names with their colors; only the first of very many."""
        words = []
        for name, color in entries[:MAX_ENTRIES]:
            text = name.replace("&", "&amp;").replace("<", "&lt;").replace(" ", "&nbsp;")
            square = f'<span style="color:{color.name()}">■</span>&nbsp;' if color else ""
            words.append(f"{square}{text}")
        if len(entries) > MAX_ENTRIES:
            words.append(f"and {len(entries) - MAX_ENTRIES:,} more")
        self.setText("&ensp; ".join(words))
        self.setVisible(bool(entries))


class LegendLines:
    """The same in a picture: squares and names in lines of a width.

    Attributes
    ----------
    height : float
        Of all lines, in pixels.
    """

    def __init__(self, entries: Entries, width: float, font: QFont, palette: QPalette) -> None:
        self._entries, self._font, self._palette = entries, font, palette
        self._places: list[QPointF] = []
        metrics, x, y = QFontMetricsF(font), 0.0, 0.0
        for name, _ in entries:
            step = metrics.horizontalAdvance(name) + SWATCH_PX + 24
            if x and x + step > width:
                x, y = 0.0, y + LINE_PX
            self._places.append(QPointF(x, y))
            x += step
        self.height = y + LINE_PX if entries else 0.0

    def paint(self, painter: QPainter, top: float) -> None:
        """Draw the lines from a height on."""
        painter.setFont(self._font)
        painter.setPen(self._palette.color(QPalette.Text))
        for place, (name, color) in zip(self._places, self._entries, strict=True):
            x, y = place.x() + 4, top + place.y()
            if color is not None:
                swatch = QRectF(x, y + (LINE_PX - SWATCH_PX) / 2, SWATCH_PX, SWATCH_PX)
                painter.fillRect(swatch, color)
                x += SWATCH_PX + 6
            painter.drawText(QRectF(x, y, 2000, LINE_PX), int(Qt.AlignVCenter), name)
