"""JPEG XL."""

import io

import numpy as np
import pytest
from pictures import encoded, picture
from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.encode import without_metadata
from orangecontrib.imageembedding.images.header import read_header
from orangecontrib.imageembedding.images.jxl import _Bits, read_jxl_size

pytest.importorskip("pillow_jxl")
PIXELS = picture(31, 72, 48)


def jxl(pixels, **options):
    return encoded(pixels, "JXL", **{"lossless": True, **options})


@pytest.mark.parametrize("options", [{}, {"use_container": True}, {"effort": 3}])
def test_colors_gray_and_opacity(options, tmp_path):
    alpha = np.linspace(0, 255, 72).astype(np.uint8)[None].repeat(48, 0)
    weight = alpha[..., None] / 255
    for pixels, expected in (
        (PIXELS, PIXELS),
        (PIXELS[..., 0], PIXELS[..., :1]),
        (np.dstack([PIXELS, alpha]), PIXELS * weight + 255 * (1 - weight)),
        (np.dstack([PIXELS[..., 0], alpha]), PIXELS[..., :1] * weight + 255 * (1 - weight)),
    ):
        data = jxl(pixels, **options)
        (tmp_path / "file").write_bytes(data)
        assert np.abs(decode(data, "x") - expected).max() <= 2
        assert read_header(str(tmp_path / "file")) == (72, 48, 1)
        np.testing.assert_array_equal(decode(without_metadata(data, "x"), "x"), decode(data, "x"))


def shown(light):
    """Get sRGB levels of light from 0 to 1; the profile of deep files says that they are light."""
    curved = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return 255 * curved


@pytest.mark.parametrize("bits", [12, 16])
def test_deep_gray_is_scaled_not_clipped(bits):
    gray = PIXELS[..., 0].copy()
    gray[0, 0] = 255
    deep = np.rint(gray / 255 * (2**bits - 1)).astype(np.uint16)
    assert np.abs(decode(jxl(deep), "x")[..., 0] - shown(gray / 255)).mean() <= 1


def test_floats_are_scaled_from_smallest_to_largest():
    values = PIXELS[..., 0].astype(np.float32) / 255
    low, high = values.min(), values.max()
    expected = shown((values - low) / (high - low))
    assert np.abs(decode(jxl(values), "x")[..., 0] - expected).mean() <= 1


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_jpeg_packed_without_loss_is_that_jpeg(orientation, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(picture(1, 640, 480), "JPEG", exif=exif))
    buffer = io.BytesIO()
    with Image.open(path) as image:
        image.save(buffer, "JXL", lossless_jpeg=True)
    (tmp_path / "photo.jxl").write_bytes(buffer.getvalue())
    np.testing.assert_array_equal(decode(buffer.getvalue(), "x"), decode(path.read_bytes(), "x"))
    assert (
        decode(buffer.getvalue(), "x", at_least_px=100).shape
        == decode(path.read_bytes(), "x", 100).shape
    )
    assert read_header(str(tmp_path / "photo.jxl")) == read_header(str(path))


SIZES = [
    (1, 1),
    (8, 8),
    (40, 48),
    (256, 256),
    (257, 3),
    (600, 500),
    (640, 480),
    (1280, 720),
    (300, 9000),
]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_size_is_read_from_the_first_bits(width, height):
    data = jxl(np.zeros((height, width), np.uint8), effort=1)
    assert read_jxl_size(data, "x") == (width, height, 1)
    assert decode(data, "x").shape == (height, width, 3)


def test_a_claim_that_is_too_large_is_refused_before_it_is_decoded(monkeypatch, tmp_path):
    import pillow_jxl

    monkeypatch.setattr(pillow_jxl, "Decoder", lambda **_: pytest.fail("decoded"))
    # Not small; a height of 2**30 in 30 bits; ratio 1:1.
    bits = 0 | 3 << 1 | (2**30 - 1) << 3 | 1 << 33
    data = b"\xff\x0a" + bits.to_bytes(8, "little") + bytes(50)
    (tmp_path / "file").write_bytes(data)
    for call in (lambda: decode(data, "x"), lambda: read_header(str(tmp_path / "file"))):
        with pytest.raises(DecodeError, match="too large: 1073741824 × 1073741824"):
            call()


@pytest.mark.parametrize("kept", [2, 5, 12, 0.3, 0.9])
@pytest.mark.parametrize("options", [{}, {"use_container": True}])
def test_a_cut_file_is_an_error(kept, options):
    data = jxl(PIXELS, **options)
    with pytest.raises(DecodeError, match="damaged image|not an image"):
        decode(data[: kept if isinstance(kept, int) else int(len(data) * kept)], "x")


def test_bits_are_read_from_the_lowest():
    bits = _Bits(bytes([0b10110101, 0b1]))
    assert [bits.read(1), bits.read(3), bits.read(4), bits.read(2)] == [1, 0b010, 0b1011, 1]
    assert not bits.is_at_end
    assert bits.read(9) == 0
    assert bits.is_at_end
