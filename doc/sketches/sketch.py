# SPDX-License-Identifier: GPL-3.0-or-later
"""A sheet of paper on which to draw lines, shapes and figures."""

from contextlib import contextmanager
from functools import wraps

import numpy as np
from curves import ellipse_path, smooth_path, tube_path
from layers import SIZE, WHITE, area, blank, bounds, to_pixels
from PIL import Image, ImageChops

PAPER = WHITE  # what to fill a shape with: a gray level, as that of the paper,
INK = "ink"  # the gray of the pen's lines,
SHADE = "shade"  # or the pen's way of darkening a surface

GRAY_LEVELS = 32  # of a finished picture: few levels make small files
FAINTEST = 236  # gray level from which a pixel of a finished picture counts as white


class Sketch:
    """A sheet of paper and a hand with a pen.

    Coordinates are those of a sheet about 256 units wide, y pointing down. The
    points of a line or shape are those of `curves.smooth_path`. `fill` is `PAPER`,
    `INK`, `SHADE` or a gray level; `weight` is the width of a line in widths of
    the pen, and 0 for a shape without an outline.

    Parameters
    ----------
    pen : pens.Pen
        What to draw with.
    seed : int or sequence of int
        Decides how the hand trembles.
    """

    def __init__(self, pen, seed):
        self._pen = pen
        self._rng = np.random.default_rng(seed)
        self._sway = self._rng.uniform(0, 2 * np.pi, 4)
        self._frame = np.eye(3)
        self._canvas = blank(WHITE)
        self._silhouette = blank()  # of the figure merged last
        self._merging = None

    # frames of reference

    @contextmanager
    def at(self, x=0.0, y=0.0, scale=1.0, turn=0.0):
        """Draw what follows moved, scaled and turned.

        Parameters
        ----------
        x, y : float
            Where the inner origin lies.
        scale : float or tuple of float
            Inner unit (across, down); a negative one mirrors.
        turn : float
            Degrees, clockwise on the paper.
        """
        across, down = np.broadcast_to(scale, 2)
        cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
        outer = self._frame
        self._frame = outer @ np.array(
            [[across * cos, -down * sin, x], [across * sin, down * cos, y], [0, 0, 1]]
        )
        try:
            yield
        finally:
            self._frame = outer

    def at_end(self, leg):
        """Draw what follows at the last point of a leg, as if the leg came straight from above."""
        (a, b), (x, y) = leg[-2:]
        return self.at(x, y, turn=np.degrees(np.arctan2(y - b, x - a)) - 90)

    def mirrored(self, axis=0.0):
        """Draw the body of a for loop twice, the second time with left and right exchanged.

        Parameters
        ----------
        axis : float
            Where to mirror: the inner origin's x.

        Yields
        ------
        int
            -1 for the side that is drawn as it is written, 1 for its mirror image.
        """
        with self.at(axis):
            yield -1
            with self.at(scale=(-1, 1)):
                yield 1

    # lines and shapes

    def line(self, *points, weight=1.0):
        """Draw an open curve."""
        layer = blank()
        self._pen.trace(layer, self._to_page(smooth_path(points)), weight, self._rng)
        self._blacken(layer)

    def shape(self, *points, fill=PAPER, weight=1.0):
        """Draw a closed smooth outline."""
        self.outline(smooth_path(points, closed=True), fill, weight)

    def tube(self, *spine, widths, fill=PAPER, weight=1.0):
        """Draw a limb; see `curves.tube_path`."""
        self.outline(tube_path(spine, widths), fill, weight)

    def ellipse(self, x, y, rx, ry, turn=0.0, fill=PAPER, weight=1.0):
        """Draw an ellipse; see `curves.ellipse_path`."""
        self.outline(ellipse_path(x, y, rx, ry, turn), fill, weight)

    def dot(self, x, y, r):
        """Draw a dot of ink."""
        self.ellipse(x, y, r, r, fill=INK, weight=0)

    def outline(self, path, fill=PAPER, weight=1.0):
        """Draw a ready closed path, or add it to the figure being merged."""
        path = self._to_page(path)
        if self._merging is None:
            self._draw_merged([path], fill, weight)
        else:
            self._merging.append(path)

    # figures

    @contextmanager
    def merged(self, fill=PAPER):
        """Draw the closed shapes that follow as one figure, with one fill and one outline."""
        self._merging = []
        try:
            yield
            paths = self._merging
        finally:
            self._merging = None
        self._silhouette = self._draw_merged(paths, fill, weight=1.0)

    def patch(self, *points, fill=INK):
        """Darken a part of the figure merged last: a marking of its coat."""
        path = self._to_page(smooth_path(points, closed=True))
        self._fill(ImageChops.multiply(area(path), self._silhouette), fill)

    @contextmanager
    def inside(self):
        """Draw what follows only on the figure merged last."""
        outside, mask = self._canvas.copy(), self._silhouette
        try:
            yield
        finally:
            self._canvas = Image.composite(self._canvas, outside, mask)

    def strew(self, mark, gap):
        """Cover the figure merged last with many small marks: fur, spots, feathers.

        Parameters
        ----------
        mark : callable
            Draws one mark; called with the sketch and the mark's place, x and y.
        gap : float
            Units from mark to mark.
        """
        left, top, right, bottom = bounds(self._silhouette)
        seen = np.asarray(self._silhouette)
        frame, self._frame = self._frame, np.eye(3)
        with self.inside():
            for row, y in enumerate(np.arange(top + gap / 2, bottom, gap * 0.85)):
                for x in np.arange(left + gap * (0.25 + row % 2 / 2), right, gap):
                    place = np.array([x, y]) + self._rng.uniform(-0.16, 0.16, 2) * gap
                    column, line = to_pixels(place).astype(int)
                    if seen[line, column]:
                        mark(self, *place)
        self._frame = frame

    # how it is done

    def _to_page(self, path):
        """Place a path on the canvas (in units), swayed a little as by a free hand."""
        path = path @ self._frame[:2, :2].T + self._frame[:2, 2]
        a, b, c, d = self._sway
        x, y = path.T
        dx = 2.2 * np.sin(y / 31 + a) + 1.2 * np.sin(x / 23 + b)
        dy = 2.2 * np.sin(x / 34 + c) + 1.2 * np.sin(y / 21 + d)
        return path + np.column_stack([dx, dy])

    def _blacken(self, layer):
        """Put ink where the layer is white."""
        ink = layer.point(lambda v: WHITE - v * (WHITE - self._pen.ink) // WHITE)
        self._canvas = ImageChops.darker(self._canvas, ink)

    def _fill(self, layer, fill):
        gray = {INK: self._pen.ink, SHADE: self._pen.shade or WHITE}.get(fill, fill)
        self._canvas.paste(gray, mask=layer)
        if fill == SHADE and not self._pen.shade:
            self._hatch(layer)

    def _hatch(self, layer, gap=4.6):
        """Cover what is white in the layer with parallel strokes."""
        left, top, right, bottom = bounds(layer)
        center = np.array([left + right, top + bottom]) / 2
        reach = np.hypot(right - left, bottom - top) / 2 + gap
        angle = np.radians(self._pen.hatch_angle)
        along, aside = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        strokes = blank()
        for shift in np.arange(-reach, reach, gap):
            middle = center + shift * aside
            path = smooth_path([middle - reach * along, middle + reach * along])
            self._pen.trace(strokes, path, 0.75, self._rng)
        self._blacken(ImageChops.multiply(strokes, layer))

    def _draw_merged(self, paths, fill, weight):
        """Fill the paths' union and return it; draw of each outline what is in no other path."""
        areas = [np.asarray(area(path)) > 0 for path in paths]
        cover = np.sum(areas, axis=0, dtype=np.uint8)
        union = _white_where(cover > 0)
        self._fill(union, fill)
        if weight:
            lines = blank()
            for path, own in zip(paths, areas, strict=True):
                layer = blank()
                self._pen.trace(layer, path, weight, self._rng, closed=True)
                alone = _white_where(cover <= own)
                lines = ImageChops.lighter(lines, ImageChops.multiply(layer, alone))
            self._blacken(lines)
        return union

    def finished(self, margin):
        """Return the drawing, fitted to its paper.

        Parameters
        ----------
        margin : int
            Least number of white pixels around the drawing.

        Returns
        -------
        PIL.Image.Image
            A gray picture of `SIZE` x `SIZE` pixels.
        """
        left, top, right, bottom = ImageChops.invert(self._canvas).getbbox()
        side = max(right - left, bottom - top) * SIZE / (SIZE - 2 * margin)
        x, y = (left + right - side) / 2, (top + bottom - side) / 2
        sheet = Image.new("L", (round(side), round(side)), WHITE)
        sheet.paste(self._canvas, (-round(x), -round(y)))
        picture = sheet.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        level = (WHITE + 1) // GRAY_LEVELS
        # the filter leaves a faint ripple on the paper: wipe it off
        return picture.point(
            lambda v: WHITE if v >= FAINTEST else (v + level // 2) // level * level
        )


def _white_where(condition):
    return Image.fromarray(np.where(condition, WHITE, 0).astype(np.uint8))


def placed(draw):
    """Let a function that draws around the origin take `x, y, scale, turn`; see `Sketch.at`."""

    @wraps(draw)
    def draw_there(sketch, x, y, scale=1.0, turn=0.0, **options):
        with sketch.at(x, y, scale, turn):
            draw(sketch, **options)

    return draw_there
