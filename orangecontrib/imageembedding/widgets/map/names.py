"""What parts of a map are called, where their points lie densest, and which names have room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from AnyQt.QtCore import QRectF
from AnyQt.QtGui import QFontMetricsF
from numpy.typing import NDArray

from orangecontrib.imageembedding.maps.anchors import find_anchors
from orangecontrib.imageembedding.widgets.map.camera import Camera
from orangecontrib.imageembedding.widgets.map.points import MapPoints

MAX_SHOWN = 25  # in the window
PADDING = 5.0
PICTURE_PX = 40.0  # beside a name


@dataclass(frozen=True, slots=True)
class MapName:
    """A name at a place of a map.

    Attributes
    ----------
    text : str
    x, y : float
        In the unit square.
    level : int
        It is shown where the map is ``2 ** level`` times as large as the window, and beyond.
    row : int
        Whose picture is shown beside it; -1 for none.
    """

    text: str
    x: float
    y: float
    level: int = 0
    row: int = -1


def names_at_peaks(
    points: MapPoints,
    codes: NDArray[np.intp],
    texts: Sequence[str],
    medoids: Sequence[int] | None = None,
) -> list[MapName]:
    """Get a name at each density peak of each class, in the order in which they get room.

    Parameters
    ----------
    points : MapPoints
        Of the map.
    codes : ndarray of shape (n_rows,), dtype int
        The class of each row; -1 for none.
    texts : sequence of str
        The names of the classes.
    medoids : sequence of int, optional
        The row of each class whose picture stands at its first name.
    """
    anchors = find_anchors(points.places, codes[points.rows])
    names, named = [], set()
    for position, code, level in zip(
        anchors.rows.tolist(), anchors.groups.tolist(), anchors.levels.tolist(), strict=True
    ):
        row = -1 if medoids is None or code in named else int(medoids[code])
        named.add(code)
        x, y = points.places[position].tolist()
        names.append(MapName(texts[code], x, y, level, row))
    return names


def placed_names(
    names: Sequence[MapName], camera: Camera, window: QRectF, metrics: QFontMetricsF
) -> list[tuple[MapName, QRectF]]:
    """Get the names that have room in a window, and their rectangles: few of many."""
    placed: list[tuple[MapName, QRectF]] = []
    zoom = camera.scale / max(min(window.width(), window.height()), 1)
    for name in names:
        if 2**name.level > max(zoom, 1) * 1.01:
            continue
        x, y = (name.x - camera.x) * camera.scale, (name.y - camera.y) * camera.scale
        if not (window.left() < x < window.right() and window.top() < y < window.bottom()):
            continue
        beside = PICTURE_PX + PADDING if name.row >= 0 else 0.0
        width = metrics.horizontalAdvance(name.text) + 2 * PADDING + beside
        height = max(metrics.height(), beside) + PADDING
        rect = QRectF(x - width / 2, y - height / 2, width, height)
        rect.moveLeft(min(max(rect.left(), window.left()), window.right() - width))
        rect.moveTop(min(max(rect.top(), window.top()), window.bottom() - height))
        if not any(rect.intersects(other) for _, other in placed):
            placed.append((name, rect))
            if len(placed) == MAX_SHOWN:
                break
    return placed
