"""Where the arrow keys lead in a dendrogram."""

from __future__ import annotations

import numpy as np
from AnyQt.QtCore import Qt

from orangecontrib.imageembedding.clusters.slots import Slots
from orangecontrib.imageembedding.widgets.tree.geometry import TreeItem

ARROWS = (Qt.Key_Left, Qt.Key_Right, Qt.Key_Up, Qt.Key_Down, Qt.Key_Home, Qt.Key_End)


def next_node(item: TreeItem, node: int | None, key: int) -> int | None:
    """Get the node that an arrow key leads to; None if the key is none.

    Left goes to the branch that holds this one, right into its first branch, up and down to the
    neighbor: the largest branch beside this one that is not larger than it, or the nearest
    row. Home and End go to the first and the last row.
    """
    if key not in ARROWS:
        return None
    slots = item.slots
    if key in (Qt.Key_Home, Qt.Key_End):
        return int(slots.node[0 if key == Qt.Key_Home else -1])
    if node is None or not slots.is_shown[node]:
        return len(slots.parent) - 1
    if key == Qt.Key_Left:
        return int(slots.parent[node])
    if key == Qt.Key_Right:
        n = len(item.shape_of_tree.leaf_order)
        return int(item.shape_of_tree.children[node - n, 0]) if slots.is_open[node] else node
    return _neighbor(slots, node, down=key == Qt.Key_Down)


def _neighbor(slots: Slots, node: int, down: bool) -> int:
    edge = slots.first[node] + slots.size[node] if down else slots.first[node]
    begins = slots.first if down else slots.first + slots.size
    fits = slots.is_shown & (begins == edge) & (slots.size <= slots.size[node])
    found = np.flatnonzero(fits)
    return int(found[np.argmax(slots.size[found])]) if len(found) else node
