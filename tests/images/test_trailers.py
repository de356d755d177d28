"""What lies behind the end of an image, or in front of it, is no part of it."""

import io

import numpy as np
import pytest
from pictures import encoded, picture
from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.encode import without_metadata
from orangecontrib.imageembedding.images.header import read_header

PIXELS = picture(7, 160, 120)
MARKERS = bytes(range(0xC0, 0x100))
TRAILERS = {
    "video": b"\0\0\0\x18ftypmp42" + b"\xff\xda\0\1" * 3000,
    "another picture": encoded(picture(8, 160, 120), "JPEG", progressive=True),
    "raw data of every marker": b"".join(bytes((0xFF, marker)) * 500 for marker in MARKERS),
    "archive": b"PK\3\4" + b"eXIf\0\1acTL" * 100,
    "zeros": bytes(5000),
    "text": b"<x:xmpmeta tiff:Orientation='6'/>",
}
FORMATS = {
    "JPEG": {}, "PNG": {}, "GIF": {}, "BMP": {}, "TIFF": {}, "WEBP": {"lossless": True},
    "AVIF": {"speed": 10}, "JPEG2000": {}, "PPM": {}, "TGA": {}, "ICO": {}, "DDS": {}, "SGI": {},
}  # fmt: skip


def huge(**options):
    """Get a JPEG of 4000 × 3000 gray pixels."""
    buffer = io.BytesIO()
    Image.new("L", (4000, 3000), 77).save(buffer, "JPEG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("image_format", FORMATS)
def test_a_trailer_changes_nothing(image_format, tmp_path):
    data = encoded(PIXELS, image_format, **FORMATS[image_format])
    (tmp_path / "plain").write_bytes(data)
    plain, header = decode(data, "x"), read_header(str(tmp_path / "plain"))
    for name, trailer in TRAILERS.items():
        if (image_format, name) == ("JPEG2000", "video"):
            continue  # boxes behind it are part of such a file
        (tmp_path / "file").write_bytes(data + trailer)
        np.testing.assert_array_equal(decode(data + trailer, name), plain)
        assert read_header(str(tmp_path / "file")) == header


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "GIF"])
def test_a_trailer_never_leaves_the_computer(image_format):
    data = encoded(PIXELS, image_format)
    bare = without_metadata(data, "x")
    assert all(without_metadata(data + trailer, "x") == bare for trailer in TRAILERS.values())


def segments_of_markers(n_bytes):
    payload = b"\xff\xda" * 30_000
    segment = b"\xff\xeb" + (len(payload) + 2).to_bytes(2, "big") + payload
    return segment * (n_bytes // len(segment))


@pytest.mark.parametrize("progressive", [False, True])
def test_markers_that_are_not_of_the_picture_are_no_scans(progressive, tmp_path):
    data = huge(progressive=progressive)
    many = {
        "behind it": data + b"\xff\xda\0\x08" * 500_000,
        "in front of it": data[:2] + segments_of_markers(2_000_000) + data[2:],
    }
    for name, file in many.items():
        (tmp_path / name).write_bytes(file)
        assert read_header(str(tmp_path / name)) == (4000, 3000, 1)
        assert (decode(file, "x", 300) == 77).all()


def test_scans_of_the_picture_are_counted_whatever_lies_around():
    data = huge(progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    bomb = data[:2] + segments_of_markers(100_000) + data[2:-2] + scan * 300 + data[-2:]
    with pytest.raises(DecodeError, match="too large: 30. scans of 4000 × 3000 pixels"):
        decode(bomb + b"\xff\xda" * 9, "x")
