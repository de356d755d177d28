"""What parts of a map are called, where their points lie densest, and which names have room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from AnyQt.QtCore import QPointF, QRectF
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
    names: Sequence[MapName],
    camera: Camera,
    window: QRectF,
    metrics: QFontMetricsF,
    centers: NDArray[np.float64],
    side: float,
) -> list[tuple[MapName, QRectF]]:
    """Get the names that have room in a window, and their rectangles: few of many.

    Parameters
    ----------
    names : sequence of MapName
        In the order in which they get room.
    camera : Camera
        Which part of the map is in the window.
    window : QRectF
        The window.
    metrics : QFontMetricsF
        Of the font of the names.
    centers : ndarray of shape (n_pictures, 2), dtype float64
        Of the pictures in the window: each name covers as few of them as can be.
    side : float
        Of the pictures.
    """
    placed: list[tuple[MapName, QRectF]] = []
    zoom = camera.scale / max(min(window.width(), window.height()), 1)
    for name in names:
        x, y = (name.x - camera.x) * camera.scale, (name.y - camera.y) * camera.scale
        if 2**name.level > max(zoom, 1) * 1.01 or not window.contains(QPointF(x, y)):
            continue
        beside = PICTURE_PX + PADDING if name.row >= 0 else 0.0
        width = metrics.horizontalAdvance(name.text) + 2 * PADDING + beside
        height = max(metrics.height(), beside) + PADDING
        rects = [
            _inside(window, QRectF(x - width / 2 + dx, y - height / 2 + dy, width, height))
            for dx, dy in _ways_off((side + width) / 2, (side + height) / 2)
        ]
        free = [rect for rect in rects if not any(rect.intersects(other) for _, other in placed)]
        if free:
            placed.append(
                (name, min(free, key=lambda rect: int(covered(rect, centers, side).sum())))
            )
            if len(placed) == MAX_SHOWN:
                break
    return placed


def _inside(window: QRectF, rect: QRectF) -> QRectF:
    """Move a rectangle into a window."""
    rect.moveLeft(max(min(rect.left(), window.right() - rect.width()), window.left()))
    rect.moveTop(max(min(rect.top(), window.bottom() - rect.height()), window.top()))
    return rect


def _ways_off(dx: float, dy: float) -> list[tuple[float, float]]:
    return [(0, 0), (0, -dy), (0, dy), (-dx, 0), (dx, 0)]


def covered(rect: QRectF, centers: NDArray[np.float64], side: float) -> NDArray[np.bool_]:
    """Tell which pictures a rectangle covers a part of.

    Parameters
    ----------
    rect : QRectF
        In the window.
    centers : ndarray of shape (n_pictures, 2), dtype float64
        Of the pictures.
    side : float
        Of the pictures.

    Returns
    -------
    is_covered : ndarray of shape (n_pictures,), dtype bool
    """
    off_x = np.abs(centers[:, 0] - rect.center().x()) < (side + rect.width()) / 2
    off_y = np.abs(centers[:, 1] - rect.center().y()) < (side + rect.height()) / 2
    return np.asarray(off_x & off_y)
