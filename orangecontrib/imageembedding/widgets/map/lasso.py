"""Which points of a map are inside a line that was drawn by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from AnyQt.QtCore import QPointF, QRectF, Qt
from AnyQt.QtGui import QImage, QPainter, QPolygonF
from numpy.typing import NDArray

from orangecontrib.imageembedding.widgets.map.points import MapPoints

MASK_PX = 1024
MIN_STEP_PX = 3.0  # between two corners of the line


def points_inside(points: MapPoints, corners: Sequence[QPointF]) -> NDArray[np.intp]:
    """Get the positions of the points inside a closed line, by even and odd crossings.

    Shape (n_inside,), dtype int.

    The line is painted, and the pixel of each point looked up: a point nearer to the line than a
    thousandth of its extent may be on either side.
    """
    line = QPolygonF(list(corners))
    part = line.boundingRect()
    if len(corners) < 3 or part.width() <= 0 or part.height() <= 0:
        return np.empty(0, dtype=np.intp)
    positions = points.buckets.inside(part)
    return positions[_mask_at(points.places[positions], line, part)]


def _mask_at(places: NDArray[np.float32], line: QPolygonF, part: QRectF) -> NDArray[np.bool_]:
    image = QImage(MASK_PX, MASK_PX, QImage.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.scale(MASK_PX / part.width(), MASK_PX / part.height())
    painter.translate(-part.topLeft())
    painter.setPen(Qt.NoPen)
    painter.setBrush(Qt.white)
    painter.drawPolygon(line, Qt.OddEvenFill)
    painter.end()
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    mask = np.frombuffer(bits, np.uint8).reshape(MASK_PX, image.bytesPerLine())
    size = np.array([part.width(), part.height()])
    cells = (places - [part.left(), part.top()]) / size * MASK_PX
    columns, lines = np.clip(cells.astype(int), 0, MASK_PX - 1).T
    return np.asarray(mask[lines, columns] > 0)


def with_corner(corners: Sequence[QPointF], point: QPointF) -> list[QPointF]:
    """Get a line with one more corner, if that is not too near the last one."""
    near = corners and (point - corners[-1]).manhattanLength() < MIN_STEP_PX
    return list(corners) if near else [*corners, point]
