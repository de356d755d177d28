"""JPEG files that are not as the standard wants: whole ones are read, damaged ones are not."""

import re

import numpy as np
import pytest
from pictures import encoded, picture

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.encode import without_metadata
from orangecontrib.imageembedding.images.header import read_header

RNG = np.random.default_rng(3)
PIXELS = np.clip(picture(2, 320, 240) + RNG.integers(-20, 20, (240, 320, 3)), 0, 255).astype(
    np.uint8
)
PROFILE = {"icc_profile": b"p" * 300}
KINDS = {
    "baseline": encoded(PIXELS, "JPEG", **PROFILE),
    "progressive": encoded(PIXELS, "JPEG", progressive=True, **PROFILE),
    "restarts": encoded(PIXELS, "JPEG", restart_marker_rows=1, **PROFILE),
    "gray": encoded(PIXELS[..., 0], "JPEG", **PROFILE),
}
COMMENT = b"\xff\xfe\0\7hello"


def inserted(pattern, stray, before=True):
    """Get a change that puts bytes before or behind the first match in the coded pixels."""

    def change(data):
        start = data.index(b"\xff\xda") + 14
        found = re.compile(pattern, re.DOTALL).search(data, start)
        at = found.start() if before else found.end()
        return data[:at] + stray + data[at:]

    return change


def behind_app_segment(stray):
    def change(data):
        end = 4 + int.from_bytes(data[4:6], "big")
        return data[:end] + stray + data[end:]

    return change


WHOLE = {
    "4 bytes behind APP0": behind_app_segment(b"abcd"),
    "100 zeros behind APP0": behind_app_segment(bytes(100)),
    "a comment one byte short": behind_app_segment(COMMENT.replace(b"\7", b"\6")),
    "4 bytes before the scan": lambda data: data.replace(b"\xff\xda", b"abcd\xff\xda", 1),
    "1 byte before the end": lambda data: data[:-2] + b"\0" + data[-2:],
    "65 bytes before the end": lambda data: data[:-2] + bytes(65) + data[-2:],
    "65 other bytes before the end": lambda data: data[:-2] + b"\x5a" * 65 + data[-2:],
    "0xff before the end": lambda data: data[:-2] + b"\xff" * 9 + data[-2:],
    "a bad ICC marker": lambda data: data.replace(b"ICC_PROFILE\0\1\1", b"ICC_PROFILE\0\1\0"),
    "a missing part of ICC": lambda data: data.replace(b"ICC_PROFILE\0\1\1", b"ICC_PROFILE\0\1\2"),
    "an unknown JFIF": lambda data: data.replace(b"JFIF\0\1", b"JFIF\0\7"),
    "a wrong thumbnail": lambda data: data.replace(data[18:20], b"\2\2", 1),
    "all in the header": lambda data: behind_app_segment(b"abcd" + COMMENT.replace(b"\7", b"\6"))(
        data.replace(b"ICC_PROFILE\0\1\1", b"ICC_PROFILE\0\1\0")
    ),
}
DAMAGED = {
    "cut": lambda data: data[: len(data) * 2 // 3],
    "cut and ended": lambda data: data[: len(data) * 2 // 3] + b"\xff\xd9",
    "without its end": lambda data: data[:-2],
    "bad codes": lambda data: (
        data[: len(data) // 2] + b"\xff\0" * 999 + data[len(data) // 2 + 1998 :]
    ),
    "a part is missing": lambda data: data[: len(data) // 2] + data[len(data) * 2 // 3 :],
    "zeros to the end": lambda data: data[: len(data) // 3].ljust(len(data) - 2, b"\0") + data[-2:],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("oddity", WHOLE)
def test_a_whole_picture_is_read(kind, oddity, tmp_path):
    data = WHOLE[oddity](KINDS[kind])
    assert data != KINDS[kind]
    (tmp_path / "file").write_bytes(data)
    expected = decode(KINDS[kind], "x")
    np.testing.assert_array_equal(decode(data, "x"), expected)
    np.testing.assert_array_equal(decode(without_metadata(data, "x"), "x"), expected)
    assert read_header(str(tmp_path / "file")) == (320, 240, 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("oddity", [None, *WHOLE])
def test_no_oddity_hides_damage(kind, oddity):
    """Its warning comes first, and libjpeg tells the first only."""
    data = WHOLE[oddity](KINDS[kind]) if oddity else KINDS[kind]
    for name, damage in DAMAGED.items():
        if not (oddity and "before the end" in oddity and "end" in name):  # else there is none
            with pytest.raises(DecodeError, match="damaged image"):
                decode(damage(data), name)


class TestRestarts:
    DATA = KINDS["restarts"]

    @pytest.mark.parametrize("number", range(8))
    def test_a_stray_byte_before_one_is_no_damage(self, number):
        data = inserted(b"\xff" + bytes((0xD0 + number,)), b"\0")(self.DATA)
        np.testing.assert_array_equal(decode(data, "x"), decode(self.DATA, "x"))

    @pytest.mark.parametrize("damage", [*DAMAGED, "no marker", "no interval", "two exchanged"])
    def test_a_stray_byte_hides_no_damage(self, damage):
        data = inserted(b"\xff\xd0", b"\0")(self.DATA)
        third, fourth = (data.rindex(bytes((0xFF, marker))) for marker in (0xD2, 0xD3))
        damaged = {
            "no marker": data[:third] + data[third + 2 :],
            "no interval": data[: third + 2] + data[fourth + 2 :],
            "two exchanged": data[:third] + b"\xff\xd3" + data[third + 2 :],
        }.get(damage) or DAMAGED[damage](data)
        with pytest.raises(DecodeError, match="damaged image"):
            decode(damaged, "x")
