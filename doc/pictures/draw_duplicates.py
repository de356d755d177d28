"""Draw the pictures of Find Duplicates for its help page, in light and dark.

    python doc/pictures/draw_duplicates.py [FOLDER]

writes into `doc/widgets`, or into FOLDER. The images are sketches of the example, and changed
copies of some.
"""

from __future__ import annotations

import os
from pathlib import Path

from AnyQt.QtCore import Qt
from AnyQt.QtTest import QTest
from AnyQt.QtWidgets import QWidget
from draw_widgets import Part, copied, draw, settle
from PIL import Image, ImageEnhance

from orangecontrib.imageembedding import import_images
from orangecontrib.imageembedding.widgets.owfindduplicates import OWFindDuplicates

SIZE = 1060, 720


def collection() -> Path:
    """Get a folder of sketches with changed copies."""
    folder = copied("animals", "*/*-0[1-4].png")
    sketches = sorted(folder.glob("*/*-01.png"))
    for i, path in enumerate(sketches):
        image = Image.open(path).convert("RGB")
        width, height = image.size
        copies = {
            "small.jpg": image.resize((width // 2, height // 2)),
            "mirror.png": image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
            "bright.png": ImageEnhance.Brightness(image).enhance(0.8),
            "same.bmp": image,
        }
        for name in list(copies)[i % 4 : i % 4 + 2]:
            target = folder / "phone" / f"{path.stem}-{name}"
            target.parent.mkdir(exist_ok=True)
            copies[name].save(target)
            os.utime(target, (1_700_000_000 + 86400 * i, 1_700_000_000 + 86400 * i))
    return folder


def found() -> OWFindDuplicates:
    """Get the widget with the groups of the collection."""
    widget = OWFindDuplicates()
    widget.resize(*SIZE)
    widget.show()
    widget.side = 96
    widget._resize()
    widget.finds_similar = True
    widget.set_data(import_images(collection()).table)
    widget.handleNewSignals()
    while widget.task is not None:
        settle(0.2)
    settle()
    return widget


def groups() -> tuple[QWidget, list[Part]]:
    """Get the widget with numbers at its parts."""
    widget = found()
    controls = widget.controls
    parts: list[Part] = [
        controls.image_attr, widget.folder_row.button, controls.finds_similar,
        widget.similar_slider, widget.example_pairs, widget.rule_combo, widget.keep_row.button,
        widget.order_combo, widget.count_label, widget.view.viewport(), widget.cancel_button,
    ]  # fmt: skip
    return widget, parts


def comparison() -> tuple[QWidget, list[Part]]:
    """Get two images side by side."""
    widget = found()
    widget.view.set_current(1)
    QTest.keyClick(widget.view, Qt.Key_Space)
    settle(2.0)
    dialog = widget._comparison
    dialog.resize(900, 560)
    settle(0.5)
    return dialog, []


PICTURES = {"find-duplicates": groups, "find-duplicates-compare": comparison}


if __name__ == "__main__":
    draw(PICTURES)
