"""A map seen from far: how many points of which color lie where, in tiles that are kept."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Any

import numpy as np
from AnyQt.QtCore import QRectF
from AnyQt.QtGui import QImage, QPainter
from numpy.typing import NDArray

from orangecontrib.imageembedding.widgets.map.camera import Camera
from orangecontrib.imageembedding.widgets.map.points import Buckets

TILE_PX = 256
MAX_ZOOM = 14
MAX_TILES = 200  # of a quarter of a megabyte
FADED = 0.25  # what is left of points that are not in the subset
FAINT = 0.02  # weight of their colors
N_WARM = 2  # coarsest zooms, made when there is time
ALPHA, ALPHA_STEP = 110.0, 40.0  # of one point; for each doubling of their number

Key = tuple[int, int, int]


class DensityTiles:
    """Pictures of points in their colors, made when they are wanted.

    Parameters
    ----------
    buckets : Buckets
        The points.
    rgb : ndarray of shape (n, 3), dtype uint8
        Their colors, in the order of the buckets.
    faded : ndarray of shape (n,), dtype bool, optional
        Points that stand back.
    """

    def __init__(
        self,
        buckets: Buckets,
        rgb: NDArray[np.uint8],
        faded: NDArray[np.bool_] | None = None,
    ) -> None:
        self._buckets = buckets
        self._weights = None if faded is None else np.where(faded, FAINT, 1.0).astype(np.float32)
        self._rgb = [np.ascontiguousarray(rgb[:, i], dtype=np.float32) for i in range(3)]
        self._tiles: OrderedDict[Key, QImage | None] = OrderedDict()
        for zoom in range(N_WARM):
            for key in _keys_in(QRectF(0, 0, 1, 1), zoom):
                self._tile(key)

    def paint(
        self, painter: QPainter, camera: Camera, window: QRectF, ratio: float, budget_s: float
    ) -> int:
        """Paint what is in the window, for some time at most; get how many tiles are owed.

        `ratio` is that of the screen's pixels to those of the window.
        """
        zoom = int(np.clip(np.floor(np.log2(camera.scale * ratio / TILE_PX) + 0.5), 0, MAX_ZOOM))
        side, end, owed = 2.0**-zoom, time.perf_counter() + budget_s, 0
        for key in _keys_in(camera.part(window), zoom):
            x, y = key[1] * side - camera.x, key[2] * side - camera.y
            target = QRectF(x, y, side, side)
            target = QRectF(target.topLeft() * camera.scale, target.size() * camera.scale)
            if key in self._tiles or time.perf_counter() < end:
                image = self._tile(key)
                if image is not None:
                    painter.drawImage(target, image)
            else:
                owed += 1
                self._paint_coarser(painter, target, key)
        return owed

    def _paint_coarser(self, painter: QPainter, target: QRectF, key: Key) -> None:
        zoom, i, j = key
        for up in range(1, zoom + 1):
            coarse = zoom - up, i >> up, j >> up
            if coarse in self._tiles:
                image, side = self._tiles[coarse], TILE_PX / 2**up
                if image is not None:
                    source = QRectF(i % 2**up * side, j % 2**up * side, side, side)
                    painter.drawImage(target, image, source)
                return

    def _tile(self, key: Key) -> QImage | None:
        if key in self._tiles:
            self._tiles.move_to_end(key)
            return self._tiles[key]
        image = self._tiles[key] = self._draw(*key)
        while len(self._tiles) > MAX_TILES:
            oldest = next(other for other in self._tiles if other[0] >= N_WARM)
            del self._tiles[oldest]
        return image

    def _draw(self, zoom: int, i: int, j: int) -> QImage | None:
        """Count the points in each pixel, and mix their colors."""
        side, buckets = 2.0**-zoom, self._buckets
        parts = buckets.slices(QRectF(i * side, j * side, side, side))
        if not parts:
            return None
        xs = np.concatenate([buckets.xs[part] for part in parts])
        ys = np.concatenate([buckets.ys[part] for part in parts])
        columns = np.floor((xs / side - i) * TILE_PX).astype(np.int32)
        lines = np.floor((ys / side - j) * TILE_PX).astype(np.int32)
        inside = (columns >= 0) & (columns < TILE_PX) & (lines >= 0) & (lines < TILE_PX)
        if not inside.any():
            return None
        pixels = (lines * TILE_PX + columns)[inside]
        weights = None
        if self._weights is not None:
            weights = np.concatenate([self._weights[part] for part in parts])[inside]
        sums: list[NDArray[Any]] = [np.bincount(pixels, minlength=TILE_PX**2)]
        for values in self._rgb:
            color = np.concatenate([values[part] for part in parts])[inside]
            color = color if weights is None else color * weights
            sums.append(np.bincount(pixels, color, TILE_PX**2))
        if weights is not None:
            sums.append(np.bincount(pixels, weights, TILE_PX**2))
        return _image(_spread(np.array(sums, dtype=np.float32)))


def _keys_in(part: QRectF, zoom: int) -> list[Key]:
    """Get the tiles of a zoom that are in a part of the map."""
    n = 2**zoom
    edges = (part.left(), part.right(), part.top(), part.bottom())
    left, right, top, bottom = (int(np.clip(edge, -1, 2) * n) for edge in edges)
    lines = range(max(top, 0), min(bottom, n - 1) + 1)
    columns = range(max(left, 0), min(right, n - 1) + 1)
    return [(zoom, i, j) for j in lines for i in columns]


def _spread(sums: NDArray[np.float32]) -> NDArray[np.float32]:
    """Make each dot as wide as three pixels: single ones would not be seen."""
    boxes = sums.reshape(len(sums), TILE_PX, TILE_PX)
    wide = boxes.copy()
    wide[:, :, 1:] += boxes[:, :, :-1]
    wide[:, :, :-1] += boxes[:, :, 1:]
    high = wide.copy()
    high[:, 1:] += wide[:, :-1]
    high[:, :-1] += wide[:, 1:]
    return high.reshape(len(sums), -1)


def _image(sums: NDArray[np.float32]) -> QImage:
    filled = np.flatnonzero(sums[0])
    sums = sums[:, filled]
    alpha = np.minimum(255, ALPHA + ALPHA_STEP * np.log2(1 + sums[0]))
    weight = sums[-1] if len(sums) > 4 else sums[0]
    if len(sums) > 4:
        alpha[weight < 0.5] *= FADED
    pixels = np.zeros((TILE_PX**2, 4), np.uint8)
    share = alpha / 255 / weight
    for channel in range(3):
        pixels[filled, 2 - channel] = np.minimum(sums[1 + channel] * share, alpha)
    pixels[filled, 3] = alpha
    image = QImage(
        pixels.tobytes(), TILE_PX, TILE_PX, 4 * TILE_PX, QImage.Format_ARGB32_Premultiplied
    )
    return image.copy()  # its own pixels
