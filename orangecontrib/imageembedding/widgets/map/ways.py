"""Going over a map by the arrow keys."""

from __future__ import annotations

import numpy as np
from AnyQt.QtCore import QSize

from orangecontrib.imageembedding.widgets.map.camera import Camera
from orangecontrib.imageembedding.widgets.map.look import MapLook
from orangecontrib.imageembedding.widgets.map.points import MapPoints


def next_that_way(
    points: MapPoints, look: MapLook, camera: Camera, size: QSize, way: tuple[int, int]
) -> int:
    """Get the row of the nearest picture in a direction; -1 if there is none.

    Parameters
    ----------
    points : MapPoints
        Of the map.
    look : MapLook
        Its `focus` is where one starts; at first one goes to the picture in the middle.
    camera : Camera
        How large the map is: only what is shown as a picture then counts, or, if there are no
        pictures, all.
    size : QSize
        Of the window.
    way : (int, int)
        To the right and down: -1, 0 or 1.
    """
    level = -1 if look.dots_only else points.level_at(camera.scale, look.side)
    positions = np.flatnonzero(points.levels <= level)
    if not len(positions):
        positions = np.arange(len(points))
    start = int(points.position_of[look.focus]) if look.focus >= 0 else -1
    if start < 0:
        middle = np.array([size.width() / 2, size.height() / 2])
        off = camera.to_window(points.places[positions]) - middle
        return int(points.rows[positions[np.argmin((off**2).sum(axis=1))]])
    positions = positions[positions != start]
    off = points.places[positions].astype(np.float64) - points.places[start]
    along, across = off @ np.array(way), np.abs(off @ np.array(way[::-1]))
    is_that_way = np.flatnonzero((along > 0) & (across <= along))
    if not len(is_that_way):
        is_that_way = np.flatnonzero(along > 0)
    if not len(is_that_way):
        return -1
    distance = along[is_that_way] ** 2 + across[is_that_way] ** 2
    return int(points.rows[positions[is_that_way[np.argmin(distance)]]])
