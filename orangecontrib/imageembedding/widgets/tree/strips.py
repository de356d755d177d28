"""Colors beside the leaves that show the values of variables, and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from AnyQt.QtCore import QRectF, Qt
from AnyQt.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
)
from AnyQt.QtWidgets import QSizePolicy, QWidget
from numpy.typing import NDArray

if TYPE_CHECKING:
    from orangecontrib.imageembedding.widgets.tree.geometry import TreeItem

STRIP_WIDTH = 12.0
STRIP_GAP = 3.0
SWATCH = 10.0
LINE_HEIGHT = 18.0
MAX_LINES = 4
GAP = 10.0
MIN_LEGEND_WIDTH = 200  # before it has one


Entry = tuple[float, float, str, tuple[int, int, int] | None]
"""x, y, text and color of an entry of a legend; None for the name of a variable."""


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """Colors of one variable.

    Attributes
    ----------
    name : str
        Of the variable.
    colors : ndarray of shape (n_leaves, 3), dtype uint8
        Of each leaf.
    legend : sequence of (str, (r, g, b))
        What the colors stand for.
    """

    name: str
    colors: NDArray[np.uint8]
    legend: Sequence[tuple[str, tuple[int, int, int]]]


def strips_width(strips: Sequence[Strip]) -> float:
    """Get the width that strips need."""
    return len(strips) * (STRIP_WIDTH + STRIP_GAP)


def paint_strips(
    painter: QPainter,
    strips: Sequence[Strip],
    item: TreeItem,
    left: float,
    top: float,
    bottom: float,
) -> None:
    """Draw the strips between two heights of the scene; thin leaves blend into their mean."""
    n_pixels = max(int(np.ceil(bottom - top)), 1)
    edges = (top + np.arange(n_pixels + 1, dtype=np.float64)) / item.row_height
    places = item.slots.leaf_at(edges)
    first, last = places[:-1], np.maximum(places[1:], places[:-1] + 1)
    inside = edges[:-1] < len(item.slots.node)
    for i, strip in enumerate(strips):
        in_order = strip.colors[item.shape_of_tree.leaf_order].astype(np.int64)
        sums = np.concatenate([np.zeros((1, 3), np.int64), np.cumsum(in_order, axis=0)])
        means = (sums[last] - sums[first]) // (last - first)[:, None]
        pixels = np.zeros((n_pixels, 1, 4), np.uint8)
        pixels[:, 0, :3] = means[:, ::-1]
        pixels[:, 0, 3] = 255 * inside
        image = QImage(pixels.tobytes(), 1, n_pixels, 4, QImage.Format_ARGB32).copy()
        x = left + i * (STRIP_WIDTH + STRIP_GAP)
        painter.drawImage(QRectF(x, top, STRIP_WIDTH, n_pixels), image)


def legend_height(strips: Sequence[Strip], width: float, font: QFont) -> float:
    """Get the height of a legend of a width."""
    places = _legend_places(strips, width, font)
    return places[-1][1] + LINE_HEIGHT if places else 0.0


def paint_legend(
    painter: QPainter, strips: Sequence[Strip], width: float, palette: QPalette
) -> None:
    """Draw what the colors mean, in lines of a width."""
    for entry in _legend_places(strips, width, painter.font()):
        _paint_entry(painter, entry, palette)


def _legend_places(strips: Sequence[Strip], width: float, font: QFont) -> list[Entry]:
    """Get x, y, text and color of each entry; entries beyond `MAX_LINES` are omitted."""
    metrics = QFontMetricsF(font)
    x, y = 0.0, 0.0
    places: list[Entry] = []
    for strip in strips:
        for text, color in [(f"{strip.name}:", None), *strip.legend]:
            step = metrics.horizontalAdvance(text) + (SWATCH + 4 if color else 0) + GAP
            if x + step > width and x > 0:
                x, y = 0.0, y + LINE_HEIGHT
            if y >= MAX_LINES * LINE_HEIGHT:
                return places
            places.append((x, y, text, color))
            x += step
        x += GAP
    return places


def _paint_entry(painter: QPainter, entry: Entry, palette: QPalette) -> None:
    x, y, text, color = entry
    if color is not None:
        painter.fillRect(QRectF(x, y + (LINE_HEIGHT - SWATCH) / 2, SWATCH, SWATCH), QColor(*color))
        x += SWATCH + 4
    ink = QColor(palette.color(QPalette.Text))
    if color is None:
        ink.setAlphaF(0.7)
    painter.setPen(ink)
    painter.drawText(QRectF(x, y, 2000, LINE_HEIGHT), Qt.AlignVCenter | Qt.AlignLeft, text)


class Legend(QWidget):
    """What the colors of the strips mean; as high as it needs."""

    def __init__(self) -> None:
        super().__init__()
        self._strips: Sequence[Strip] = ()
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.setAccessibleName("Legend of the colors")
        self.hide()

    def set_strips(self, strips: Sequence[Strip]) -> None:
        """Explain other strips."""
        self._strips = strips
        self.setVisible(bool(strips))
        self._fit_height()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_height()

    def _fit_height(self) -> None:
        """Take the height for the width; a row of widgets does not ask for it."""
        self.setFixedHeight(self.heightForWidth(max(self.width(), MIN_LEGEND_WIDTH)))

    def heightForWidth(self, width: int) -> int:
        return round(legend_height(self._strips, width, self.font()))

    def paintEvent(self, _: QPaintEvent) -> None:
        paint_legend(QPainter(self), self._strips, self.width(), self.palette())
