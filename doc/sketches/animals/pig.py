# SPDX-License-Identifier: GPL-3.0-or-later
"""A pink pig."""

from curves import corners, symmetric
from sketch import INK, placed

COAT = 212  # gray levels
DARK = 150  # of ears and hooves


def pig(sketch, pose):
    """Draw a pig in a pose, a key of the table below; seen from the side it looks to the left."""
    poses = {
        "standing": _standing,
        "running": _running,
        "sitting": _sitting,
        "looking": _looking,
        "facing": _facing,
        "head": _head,
    }
    poses[pose](sketch)


def _standing(sketch):
    far_legs = [(104, 160), (106, 204)], [(190, 160), (196, 204)]
    near_legs = [(84, 160), (84, 207)], [(174, 160), (174, 207)]
    _on_legs(sketch, far_legs, near_legs)
    _profile(sketch)


def _running(sketch):
    far_legs = [(96, 158), (66, 186)], [(180, 160), (160, 196)]
    near_legs = [(102, 160), (96, 200)], [(192, 156), (226, 178)]
    _on_legs(sketch, far_legs, near_legs)
    _profile(sketch)


def _looking(sketch):
    far_legs = [(106, 160), (112, 202)], [(188, 160), (192, 203)]
    near_legs = [(86, 160), (84, 207)], [(174, 160), (170, 207)]
    _on_legs(sketch, far_legs, near_legs, with_head=False)
    _face(sketch, 74, 106, 0.95)


def _on_legs(sketch, far_legs, near_legs, with_head=True):
    for leg in far_legs:
        sketch.tube(*leg, widths=[30, 18], fill=COAT)
        _trotter(sketch, leg)
    _tail(sketch, 222, 116)
    with sketch.merged(COAT):
        sketch.tube((92, 130), (134, 130), (186, 128), widths=[80, 92, 92, 78])
        for leg in near_legs:
            sketch.tube(*leg, widths=[40, 26, 19])
        if with_head:
            sketch.ellipse(70, 112, 36, 34)
            sketch.tube((50, 118), (20, 122), widths=[40, 29, 29])
    for leg in near_legs:
        _trotter(sketch, leg)


def _profile(sketch):
    """Draw snout, mouth, ear and eye of a pig on its legs."""
    sketch.ellipse(17, 122, 8.5, 16, turn=-4, fill=COAT)
    sketch.ellipse(15, 116, 2.2, 4, fill=INK, weight=0)
    sketch.ellipse(16, 128, 2.2, 4, fill=INK, weight=0)
    sketch.line((34, 137), (48, 139), (58, 130))
    ear = [*corners((70, 78)), (64, 90), *corners((66, 112)), (86, 108), *corners((96, 88))]
    sketch.shape(*ear, fill=DARK)
    sketch.dot(50, 102, 4.4)
    sketch.line((158, 96), (172, 94), (184, 98), weight=0.7)


def _sitting(sketch):
    _tail(sketch, 196, 190, turn=20)
    with sketch.merged(COAT):
        sketch.tube((104, 104), (124, 140), (148, 172), widths=[76, 96, 92])
        sketch.tube((98, 150), (90, 186), (88, 208), widths=[32, 22, 17])
        sketch.tube((172, 190), (146, 204), (116, 208), widths=[56, 32, 18])
    sketch.line((118, 162), (116, 186), (110, 206), weight=0.8)
    sketch.line((138, 192), (150, 168), (174, 164))
    _trotter(sketch, [(88, 186), (88, 209)])
    _trotter(sketch, [(130, 206), (112, 208)])
    _face(sketch, 94, 90, turn=-5)


def _facing(sketch):
    with sketch.merged(COAT):
        sketch.ellipse(128, 142, 62, 54)
        for x in (92, 164):
            sketch.tube((x, 180), (x, 210), widths=[28, 20])
    for x in (92, 164):
        _trotter(sketch, [(x, 180), (x, 212)])
    sketch.line((106, 186), (128, 190), (150, 186), weight=0.8)
    _face(sketch, 128, 96, 1.25)


def _head(sketch):
    _face(sketch, 128, 128, 1.4)


def _trotter(sketch, leg):
    with sketch.at_end(leg):
        sketch.shape(*corners((-9.5, 0), (9.5, 0), (9, 12), (0, 9), (-9, 12)), fill=DARK)


@placed
def _tail(sketch):
    curl = [(8, 0), (18, -6), (20, -17), (11, -20), (8, -10), (18, -3), (32, -8), (36, -20)]
    sketch.line((-4, 2), *curl, weight=1.5)


@placed
def _face(sketch):
    """Draw a pig's head from the front, about 100 x 95 units."""
    head = symmetric((0, -36), (26, -32), (42, -6), (40, 18), (22, 36), (0, 40))
    sketch.shape(*head, fill=COAT)
    for _ in sketch.mirrored():
        sketch.shape(
            *corners((-40, -16)), (-46, -34), *corners((-44, -52)), (-26, -46),
            *corners((-12, -34)), (-28, -26), fill=COAT,
        )  # fmt: skip
        sketch.shape((-38, -24), *corners((-40, -44)), (-22, -36), fill=DARK, weight=0.6)
    sketch.ellipse(0, 10, 21, 16, fill=COAT)
    for _ in sketch.mirrored():
        sketch.ellipse(-7.5, 10, 3.6, 6, fill=INK, weight=0.4)
        sketch.dot(-19, -11, 3.8)
        sketch.line((0, 32), (-10, 31), (-16, 27))
