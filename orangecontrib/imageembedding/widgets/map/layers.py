"""What is drawn of a map apart from the window's thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from AnyQt.QtGui import QImage, QPalette
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from orangecontrib.imageembedding.widgets.map.names import MapName, names_at_peaks
from orangecontrib.imageembedding.widgets.map.pictures import TORN
from orangecontrib.imageembedding.widgets.map.points import Buckets, MapPoints
from orangecontrib.imageembedding.widgets.map.tiles import DensityTiles
from orangecontrib.imageembedding.widgets.shared.groups import color_of_group

TINT_CELLS = 384
TINT_REACH = 3.0, 14.0  # least and most cells around its points that belong to a region
TINT_ALPHA, EDGE_ALPHA = 60, 150


@dataclass(frozen=True, slots=True)
class Classes:
    """Rows that belong together, with a name.

    Attributes
    ----------
    codes : ndarray of shape (n_rows,), dtype int
        The class of each row; -1 for none.
    texts : sequence of str
        Names of the classes.
    medoids : sequence of int, or None
        The row that stands for each.
    rgb : ndarray of shape (n_classes, 3), dtype uint8, or None
        Areas of the classes are tinted so.
    """

    codes: NDArray[np.intp]
    texts: Sequence[str]
    medoids: Sequence[int] | None = None
    rgb: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True)
class Layers:
    """Tiles of all points, names at their peaks, and tinted areas."""

    tiles: DensityTiles
    names: list[MapName]
    tint: QImage | None


def make_layers(
    points: MapPoints,
    rgb: NDArray[np.uint8],
    faded: NDArray[np.bool_] | None,
    classes: Classes | None,
) -> Layers:
    """Draw the layers of a map.

    Parameters
    ----------
    points : MapPoints
        Where the rows lie.
    rgb : ndarray of shape (n_rows, 3), dtype uint8
        Colors of the rows.
    faded : ndarray of shape (n_rows,), dtype bool, or None
        Rows to be faded.
    classes : Classes or None
        Classes of the rows.
    """
    rows = points.rows
    tiles = DensityTiles(points.buckets, rgb[rows], None if faded is None else faded[rows])
    if classes is None or not len(points):
        return Layers(tiles, [], None)
    names = names_at_peaks(points, classes.codes, classes.texts, classes.medoids)
    tint = None if classes.rgb is None else _tint(points, classes.codes, classes.rgb)
    return Layers(tiles, names, tint)


def make_marks(
    points: MapPoints,
    groups: NDArray[np.intp],
    torn: NDArray[np.bool_] | None,
    palette: QPalette,
) -> DensityTiles | None:
    """Draw the points of rows that are selected, or torn from neighbors; None if there are none.

    Parameters
    ----------
    points : MapPoints
        Where the rows lie.
    groups : ndarray of shape (n_rows,), dtype int
        Group of each row, from 1; 0 is not selected.
    torn : ndarray of shape (n_rows,), dtype bool, or None
        Rows far from their neighbors.
    palette : QPalette
        Colors of the window.
    """
    of_points = groups[points.rows]
    colors = [TORN, *(color_of_group(i + 1, palette) for i in range(int(groups.max(initial=0))))]
    rgb = np.array([color.getRgb()[:3] for color in colors], dtype=np.uint8)
    is_marked = of_points > 0 if torn is None else (of_points > 0) | torn[points.rows]
    if not is_marked.any():
        return None
    buckets = Buckets(points.places[is_marked])
    return DensityTiles(buckets, rgb[of_points[is_marked]][buckets.order])


def _tint(points: MapPoints, codes: NDArray[np.intp], rgb: NDArray[np.uint8]) -> QImage:
    """Color each cell like the class of most points in it, and what is near to it."""
    n = TINT_CELLS
    cells = np.clip((points.places * n).astype(np.int64), 0, n - 1)
    keys = cells[:, 1] * n + cells[:, 0]
    codes = codes[points.rows]
    pairs, counts = np.unique(keys * (len(rgb) + 1) + codes + 1, return_counts=True)
    order = np.argsort(counts, kind="stable")
    flat = np.full(n * n, -1)
    flat[pairs[order] // (len(rgb) + 1)] = pairs[order] % (len(rgb) + 1) - 1  # most come last
    owner = flat.reshape(n, n)
    distance, nearest = distance_transform_edt(owner < 0, return_indices=True)
    reach = np.clip(0.6 * n / len(points) ** 0.5, *TINT_REACH)
    owner = np.where(distance <= reach, owner[tuple(nearest)], -1)
    inner = owner[1:-1, 1:-1]
    neighbors = (owner[:-2, 1:-1], owner[2:, 1:-1], owner[1:-1, :-2], owner[1:-1, 2:])
    is_edge = np.pad(np.any([inner != other for other in neighbors], axis=0), 1)
    alpha = np.where(owner < 0, 0, np.where(is_edge, EDGE_ALPHA, TINT_ALPHA))
    pixels = np.empty((n, n, 4), dtype=np.uint8)
    pixels[..., 2::-1] = rgb[owner] * (alpha[..., None] / 255)
    pixels[..., 3] = alpha
    return QImage(pixels.tobytes(), n, n, 4 * n, QImage.Format_ARGB32_Premultiplied).copy()
