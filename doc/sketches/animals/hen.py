# SPDX-License-Identifier: GPL-3.0-or-later
"""A hen."""

from curves import corners
from sketch import SHADE, placed


def hen(sketch, pose):
    """Draw a hen in a pose, a key of the table below; it looks to the left."""
    poses = {
        "standing": _standing,
        "pecking": _pecking,
        "nesting": _nesting,
        "running": _running,
        "calling": _calling,
        "head": _portrait,
    }
    poses[pose](sketch)


def _standing(sketch):
    _leg(sketch, (134, 188), (136, 216))
    _leg(sketch, (118, 188), (114, 218))
    _body(sketch, [(92, 96), (88, 66)])


def _pecking(sketch):
    _leg(sketch, (140, 180), (146, 216))
    _leg(sketch, (126, 184), (124, 219))
    _body(sketch, [(76, 128), (64, 154)], lean=-24, head_turn=-30)
    for x, y in ((22, 214), (36, 218), (54, 217), (10, 218)):
        sketch.dot(x, y, 2)


def _nesting(sketch):
    _body(sketch, [(92, 98), (90, 70)])
    sketch.ellipse(60, 172, 12, 16, turn=-14)
    sketch.shape((44, 176), (128, 190), (236, 174), (222, 208), (180, 222), (96, 222), (58, 208))
    for i in range(9):
        x = 58 + 18 * i
        sketch.line((x, 186 + 4 * (i % 2)), (x + 14, 200), (x + 22, 210 - 3 * (i % 3)), weight=0.8)
        sketch.line((x + 20, 188), (x + 6, 200), (x, 206), weight=0.8)


def _running(sketch):
    _leg(sketch, (142, 184), (182, 200))
    _leg(sketch, (120, 186), (92, 212))
    _body(sketch, [(80, 108), (62, 80)], lean=-8, head_turn=8, wing_raised=True)


def _calling(sketch):
    _leg(sketch, (136, 190), (146, 216))
    _leg(sketch, (120, 190), (112, 219))
    _body(sketch, [(92, 88), (92, 50)], lean=12, head_turn=-12)


def _portrait(sketch):
    """Draw head and neck of a hen from the side."""
    with sketch.merged():
        sketch.shape(
            *corners((70, 236)), (92, 180), (84, 130), (98, 84), (134, 74), (162, 96),
            (168, 150), (190, 196), *corners((208, 236)),
        )  # fmt: skip
    sketch.strew(_feather, 13)
    _features(sketch, 122, 110, 2.2)


def _body(sketch, neck, lean=0, head_turn=0, wing_raised=False):
    """Draw all of a hen but its legs."""
    with sketch.at(140, 150, turn=lean), sketch.at(-140, -150):
        for tip, width in (((240, 128), 20), ((246, 104), 22), ((240, 78), 22), ((220, 58), 22)):
            sketch.tube((178, 146), tip, widths=[26, width, width * 0.6])
        with sketch.merged():
            sketch.shape(
                (84, 118), (74, 146), (86, 178), (124, 194), (164, 184), (194, 156), (206, 118),
                (180, 124), (150, 132), (120, 116), (104, 100),
            )  # fmt: skip
            sketch.tube((108, 138), *neck, widths=[64, 38, 30])
        sketch.strew(_feather, 13)
        if wing_raised:
            _wing(sketch, 118, 142, scale=(1.25, -1.25), turn=-38)
        else:
            _wing(sketch, 118, 142)
        x, y = neck[-1]
        _features(sketch, x, y - 2, turn=head_turn)


def _leg(sketch, hip, foot):
    """Draw a thin leg with three toes in front and one behind."""
    sketch.line(hip, foot, weight=1.5)
    x, y = foot
    for dx, dy in ((-15, 3), (-9, 8), (2, 9), (11, 3)):
        sketch.line(foot, (x + dx, y + dy), weight=1.3)


@placed
def _wing(sketch):
    sketch.shape(
        (0, 0), (20, -8), (46, -6), *corners((70, 2)), (66, 10), *corners((56, 12)), (54, 22),
        *corners((42, 22)), (38, 31), *corners((26, 28)), (12, 28), (0, 16),
    )  # fmt: skip
    sketch.line((56, 12), (44, 8), (36, 8), weight=0.8)
    sketch.line((42, 22), (32, 17), (24, 17), weight=0.8)


@placed
def _features(sketch):
    """Draw comb, beak, wattle and eye on a hen's head, whose center is the origin."""
    sketch.shape(
        *corners((-10, -12)), (-18, -24), (-11, -30), *corners((-5, -22)), (-3, -36), (6, -34),
        *corners((6, -21)), (14, -31), (20, -22), *corners((13, -8)), (2, -15), fill=SHADE,
    )  # fmt: skip
    sketch.shape((-12, 8), (-6, 10), (-5, 22), (-10, 28), (-16, 22), fill=SHADE)
    sketch.shape(*corners((-13, -6)), (-24, -2), *corners((-32, 6), (-12, 8)))
    sketch.line((-30, 5), (-20, 2), (-13, 2), weight=0.7)
    sketch.ellipse(-4, -3, 7, 6.5, weight=0)
    sketch.dot(-3, -3, 3)


def _feather(sketch, x, y):
    """Draw the round end of a small feather."""
    sketch.line((x - 5, y - 2), (x, y + 5), (x + 5, y - 2), weight=0.8)
