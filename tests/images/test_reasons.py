"""A reason names the format, whether it is damage or lack of support, and the way on."""

import io
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
from pictures import encoded, picture
from tiffs import tiff

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images import tiff as tiff_module
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.header import read_header
from orangecontrib.imageembedding.images.unread import UNREAD

PIXELS = picture(9, 160, 120)
FORMATS = {
    "JPEG": {}, "PNG": {}, "GIF": {}, "BMP": {}, "TIFF": {"compression": "tiff_lzw"}, "WEBP": {},
    "AVIF": {"speed": 10}, "JPEG2000": {}, "TGA": {}, "ICO": {}, "SGI": {}, "PCX": {}, "PPM": {},
    "QOI": {}, "DDS": {}, "JXL": {}, "HEIF": {},
}  # fmt: skip
NAMES = {"WEBP": "WebP", "JPEG2000": "JPEG 2000", "JXL": "JPEG XL", "HEIF": "HEIC"}
WORDS_OF_LIBRARIES = (
    "decoder error", "int()", "argument", "NoneType", "codec", "object", "buffer", "stream",
    "Corrupt", "libjpeg", "Traceback", "index out", "unpack requires", "list index", "bytes-like",
    "Please build", "DOS attack", "byte(s)",
)  # fmt: skip


def written(image_format):
    if image_format == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    if image_format == "JXL":
        pytest.importorskip("pillow_jxl")
    try:
        return encoded(PIXELS, image_format, **FORMATS[image_format])
    except Exception:  # noqa: BLE001
        pytest.skip("cannot be written here")


def reasons(data, path):
    """Get what both readers say; None for what is read."""
    path.write_bytes(data)
    found = []
    for read, argument in ((lambda data: decode(data, "x"), data), (read_header, str(path))):
        try:
            read(argument)
            found.append(None)
        except DecodeError as error:
            found.append(error.reason)
    return found


@pytest.mark.parametrize("image_format", FORMATS)
def test_of_a_cut_or_overwritten_file_the_format_is_named_and_no_library_speaks(
    image_format, tmp_path
):
    data = written(image_format)
    name = NAMES.get(image_format, image_format)
    rng = np.random.default_rng(1)
    damaged = [data[: int(len(data) * part)] for part in (0.05, 0.3, 0.6, 0.95)]
    damaged += [
        data[:at] + rng.bytes(60) + data[at + 60 :] for at in rng.integers(8, len(data), 30)
    ]
    said = {reason for file in damaged for reason in reasons(file, tmp_path / "file")} - {None}
    assert said
    for reason in said:
        assert not [word for word in WORDS_OF_LIBRARIES if word.lower() in reason.lower()], reason
        known = ("megapixels", "checksum", "the file is cut", "TIFF directory", "no picture inside")
        assert (
            name in reason
            or any(words in reason for words in known)
            or "not an image" in reason
            or "claims" in reason
            or "scans" in reason
            or " pixels" in reason
        ), reason


@pytest.mark.parametrize("image_format", ["AVIF", "HEIF"])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_cut_photo_of_a_phone_is_no_video(image_format, part):
    data = written(image_format)
    with pytest.raises(
        DecodeError, match=f"damaged image: the {NAMES.get(image_format, image_format)} file is cut"
    ):
        decode(data[: int(len(data) * part)], "x")


@pytest.mark.parametrize("kind", UNREAD, ids=[kind.files for kind in UNREAD])
def test_what_is_not_read_is_named_with_the_way_on(kind, tmp_path):
    for where in kind.starts:
        at, start = where if isinstance(where, tuple) else (0, where)
        for variant in {start, start.upper()} if not at else {start}:
            data = (bytes(at) + variant).ljust(600, b"\1")
            if kind.files == "JPEG-LS" and variant != start:
                continue
            assert reasons(data, tmp_path / "file") == [kind.reason] * 2
    way_on = ("export", "save", "unpack", "not an image")
    assert any(words in kind.reason for words in way_on)


@pytest.mark.parametrize(("start", "words"), [
    (b"<?xml version='1.0'?>\n<!-- drawn by hand -->\n<svg xmlns='x'>", "SVG is not supported"),
    (b"\xef\xbb\xbf  <svg width='1'>", "SVG is not supported"),
    (b"<?xml version='1.0'?><plist/>", "SVG and other XML"),
    (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "not an image: video"),
    (b"\0\0\0\x18ftypqt  \0\0\0\0qt  ", "not an image: video"),
    (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "raw photo of a camera"),
])  # fmt: skip
def test_kinds_that_begin_alike_are_told_apart(start, words, tmp_path):
    assert all(words in reason for reason in reasons(start.ljust(600, b"\0"), tmp_path / "file"))


FLOATS = picture(10).astype(np.float32)
COMPRESSIONS = {5: "LZW", 7: "JPEG", 34712: "JPEG 2000", 50000: "Zstandard", 50001: "WebP"}


def test_a_compression_that_needs_a_package_names_package_and_extra(tmp_path):
    for compression in COMPRESSIONS:
        (tmp_path / str(compression)).write_bytes(tiff(FLOATS, 2, tags={259: [compression]}))
    code = f"""
import sys
sys.modules["imagecodecs"] = None
from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.decode import decode
for compression in {list(COMPRESSIONS)}:
    try:
        decode(open(str(compression), "rb").read(), "x")
    except DecodeError as error:
        print(error.reason)
"""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONIOENCODING": "utf-8",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=True
    )
    lines = done.stdout.decode().splitlines()
    assert [tiff_module.needs_imagecodecs(compression) for compression in COMPRESSIONS] == lines
    for name, line in zip(COMPRESSIONS.values(), lines, strict=True):
        assert name in line
        assert 'pip install "Orange3-ImageEmbedding[tiff]"' in line


def test_webp_inside_a_tiff_is_read_or_named():
    buffer = io.BytesIO()
    tifffile = pytest.importorskip("tifffile")
    pytest.importorskip("imagecodecs")
    tifffile.imwrite(buffer, PIXELS, photometric="rgb", compression="webp",
                     compressionargs={"lossless": True})  # fmt: skip
    np.testing.assert_array_equal(decode(buffer.getvalue(), "x"), PIXELS)


def test_lzw_of_floats_is_read_with_the_extra():
    tifffile = pytest.importorskip("tifffile")
    pytest.importorskip("imagecodecs")
    for options in ({}, {"predictor": True}):
        for bands in (3, 4, 5):
            values = np.dstack([PIXELS, PIXELS])[..., :bands].astype(np.float32)
            buffer = io.BytesIO()
            tifffile.imwrite(buffer, values, photometric="rgb", compression="lzw",
                             extrasamples=[0] * (bands - 3), **options)  # fmt: skip
            low, high = float(PIXELS.min()), float(PIXELS.max())
            expected = (PIXELS - low) / (high - low) * 255
            assert np.abs(decode(buffer.getvalue(), "x") - expected).max() <= 1


def test_lossless_jpeg_is_named():
    frame = struct.pack(">BBHBHHB", 0xFF, 0xC3, 17, 8, 120, 160, 3) + bytes(
        (1, 17, 0, 2, 17, 0, 3, 17, 0)
    )
    data = encoded(PIXELS, "JPEG")
    at = data.index(b"\xff\xc0")
    with pytest.raises(DecodeError, match="lossless JPEG is not supported; export it as PNG"):
        decode(data[:at] + frame + data[at + 19 :], "x")


def test_a_missing_package_of_jpeg_xl_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pillow_jxl", None)
    with pytest.raises(DecodeError, match="needs the package pillow-jxl-plugin"):
        decode(b"\xff\x0a\xcb\x06" + bytes(60), "x")
