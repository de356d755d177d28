"""Pictures of several channels: shown as ImageJ does, or as the user chooses."""

import io

import numpy as np
import pytest
import tifffile
from pictures import picture

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.header import channels_of, read_header
from orangecontrib.imageembedding.images.options import (
    ReadOptions,
    options_from,
    reading,
    with_options,
)
from orangecontrib.imageembedding.images.thumbnail import thumbnail

HEIGHT, WIDTH = 40, 56
PLANES = np.stack([picture(seed, WIDTH, HEIGHT)[..., 0] for seed in range(5)])
PLANES[:, 0, 0], PLANES[:, 0, 1] = 0, 255  # each has the whole range
DEEP = {"u1": PLANES, "u2": PLANES.astype(np.uint16) * 16 + 100, "f4": PLANES / np.float32(99)}
COLORS = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (0, 1, 1)]


def composite(n, dtype="u1", is_ome=False, metadata=None, planes=None, axes="CYX"):
    buffer = io.BytesIO()
    values = DEEP[dtype][:n] if planes is None else planes
    options = {"ome": True} if is_ome else {"imagej": True}
    plain = {} if is_ome else {"mode": "composite"}
    tifffile.imwrite(buffer, values, photometric="minisblack",
                     metadata={"axes": axes, **plain, **(metadata or {})}, **options)  # fmt: skip
    return buffer.getvalue()


def summed(planes, colors=COLORS):
    total = sum(
        plane[..., None].astype(float) * np.array(color)
        for plane, color in zip(planes, colors, strict=False)
    )
    return np.minimum(total, 255)


def near(decoded, expected, tolerance=2):
    assert np.abs(decoded - expected).max() <= tolerance


@pytest.mark.parametrize("n", [2, 3, 4, 5])
@pytest.mark.parametrize("dtype", DEEP)
@pytest.mark.parametrize("is_ome", [False, True])
def test_the_first_are_red_green_blue_as_in_imagej(n, dtype, is_ome, tmp_path):
    data = composite(n, dtype, is_ome)
    near(decode(data, "x"), summed(PLANES[:n]))
    (tmp_path / "file").write_bytes(data)
    names = ["1 red", "2 green", "3 blue", "4 gray", "5 cyan"]
    assert channels_of(str(tmp_path / "file")) == ", ".join(names[:n])
    assert read_header(str(tmp_path / "file"))[:2] == (WIDTH, HEIGHT)


@pytest.mark.parametrize("is_ome", [False, True])
@pytest.mark.parametrize(("channels", "expected"), [
    ((3, 1, 2), "3 red, 1 green, 2 blue"), ((2, 0, 0), "2 red"),
    ((1, 1, 1), "1 red, 1 green, 1 blue"),
    ((0, 4, 9), "4 green"),
])  # fmt: skip
def test_the_user_chooses_which_are_red_green_and_blue(is_ome, channels, expected, tmp_path):
    data = composite(4, "u2", is_ome)
    location = with_options(str(tmp_path / "file"), ReadOptions(channels=channels))
    (tmp_path / "file").write_bytes(data)
    shown = np.zeros((HEIGHT, WIDTH, 3))
    for i, number in enumerate(channels):
        if 0 < number <= 4:
            shown[..., i] = PLANES[number - 1]
    near(decode(data, location), shown)
    near(thumbnail(location, 64), shown)
    near(thumbnail(str(location), 64), summed(PLANES[:4]), 6)
    with reading(ReadOptions(channels=channels)):
        assert channels_of(str(location)) == expected


def test_names_and_colors_of_ome_are_taken(tmp_path):
    to_color = {"blue": 0x0000FFFF, "green": 0x00FF00FF}
    signed = [value - (1 << 32) if value >= 1 << 31 else value for value in to_color.values()]
    meta = {"Channel": {"Name": ["DAPI", "GFP"], "Color": signed}}
    data = composite(2, "u2", True, meta)
    near(decode(data, "x"), summed(PLANES[:2], [(0, 0, 1), (0, 1, 0)]))
    (tmp_path / "file").write_bytes(data)
    assert channels_of(str(tmp_path / "file")) == "1 DAPI blue, 2 GFP green"


def test_display_ranges_and_colors_of_imagej_are_taken():
    ramp = np.arange(256, dtype=np.uint8)
    none = np.zeros(256, np.uint8)
    tables = [np.stack([ramp, none, ramp]), np.stack([none, ramp, none])]
    ends = (100.0, 100.0 + 16 * 127.5, 100.0, 100.0 + 16 * 255.0)
    data = composite(2, "u2", metadata={"Ranges": ends, "LUTs": tables})
    expected = summed([np.minimum(PLANES[0] * 2.0, 255), PLANES[1]], [(1, 0, 1), (0, 1, 0)])
    near(decode(data, "x"), expected)


@pytest.mark.parametrize("is_ome", [False, True])
@pytest.mark.parametrize("axes", ["ZCYX", "TCYX", "TZCYX"])
def test_of_a_stack_the_first_plane_is_shown(axes, is_ome):
    others = picture(9, WIDTH, HEIGHT)[..., 1]
    first = PLANES[:2]
    stack = np.stack([first, np.stack([others, others])])
    data = composite(2, planes=stack[None] if len(axes) == 5 else stack, is_ome=is_ome, axes=axes)
    near(decode(data, "x"), summed(first))


def test_what_has_one_channel_stays_gray(tmp_path):
    for data in (
        composite(3, axes="ZYX"),
        composite(3, is_ome=True, axes="ZYX"),
        composite(3, metadata={"mode": "grayscale"}),
    ):
        near(decode(data, "x"), PLANES[0][..., None].repeat(3, 2))
        (tmp_path / "file").write_bytes(data)
        assert channels_of(str(tmp_path / "file")) == ""


def test_a_cut_file_is_an_error_not_a_part_of_the_channels(tmp_path):
    for is_ome in (False, True):
        data = composite(3, "u2", is_ome)
        for n_bytes in (300, WIDTH * HEIGHT, WIDTH * HEIGHT * 3, WIDTH * HEIGHT * 5):
            (tmp_path / "file").write_bytes(data[:-n_bytes])
            with pytest.raises(DecodeError, match="damaged image"):
                decode(data[:-n_bytes], "x")
            with pytest.raises(DecodeError, match="damaged image"):
                channels_of(str(tmp_path / "file"))


def test_options_go_along_as_attributes():
    for options in (
        ReadOptions(),
        ReadOptions(200.5),
        ReadOptions(channels=(3, 0, 1)),
        ReadOptions(1e4, (1, 2, 3)),
    ):
        assert options_from(options.attributes()) == options
    assert options_from({"channels": "x", "max_megapixels": "much"}) == ReadOptions()


@pytest.mark.parametrize("options", [
    {"max_megapixels": 0}, {"max_megapixels": -3}, {"max_megapixels": float("nan")},
    {"channels": (1, 2)}, {"channels": (0, 0, 0)}, {"channels": (1, -1, 2)},
])  # fmt: skip
def test_options_without_a_meaning_are_refused(options):
    with pytest.raises(ValueError, match="must"):
        ReadOptions(**options)


def test_the_limit_goes_along_with_the_location(tmp_path):
    import pickle

    path = tmp_path / "photo.png"
    from pictures import encoded

    path.write_bytes(encoded(picture(1, 300, 200)))
    small = with_options(str(path), ReadOptions(max_megapixels=0.01))
    for location in (small, pickle.loads(pickle.dumps(small))):
        assert location == str(path)
        with pytest.raises(DecodeError, match="more than 0.01 megapixels"):
            decode(path.read_bytes(), location)
        with pytest.raises(DecodeError, match="more than 0.01 megapixels"):
            thumbnail(location, 50)
    assert decode(path.read_bytes(), str(path)).shape == (200, 300, 3)
