# SPDX-License-Identifier: GPL-3.0-or-later
"""Pens, and the trembling hand that leads them."""

from dataclasses import dataclass

import numpy as np
from curves import STEP
from layers import stamp


@dataclass(frozen=True)
class Pen:
    """What a drawing is drawn with.

    Parameters
    ----------
    width : float
        Width of a line, in units.
    ink : int
        Gray level of a line.
    wobble : float
        How far, in units, the hand strays from the curve it means to draw.
    swell : float
        How much the width varies along a line, as a part of the width.
    passes : int
        How often each line is drawn.
    shade : int
        Gray level of shaded surfaces, or 0 for hatching.
    hatch_angle : float
        Direction of hatching, in degrees.
    """

    width: float
    ink: int
    wobble: float
    swell: float
    passes: int = 1
    shade: int = 0
    hatch_angle: float = 50

    def trace(self, layer, path, weight, rng, closed=False):
        """Draw a line, in white on a black layer.

        Parameters
        ----------
        layer : PIL.Image.Image
            Where to draw.
        path : numpy.ndarray of shape (n, 2)
            The curve to follow.
        weight : float
            Width of the line in widths of the pen.
        rng : numpy.random.Generator
            Decides how the hand trembles.
        closed : bool
            Whether the line ends where it began, with the pen still on the paper.
        """
        for _ in range(self.passes):
            trail = path + self.wobble * _tremble(len(path), 2, rng, closed)
            swell = 1 + self.swell * _tremble(len(path), 1, rng, closed)[:, 0]
            radii = self.width * weight / 2 * np.clip(swell, 0.45, 1.6)
            if not closed:  # the pen comes down and goes up
                end = np.minimum(np.arange(len(path)), np.arange(len(path))[::-1])
                radii = radii * np.clip(0.55 + end * STEP / 8, 0, 1)
            stamp(layer, trail, radii)


PENS = {
    "fineliner": Pen(width=2.3, ink=20, wobble=0.5, swell=0.12, shade=70),
    "ballpoint": Pen(width=2.2, ink=45, wobble=0.7, swell=0.2),
    "pencil": Pen(width=1.7, ink=70, wobble=0.95, swell=0.3, passes=2, hatch_angle=-40),
    "brush": Pen(width=3.4, ink=12, wobble=0.5, swell=0.45, shade=60),
    "marker": Pen(width=4.2, ink=25, wobble=0.6, swell=0.1, shade=110),
}


def _tremble(length, columns, rng, closed):
    """Return smooth noise along a path."""
    knots = max(3, round(length * STEP / 13))
    noise = rng.normal(size=(knots + 1, columns))
    if closed:
        noise[-1] = noise[0]
    at = np.linspace(0, knots, length)
    low = np.minimum(at.astype(int), knots - 1)
    rise = at - low
    rise = (rise * rise * (3 - 2 * rise))[:, np.newaxis]
    return noise[low] * (1 - rise) + noise[low + 1] * rise
