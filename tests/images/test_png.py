"""Every kind of PNG gives one picture: colors × depth × hidden color × interlacing."""

import struct
import zlib

import numpy as np
import pytest
from pictures import picture

from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.encode import without_metadata
from orangecontrib.imageembedding.images.header import read_header

HEIGHT, WIDTH = 24, 40
COLORS = picture(21, WIDTH, HEIGHT).copy()
ALPHA = np.linspace(0, 255, WIDTH).round().astype(np.uint8)[None].repeat(HEIGHT, axis=0)
COLOR_TYPES = {"gray": 0, "rgb": 2, "gray alpha": 4, "rgba": 6}
# Start and step of rows, then of columns, of each pass.
ADAM7 = (
    (0, 8, 0, 8),
    (0, 8, 4, 8),
    (4, 8, 0, 4),
    (0, 4, 2, 4),
    (2, 4, 0, 2),
    (0, 2, 1, 2),
    (1, 2, 0, 1),
)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(values, kind, bits, hidden=None, is_interlaced=False):
    """Get a file of (height, width, n) values; `hidden` is the value that is transparent."""
    height, width, _ = values.shape
    passes = [values]
    if is_interlaced:
        passes = [values[y::down, x::right] for y, down, x, right in ADAM7]
    rows = [
        b"\0" + row.astype(f">u{bits // 8}").tobytes()
        for part in passes
        if part.size
        for row in part
    ]
    ihdr = struct.pack(">IIBBBBB", width, height, bits, COLOR_TYPES[kind], 0, 0, is_interlaced)
    trns = b"" if hidden is None else chunk(b"tRNS", struct.pack(f">{len(hidden)}H", *hidden))
    body = chunk(b"IHDR", ihdr) + trns + chunk(b"IDAT", zlib.compress(b"".join(rows)))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def colors_of(kind):
    return COLORS[..., :1] if "gray" in kind else COLORS


def near(decoded, expected, tolerance=2):
    assert (
        np.abs(decoded - np.broadcast_to(expected, decoded.shape).astype(float)).max() <= tolerance
    )


@pytest.mark.parametrize("is_interlaced", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", COLOR_TYPES)
def test_colors_and_opacity_of_every_depth(kind, bits, is_interlaced, tmp_path):
    colors, scale = colors_of(kind), 257 if bits == 16 else 1
    has_alpha = kind in ("gray alpha", "rgba")
    bands = np.dstack([colors, ALPHA]) if has_alpha else colors
    data = png(bands.astype(int) * scale, kind, bits, is_interlaced=is_interlaced)
    weight = ALPHA[..., None] / 255 if has_alpha else 1
    near(decode(data, "x"), colors * weight + 255 * (1 - weight))
    (tmp_path / "file").write_bytes(data)
    assert read_header(str(tmp_path / "file")) == (WIDTH, HEIGHT, 1)
    np.testing.assert_array_equal(decode(without_metadata(data, "x"), "x"), decode(data, "x"))


@pytest.mark.parametrize("is_interlaced", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", ["gray", "rgb"])
def test_a_hidden_color_is_white(kind, bits, is_interlaced):
    values = colors_of(kind).astype(int) * (257 if bits == 16 else 1)
    hidden = [1, 2, 3][: values.shape[2]]
    values[:, :10] = hidden
    values[0, 0] = [value + 1 for value in hidden]  # of 16 bits, another color
    decoded = decode(png(values, kind, bits, hidden, is_interlaced), "x")
    near(decoded[1:, :10], 255, 0)
    near(decoded[:, 10:], colors_of(kind)[:, 10:])
    assert decoded[0, 0].max() <= 4


@pytest.mark.parametrize("bits", [9, 10, 12, 14, 16])
@pytest.mark.parametrize("kind", COLOR_TYPES)
def test_cameras_that_use_fewer_of_16_bits_give_no_dark_pictures(kind, bits):
    colors = colors_of(kind).copy()
    colors[0, 0] = 255
    n_bits = next(n for n in (10, 12, 14, 16) if bits <= n)
    levels = np.rint(colors / 255 * (2**bits - 1)).astype(int)
    bands = (
        np.dstack([levels, np.full(ALPHA.shape, 65535)])
        if "a" in kind[3:] and kind != "gray"
        else levels
    )
    expected = levels / (2**n_bits - 1) * 255
    near(decode(png(bands, kind, 16), "x"), expected, 1)


@pytest.mark.parametrize("kind", ["gray", "rgb", "rgba", "gray alpha"])
def test_what_is_hidden_does_not_count_for_the_scale(kind):
    levels = colors_of(kind).astype(int) * 16  # 12 bits
    levels[0, 0] = 4095
    expected = levels / 4095 * 255
    levels[:, :6] = 65535
    levels[0, 8] = 4095
    expected[0, 8] = 255
    hidden = None
    if "alpha" in kind or kind == "rgba":
        opacity = np.full(ALPHA.shape, 65535)
        opacity[:, :6] = 0
        levels = np.dstack([levels, opacity])
    else:
        hidden = [65535] * levels.shape[2]
    near(decode(png(levels, kind, 16, hidden), "x")[:, 6:], expected[:, 6:], 1)
