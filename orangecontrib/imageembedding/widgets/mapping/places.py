"""The part of a map that is in the window, to be found again in the next session."""

from __future__ import annotations

from collections.abc import Sequence

from AnyQt.QtCore import QPointF

from orangecontrib.imageembedding.tables.describe import SelectedImages, identities, rows_of
from orangecontrib.imageembedding.widgets.map.camera import Camera
from orangecontrib.imageembedding.widgets.map.canvas import MapCanvas

ViewPlace = tuple[SelectedImages, float, float, float]
"""The row nearest to the middle of the window, by its image; from it to the middle, in parts of
the map; how many times larger than the whole map the window shows it."""


def place_of(view: MapCanvas, locations: Sequence[str]) -> ViewPlace | None:
    """Get the place in the window; None if the whole map is."""
    if view.is_whole or not len(view.points):
        return None
    middle = view.camera.place_of(QPointF(view.width() / 2, view.height() / 2))
    _, position = view.points.tree.query((middle.x(), middle.y()))
    row, (x, y) = int(view.points.rows[position]), view.points.places[position].tolist()
    zoom = view.camera.scale / view.whole_camera().scale
    return identities(locations, [row]), middle.x() - x, middle.y() - y, zoom


def restored_camera(view: MapCanvas, locations: Sequence[str], place: ViewPlace) -> Camera | None:
    """Get the camera that shows a place again; None if its row is not on the map."""
    known, dx, dy, zoom = place
    rows, points = rows_of(locations, known), view.points
    position = int(points.position_of[rows[0]]) if rows else -1
    if position < 0:
        return None
    x, y = points.places[position].tolist()
    scale = view.whole_camera().scale * zoom
    return Camera(scale, x + dx - view.width() / 2 / scale, y + dy - view.height() / 2 / scale)
