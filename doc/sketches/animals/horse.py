# SPDX-License-Identifier: GPL-3.0-or-later
"""A brown horse."""

import numpy as np
from curves import corners, cross_sections, smooth_path
from sketch import INK, placed

COAT = 165  # gray level

# legs are given as (fore, hind), the neck from the withers, the head as (x, y, turn)
POSES = {
    "standing": {
        "neck": [(104, 120), (80, 84), (64, 56)],
        "head": (60, 52, 0),
        "tail": [(214, 108), (234, 122), (238, 160), (228, 200)],
        "far_legs": [
            [(114, 140), (120, 166), (118, 190), (118, 208)],
            [(196, 132), (204, 158), (222, 180), (218, 207)],
        ],
        "near_legs": [
            [(98, 134), (96, 166), (96, 190), (95, 209)],
            [(198, 128), (186, 158), (202, 182), (196, 209)],
        ],
    },
    "trotting": {
        "neck": [(104, 120), (88, 78), (78, 44)],
        "head": (72, 40, -14),
        "tail": [(214, 106), (240, 104), (252, 136), (248, 172)],
        "far_legs": [
            [(112, 138), (118, 166), (126, 188), (132, 206)],
            [(192, 130), (178, 160), (184, 182), (172, 202)],
        ],
        "near_legs": [
            [(98, 132), (70, 146), (76, 172), (66, 184)],
            [(200, 128), (200, 160), (222, 178), (222, 206)],
        ],
    },
    "galloping": {
        "neck": [(104, 120), (72, 94), (48, 74)],
        "head": (44, 72, 10),
        "tail": [(214, 108), (236, 96), (262, 102), (284, 118)],
        "far_legs": [
            [(108, 136), (84, 152), (60, 168), (50, 182)],
            [(186, 132), (196, 158), (218, 172), (226, 190)],
        ],
        "near_legs": [
            [(96, 132), (66, 140), (40, 142), (22, 150)],
            [(200, 126), (218, 148), (244, 156), (256, 174)],
        ],
        "windy": True,
    },
    "grazing": {
        "neck": [(104, 120), (70, 128), (46, 154)],
        "head": (40, 160, -38),
        "tail": [(214, 108), (232, 128), (232, 166), (222, 198)],
        "far_legs": [
            [(112, 140), (124, 166), (124, 190), (126, 208)],
            [(194, 132), (194, 158), (212, 182), (208, 207)],
        ],
        "near_legs": [
            [(98, 134), (92, 166), (90, 190), (86, 209)],
            [(200, 128), (188, 158), (200, 182), (190, 209)],
        ],
    },
    "rearing": {
        "neck": [(104, 120), (84, 80), (70, 50)],
        "head": (66, 46, -24),
        "tail": [(214, 110), (240, 122), (252, 152), (270, 172)],
        "far_legs": [
            [(104, 134), (76, 132), (62, 150), (70, 168)],
            [(186, 134), (198, 162), (222, 170), (232, 190)],
        ],
        "near_legs": [
            [(98, 136), (74, 152), (76, 176), (90, 186)],
            [(196, 128), (214, 160), (240, 172), (252, 194)],
        ],
        "windy": True,
        "lean": 34,
    },
}


def horse(sketch, pose):
    """Draw a horse in a pose, a key of `POSES` or "head"; it looks to the left."""
    if pose == "head":
        _portrait(sketch)
    else:
        _from_the_side(sketch, **POSES[pose])


def _from_the_side(sketch, neck, head, tail, far_legs, near_legs, windy=False, lean=0):
    neck_widths = [62, 46, 32]
    with sketch.at(140, 130, turn=lean), sketch.at(-140, -130):
        for leg in far_legs:
            sketch.tube(*leg, widths=[26, 18, 11, 10, 9], fill=COAT)
            _hoof(sketch, leg)
        sketch.tube(*tail, widths=[9, 20, 24, 19, 3], fill=INK)
        with sketch.merged(COAT):
            sketch.tube((98, 122), (138, 127), (194, 123), widths=[56, 56, 50, 58])
            sketch.tube(*neck, widths=neck_widths)
            for leg, thigh in zip(near_legs, (32, 46), strict=True):
                sketch.tube(*leg, widths=[thigh, thigh * 0.6, 13, 11, 10])
        for leg in near_legs:
            _hoof(sketch, leg)
        _mane(sketch, neck, neck_widths, windy=windy)
        x, y, turn = head
        _profile(sketch, x, y, 1.1, turn)


def _hoof(sketch, leg):
    with sketch.at_end(leg):
        sketch.shape(*corners((-5.5, -1), (5.5, -1), (6.5, 9), (-9, 9)), fill=INK)


def _mane(sketch, neck, widths, windy=False, length=20):
    """Draw a jagged mane along the crest of a neck that is given as a tube."""
    middle = smooth_path(neck)[::-1]
    at = np.linspace(0, 0.86 * len(middle), 15).astype(int)
    middle, out, radii = cross_sections(middle, widths[::-1], at)
    crest = middle + radii * out
    strands = np.where(np.arange(15) % 2, 1.0, 0.5) * np.linspace(1, 0.3, 15) ** 0.7 * length
    strands = strands[:, np.newaxis]
    if windy:
        inner, outer = crest - 4 * out, crest + strands * (out + [0.5, -0.1])
    else:
        inner, outer = crest + strands * ([0.15, 0.35] - out), crest + 4 * out
    sketch.shape(*outer, *inner[::-1], fill=INK)


@placed
def _profile(sketch):
    """Draw a horse's head from the side; the poll is near the origin, the muzzle lower left."""
    sketch.shape(*corners((4, -8)), (4, -20), *corners((10, -28)), (13, -16), (13, -6), fill=COAT)
    sketch.tube((4, 2), (-12, 14), (-34, 40), widths=[28, 32, 22, 20], fill=COAT)
    sketch.shape(*corners((-3, -9)), (-5, -20), *corners((-2, -32)), (6, -20), (7, -8), fill=COAT)
    sketch.shape((0, -12), (-10, -10), *corners((-20, 8)), (-11, 3), (-3, -4), fill=INK)
    sketch.dot(-8, 9, 3.2)
    sketch.dot(-40, 39, 2)
    sketch.line((-38, 49), (-31, 46), (-27, 40), weight=0.8)
    sketch.line((8, 10), (5, 20), (-5, 24), weight=0.8)


def _portrait(sketch):
    """Draw head and neck of a horse from the side, in a halter."""
    far_ear = [*corners((134, 44)), (132, 22), *corners((144, 2)), (152, 24), (150, 48)]
    sketch.shape(*far_ear, fill=COAT)
    with sketch.merged(COAT):
        sketch.shape(
            *corners((92, 238)), (110, 196), (112, 150), (104, 110), (122, 60), (150, 62),
            (184, 110), (206, 170), *corners((214, 238)),
        )  # fmt: skip
        sketch.tube((128, 60), (100, 94), (48, 162), widths=[58, 72, 50, 46])
    _mane(sketch, [(154, 250), (148, 150), (126, 60)], widths=[112, 88, 50], length=40)
    near_ear = [*corners((114, 42)), (108, 18), *corners((118, -6)), (134, 16), (134, 44)]
    sketch.shape(*near_ear, fill=COAT)
    sketch.shape(*corners((118, 30)), (96, 40), *corners((78, 74)), (98, 66), (118, 50), fill=INK)
    sketch.ellipse(97, 84, 8, 6, turn=-30)
    sketch.dot(96, 85, 4.5)
    sketch.line((84, 76), (92, 72), (104, 76), weight=0.8)
    sketch.ellipse(36, 158, 3.5, 5.5, turn=35, fill=INK)
    sketch.line((34, 178), (50, 176), (62, 160))
    sketch.line((136, 96), (130, 118), (110, 126))
    sketch.tube((46, 122), (62, 136), (82, 156), widths=[5, 5], weight=0.8)
    sketch.tube((82, 156), (112, 112), (128, 62), widths=[5, 5], weight=0.8)
    sketch.ellipse(82, 156, 6, 6)
