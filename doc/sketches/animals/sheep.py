# SPDX-License-Identifier: GPL-3.0-or-later
"""A woolly sheep."""

import numpy as np
from curves import cloud_path, symmetric
from sketch import SHADE, placed


def sheep(sketch, pose):
    """Draw a sheep in a pose, a key of the table below; seen from the side it looks to the left."""
    poses = {
        "standing": _standing,
        "grazing": _grazing,
        "lying": _lying,
        "looking": _looking,
        "facing": _facing,
        "head": _head,
    }
    poses[pose](sketch)


def _standing(sketch):
    _on_legs(sketch)
    _profile(sketch, 66, 90)


def _looking(sketch):
    _on_legs(sketch)
    _face(sketch, 68, 88, 0.9, turn=4)


def _grazing(sketch):
    _on_legs(sketch)
    _profile(sketch, 58, 140, turn=-38)
    for x in (4, 14):
        sketch.line((x, 220), (x - 4, 204), weight=0.8)
        sketch.line((x + 3, 220), (x + 7, 207), weight=0.8)


def _on_legs(sketch):
    """Draw a sheep on its legs from the side, without its head."""
    _leg(sketch, (108, 160), (110, 208))
    _leg(sketch, (186, 160), (192, 208))
    _wool(sketch, 140, 122, 80, 50, 16)
    sketch.outline(cloud_path(222, 108, 9, 9, 6, start=9))
    _leg(sketch, (92, 166), (90, 213))
    _leg(sketch, (172, 166), (172, 213))


def _lying(sketch):
    for x in (96, 186):
        _leg(sketch, (x + 28, 206), (x - 8, 217))
    _wool(sketch, 142, 160, 82, 48, 17)
    _face(sketch, 74, 128, 0.95, turn=6)


def _facing(sketch):
    for x in (100, 156):
        _leg(sketch, (x, 160), (x, 214))
    _wool(sketch, 128, 128, 74, 62, 17)
    _face(sketch, 128, 96)


def _head(sketch):
    with sketch.at(128, 128, 1.35):
        _wool(sketch, 0, 22, 62, 54, 18)
        _face(sketch, 0, 0)


def _wool(sketch, x, y, rx, ry, bumps):
    """Draw a woolly cloud with curls in it."""
    sketch.outline(cloud_path(x, y, rx, ry, bumps, start=9))
    for ring, count in ((0.72, bumps - 4), (0.38, bumps // 2 - 1)):
        for i in range(count):
            angle = 2 * np.pi * (i + ring) / count
            with sketch.at(x + ring * rx * np.cos(angle), y + ring * ry * np.sin(angle)):
                sketch.line((-7, -3), (-4, 4), (4, 4), (7, -3), weight=0.8)


def _leg(sketch, start, end):
    sketch.tube(start, end, widths=[12, 11], fill=SHADE)


@placed
def _profile(sketch):
    """Draw a sheep's dark head from the side; the muzzle points to the lower left."""
    sketch.tube((4, 4), (-14, 14), (-34, 34), widths=[40, 38, 28, 22], fill=SHADE)
    sketch.ellipse(-12, 8, 4.6, 5)
    sketch.dot(-13, 9, 2.8)
    sketch.outline(cloud_path(4, -14, 20, 12, 8))
    sketch.shape((6, 0), (22, 2), (36, 14), (26, 20), (10, 12), fill=SHADE)


@placed
def _face(sketch):
    """Draw a sheep's dark head from the front, about 110 x 90 units."""
    for _ in sketch.mirrored():
        sketch.shape((-18, -14), (-34, -22), (-54, -12), (-50, -2), (-34, 0), (-18, 0), fill=SHADE)
    sketch.shape(*symmetric((0, -26), (22, -18), (24, 4), (15, 32), (0, 42)), fill=SHADE)
    for _ in sketch.mirrored():
        sketch.ellipse(-10, 2, 5.5, 6.5, weight=0.6)
        sketch.dot(-9, 3, 3)
    sketch.shape((-7, 24), (0, 23), (7, 24), (0, 31), weight=0.6)
    sketch.outline(cloud_path(0, -29, 24, 12, 9, start=20))
