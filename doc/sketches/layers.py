# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers: gray pictures of the size of the canvas, white where something is to be done."""

import numpy as np
from PIL import Image, ImageDraw

SIZE = 256  # units across and down a sheet, and pixels of the finished picture
WHITE = 255

_SUPERSAMPLING = 4  # pixels of a layer for one unit
_ROOM = 64  # units of spare canvas around the sheet


def blank(gray=0):
    """Return a layer of one gray level."""
    side = _SUPERSAMPLING * (SIZE + 2 * _ROOM)
    return Image.new("L", (side, side), gray)


def area(path):
    """Return a layer that is white within a closed path."""
    layer = blank()
    ImageDraw.Draw(layer).polygon([tuple(corner) for corner in to_pixels(path)], fill=WHITE)
    return layer


def stamp(layer, path, radii):
    """Whiten a round spot of some radius around each point of a path."""
    draw = ImageDraw.Draw(layer)
    x, y = to_pixels(path).T
    r = radii * _SUPERSAMPLING
    for box in zip(x - r, y - r, x + r, y + r, strict=True):
        draw.ellipse(box, fill=WHITE)


def bounds(layer):
    """Return left, top, right and bottom of what is white, in units."""
    return np.array(layer.getbbox()) / _SUPERSAMPLING - _ROOM


def to_pixels(path):
    """Return the places on a layer of points given in units."""
    return (path + _ROOM) * _SUPERSAMPLING
