"""Every kind of TIFF gives one picture: colors × depth × opacity × planes × order × turn.

The reference is written plainly: what each file is made from.
"""

import io
from itertools import product

import numpy as np
import pytest
from pictures import picture
from PIL import Image, ImageCms
from tiffs import DEFLATE, LZW, tiff

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.header import read_header

HEIGHT, WIDTH = 32, 48
COLORS = picture(11, WIDTH, HEIGHT).copy()
COLORS[0, 0], COLORS[0, 1] = 0, 255  # so that all scales are the whole range
ALPHA = np.linspace(0, 255, WIDTH).round().astype(np.uint8)[None].repeat(HEIGHT, axis=0).copy()
ALPHA[0, :2] = ALPHA[:, -4:] = 255
INFRARED = picture(12, WIDTH, HEIGHT)[..., 0]

WHITE_IS_0, BLACK_IS_0, RGB, PALETTE, CMYK, YCBCR, CIELAB, ICCLAB = 0, 1, 2, 3, 5, 6, 8, 9
ANYTHING, PREMULTIPLIED, OPACITY = 0, 1, 2
DEPTHS = ["u1", "u2", "u4", "f4", "f8"]


def deep(levels, dtype):
    """Get 0-255 as the whole range of a type, or as 0-1."""
    if np.dtype(dtype).kind == "f":
        return (levels / 255).astype(dtype)
    return np.rint(levels / 255 * np.iinfo(dtype).max).astype(dtype)


def on_white(colors, alpha):
    colors, alpha = colors.astype(float), alpha[..., None] / 255
    return colors * alpha + 255 * (1 - alpha)


def near(decoded, expected, tolerance=3):
    expected = np.broadcast_to(expected, decoded.shape)
    worst = np.abs(decoded - expected.astype(float)).max()
    assert worst <= tolerance


EXTRAS = [
    (), (ANYTHING,), (PREMULTIPLIED,), (OPACITY,), (ANYTHING, OPACITY), (OPACITY, ANYTHING),
    (ANYTHING, PREMULTIPLIED), (PREMULTIPLIED, ANYTHING), (ANYTHING, ANYTHING),
]  # fmt: skip


@pytest.mark.parametrize("extras", EXTRAS)
@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("photometric", [BLACK_IS_0, WHITE_IS_0, RGB])
@pytest.mark.parametrize("is_planar", [False, True])
def test_only_opacity_counts_as_opacity(photometric, dtype, extras, is_planar):
    if photometric != RGB and extras.count(ANYTHING) > 1:
        pytest.skip("three bands of gray are taken for colors")
    colors = COLORS if photometric == RGB else COLORS[..., :1]
    levels = 255 - colors if photometric == WHITE_IS_0 else colors
    if PREMULTIPLIED in extras:
        if photometric == WHITE_IS_0 or dtype == "u1":
            levels = np.where(ALPHA[..., None] < 40, 0, levels)  # little is left of the others
            colors = 255 - levels if photometric == WHITE_IS_0 else levels
        premultiplied = levels * (ALPHA[..., None] / 255)
    else:
        premultiplied = levels
    bands = [deep(band, dtype) for band in np.moveaxis(premultiplied, -1, 0)]
    bands += [deep(INFRARED if kind == ANYTHING else ALPHA, dtype) for kind in extras]
    values = np.stack(bands, axis=-1)
    has_alpha = set(extras) & {OPACITY, PREMULTIPLIED}
    expected = on_white(colors, ALPHA) if has_alpha else colors
    for order in "<>":
        data = tiff(values, photometric, extras or None, is_planar=is_planar, order=order)
        near(decode(data, "x"), expected)


@pytest.mark.parametrize("dtype", DEPTHS)
def test_a_fourth_band_without_a_word_is_opacity_as_for_all_viewers(dtype):
    values = np.dstack([deep(COLORS, dtype), deep(ALPHA, dtype)])
    near(decode(tiff(values, RGB), "x"), on_white(COLORS, ALPHA))


@pytest.mark.parametrize(("dtype", "n_bands"), [*product([*DEPTHS, "i1", "i2"], [1, 3])])
def test_black_is_0_and_colors_are_rgb_where_nothing_is_told(dtype, n_bands):
    colors = COLORS[..., :n_bands]
    kind = np.dtype(dtype)
    values = deep(colors, f"u{kind.itemsize}" if kind.kind == "i" else dtype)
    if kind.kind == "i":
        values = (values.astype(int) + np.iinfo(dtype).min).astype(dtype)
    near(decode(tiff(values, None), "x"), colors)


def test_single_bits_without_a_word_are_black_where_they_are_0():
    bits = COLORS[..., 0] > 127
    for photometric, expected in ((None, bits), (BLACK_IS_0, bits), (WHITE_IS_0, ~bits)):
        packed = np.packbits(bits, axis=1)[..., None]
        tags = {256: [WIDTH], 258: [1]}
        near(decode(tiff(packed, photometric, tags=tags), "x"), expected[..., None] * 255, 0)


def lab_of(colors):
    """Convert sRGB levels to L*a*b* of white D50, by the formulas."""
    linear = colors / 255.0
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    rgb_to_xyz = np.array([
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ])  # fmt: skip
    relative = linear @ rgb_to_xyz.T / rgb_to_xyz.sum(axis=1)
    root = np.where(
        relative > (6 / 29) ** 3, np.cbrt(relative), relative * (29 / 6) ** 2 / 3 + 4 / 29
    )
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


LAB_BYTES = {
    (CIELAB, "u1"): lambda lab: (lab * [2.55, 1, 1]).round().astype(int) % 256,
    (CIELAB, "u2"): lambda lab: (lab * [655.35, 256, 256]).round().astype(int) % 65536,
    (ICCLAB, "u1"): lambda lab: (lab * [2.55, 1, 1] + [0, 128, 128]).round(),
    (ICCLAB, "u2"): lambda lab: (lab * [652.8, 256, 256] + [0, 32768, 32768]).round(),
    (CIELAB, "f4"): lambda lab: lab,
}


@pytest.mark.parametrize("extras", [None, (OPACITY,), (ANYTHING,)])
@pytest.mark.parametrize(("photometric", "dtype"), LAB_BYTES)
def test_lab_is_converted(photometric, dtype, extras):
    values = LAB_BYTES[photometric, dtype](lab_of(COLORS)).astype(dtype)
    expected = COLORS
    if extras:
        values = np.dstack([values, deep(ALPHA, dtype)])
        expected = on_white(COLORS, ALPHA) if extras == (OPACITY,) else COLORS
    decoded = decode(tiff(values, photometric, extras), "x")
    if dtype == "u1":  # of 8 bits it is coarse
        assert np.abs(decoded.astype(float) - expected).mean() <= 1
    else:
        near(decoded, expected)


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("extras", [None, (OPACITY,), (ANYTHING,), (ANYTHING, OPACITY)])
def test_cmyk(dtype, extras):
    ink = np.asarray(Image.fromarray(COLORS).convert("CMYK"))
    colors = np.asarray(Image.fromarray(ink, "CMYK").convert("RGB"))
    bands = [
        deep(ink, dtype),
        *(deep(ALPHA if kind == OPACITY else INFRARED, dtype) for kind in extras or ()),
    ]
    expected = on_white(colors, ALPHA) if extras and OPACITY in extras else colors
    near(decode(tiff(np.dstack(bands), CMYK, extras), "x"), expected)


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("compression", [1, DEFLATE])
def test_ycbcr(dtype, compression):
    red, green, blue = np.moveaxis(COLORS.astype(float), -1, 0)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    full = np.iinfo(dtype).max
    scale = full / 255
    chroma = [(blue - luma) / 1.772, (red - luma) / 1.402]
    bands = [luma * scale, *(np.clip(band * scale + full // 2 + 1, 0, full) for band in chroma)]
    values = np.stack(bands, axis=-1).round().astype(dtype)
    near(decode(tiff(values, YCBCR, tags={530: [1, 1]}, compression=compression), "x"), COLORS)


@pytest.mark.parametrize(("dtype", "n_colors"), [("u1", 256), ("u2", 65536)])
def test_a_palette(dtype, n_colors):
    indices = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH, 1) % 200 * (n_colors // 256)
    rng = np.random.default_rng(0)
    color_map = rng.integers(0, 65536, (3, n_colors))
    data = tiff(indices.astype(dtype), PALETTE, tags={320: color_map.ravel().tolist()})
    near(decode(data, "x"), color_map.T[indices[..., 0]] / 257)


@pytest.mark.parametrize(("photometric", "words"), [
    (10, "ITU-Lab"), (32803, "raw data of a camera"), (32844, "LogL"), (32845, "LogLuv"),
    (34892, "raw data of a camera"), (77, r"unknown kind of colors \(77\)"),
])  # fmt: skip
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_colors_that_are_not_known_are_refused_by_name(photometric, words, dtype, tmp_path):
    data = tiff(deep(COLORS, dtype), photometric)
    (tmp_path / "file").write_bytes(data)
    for read, argument in (
        (lambda argument: decode(argument, "x"), data),
        (read_header, str(tmp_path / "file")),
    ):
        with pytest.raises(DecodeError, match=words) as caught:
            read(argument)
        assert "export" in caught.value.reason


def swapped_profile():
    """Get a profile of sRGB with red and green in each other's place."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = data.replace(b"rXYZ", b"....").replace(b"gXYZ", b"rXYZ").replace(b"....", b"gXYZ")
    return swapped.replace(b"s\0R\0G\0B", b"m\0i\0n\0e")


@pytest.mark.parametrize("compression", [1, DEFLATE, LZW])
@pytest.mark.parametrize("is_planar", [False, True])
@pytest.mark.parametrize("extras", [None, (OPACITY,), (ANYTHING,)])
@pytest.mark.parametrize("dtype", DEPTHS)
def test_the_same_steps_follow_whichever_library_reads(
    dtype, extras, is_planar, compression, tmp_path
):
    """Turned, with a color profile and opacity."""
    if compression == LZW and dtype not in ("u1", "u2") or (compression == LZW and is_planar):
        pytest.importorskip("imagecodecs")
    bands = [deep(COLORS, dtype)]
    bands += [deep(ALPHA if extras == (OPACITY,) else INFRARED, dtype)] if extras else []
    stored = np.dstack(bands).swapaxes(0, 1)[::-1]  # held upright, orientation 6
    options = {"is_planar": is_planar, "compression": compression, "profile": swapped_profile()}
    data = tiff(stored, RGB, extras, orientation=[6], **options)
    colors = np.asarray(ImageCms.profileToProfile(
        Image.fromarray(COLORS), io.BytesIO(swapped_profile()), ImageCms.createProfile("sRGB")
    ))  # fmt: skip
    assert np.abs(colors - COLORS.astype(float)).mean() > 20
    near(decode(data, "x"), on_white(colors, ALPHA) if extras == (OPACITY,) else colors)
    (tmp_path / "file").write_bytes(data)
    assert read_header(str(tmp_path / "file")) == (WIDTH, HEIGHT, 1)


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("photometric", [None, BLACK_IS_0, WHITE_IS_0])
def test_gray_is_turned_whatever_its_depth(dtype, photometric):
    gray = COLORS[..., :1]
    levels = 255 - gray if photometric == WHITE_IS_0 else gray
    stored = deep(levels, dtype).swapaxes(0, 1)[::-1]
    near(decode(tiff(stored, photometric, orientation=[6]), "x"), gray)


def test_what_lies_under_transparency_does_not_count_for_the_scale():
    values = np.dstack([deep(COLORS, "u2") // 16, deep(ALPHA, "u2")])  # 12 bits
    values[:, :4, :3] = 65535
    values[:, :4, 3] = 0
    near(decode(tiff(values, RGB, (OPACITY,)), "x")[:, 4:], on_white(COLORS, ALPHA)[:, 4:])
