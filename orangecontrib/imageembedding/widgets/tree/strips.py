"""Colors beside the leaves that show the values of variables, and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from AnyQt.QtCore import QRectF
from AnyQt.QtGui import (
    QColor,
    QImage,
    QPainter,
)
from numpy.typing import NDArray

from orangecontrib.imageembedding.widgets.shared.legend import Entries

if TYPE_CHECKING:
    from orangecontrib.imageembedding.widgets.tree.geometry import TreeItem

STRIP_WIDTH = 12.0
STRIP_GAP = 3.0


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


def legend_of(strips: Sequence[Strip]) -> Entries:
    """Get what the colors of strips mean, below the name of each variable."""
    return [
        entry
        for strip in strips
        for entry in (
            (f"{strip.name}:", None),
            *((text, QColor(*color)) for text, color in strip.legend),
        )
    ]
