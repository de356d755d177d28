# SPDX-License-Identifier: GPL-3.0-or-later
"""A spotted dog."""

from curves import corners, symmetric
from sketch import INK, SHADE, placed

COLLAR = 150  # gray level


def dog(sketch, pose):
    """Draw a dog in a pose, a key of the table below; seen from the side it looks to the left."""
    poses = {
        "standing": _standing,
        "sitting": _sitting,
        "running": _running,
        "lying": _lying,
        "facing": _facing,
        "head": _head,
    }
    poses[pose](sketch)


def _standing(sketch):
    _limb(sketch, [(110, 146), (114, 178), (112, 205), (103, 209)], [22, 18, 14, 13])
    _limb(sketch, [(192, 132), (190, 165), (206, 186), (202, 206), (193, 209)], [22, 18, 14, 13])
    _limb(sketch, [(198, 116), (220, 102), (228, 72)], [14, 12, 7])
    hind_leg = [(184, 134), (174, 164), (188, 186), (183, 206), (172, 210)]
    with sketch.merged():
        sketch.tube((96, 130), (135, 134), (184, 128), widths=[52, 50, 44, 44])
        sketch.tube((98, 122), (76, 88), widths=[46, 34])
        sketch.tube((92, 142), (91, 178), (90, 206), (79, 210), widths=[30, 19, 15, 14])
        sketch.tube(*hind_leg, widths=[42, 30, 15, 14, 14])
    sketch.strew(_spot, 17)
    sketch.line((238, 88), (243, 78), (243, 66), weight=0.7)
    sketch.line((212, 84), (210, 76), (213, 66), weight=0.7)
    _profile(sketch, 70, 80)
    _collar(sketch, (64, 107), (78, 113), (94, 102))


def _sitting(sketch):
    _limb(sketch, [(176, 200), (210, 198), (230, 172)], [15, 13, 8])
    with sketch.merged():
        sketch.tube((102, 86), (118, 140), (148, 182), widths=[36, 60, 70])
        sketch.tube((108, 140), (102, 178), (100, 206), (88, 211), widths=[34, 20, 15, 14])
        sketch.ellipse(154, 182, 34, 30)
        sketch.tube((162, 208), (130, 211), widths=[15, 15])
    sketch.strew(_spot, 17)
    sketch.line((126, 190), (136, 164), (160, 154), (180, 164))
    sketch.line((123, 148), (121, 168), (115, 186), weight=0.8)
    _profile(sketch, 96, 70, 1.15, turn=-4)
    _collar(sketch, (86, 101), (102, 108), (122, 98))


def _running(sketch):
    _limb(sketch, [(102, 136), (84, 160), (58, 172), (46, 168)], [24, 18, 14, 12])
    _limb(sketch, [(180, 132), (196, 160), (222, 170), (236, 182)], [34, 22, 14, 12])
    _limb(sketch, [(188, 112), (216, 100), (236, 78)], [14, 12, 7])
    with sketch.merged():
        sketch.tube((92, 126), (130, 126), (182, 122), widths=[52, 50, 38, 44])
        sketch.tube((94, 116), (68, 90), widths=[46, 34])
        sketch.tube((88, 132), (62, 144), (36, 138), (26, 132), widths=[32, 18, 13, 13])
        sketch.tube((184, 126), (208, 146), (236, 148), (248, 156), widths=[42, 26, 14, 13])
    sketch.strew(_spot, 17)
    blown_ear = [(2, -17), (16, -24), (40, -20), (44, -6), (26, 0), (8, -6)]
    _profile(sketch, 60, 82, turn=4, ear=blown_ear)
    _collar(sketch, (54, 106), (68, 113), (84, 103))


def _lying(sketch):
    _limb(sketch, [(214, 196), (238, 190), (248, 166)], [14, 12, 7])
    _limb(sketch, [(112, 186), (84, 204), (56, 206)], [26, 17, 14])
    with sketch.merged():
        sketch.tube((112, 158), (150, 172), (200, 180), widths=[60, 58, 54, 54])
        sketch.tube((108, 160), (88, 104), widths=[56, 36])
        sketch.tube((116, 182), (88, 208), (46, 210), widths=[36, 19, 16])
        sketch.ellipse(198, 186, 32, 29)
        sketch.tube((204, 208), (158, 211), widths=[15, 15])
    sketch.strew(_spot, 17)
    sketch.line((170, 194), (178, 168), (202, 158), (222, 170))
    _profile(sketch, 84, 96, 1.1)
    _collar(sketch, (76, 126), (90, 133), (109, 123))


def _facing(sketch):
    _limb(sketch, [(160, 196), (196, 188), (210, 158)], [15, 13, 7])
    with sketch.merged():
        sketch.shape((104, 106), (152, 106), (164, 160), (160, 206), (96, 206), (92, 160))
        sketch.ellipse(90, 190, 20, 22)
        sketch.ellipse(166, 190, 20, 22)
    sketch.strew(_spot, 17)
    for _ in sketch.mirrored(128):
        sketch.line((-24, 146), (-22, 180), (-23, 200))
        sketch.ellipse(-20, 208, 19, 10)
        sketch.line((-25, 205), (-26, 214), weight=0.7)
        sketch.line((-16, 205), (-15, 214), weight=0.7)
    sketch.line((128, 164), (128, 200))
    _collar(sketch, (102, 114), (128, 123), (154, 114))
    _face(sketch, 128, 68, 1.1)


def _head(sketch):
    _face(sketch, 128, 120, 1.4, panting=True, eye_patch=True)


def _limb(sketch, spine, widths):
    """Draw a spotted leg or tail."""
    with sketch.merged():
        sketch.tube(*spine, widths=widths)
    sketch.strew(_spot, 15)


@placed
def _profile(sketch, ear=((0, -17), (18, -14), (24, 10), (18, 30), (6, 26), (2, 4))):
    """Draw a dog's head from the side; the skull is at the origin, the nose near (-50, 5)."""
    with sketch.merged():
        sketch.ellipse(0, 0, 25, 23)
        sketch.tube((-8, 3), (-30, 9), (-44, 9), widths=[34, 22, 18])
    sketch.strew(_spot, 17)
    sketch.ellipse(-28, 6, 13, 7, weight=0)
    sketch.ellipse(-11, -6, 8, 7, weight=0)
    sketch.ellipse(-50, 3, 6.5, 5.5, fill=INK)
    sketch.shape(*corners((-42, 15), (-30, 14)), (-29, 28), (-36, 36), (-43, 29), fill=SHADE)
    sketch.line((-48, 14), (-34, 15), (-18, 13), (-12, 7))
    sketch.dot(-11, -6, 3.6)
    sketch.line((-18, -13), (-12, -16), (-6, -14), weight=0.8)
    sketch.shape(*ear, fill=INK)


@placed
def _face(sketch, panting=False, eye_patch=False):
    """Draw a dog's head from the front, about 110 x 100 units."""
    if panting:
        sketch.shape((-9, 30), (9, 30), (10, 46), (0, 55), (-10, 46), fill=SHADE)
        sketch.line((0, 36), (0, 46), weight=0.7)
    with sketch.merged():
        sketch.shape(*symmetric((0, -38), (24, -34), (36, -8), (30, 20), (16, 36), (0, 38)))
    sketch.strew(_spot, 17)
    sketch.ellipse(0, 18, 22, 18, weight=0)
    for _ in sketch.mirrored():
        sketch.ellipse(-15, -11, 10, 12, weight=0)
    if eye_patch:
        sketch.patch((8, -22), (24, -22), (30, -6), (22, 6), (10, 4), (5, -10), fill=SHADE)
    ear = [(-20, -35), (-38, -36), (-52, -10), (-50, 20), (-40, 27), (-32, 10), (-28, -14)]
    for _ in sketch.mirrored():
        sketch.shape(*ear, fill=INK)
        sketch.ellipse(-15, -8, 5.5, 6)
        sketch.dot(-15, -7, 3.8)
        sketch.line((-23, -20), (-16, -24), (-9, -21), weight=0.8)
        sketch.line((0, 19), (-5, 29), (-15, 28), (-20, 20))
        sketch.dot(-11, 21, 0.9)
        sketch.dot(-14, 17, 0.9)
    sketch.shape((-11, 6), (0, 3), (11, 6), (7, 14), (0, 18), (-7, 14), fill=INK)


def _spot(sketch, x, y):
    r = 3 + (x * 7 + y * 3) % 2.4
    sketch.ellipse(x, y, r, r * 0.8, turn=x * 9, fill=INK, weight=0)


def _collar(sketch, left, middle, right):
    """Draw a collar with a tag in its middle."""
    sketch.tube(left, middle, right, widths=[8, 8], fill=COLLAR, weight=0.8)
    x, y = middle
    sketch.ellipse(x - 1, y + 8, 4.5, 5)
