"""Draw the pictures of Image Grid with many images for its help page, in light and dark.

    python doc/pictures/draw_grids.py [FOLDER]

writes into `doc/widgets`, or into FOLDER. The images are made here: shapes in all colors.
"""

from __future__ import annotations

import tempfile
from colorsys import hsv_to_rgb
from functools import cache, partial
from pathlib import Path

import numpy as np
from AnyQt.QtWidgets import QWidget
from draw_widgets import Part, draw, settle
from Orange.data import ContinuousVariable, DiscreteVariable, Domain, StringVariable, Table
from PIL import Image, ImageDraw

from orangecontrib.imageembedding.widgets.owimagegrid import OWImageGrid

SIZE = 1000, 760
SIDE = 48
CORNERS = {"triangle": 3, "square": 4, "hexagon": 6, "circle": 60}


@cache
def shapes(n: int) -> Table:
    """Write so many images of shapes; get their table, with colors and shape as embeddings."""
    folder = Path(tempfile.mkdtemp(prefix="shapes"))
    random = np.random.default_rng(0)
    kinds = random.integers(len(CORNERS), size=n)
    hues, lights, sizes = random.random(n), random.uniform(0.4, 0.95, n), random.uniform(0.3, 1, n)
    pairs = list(zip(hues, lights, strict=True))
    ground = np.array([hsv_to_rgb(hue, 0.4, light) for hue, light in pairs])
    ink = np.array([hsv_to_rgb((hue + 0.1) % 1, 0.9, 0.7 * light) for hue, light in pairs])
    for i, kind in enumerate(kinds):
        image = Image.new("RGB", (SIDE, SIDE), tuple((255 * ground[i]).astype(int)))
        circle = SIDE / 2, SIDE / 2, sizes[i] * SIDE * 0.45
        corners = list(CORNERS.values())[kind]
        color = tuple((255 * ink[i]).astype(int))
        ImageDraw.Draw(image).regular_polygon(circle, corners, fill=color)
        image.save(folder / f"{i}.png", compress_level=1)
    numbers = np.column_stack([ground, ink, sizes[:, None] / 2, np.eye(len(CORNERS))[kinds] * 0.2])
    column = StringVariable("image")
    column.attributes.update(type="image", origin=str(folder))
    features = [ContinuousVariable(f"n{i}") for i in range(numbers.shape[1])]
    for feature in features:
        feature.attributes["hidden"] = True
    domain = Domain(features, DiscreteVariable("shape", values=tuple(CORNERS)), [column])
    names = np.array([[f"{i}.png"] for i in range(n)], dtype=object)
    return Table.from_numpy(domain, numbers, kinds.astype(float), names)


def grid(n: int) -> tuple[QWidget, list[Part]]:
    """Get the widget with so many images."""
    widget = OWImageGrid()
    widget.resize(*SIZE)
    widget.show()
    widget.set_data(shapes(n))
    widget.handleNewSignals()
    while widget.task is not None:
        settle(0.2)
    cells = widget.view.image_in.reshape(widget.view.shape)
    groups = np.zeros(n, dtype=int)
    tenth = max(len(cells) // 10, 1)
    groups[cells[tenth : 2 * tenth, tenth : 3 * tenth]] = 1
    widget.view.set_groups(groups)
    while not widget.view._colors._is_done.all():
        settle(0.2)
    settle()
    return widget, []


PICTURES = {"image-grid-2000": partial(grid, 2000), "image-grid-40000": partial(grid, 40_000)}


if __name__ == "__main__":
    draw(PICTURES)
