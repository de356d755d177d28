"""Draw every widget small, normal and large on one sheet, in light and dark, to be looked at.

    python doc/pictures/draw_sheets.py [FOLDER]

writes into `build/sheets`, or into FOLDER. Which Qt draws is told by QT_API, how large its
letters are by QT_SCALE_FACTOR.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import draw_checks
import draw_comparison
import draw_duplicates
import draw_maps
import draw_widgets
from AnyQt.QtCore import QT_VERSION_STR, QPoint
from AnyQt.QtGui import QColor, QPainter, QPixmap
from AnyQt.QtWidgets import QWidget
from draw_trees import tree
from draw_widgets import ROOT, start, themes

SIZES = (800, 500), (1280, 720), (1600, 1000)
GAP_PX = 12

WIDGETS: dict[str, Callable[[], tuple[QWidget, object]]] = {
    "import-images": draw_widgets.import_widget,
    "image-embedding": draw_widgets.embedding_widget,
    "image-viewer": draw_widgets.viewer_widget,
    "image-grid": draw_widgets.grid_widget,
    "image-map": draw_maps.numbered_map,
    "find-duplicates": draw_duplicates.groups,
    "check-images": draw_checks.checks,
    "compare-embedders": draw_comparison.comparison,
    "save-images": draw_widgets.save_widget,
    "hierarchical-clustering": partial(tree, 48, 8),
}


def sheet(widget: QWidget) -> QPixmap:
    """Get a widget in all sizes, side by side; as large as it gets, not larger."""
    pictures = []
    for size in SIZES:
        widget.resize(*size)
        draw_widgets.settle(0.5)
        pictures.append(widget.grab())
    ratio = pictures[0].devicePixelRatio()
    width = sum(picture.width() for picture in pictures) + GAP_PX * (len(SIZES) - 1)
    whole = QPixmap(width, max(picture.height() for picture in pictures))
    whole.fill(QColor("#c2185b"))
    painter, x = QPainter(whole), 0
    for picture in pictures:
        picture.setDevicePixelRatio(1)
        painter.drawPixmap(QPoint(x, 0), picture)
        x += picture.width() + GAP_PX
    painter.end()
    return whole if ratio == 1 else whole.scaledToWidth(round(width / ratio))


def main() -> None:
    """Draw all sheets, and end the program."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "sheets"
    folder.mkdir(parents=True, exist_ok=True)
    app = start()
    scale = os.environ.get("QT_SCALE_FACTOR", "1")
    for theme, palette in themes(app).items():
        app.setPalette(palette)
        for name, make in WIDGETS.items():
            widget, _ = make()
            sheet(widget).save(str(folder / f"{name}-{theme}-qt{QT_VERSION_STR[0]}-{scale}.png"))
            widget.close()
    os._exit(0)  # Qt is slow to take all down


if __name__ == "__main__":
    main()
