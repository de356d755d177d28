# SPDX-License-Identifier: GPL-3.0-or-later
"""A white rabbit."""

from curves import cloud_path, corners, symmetric
from sketch import INK, SHADE, placed


def rabbit(sketch, pose):
    """Draw a rabbit in a pose, a key of the table below; from the side it looks to the left."""
    poses = {
        "sitting": _sitting,
        "leaping": _leaping,
        "upright": _upright,
        "eating": _eating,
        "behind": _from_behind,
        "head": _head,
    }
    poses[pose](sketch)


def _sitting(sketch):
    _fluff(sketch, 216, 190, 15)
    with sketch.merged():
        sketch.tube((104, 138), (136, 158), (168, 176), widths=[56, 78, 88])
        sketch.tube((106, 158), (98, 190), (94, 208), (86, 211), widths=[30, 18, 13, 12])
        sketch.tube((176, 206), (120, 211), widths=[18, 15])
    sketch.line((138, 206), (132, 178), (156, 152), (188, 158))
    _profile(sketch, 86, 108, 1.1)


def _leaping(sketch):
    _fluff(sketch, 212, 104, 14)
    sketch.tube((96, 142), (70, 160), (52, 178), widths=[22, 15, 12])
    with sketch.merged():
        sketch.tube((92, 122), (134, 118), (180, 124), widths=[52, 66, 76])
        sketch.tube((92, 132), (62, 146), (38, 158), widths=[28, 15, 12])
        sketch.ellipse(184, 134, 34, 30, turn=20)
        sketch.tube((196, 150), (228, 168), (254, 188), widths=[32, 19, 14])
    sketch.line((160, 150), (158, 124), (180, 108), (202, 114))
    _profile(sketch, 70, 96, turn=2, ears_turn=62)


def _upright(sketch):
    _fluff(sketch, 182, 196, 14)
    sketch.tube((112, 132), (92, 142), (84, 158), widths=[20, 13, 11])
    with sketch.merged():
        sketch.tube((118, 116), (128, 150), (142, 184), widths=[48, 58, 72])
        sketch.tube((120, 140), (98, 152), (92, 170), widths=[24, 14, 11])
        sketch.ellipse(146, 184, 34, 30)
        sketch.tube((160, 208), (100, 212), widths=[17, 14])
    sketch.line((122, 206), (118, 180), (140, 160), (164, 168))
    _profile(sketch, 112, 92)


def _eating(sketch):
    sketch.shape((104, 120), (152, 120), (174, 170), (158, 210), (98, 210), (82, 170))
    for _ in sketch.mirrored(128):
        sketch.ellipse(-32, 208, 24, 11, turn=-6)
        sketch.line((-44, 204), (-46, 211), weight=0.7)
        sketch.line((-38, 202), (-39, 210), weight=0.7)
    _face(sketch, 128, 92, 0.95)
    _carrot(sketch)
    for _ in sketch.mirrored(128):
        sketch.tube((-40, 150), (-26, 162), (-8, 164), widths=[18, 16, 15])


def _from_behind(sketch):
    for _ in sketch.mirrored(128):
        sketch.tube((-12, 70), (-20, 40), (-18, 8), widths=[16, 24, 10])
    for _ in sketch.mirrored(128):
        sketch.line((-30, 98), (-46, 95), (-58, 96), weight=0.6)
        sketch.line((-30, 102), (-46, 103), (-57, 108), weight=0.6)
    sketch.ellipse(128, 92, 36, 33)
    with sketch.at(128):
        sketch.shape(*symmetric((0, 104), (32, 116), (58, 160), (48, 204), (0, 214)))
    for _ in sketch.mirrored(128):
        sketch.line((-44, 204), (-26, 182), (-30, 158), (-44, 148))
        sketch.ellipse(-46, 210, 20, 9)
    _fluff(sketch, 128, 190, 22)


def _head(sketch):
    _face(sketch, 128, 160, 1.5)


@placed
def _profile(sketch, ears_turn=4):
    """Draw a rabbit's head from the side, with the nose near (-32, 4)."""
    with sketch.at(10, -12, scale=1.15, turn=ears_turn):
        sketch.tube((4, 4), (14, -28), (14, -64), widths=[13, 21, 7])
        sketch.tube((-4, 4), (-4, -30), (-10, -66), widths=[14, 22, 7])
        sketch.tube((-4, -8), (-5, -30), (-9, -52), widths=[5, 10, 3], fill=SHADE, weight=0.5)
    sketch.shape((-32, 4), (-20, -14), (2, -23), (24, -14), (28, 8), (14, 22), (-10, 22), (-28, 16))
    sketch.ellipse(-6, -4, 4.6, 5.4, fill=INK)
    sketch.ellipse(-31, 3, 3.6, 3.2, fill=INK)
    sketch.line((-30, 8), (-26, 13), (-18, 13), weight=0.8)
    for rise, fall in ((6, 6), (9, 14), (12, 22)):
        sketch.line((-20, rise), (-36, (rise + fall) / 2), (-52, fall), weight=0.6)


@placed
def _face(sketch):
    """Draw a rabbit's head from the front, about 90 x 130 units."""
    for side in sketch.mirrored():
        with sketch.at(-13, -24, turn=4 + 3 * side):
            sketch.tube((0, 6), (-7, -34), (-5, -74), widths=[17, 26, 9])
            sketch.tube((-2, -10), (-7, -36), (-6, -60), widths=[7, 13, 4], fill=SHADE, weight=0.6)
    sketch.shape(*symmetric((0, -32), (22, -26), (34, -2), (36, 18), (20, 34), (0, 37)))
    sketch.shape(*corners((-6, 22), (6, 22), (5, 32), (-5, 32)), weight=0.8)
    sketch.line((0, 22), (0, 32), weight=0.6)
    for _ in sketch.mirrored():
        sketch.ellipse(-15, -5, 4.6, 6, fill=INK)
        sketch.line((0, 14), (-2, 21), (-9, 22), (-15, 18))
        for rise, fall in ((12, 6), (16, 16), (20, 27)):
            sketch.line((-18, rise), (-36, (rise + fall) / 2 - 1), (-52, fall), weight=0.6)
    sketch.shape((-6, 6), (6, 6), (0, 14), fill=INK)


def _fluff(sketch, x, y, size):
    """Draw a rabbit's tail."""
    sketch.outline(cloud_path(x, y, size, size, 8, depth=0.5))


def _carrot(sketch):
    """Draw the carrot that a rabbit holds before its chest."""
    for x in (112, 128, 144):
        sketch.tube((128, 148), (x, 126), widths=[6, 9, 4], fill=SHADE)
    sketch.shape((114, 148), (128, 142), (142, 148), (138, 172), *corners((128, 200)), (118, 172))
    for x, y in ((120, 158), (130, 176), (124, 186)):
        sketch.line((x, y), (x + 10, y + 1), weight=0.7)
