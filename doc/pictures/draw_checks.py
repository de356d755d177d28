"""Draw the pictures of Check Images for its help page, in light and dark.

    python doc/pictures/draw_checks.py [FOLDER]

writes into `doc/widgets`, or into FOLDER. The images are the sketches of the example, some of
them in the wrong class.
"""

from __future__ import annotations

import numpy as np
from AnyQt.QtCore import QPoint
from AnyQt.QtWidgets import QWidget
from draw_widgets import Part, copied, draw, settle

from orangecontrib.imageembedding import embed_images, import_images
from orangecontrib.imageembedding.widgets.owcheckimages import OWCheckImages

SIZE = 980, 760
N_WRONG = 4


def checks() -> tuple[QWidget, list[Part]]:
    """Get the widget with wrong labels, and what has a number in the picture."""
    table = import_images(copied("animals")).table
    random = np.random.default_rng(0)
    rows = random.choice(len(table), N_WRONG, replace=False)
    with table.unlocked(table.Y):
        table.Y[rows] = (table.Y[rows] + 3) % len(table.domain.class_var.values)
    widget = OWCheckImages()
    widget.resize(*SIZE)
    widget.show()
    widget.set_data(embed_images(table, "efficientnet-lite0").embeddings)
    widget.handleNewSignals()
    while widget.task is not None:
        settle(0.2)
    widget.view.set_current(0)
    settle()
    parts = [
        widget.controls.image_attr, (widget.check_list, QPoint(150, 30)),
        widget.controls.auto_commit,
        widget.cancel_button, widget.usual_button, (widget.threshold, QPoint(300, 8)),
        (widget.view, QPoint(400, 16)), (widget.reason, QPoint(500, 8)),
    ]  # fmt: skip
    return widget, parts


if __name__ == "__main__":
    draw({"check-images": checks})
