import numpy as np
import pytest
from pictures import encoded, picture
from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.header import read_header


@pytest.mark.parametrize("image_format", ["PNG", "BMP", "TIFF", "PPM", "GIF", "WEBP"])
def test_one_picture_in_many_formats_gives_the_same_pixels(image_format):
    pixels = picture()
    if image_format == "GIF":
        pixels = np.asarray(Image.fromarray(pixels).quantize(64).convert("RGB"))
    options = {"lossless": True} if image_format == "WEBP" else {}
    np.testing.assert_array_equal(decode(encoded(pixels, image_format, **options), "x"), pixels)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_picture_upright(image_format, orientation, tmp_path):
    upright = picture(width=48, height=32)
    # What a camera stores when it is held that way: the inverse of each turn.
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = Image.fromarray(upright)
    if orientation in turns:
        stored = stored.transpose(turns[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95, "subsampling": 0} if image_format == "JPEG" else {}
    if image_format == "WEBP":
        options = {"lossless": True}
    path = tmp_path / "turned"
    stored.save(path, image_format, exif=exif, **options)

    decoded = decode(path.read_bytes(), "x")

    assert decoded.shape == upright.shape
    assert np.abs(decoded.astype(int) - upright).mean() <= (2 if image_format == "JPEG" else 0)
    assert read_header(str(path)) == (48, 32, 1)


def test_what_lies_hidden_under_transparency_never_shows():
    pixels = picture()
    for hidden in (0, 99, 255):
        rgba = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
        rgba[:, :24] = hidden
        rgba[:, :24, 3] = 0
        decoded = decode(encoded(rgba), "x")
        assert (decoded[:, :24] == 255).all()
        np.testing.assert_array_equal(decoded[:, 24:], pixels[:, 24:])


def test_gray_with_alpha_lies_on_white():
    gray_alpha = np.full((4, 4, 2), (0, 128), np.uint8)
    assert np.abs(decode(encoded(gray_alpha), "x").astype(int) - 127).max() <= 1


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_sixteen_bit_gray_is_scaled_not_clipped(bits):
    gray = picture()[..., 0].astype(np.uint16)
    deep = (gray.astype(float) / 255 * (2**bits - 1)).round().astype(np.uint16)
    deep[0, 0] = 2**bits - 1
    decoded = decode(encoded(deep), "x")[..., 0]
    assert np.abs(decoded[1:].astype(int) - gray[1:]).max() <= 1


def test_float_pixels_are_scaled_and_nan_poisons_nothing():
    values = np.linspace(-5, 5, 12, dtype=np.float32).reshape(3, 4)
    values[0, 0] = np.nan
    values[0, 1] = np.inf
    decoded = decode(encoded(values, "TIFF"), "x")[..., 0]
    assert decoded[0, 0] == 0
    assert decoded[0, 1] == 255
    assert decoded[2, 3] == 255
    assert (np.diff(decoded.ravel()[2:].astype(int)) > 0).all()


def test_a_constant_deep_image_is_fine():
    assert (decode(encoded(np.full((3, 3), 7.0, np.float32), "TIFF"), "x") == 0).all()


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("kept", [0.9, 0.5, 0.1])
def test_a_cut_file_is_an_error_not_a_gray_image(image_format, kept):
    data = encoded(picture(width=200, height=200), image_format)
    with pytest.raises(DecodeError, match="damaged|empty|header|not an image"):
        decode(data[: int(len(data) * kept)], "cut.jpg")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"Dear diary", "not an image: text"),
        (b"<!DOCTYPE html><html>", "not an image: HTML page"),
        (b"%PDF-1.4", "PDF is not supported; save its pages as PNG"),
        (b"<svg xmlns='x'/>", "SVG is not supported; export it as PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "EPS. is not supported"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "damaged image"),
        (b"\0\1\2\3", "not an image, or of an unknown format"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
    ],
)
def test_what_is_no_image_is_said_by_name(data, reason):
    with pytest.raises(DecodeError, match=reason) as caught:
        decode(data, "file.jpg")
    assert caught.value.location == "file.jpg"


def test_the_content_counts_not_the_extension(tmp_path):
    path = tmp_path / "really-a-png.jpg"
    path.write_bytes(encoded(picture()))
    assert read_header(str(path)) == (48, 32, 1)
    np.testing.assert_array_equal(decode(path.read_bytes(), str(path)), picture())


def test_a_bomb_is_refused_from_its_header(tmp_path):
    header = bytearray(encoded(np.zeros((1, 1), np.uint8), "BMP"))
    header[18:26] = (60000).to_bytes(4, "little") * 2
    path = tmp_path / "bomb.bmp"
    path.write_bytes(header)
    with pytest.raises(DecodeError, match="megapixels"):
        decode(bytes(header), "bomb")
    with pytest.raises(DecodeError, match="megapixels"):
        read_header(str(path))
