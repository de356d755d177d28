"""Images, each at its place, on white → a file: PNG, PDF or SVG."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

EXTENSIONS = (".png", ".svg", ".pdf")

ReadThumbnail = Callable[[int, int], "NDArray[np.uint8] | None"]
"""Gives, for an image and a side in pixels, a picture as uint8 (height, width, 3) that fits into a
square of that side; None if there is none."""

Placed = Iterable[tuple[int, int, Image.Image]]
"""Left and top in pixels, and a picture."""


def save_placed(placed: Placed, size: tuple[int, int], path: str | Path) -> None:
    """Write pictures to a file.

    Parameters
    ----------
    placed : iterable of (int, int, Image)
        Later ones lie above earlier ones; they are read one by one.
    size : (int, int)
        Width and height of the whole in pixels.
    path : str or Path
        Ends in one of `EXTENSIONS`.
    """
    if str(path).lower().endswith(".svg"):
        _write_svg(placed, size, Path(path))
        return
    whole = Image.new("RGB", size, "white")
    for x, y, image in placed:
        whole.paste(image, (x, y))
    whole.save(path)


def _write_svg(placed: Placed, size: tuple[int, int], path: Path) -> None:
    width, height = size
    with path.open("w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">\n')
        file.write('<rect width="100%" height="100%" fill="white"/>\n')
        for x, y, image in placed:
            data = io.BytesIO()
            image.save(data, "PNG")
            text = base64.b64encode(data.getvalue()).decode("ascii")
            file.write(
                f'<image x="{x}" y="{y}" width="{image.width}" height="{image.height}" '
                f'href="data:image/png;base64,{text}"/>\n'
            )
        file.write("</svg>\n")
