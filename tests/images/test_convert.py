"""Files of another format or size: what is kept, what must be lost, what stays as it is."""

import io
import re
import struct
from itertools import product

import numpy as np
import pytest
import tifffile
from pictures import encoded, picture
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.convert import Conversion, convert
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.encoders import encode
from orangecontrib.imageembedding.images.formats import FORMATS
from orangecontrib.imageembedding.images.stored import Metadata, Stored, read_stored

DEPTHS = ["u1", "u2", "i4", "u4", "f4", "f8"]
MODES = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# With red and green in each other's place.
OTHER_PROFILE = PROFILE.replace(b"rXYZ", b"....").replace(b"gXYZ", b"rXYZ")
OTHER_PROFILE = OTHER_PROFILE.replace(b"....", b"gXYZ").replace(b"s\0R\0G\0B", b"m\0i\0n\0e")


def values_of(depth, n_channels, height=5, width=7):
    rng = np.random.default_rng(3)
    values = rng.random((height, width, n_channels))
    if depth == "?":
        return values > 0.5
    full = np.iinfo(depth).max if depth[0] in "ui" else 1
    return (values * full).astype(depth)


def pdf_picture(data):
    """Get the picture in a PDF file; other files as they are."""
    found = re.search(rb"(\xff\xd8\xff.*\xff\xd9)\nendstream", data, re.DOTALL)
    return found[1] if found else data


def exif_bytes(orientation=1):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", orientation
    exif[0x8769] = {0x9286: b"note", 0x829A: 0.5}
    return exif.tobytes()


@pytest.mark.parametrize(("depth", "mode"), [("?", "L"), *product(DEPTHS, MODES)])
@pytest.mark.parametrize("name", ["TIFF", "PNG"])
def test_depth_and_channels_stay_where_the_format_has_them(depth, mode, name):
    stored = Stored(values_of(depth, MODES[mode]), mode)
    is_kept = name == "TIFF" or (depth in ("?", "u1", "u2") and mode != "CMYK")
    tiff = encode(stored, "TIFF")
    data, ending = convert(tiff, "a.tif", Conversion(name, size=None))
    back = read_stored(data, "a")
    assert ending == FORMATS[name].ending
    if is_kept:
        assert (back.values.dtype, back.mode) == (stored.values.dtype, mode)
        np.testing.assert_array_equal(back.values, stored.values)
    else:
        assert back.values.dtype == np.uint8
        assert back.mode == ("RGB" if mode == "CMYK" else mode)


def test_a_photo_of_a_phone_is_upright_with_its_metadata():
    pillow_heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    image = Image.fromarray(picture(1, 64, 32))
    pillow_heif.from_pillow(image).save(buffer, quality=95, exif=exif_bytes())
    new, ending = convert(buffer.getvalue(), "a.heic", Conversion("JPEG"))
    assert ending == ".jpg"
    assert Image.open(io.BytesIO(new)).getexif()[0x010F] == "Maker"
    assert np.abs(decode(new, "a") - picture(1, 64, 32).astype(int)).mean() < 6
    assert convert(buffer.getvalue(), "http://x/a?b=c.png", Conversion())[1] == ".heic"


def test_what_is_written_is_read_by_other_programs_too():
    values = values_of("u2", 3)
    for name, read in (("TIFF", tifffile.imread), ("PNG", None)):
        data = encode(Stored(values, "RGB"), name)
        if read is not None:
            np.testing.assert_array_equal(read(io.BytesIO(data)), values)
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), values >> 8)


def lzw(content):
    """Compress in the way of TIFF, for which tifffile needs imagecodecs; nothing gets smaller."""
    codes = []
    for start in range(0, len(content), 200):
        codes += [256, *content[start : start + 200]]
    bits = (np.array([*codes, 257])[:, None] >> np.arange(8, -1, -1)) & 1
    return np.packbits(bits.astype(np.uint8)).tobytes()


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", [1, 6])
def test_16_bits_are_all_read_also_where_pillow_alone_can_unpack_them(order, orientation):
    values = values_of("u2", 3)
    strip = lzw(values.astype(f"{order}u2").tobytes())
    tags = ImageFileDirectory_v2(b"II*\0\0\0\0\0" if order == "<" else b"MM\0*\0\0\0\0")
    for tag, value in {
        256: 7, 257: 5, 258: (16, 16, 16), 259: 5, 262: 2, 273: 0, 274: orientation, 277: 3, 278: 5,
        279: len(strip),
    }.items():  # fmt: skip
        tags[tag] = value
    header = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8)
    stored = read_stored(header + tags.tobytes(8) + strip, "a")
    expected = values if orientation == 1 else np.rot90(values, -1)
    np.testing.assert_array_equal(stored.values, expected)


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_changes_where_nothing_is_to_be_changed(name):
    data = encode(Stored(values_of("u1", 3), "RGB"), name)
    if name == "PDF":
        with pytest.raises(DecodeError, match="PDF is not supported"):
            convert(data, "a.pdf", Conversion())
        return
    for conversion in (Conversion(), Conversion(name)):
        assert convert(data, "a.x", conversion) == (data, FORMATS[name].ending)
    assert convert(data, "a.JPeG", Conversion()) == (data, ".JPeG")


@pytest.mark.parametrize("name", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_profile_and_metadata_go_along_unless_they_are_to_be_stripped(source, name):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="6"/></x:xmpmeta>'
    metadata = Metadata(exif_bytes().removeprefix(b"Exif\0\0"), xmp, (300.0, 300.0))
    stored = Stored(values_of("u1", 3, 64, 48), "RGB", OTHER_PROFILE, metadata)
    data = encode(stored, source)
    new, _ = convert(data, "a", Conversion(name, size=(24, 32)))
    back = read_stored(new, "a")
    image = Image.open(io.BytesIO(new))
    assert image.size == (24, 32)
    assert back.profile == OTHER_PROFILE
    assert image.getexif()[0x010F] == "Maker"
    assert image.getexif().get_ifd(0x8769)[0x829A] == 0.5
    assert b"xmpmeta" in back.metadata.xmp
    assert b'tiff:Orientation="1"' in back.metadata.xmp
    if "WEBP" not in (source, name):
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    for size in (None, (24, 32)):
        bare, _ = convert(data, "a", Conversion(name, size=size, keeps_metadata=False))
        told = read_stored(bare, "a")
        assert b"Maker" not in bare
        assert b"xmpmeta" not in bare
        assert told.profile == OTHER_PROFILE


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_pictures_stay_upright(name, orientation):
    data = encoded(picture(1, 60, 40), "JPEG", exif=exif_bytes(orientation), quality=95)
    new, _ = convert(data, "a.jpg", Conversion(name, size=(30, 30)))
    new = pdf_picture(new)
    expected = decode(data, "a")
    shown = decode(new, "a").astype(int)
    height, width = expected.shape[:2]
    small = Image.fromarray(expected).resize(
        (30, 20) if width > height else (20, 30), Image.Resampling.LANCZOS
    )
    assert np.abs(shown - np.asarray(small)).mean() < 6
    assert Image.open(io.BytesIO(new)).getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize(
    ("name", "color", "corner"),
    [
        ("PNG", (255, 0, 0, 0), None),
        ("TIFF", (255, 0, 0, 0), None),
        ("WEBP", (255, 0, 0, 0), None),
        ("GIF", None, None),
        ("JPEG", None, (255, 255, 255)),
        ("BMP", None, (255, 255, 255)),
    ],
)
def test_opacity_stays_or_becomes_white(name, color, corner):
    values = np.zeros((16, 16, 4), np.uint8)
    values[...] = 255, 0, 0, 0
    values[8:] = 0, 128, 0, 255
    new, _ = convert(encoded(values), "a.png", Conversion(name))
    image = Image.open(io.BytesIO(new))
    if corner is not None:
        assert np.abs(np.subtract(image.getpixel((0, 0)), corner)).max() <= 1
    else:
        assert image.convert("RGBA").getpixel((0, 0))[3] == 0
        assert image.convert("RGBA").getpixel((0, 15)) == (0, 128, 0, 255)
    if color is not None:
        assert image.convert("RGBA").getpixel((0, 0)) == color


def test_hidden_colors_do_not_show_at_edges_after_scaling():
    for depth in (np.uint8, np.uint16):
        full = np.iinfo(depth).max
        values = np.zeros((20, 20, 4), depth)
        values[:, :10] = 0, 0, full, full
        values[:, 10:] = full, 0, 0, 0
        tiff = encode(Stored(values, "RGBA"), "TIFF")
        small = read_stored(convert(tiff, "a", Conversion(size=(7, 7)))[0], "a").values
        seen = small[..., 3] > full // 100
        assert small.dtype == depth
        assert small[..., 0][seen].max() <= full // 100
        assert small[..., 2][seen].min() >= full - full // 100


@pytest.mark.parametrize(
    ("fit", "size", "expected"),
    [
        ("stretch", (30, 30), (30, 30)),
        ("crop", (30, 30), (30, 30)),
        ("fit", (30, 30), (30, 15)),
        ("fit", (200, 300), (200, 100)),
        ("fit", (1, 1), (1, 1)),
        ("crop", (10, 300), (10, 300)),
    ],
)
def test_sizes(fit, size, expected):
    data = encoded(picture(2, 60, 30))
    new, _ = convert(data, "a.png", Conversion(size=size, fit=fit))
    assert Image.open(io.BytesIO(new)).size == expected


def test_a_crop_is_the_middle():
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 200
    new, _ = convert(encoded(pixels), "a.png", Conversion(size=(10, 10), fit="crop"))
    assert decode(new, "a").min() == 200


def test_a_gif_has_the_very_colors_if_there_are_few():
    rng = np.random.default_rng(0)
    colors = rng.integers(0, 256, (200, 3), np.uint8)
    pixels = colors[rng.integers(0, 200, (30, 40))]
    new, _ = convert(encoded(pixels), "a.png", Conversion("GIF"))
    np.testing.assert_array_equal(decode(new, "a"), pixels)


@pytest.mark.parametrize("name", ["BMP", "GIF", "PNG", "WEBP", "PDF"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK"])
def test_colors_are_converted_where_no_profile_can_go_along(mode, name):
    buffer = io.BytesIO()
    profile = None if mode == "CMYK" else OTHER_PROFILE
    Image.fromarray(picture(3)).convert(mode).save(buffer, "TIFF", icc_profile=profile)
    shown = decode(buffer.getvalue(), "a").astype(int)
    assert (np.abs(shown - picture(3)).mean() > 20) == (mode != "CMYK")
    new = pdf_picture(convert(buffer.getvalue(), "a.tif", Conversion(name))[0])
    assert np.abs(decode(new, "a") - shown).mean() < (7 if name in ("GIF", "PDF") else 0.5)


def test_quality_makes_a_jpeg_anew():
    data = encoded(picture(1, 200, 200), "JPEG", quality=95)
    assert convert(data, "a.jpg", Conversion("JPEG"))[0] == data
    assert len(convert(data, "a.jpg", Conversion("JPEG", quality=20))[0]) < len(data) / 2


def test_a_pdf_has_a_page_of_the_size_of_the_picture():
    new, ending = convert(encoded(picture(1, 72, 36)), "a.png", Conversion("PDF"))
    assert ending == ".pdf"
    assert b"/MediaBox [0 0 72.000 36.000]" in new
    start = int(re.search(rb"startxref\n(\d+)", new)[1])
    assert new[start : start + 4] == b"xref"
    for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n", new), start=1):
        assert new[int(place) :].startswith(b"%d 0 obj" % number)


@pytest.mark.parametrize(
    ("data", "conversion", "reason"),
    [
        (b"<html>", Conversion(), "HTML"),
        (b"", Conversion(), "empty"),
        (encoded(picture(1))[:200], Conversion("TIFF"), "damaged"),
        (encoded(picture(1)), Conversion(size=(9_000, 9_000), fit="crop"), "too large"),
        (encoded(picture(1)), Conversion("WEBP", size=(20_000, 10), fit="stretch"), "WEBP"),
        (struct.pack("<2sHI", b"II", 42, 8), Conversion("PNG"), "damaged"),
    ],
)
def test_what_cannot_be_written_has_a_reason(data, conversion, reason):
    with pytest.raises(DecodeError, match=reason):
        convert(data, "a.png", conversion)


@pytest.mark.parametrize(
    "options",
    [{"format": "SVG"}, {"quality": 0}, {"quality": 101}, {"size": (0, 5)}, {"fit": "tile"}],
)
def test_what_makes_no_sense_is_refused(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))} must be"):
        Conversion(**options)
