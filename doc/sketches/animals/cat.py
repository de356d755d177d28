# SPDX-License-Identifier: GPL-3.0-or-later
"""A tabby cat."""

import numpy as np
from curves import corners, cross_sections, smooth_path, symmetric
from sketch import INK, SHADE, placed


def cat(sketch, pose):
    """Draw a cat in a pose, a key of the table below; seen from the side it looks to the left."""
    poses = {
        "standing": _standing,
        "sitting": _sitting,
        "curled": _curled,
        "arched": _arched,
        "facing": _facing,
        "head": _head,
    }
    poses[pose](sketch)


def _standing(sketch):
    for leg in (
        [(104, 150), (112, 180), (104, 205), (95, 209)],
        [(182, 145), (190, 172), (198, 188), (190, 207), (181, 210)],
    ):
        _limb(sketch, leg, [20, 15, 12, 11, 11], 4)
    tail = [(190, 128), (220, 112), (226, 78), (208, 56), (190, 66)]
    _limb(sketch, tail, [12, 12, 12, 9])
    back = [(88, 134), (128, 138), (176, 134), (196, 138)]
    foreleg = [(84, 140), (84, 178), (82, 206), (72, 210)]
    hind_leg = [(178, 142), (166, 172), (178, 190), (172, 207), (161, 210)]
    with sketch.merged():
        sketch.tube(*back[:3], widths=[42, 48, 48, 44])
        sketch.tube(*foreleg, widths=[26, 16, 13, 12])
        sketch.tube(*hind_leg, widths=[40, 26, 13, 12, 12])
    _stripes(sketch, back, [42, 48, 48, 44], 9, reach=0.55, start=0.24)
    _stripes(sketch, foreleg, [26, 16, 13, 12], 4, start=0.4)
    _stripes(sketch, hind_leg, [40, 26, 13, 12, 12], 4, start=0.45)
    _face(sketch, 72, 108, 0.8)


def _sitting(sketch):
    tail = [(172, 202), (212, 206), (232, 178), (214, 154), (200, 166)]
    _limb(sketch, tail, [13, 13, 12, 9])
    back = [(108, 110), (126, 150), (146, 178), (160, 190)]
    foreleg = [(106, 128), (98, 175), (94, 207), (84, 211)]
    with sketch.merged():
        sketch.tube(*back[:3], widths=[50, 62, 78])
        sketch.tube(*foreleg, widths=[30, 18, 14, 13])
        sketch.ellipse(150, 182, 37, 31)
        sketch.tube((158, 208), (122, 211), widths=[14, 14])
    _stripes(sketch, back, [50, 62, 78, 80], 8, reach=0.42)
    _stripes(sketch, foreleg, [30, 18, 14, 13], 5)
    sketch.line((122, 190), (130, 166), (152, 154), (174, 162))
    sketch.line((118, 146), (116, 170), (110, 190), weight=0.8)
    _face(sketch, 102, 80, 0.95, turn=-4)


def _curled(sketch):
    with sketch.merged():
        sketch.shape(
            (40, 196), (62, 150), (110, 122), (165, 120), (212, 146), (228, 184), (212, 214),
            (150, 222), (80, 220),
        )  # fmt: skip
    back = [(70, 190), (84, 168), (120, 154), (165, 154), (196, 172), (206, 196)]
    _stripes(sketch, back, [66, 66], 12, reach=0.5)
    sketch.line((150, 196), (154, 166), (180, 150), (206, 162))
    tail = [(214, 186), (206, 212), (160, 224), (112, 222), (92, 216)]
    _limb(sketch, tail, [20, 19, 17, 15, 10], 12)
    _face(sketch, 80, 172, 0.92, turn=6, asleep=True)


def _arched(sketch):
    _limb(sketch, [(184, 122), (206, 98), (206, 62), (216, 34)], [12, 20, 24, 8])
    back = [(84, 128), (108, 96), (138, 86), (168, 100), (184, 130)]
    legs = [
        ([(82, 128), (80, 170), (76, 206), (66, 210)], [24, 15, 12, 11]),
        ([(100, 120), (106, 170), (106, 206), (97, 210)], [26, 15, 12, 11]),
        ([(186, 130), (176, 168), (182, 206), (172, 210)], [36, 20, 12, 11]),
        ([(176, 126), (198, 168), (210, 204), (200, 209)], [36, 20, 12, 11]),
    ]
    with sketch.merged():
        sketch.tube(*back, widths=[40, 42, 44, 44, 42])
        for spine, widths in legs:
            sketch.tube(*spine, widths=widths)
    _stripes(sketch, back, [40, 42, 44, 44, 42], 12, reach=0.6)
    for spine, widths in legs:
        _stripes(sketch, spine, widths, 4, start=0.45)
    for x, y, lean in ((98, 76, -5), (118, 65, -3), (140, 60, 0), (162, 68, 4), (182, 84, 7)):
        sketch.line((x, y), (x + lean, y - 11))
    _face(sketch, 66, 116, 0.85, turn=-6)


def _facing(sketch):
    tail = [(164, 198), (204, 200), (218, 166), (200, 138), (210, 116)]
    _limb(sketch, tail, [14, 14, 13, 11, 8])
    with sketch.merged():
        sketch.shape((104, 110), (152, 110), (166, 160), (160, 206), (96, 206), (90, 160))
        sketch.ellipse(88, 188, 22, 24)
        sketch.ellipse(168, 188, 22, 24)
    for _ in sketch.mirrored(128):
        _stripes(sketch, [(-18, 120), (-22, 160), (-40, 196)], [30, 34, 46], 6, reach=0.5)
        sketch.line((-20, 146), (-18, 180), (-19, 200))
        sketch.ellipse(-17, 208, 16, 9)
        sketch.line((-21, 205), (-22, 213), weight=0.7)
        sketch.line((-13, 205), (-12, 213), weight=0.7)
    sketch.line((128, 160), (128, 200))
    _face(sketch, 128, 84, 1.08)


def _head(sketch):
    _face(sketch, 128, 128, 1.4)


def _limb(sketch, spine, widths, stripes=8):
    """Draw a striped leg or tail."""
    with sketch.merged():
        sketch.tube(*spine, widths=widths)
    _stripes(sketch, spine, widths, stripes)


def _stripes(sketch, spine, widths, count, reach=1.0, start=0.04):
    """Draw stripes across a tube, from its left side (seen along the spine) inwards."""
    middle = smooth_path(spine)
    at = np.linspace(start, 0.96, count) * (len(middle) - 1)
    middle, out, radii = cross_sections(middle, widths, at)
    starts = middle + radii * out
    ends = starts - 2 * reach * radii * out
    with sketch.inside():
        for i, (a, b) in enumerate(zip(starts, ends, strict=True)):
            b = b + (a - b) * 0.25 * (i % 2)
            sketch.line(a, (a + b) / 2 + 1, b, weight=1.7)


@placed
def _face(sketch, asleep=False):
    """Draw a cat's head from the front, about 110 x 90 units."""
    with sketch.merged():
        sketch.shape(*symmetric((0, -30), (28, -24), (43, 2), (30, 28), (0, 36)))
        for _ in sketch.mirrored():
            sketch.shape((-41, -4), (-42, -30), *corners((-39, -54)), (-24, -42), (-8, -26))
    with sketch.inside():
        sketch.line((0, -34), (0, -14), weight=1.7)
        for _ in sketch.mirrored():
            sketch.line((-10, -34), (-8, -17), weight=1.7)
            sketch.line((-20, -30), (-16, -19), weight=1.7)
            sketch.line((-48, 2), (-38, 5), (-30, 4), weight=1.3)
            sketch.line((-46, 12), (-38, 14), (-30, 12), weight=1.3)
            sketch.line((-42, 22), (-35, 22), (-28, 19), weight=1.3)
    for _ in sketch.mirrored():
        sketch.shape((-35, -20), *corners((-35, -42)), (-20, -28), fill=SHADE, weight=0.6)
        if asleep:
            sketch.line((-25, -1), (-17, 5), (-9, 0))
        else:
            sketch.shape((-26, -3), (-18, -11), *corners((-8, 0)), (-17, 4), weight=0.7)
            sketch.ellipse(-16.5, -3.5, 2.4, 5.5, fill=INK, weight=0)
        sketch.line((0, 17), (-5, 23), (-13, 21))
        for rise, fall in ((9, -1), (14, 13), (19, 27)):
            sketch.line((-18, rise), (-40, (rise + fall) / 2 - 2), (-60, fall), weight=0.7)
    sketch.shape((-6, 9), (6, 9), (0, 15), fill=INK)
