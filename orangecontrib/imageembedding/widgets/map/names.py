"""What parts of a map are called, where their points lie densest, and which names have room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from AnyQt.QtCore import QRectF
from AnyQt.QtGui import QFontMetricsF
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, maximum_filter

from orangecontrib.imageembedding.widgets.map.camera import Camera
from orangecontrib.imageembedding.widgets.map.points import MapPoints

N_CELLS = 64
BLUR = 1.5  # cells
PEAK_PART = 0.3  # of the highest peak, for others to be named
PEAKS_EACH = 4
MAX_NAMED = 300  # largest classes
MAX_SHOWN = 25  # in the window
PADDING = 5.0
PICTURE_PX = 40.0  # beside a name


@dataclass(frozen=True, slots=True)
class MapName:
    """A name at a place of a map.

    Attributes
    ----------
    text : str
    x, y : float
        In the unit square.
    weight : float
        Names of more points go first.
    row : int
        Whose picture is shown beside it; -1 for none.
    """

    text: str
    x: float
    y: float
    weight: float
    row: int = -1


def names_at_peaks(
    points: MapPoints,
    codes: NDArray[np.intp],
    texts: Sequence[str],
    medoids: Sequence[int] | None = None,
) -> list[MapName]:
    """Get a name at each density peak of each class, those of most points first.

    Parameters
    ----------
    points : MapPoints
        Of the map.
    codes : ndarray of shape (n_rows,), dtype int
        The class of each row; -1 for none.
    texts : sequence of str
        The names of the classes.
    medoids : sequence of int, optional
        The row of each class whose picture stands for it: there is one name of each then.
    """
    codes = codes[points.rows]
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(len(texts) + 1))
    names = []
    for code in np.argsort(-np.diff(starts), kind="stable")[:MAX_NAMED].tolist():
        members = order[starts[code] : starts[code + 1]]
        if len(members):
            row = -1 if medoids is None else int(medoids[code])
            peaks = _peaks(points.places[members])[: PEAKS_EACH if medoids is None else 1]
            names += [MapName(texts[code], x, y, weight, row) for x, y, weight in peaks]
    return sorted(names, key=lambda name: -name.weight)


def _peaks(places: NDArray[np.float32]) -> list[tuple[float, float, float]]:
    """Get where places lie densest, x, y and number around it, the densest first."""
    cells = np.clip((places * N_CELLS).astype(int), 0, N_CELLS - 1)
    keys = cells[:, 1] * N_CELLS + cells[:, 0]
    sums = [
        np.bincount(keys, weights, N_CELLS**2).reshape(N_CELLS, N_CELLS)
        for weights in (None, places[:, 0], places[:, 1])
    ]
    count, xs, ys = (gaussian_filter(each.astype(np.float64), BLUR) for each in sums)
    is_peak = (maximum_filter(count, 9) == count) & (count >= PEAK_PART * count.max())
    lines, columns = np.nonzero(is_peak)
    heights = count[lines, columns]
    found = []
    for at in np.argsort(-heights, kind="stable")[:PEAKS_EACH]:
        cell = lines[at], columns[at]
        weight = float(heights[at] / heights.max()) ** 2 * len(places)
        found.append((float(xs[cell] / count[cell]), float(ys[cell] / count[cell]), weight))
    return found


def placed_names(
    names: Sequence[MapName], camera: Camera, window: QRectF, metrics: QFontMetricsF
) -> list[tuple[MapName, QRectF]]:
    """Get the names that have room in a window, and their rectangles: few of many."""
    placed: list[tuple[MapName, QRectF]] = []
    for name in names:
        x, y = (name.x - camera.x) * camera.scale, (name.y - camera.y) * camera.scale
        if not (window.left() < x < window.right() and window.top() < y < window.bottom()):
            continue
        beside = PICTURE_PX + PADDING if name.row >= 0 else 0.0
        width = metrics.horizontalAdvance(name.text) + 2 * PADDING + beside
        height = max(metrics.height(), beside) + PADDING
        rect = QRectF(x - width / 2, y - height / 2, width, height)
        rect.moveLeft(min(max(rect.left(), window.left()), window.right() - width))
        rect.moveTop(min(max(rect.top(), window.top()), window.bottom() - height))
        if not any(rect.intersects(other) for _, other in placed):
            placed.append((name, rect))
            if len(placed) == MAX_SHOWN:
                break
    return placed
