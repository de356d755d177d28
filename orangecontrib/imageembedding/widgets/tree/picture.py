"""The whole tree as a scene of its own, to be saved, copied and reported."""

from __future__ import annotations

from AnyQt.QtCore import QRectF
from AnyQt.QtGui import QFont, QPainter, QPalette
from AnyQt.QtWidgets import QGraphicsItem, QGraphicsScene, QStyleOptionGraphicsItem, QWidget

from orangecontrib.imageembedding.widgets.shared.legend import LegendLines
from orangecontrib.imageembedding.widgets.shared.loading import Loaded, load_all
from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps, decoded_side
from orangecontrib.imageembedding.widgets.tree.collage import ReadPixmap
from orangecontrib.imageembedding.widgets.tree.geometry import DEFAULT_ROW, MAX_PICTURES
from orangecontrib.imageembedding.widgets.tree.heightscale import AXIS_HEIGHT, paint_axis
from orangecontrib.imageembedding.widgets.tree.painting import DendrogramItem
from orangecontrib.imageembedding.widgets.tree.strips import legend_of

WIDTH = 1000.0
MAX_HEIGHT = 16_000.0  # picture formats and printers have limits


class _Frame(QGraphicsItem):
    """The scale above a tree and the legend below it."""

    def __init__(self, tree: DendrogramItem) -> None:
        super().__init__()
        self._tree = tree
        self._legend = LegendLines(legend_of(tree.strips), WIDTH - 20, QFont(), tree.palette)

    def boundingRect(self) -> QRectF:
        legend = self._legend.height
        return self._tree.boundingRect().adjusted(0, -AXIS_HEIGHT, 0, legend and legend + 10)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        tree = self._tree
        paint_axis(painter, QRectF(0, -AXIS_HEIGHT, WIDTH, AXIS_HEIGHT), tree, tree.palette)
        painter.translate(10, tree.boundingRect().bottom() + 8)
        self._legend.paint(painter, 0)


def picture_scene(item: DendrogramItem, read: ReadPixmap) -> QGraphicsScene:
    """Get a scene with the whole tree; large trees have thinner rows.

    Parameters
    ----------
    item : DendrogramItem
        What is shown in the window.
    read : callable
        Gives the pixmap of a location at a size in pixels, or None.
    """
    tree = item.copy_of()
    tree.set_pixmaps(read)
    tree.set_size(WIDTH, min(DEFAULT_ROW, MAX_HEIGHT / len(tree.slots.node)))
    scene = QGraphicsScene()
    scene.setPalette(tree.palette)
    scene.setBackgroundBrush(tree.palette.color(QPalette.Base))
    scene.addItem(tree)
    scene.addItem(_Frame(tree))
    scene.setSceneRect(scene.itemsBoundingRect())
    return scene


def load_pictures(item: DendrogramItem, pixmaps: Pixmaps, parent: QWidget) -> Loaded | None:
    """Decode the images of the whole tree, with a bar and a button to cancel.

    Returns
    -------
    loaded : dict of (str, int) to QPixmap, or None
        Pixmaps by location and size; None if cancelled.
    """
    tree = item.copy_of()
    row = min(DEFAULT_ROW, MAX_HEIGHT / len(tree.slots.node))
    tree.set_size(WIDTH, row)
    nodes = tree.nodes_with_content(0, tree.boundingRect().bottom())
    sides = {decoded_side(tree.picture_side * ratio) for ratio in (1, 2)} | {decoded_side(16)}
    sides |= {decoded_side(DEFAULT_ROW * ratio) for ratio in (1, 2)}
    shown = [tree.locations_of(node)[:MAX_PICTURES] for node in nodes]
    wishes = [(location, side) for some in shown for location in some if location for side in sides]
    return load_all(list(dict.fromkeys(wishes)), pixmaps, parent)
