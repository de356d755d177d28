"""A map of images → one HTML file that needs nothing else, to be sent to somebody."""

from __future__ import annotations

import base64
import colorsys
import html
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.maps.anchors import find_anchors
from orangecontrib.imageembedding.maps.levels import density, levels_of
from orangecontrib.imageembedding.maps.picture import GRAY, unit_square
from orangecontrib.imageembedding.maps.sheets import Sheets, make_sheets, side_for

HERE = Path(__file__).parent
N_LEVELS = 12
MAX_SHOWN_PX = 64
REFERENCE_PX = 300  # of this size, the map shows the pictures of level 0
N_STEPS = 65535  # on which places lie
GOLDEN = 0.618  # of the hues' circle: colors that follow each other differ

ReadPictures = Callable[[Sequence[int], int], Iterable["NDArray[np.uint8] | None"]]
"""Gives, for numbers of images and a side in pixels, their pictures as `ReadThumbnail` does."""


@dataclass(frozen=True, slots=True, eq=False)
class Captions:
    """What is told of n images.

    Attributes
    ----------
    names : sequence of str
        Of the images; they can be searched.
    codes : ndarray of shape (n,), dtype int
        The class of each as an index into `classes`; -1 if it has none.
    classes : sequence of str
        Names of the classes.
    colors : sequence of (int, int, int)
        Of the classes, red, green and blue.
    title : str
        Of the page.
    """

    names: Sequence[str]
    codes: NDArray[np.intp]
    classes: Sequence[str] = ()
    colors: Sequence[tuple[int, int, int]] = ()
    title: str = "Image map"


def default_colors(n: int) -> list[tuple[int, int, int]]:
    """Get `n` colors that can be told apart as far as that is possible."""
    rgb = (colorsys.hsv_to_rgb(i * GOLDEN % 1, 0.6 + 0.2 * (i % 2), 0.85 - 0.15 * (i % 3))
           for i in range(n))  # fmt: skip
    return [(round(255 * red), round(255 * green), round(255 * blue)) for red, green, blue in rgb]


def save_page(
    coordinates: NDArray[np.float32],
    captions: Captions,
    path: str | Path,
    read: ReadPictures,
    kept_neighbors: float = float("nan"),
) -> None:
    """Write a page with an interactive map.

    Parameters
    ----------
    coordinates : ndarray of shape (n, 2), dtype float32
        NaN for images that are not on the map.
    captions : Captions
        Of the n images.
    path : str or Path
        The file.
    read : callable
        Reads the pictures; see `ReadPictures`.
    kept_neighbors : float, optional
        Is told on the page, if it is known.
    """
    numbers = np.flatnonzero(np.isfinite(coordinates).all(axis=1))
    n = len(numbers)
    side_px = side_for(n)
    sheets = make_sheets(read(numbers.tolist(), side_px), n, side_px)
    told = None if np.isnan(kept_neighbors) else round(kept_neighbors, 4)
    data = _data(unit_square(coordinates[numbers]), numbers, captions, sheets) | {"kept": told}
    text = (HERE / "page.html").read_text(encoding="utf-8")
    for mark, value in {
        "TITLE": html.escape(captions.title),
        "STYLE": (HERE / "page.css").read_text(encoding="utf-8"),
        "SCRIPT": (HERE / "page.js").read_text(encoding="utf-8"),
        # No name can end the script, or begin a comment.
        "DATA": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
    }.items():
        before, after = text.split(f"[[{mark}]]")
        text = before + value + after
    Path(path).write_text(text, encoding="utf-8")


def _data(
    places: NDArray[np.float32], numbers: NDArray[np.intp], captions: Captions, sheets: Sheets
) -> dict[str, object]:
    """Get what the script of the page reads."""
    shown_px = min(sheets.side_px, MAX_SHOWN_PX)
    cell = shown_px / REFERENCE_PX
    codes = captions.codes[numbers]
    anchors = find_anchors(places, codes)
    n_classes = len(captions.classes)
    return {
        "names": [captions.names[number] for number in numbers.tolist()],
        "places": _text((places * N_STEPS).round().astype("<u2")),
        "levels": _text(levels_of(places, density(places), cell, N_LEVELS).astype(np.uint8)),
        "codes": _text(np.where(codes >= 0, codes, n_classes).astype("<u2")),
        "classes": [*captions.classes, ""],
        "colors": [*captions.colors, GRAY],
        "anchors": np.column_stack([anchors.rows, anchors.groups, anchors.levels]).tolist(),
        "cell": cell,
        "shown": shown_px,
        "side": sheets.side_px,
        "per": sheets.per_row,
        "sizes": _text(sheets.sizes),
        "sheets": sheets.urls,
    }


def _text(values: NDArray[np.generic]) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")
