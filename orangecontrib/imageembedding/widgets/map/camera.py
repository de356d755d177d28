"""Which part of a map is in the window, and how large."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from AnyQt.QtCore import QPointF, QRectF
from numpy.typing import NDArray

MAX_SCALE = float(1 << 21)  # beyond it, 32-bit places are no longer exact to a pixel
MIN_SCALE = 40.0


@dataclass(frozen=True, slots=True)
class Camera:
    """How places of the unit square become points of the window.

    Attributes
    ----------
    scale : float
        Pixels for the side of the square.
    x, y : float
        The place at the top left corner of the window.
    """

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0

    @classmethod
    def around(cls, rect: QRectF, width: float, height: float, margin: float) -> Camera:
        """Get the camera with which a part of the map fills a window, but for a margin."""
        free_width, free_height = max(width - 2 * margin, 20.0), max(height - 2 * margin, 20.0)
        scale = min(free_width / max(rect.width(), 1e-9), free_height / max(rect.height(), 1e-9))
        scale = min(max(scale, MIN_SCALE), MAX_SCALE)
        center = rect.center()
        return cls(scale, center.x() - width / 2 / scale, center.y() - height / 2 / scale)

    def to_window(self, places: NDArray[np.float32]) -> NDArray[np.float64]:
        """Get the points of the window at which places lie.

        Places have the shape (n, 2), dtype float32; points the shape (n, 2), dtype float64.
        """
        return (np.asarray(places, dtype=np.float64) - (self.x, self.y)) * self.scale

    def point_of(self, place: NDArray[np.float32]) -> QPointF:
        """Get the point of the window at which a place of shape (2,), dtype float32, lies."""
        x, y = ((float(place[0]) - self.x) * self.scale, (float(place[1]) - self.y) * self.scale)
        return QPointF(x, y)

    def place_of(self, point: QPointF) -> QPointF:
        """Get the place of the map at a point of the window."""
        return point / self.scale + QPointF(self.x, self.y)

    def part(self, rect: QRectF) -> QRectF:
        """Get the part of the map in a rectangle of the window."""
        return QRectF(self.place_of(rect.topLeft()), self.place_of(rect.bottomRight()))

    def moved(self, dx: float, dy: float) -> Camera:
        """Get the camera after the map was moved by some pixels."""
        return Camera(self.scale, self.x - dx / self.scale, self.y - dy / self.scale)

    def zoomed(self, factor: float, at: QPointF) -> Camera:
        """Get the camera after zooming; what is at a point of the window stays there."""
        scale = min(max(self.scale * factor, MIN_SCALE), MAX_SCALE)
        place = self.place_of(at)
        return Camera(scale, place.x() - at.x() / scale, place.y() - at.y() / scale)
