"""A grid seen from far: one pixel for each cell, of the mean color of its image."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from AnyQt.QtCore import Qt
from AnyQt.QtGui import QColor, QImage
from numpy.typing import NDArray

from orangecontrib.imageembedding.widgets.shared.pixmaps import Key

SMALLEST_PX = 32  # size at which images are decoded for their mean colors
AT_ONCE = 400  # are asked for
MIXED = 0.5  # part of the frame's color, where cells are too small for frames
FADED = 0.25  # part that is left of what is not in the subset
SELECTED = 0.7  # part of the color of their group in that of selected images


class MeanColors:
    """The mean color of each image that is decoded.

    Parameters
    ----------
    locations : sequence of str
        Of the images.
    """

    def __init__(self, locations: Sequence[str]) -> None:
        self._locations = locations
        self.rgb = np.zeros((len(locations), 3), np.float32)
        self.has_color = np.zeros(len(locations), bool)
        self._is_done = np.array([not location for location in locations], dtype=bool)
        self._rows: dict[str, list[int]] = defaultdict(list)
        for row, location in enumerate(locations):
            self._rows[location].append(row)
        order = np.random.default_rng(0).permutation(len(locations))
        self._turn = np.argsort(order)  # scattered, so that all parts fill up together

    def note(self, location: str, image: QImage | None) -> None:
        """Take in an image that is decoded, or cannot be."""
        rows = self._rows.get(location)
        if rows is None or self._is_done[rows[0]]:
            return
        self._is_done[rows] = True
        if image is not None:
            dot = image.scaled(1, 1, Qt.IgnoreAspectRatio, Qt.SmoothTransformation)
            self.rgb[rows] = dot.pixelColor(0, 0).getRgb()[:3]
            self.has_color[rows] = True

    def wanted(self, rows: NDArray[np.intp]) -> list[Key]:
        """Get which of some images, shape (n,), dtype int, are to be decoded next."""
        rows = rows[~self._is_done[rows]]
        rows = rows[np.argsort(self._turn[rows])[:AT_ONCE]]
        return [(self._locations[row], SMALLEST_PX) for row in rows.tolist()]


def mosaic(
    image_in: NDArray[np.intp],
    n_columns: int,
    colors: MeanColors,
    base: QColor,
    ink: QColor,
    frames: NDArray[np.float32] | None = None,
    faded: NDArray[np.bool_] | None = None,
    selected: Sequence[tuple[NDArray[np.bool_], QColor]] = (),
) -> QImage:
    """Paint one pixel for each cell.

    Parameters
    ----------
    image_in : ndarray of shape (n_cells,), dtype int
        The image in each cell; -1 in empty ones.
    n_columns : int
        Of the grid.
    colors : MeanColors
        Of the images; those not decoded yet are a shade of `ink` on `base`.
    base, ink : QColor
        Of the background, and of text on it.
    frames : ndarray of shape (n_images, 3), dtype float32, optional
        Colors that are mixed into those of the images; NaN for none.
    faded : ndarray of shape (n_images,), dtype bool, optional
        Images of which little is left.
    selected : sequence of (ndarray of shape (n_images,), dtype bool; QColor)
        Images of each group, and its color.
    """
    background = np.array(base.getRgb()[:3], np.float32)
    unknown = background + 0.15 * (np.array(ink.getRgb()[:3], np.float32) - background)
    rgb = np.where(colors.has_color[:, None], colors.rgb, unknown)
    if frames is not None:
        rgb = np.where(np.isnan(frames), rgb, (1 - MIXED) * rgb + MIXED * frames)
    if faded is not None:
        rgb[faded] = FADED * rgb[faded] + (1 - FADED) * background
    for chosen, color in selected:
        mark = np.array(color.getRgb()[:3], np.float32)
        rgb[chosen] = (1 - SELECTED) * rgb[chosen] + SELECTED * mark
    pixels = np.full((len(image_in), 4), 255, np.uint8)
    pixels[:, :3] = np.where((image_in >= 0)[:, None], rgb[image_in] if len(rgb) else 0, background)
    n_rows = len(image_in) // n_columns
    order = QImage.Format_RGBX8888
    return QImage(pixels.tobytes(), n_columns, n_rows, 4 * n_columns, order).copy()
