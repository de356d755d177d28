"""Files as they leave the computer."""

import io

import numpy as np
import pytest
from pictures import encoded, picture
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.encode import stretched_jpeg, without_metadata

PIXELS = picture(3, 90, 60)


def exif(orientation):
    found = Image.Exif()
    found[0x0112] = orientation
    found[0x010E] = "secret"
    return found


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_picture_stays_and_stays_upright(image_format, orientation):
    data = encoded(PIXELS, image_format, exif=exif(orientation))
    bare = without_metadata(data, "a")
    assert b"secret" in data
    assert b"secret" not in bare
    np.testing.assert_array_equal(decode(bare, "a"), decode(data, "a"))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True},
                                     {"subsampling": 0, "restart_marker_rows": 1}])  # fmt: skip
def test_a_jpeg_loses_comments_trailers_and_nothing_else(options):
    data = encoded(PIXELS, "JPEG", comment=b"secret", xmp=b"secret", **options)
    bare = without_metadata(data + b"secret" * 100, "a")
    assert b"secret" not in bare
    np.testing.assert_array_equal(decode(bare, "a"), decode(data, "a"))
    assert without_metadata(bare, "a") == bare


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
def test_colors_stay_right(mode):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    buffer = io.BytesIO()
    options = {"icc_profile": profile} if mode == "RGB" else {}
    Image.fromarray(PIXELS).convert(mode).save(buffer, "JPEG", **options)
    data = buffer.getvalue()
    bare = without_metadata(data, "a")
    assert (b"ICC_PROFILE" in bare) == (mode == "RGB")
    np.testing.assert_array_equal(decode(bare, "a"), decode(data, "a"))


def test_a_png_loses_its_texts():
    info = PngInfo()
    info.add_text("Author", "secret")
    info.add_itxt("Comment", "secret", zip=False)
    data = encoded(PIXELS, pnginfo=info)
    bare = without_metadata(data + b"secret", "a")
    assert b"secret" not in bare
    np.testing.assert_array_equal(decode(bare, "a"), PIXELS)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_what_can_be_read_is_the_same_and_what_cannot_never_leaves(image_format):
    data = encoded(PIXELS, image_format)
    rng = np.random.default_rng(1)
    for _ in range(60):
        changed = bytearray(data)
        for position in rng.integers(0, len(data), 4):
            changed[position] = rng.integers(256)
        damaged = bytes(changed[: rng.integers(1, len(data) + 1)])
        try:
            expected = decode(damaged, "a")
        except DecodeError:
            continue
        np.testing.assert_array_equal(decode(without_metadata(damaged, "a"), "a"), expected)
    for nothing in (b"", b"x", data[:30]):
        with pytest.raises(DecodeError):
            without_metadata(nothing, "a")


def test_the_predecessors_jpeg_is_stretched():
    image = Image.open(io.BytesIO(stretched_jpeg(encoded(PIXELS), "a", 64)))
    assert (image.format, image.size, image.mode) == ("JPEG", (64, 64), "RGB")
