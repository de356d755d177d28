# SPDX-License-Identifier: GPL-3.0-or-later
"""A black and white cow."""

from curves import corners, symmetric
from sketch import INK, placed


def cow(sketch, pose):
    """Draw a cow in a pose, a key of the table below; seen from the side it looks to the left."""
    poses = {
        "standing": _standing,
        "grazing": _grazing,
        "looking": _looking,
        "lying": _lying,
        "facing": _facing,
        "head": _head,
    }
    poses[pose](sketch)


def _standing(sketch):
    _on_legs(sketch)
    _profile(sketch, 58, 80)
    _bell(sketch, 66, 120)


def _looking(sketch):
    _on_legs(sketch)
    _face(sketch, 56, 84, 0.78)
    _bell(sketch, 60, 130)


def _grazing(sketch):
    _on_legs(sketch, neck=[(88, 118), (60, 140), (46, 164)], neck_widths=[66, 46, 36])
    _profile(sketch, 44, 160, 0.95, turn=-42)
    for x in (14, 22, 58, 66):
        sketch.line((x, 218), (x - 4, 202), weight=0.8)
        sketch.line((x + 3, 218), (x + 6, 205), weight=0.8)


def _on_legs(sketch, neck=((88, 118), (62, 88)), neck_widths=(66, 42)):
    """Draw a cow on its legs from the side, without its head."""
    for x, lean in ((104, 4), (188, 6)):
        sketch.tube((x, 146), (x + lean, 178), (x + lean, 206), widths=[24, 17, 14])
        _hoof(sketch, x + lean, 208)
    sketch.tube((224, 96), (236, 112), (234, 158), widths=[7, 5, 5])
    sketch.shape((230, 154), (238, 154), (243, 176), (235, 188), (227, 176), fill=INK)
    for x in (160, 168):
        sketch.tube((x, 168), (x, 178), widths=[6, 5])
    with sketch.merged():
        sketch.tube((84, 122), (134, 124), (200, 120), widths=[64, 68, 72, 66])
        sketch.ellipse(164, 156, 18, 14)
        sketch.tube(*neck, widths=neck_widths)
        sketch.tube((84, 144), (84, 178), (84, 206), widths=[30, 19, 16])
        sketch.tube((202, 130), (200, 160), (210, 182), (206, 206), widths=[50, 34, 17, 15])
    sketch.patch((104, 84), (140, 82), (146, 112), (128, 132), (106, 118))
    sketch.patch((170, 84), (206, 84), (212, 108), (190, 124), (168, 106))
    sketch.patch((126, 140), (150, 132), (158, 152), (140, 168), (124, 162))
    sketch.patch((212, 116), (244, 110), (240, 150), (214, 148))
    sketch.patch((88, 142), (104, 136), (114, 152), (102, 166), (86, 158))
    sketch.patch((178, 134), (194, 130), (200, 148), (188, 160), (176, 152))
    _hoof(sketch, 84, 208)
    _hoof(sketch, 206, 208)


def _lying(sketch):
    sketch.tube((222, 160), (240, 180), (232, 206), widths=[6, 5, 5])
    sketch.shape((230, 200), (238, 206), (238, 222), (226, 216), fill=INK)
    with sketch.merged():
        sketch.tube((88, 164), (140, 160), (204, 168), widths=[74, 84, 86, 82])
        sketch.tube((92, 150), (72, 112), widths=[64, 44])
        sketch.tube((84, 186), (58, 204), (82, 212), widths=[28, 18, 15])
        sketch.tube((202, 192), (172, 206), (140, 211), widths=[44, 22, 15])
    sketch.patch((112, 112), (150, 108), (160, 136), (136, 152), (114, 140))
    sketch.patch((190, 110), (252, 130), (240, 168), (206, 158))
    sketch.patch((48, 160), (72, 156), (86, 174), (72, 194), (44, 190))
    sketch.patch((112, 172), (138, 166), (150, 186), (134, 202), (112, 196))
    sketch.patch((196, 186), (216, 178), (226, 194), (212, 210), (196, 204))
    sketch.line((166, 196), (180, 172), (208, 166))
    _face(sketch, 66, 88, 0.82)
    _bell(sketch, 70, 138)


def _facing(sketch):
    sketch.tube((172, 108), (196, 122), (196, 164), widths=[6, 5, 5])
    sketch.shape((192, 160), (200, 160), (206, 182), (197, 190), (189, 182), fill=INK)
    with sketch.at(128), sketch.merged():
        sketch.shape(*symmetric((0, 84), (42, 100), (54, 146), (36, 184)))
        sketch.tube((-30, 160), (-32, 208), widths=[34, 22])
        sketch.tube((30, 160), (32, 208), widths=[34, 22])
    sketch.patch((150, 90), (190, 110), (186, 160), (164, 150))
    sketch.patch((66, 120), (90, 130), (96, 164), (70, 176))
    sketch.patch((140, 176), (160, 168), (176, 184), (160, 200), (142, 194))
    sketch.patch((84, 184), (104, 180), (108, 196), (92, 204), (80, 200))
    sketch.line((114, 186), (128, 191), (142, 186), weight=0.8)
    for x in (95, 161):
        with sketch.at(x, 206):
            sketch.shape(*corners((-11, 0), (11, 0), (13, 14), (-13, 14)), fill=INK)
    _face(sketch, 128, 90, 1.05)
    _bell(sketch, 128, 160)


def _head(sketch):
    _face(sketch, 128, 120, 1.4)


@placed
def _hoof(sketch):
    sketch.shape(*corners((-7, -2), (7, -2), (8, 8), (-10, 8)), fill=INK)


@placed
def _bell(sketch):
    sketch.line((-15, -9), (0, -1), (15, -9), weight=1.4)
    sketch.dot(0, 18, 3)
    sketch.shape(*corners((-5, 0), (5, 0), (10, 16), (-10, 16)))


@placed
def _profile(sketch):
    """Draw a cow's head from the side; the poll is near the origin, the muzzle lower left."""
    sketch.tube((6, -14), (14, -30), (4, -44), widths=[10, 8, 3])
    with sketch.merged():
        sketch.tube((2, -2), (-18, 16), (-34, 34), widths=[38, 36, 26])
        sketch.ellipse(-36, 36, 17, 15, turn=40)
    sketch.patch((-2, -26), (24, -20), (24, 16), (8, 18), (2, -4))
    sketch.line((-26, 22), (-24, 34), (-28, 46), weight=0.8)
    sketch.dot(-44, 33, 2.6)
    sketch.line((-44, 46), (-34, 44), (-28, 38), weight=0.8)
    sketch.ellipse(-12, 4, 4.5, 5)
    sketch.dot(-12.5, 5, 3)
    sketch.tube((-4, -16), (-14, -32), (-6, -48), widths=[11, 9, 3])
    sketch.shape((10, -10), (26, -18), (38, -12), (28, 0), (12, 0))


@placed
def _face(sketch):
    """Draw a cow's head from the front, about 130 x 120 units."""
    for _ in sketch.mirrored():
        sketch.tube((-16, -34), (-36, -40), (-38, -62), widths=[13, 11, 4])
        sketch.shape((-24, -22), (-44, -34), (-64, -26), (-58, -12), (-36, -8))
        sketch.line((-32, -17), (-44, -22), (-54, -20), weight=0.7)
    with sketch.merged():
        sketch.shape(*symmetric((0, -38), (22, -36), (32, -16), (26, 10), (26, 34)))
    sketch.patch((6, -44), (40, -40), (38, -4), (20, 8), (8, -4), (10, -24))
    sketch.patch((-40, -14), (-26, -12), (-20, 4), (-24, 20), (-40, 16))
    sketch.ellipse(0, 34, 33, 20)
    for _ in sketch.mirrored():
        sketch.ellipse(-13, 30, 4.5, 6, turn=20, fill=INK)
        sketch.ellipse(-16, -8, 6, 7)
        sketch.dot(-15, -7, 4)
    sketch.line((-16, 43), (0, 48), (16, 43), weight=0.9)
    sketch.line((-10, -37), (-6, -26), (-2, -38), (2, -26), (6, -38), (10, -28), weight=0.9)
