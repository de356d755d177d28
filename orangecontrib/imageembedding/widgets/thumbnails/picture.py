"""The whole grid of images as a scene of its own, to be saved, copied and reported."""

from __future__ import annotations

from AnyQt.QtCore import QRectF
from AnyQt.QtGui import QPainter, QPalette
from AnyQt.QtWidgets import QGraphicsItem, QGraphicsScene, QStyleOptionGraphicsItem, QWidget

from orangecontrib.imageembedding.widgets.shared.loading import load_all
from orangecontrib.imageembedding.widgets.thumbnails.view import ThumbnailView

MAX_HEIGHT = 12_000  # picture formats and the memory for thumbnails have limits


class _Part(QGraphicsItem):
    """A stretch of a grid."""

    def __init__(self, view: ThumbnailView, top: int, bottom: int) -> None:
        super().__init__()
        self._view, self._top, self._bottom = view, top, bottom
        self._rect = QRectF(0, 0, view.viewport().width(), bottom - top)  # it may outlive the view

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.setClipRect(self._rect)
        self._view.paint_part(painter, self._top, self._bottom, self._top)


def part_in_picture(view: ThumbnailView) -> tuple[int, int]:
    """Get which stretch of a grid a picture shows: all, or from what is in sight on."""
    height = view.grid_height
    top = 0 if height <= MAX_HEIGHT else min(view.verticalOffset(), height - MAX_HEIGHT)
    return top, min(height, top + MAX_HEIGHT)


def load_grid(view: ThumbnailView) -> bool:
    """Decode the images of a picture; False if cancelled."""
    keys = dict.fromkeys(view.keys_between(*part_in_picture(view)))
    return load_all(list(keys), view.pixmaps, view) is not None


def grid_scene(view: ThumbnailView) -> QGraphicsScene:
    """Get a scene with the whole grid, at most `MAX_HEIGHT` pixels high."""
    scene = QGraphicsScene()
    scene.setPalette(view.palette())
    scene.setBackgroundBrush(view.palette().color(QPalette.Base))
    scene.addItem(_Part(view, *part_in_picture(view)))
    return scene
