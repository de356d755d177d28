"""A few pictures side by side, for a leaf or for a branch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from AnyQt.QtCore import QPointF, QRectF, QSizeF, Qt
from AnyQt.QtGui import QPainter, QPixmap

from orangecontrib.imageembedding.widgets.shared.pixmaps import decoded_side

MAX_SIDE = 48.0

ReadPixmap = Callable[[str, int], QPixmap | None]
"""Gives the pixmap of a location at a size in device pixels, or None."""


def paint_collage(
    painter: QPainter,
    rect: QRectF,
    locations: Sequence[str],
    pixmap: ReadPixmap,
) -> float:
    """Draw pictures from the left of a rectangle on; get x right of them.

    Parameters
    ----------
    painter : QPainter
        Where to.
    rect : QRectF
        A single picture is as high as this; several are at most `MAX_SIDE` high.
    locations : sequence of str
        Their images; "" where there is none.
    pixmap : callable
        Gives the pixmap of a location at a size in device pixels, or None.
    """
    painter.setRenderHint(QPainter.SmoothPixmapTransform)
    ratio = painter.device().devicePixelRatioF()
    side = rect.height() - 2
    if len(locations) > 1:
        side = min(side, MAX_SIDE, rect.width() / 5.5)
    x = rect.left()
    for location in locations:
        if not location:
            continue
        found = pixmap(location, decoded_side(side * ratio))
        if found is not None:
            size = QSizeF(found.size()).scaled(QSizeF(side, side), Qt.KeepAspectRatio)
            place = QRectF(QPointF(), size)
            place.moveCenter(QPointF(x + side / 2, rect.center().y()))
            painter.drawPixmap(place, found, QRectF(found.rect()))
        x += side + 2
    return x
