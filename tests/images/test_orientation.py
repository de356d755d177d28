"""However a camera was held: the same upright picture, header and thumbnail, in every format.

What each library turns by itself is a claim about it that an upgrade may break.
"""

import io

import numpy as np
import pytest
import tifffile
from pictures import encoded, picture
from PIL import Image

from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.header import read_header
from orangecontrib.imageembedding.images.thumbnail import thumbnail

UPRIGHT = picture(5, 64, 48)
# What a camera stores when it is held that way: the inverse of each turn.
STORED = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels.swapaxes(0, 1)[::-1],
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: pixels.swapaxes(0, 1)[:, ::-1],
}


def exif(orientation):
    found = Image.Exif()
    found[0x0112] = orientation
    return found


def by_pillow(image_format, **options):
    return lambda pixels, turn: encoded(pixels, image_format, exif=exif(turn), **options)


def by_tifffile(dtype, photometric="rgb", **options):
    def write(pixels, turn):
        pixels = pixels if photometric == "rgb" else pixels[..., 0]
        values = pixels.astype(dtype) * (257 if dtype is np.uint16 else 1)
        buffer = io.BytesIO()
        tag = (274, "H", 1, turn, True)
        tifffile.imwrite(
            buffer, values, photometric=photometric, metadata=None, extratags=[tag], **options
        )
        return buffer.getvalue()

    return write


def heic(pixels, turn, container=True):
    """Get a file whose turn is told by the container and by EXIF, or by EXIF alone."""
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    tags = exif(turn if container else 1).tobytes()
    buffer = io.BytesIO()
    try:
        Image.fromarray(pixels).save(buffer, "HEIF", exif=tags, quality=95)
    except Exception:  # noqa: BLE001
        pytest.skip("this pillow-heif cannot write")
    data = buffer.getvalue()
    assert tags in data
    assert (b"irot" in data or b"imir" in data) == (container and turn != 1)
    return data if container else data.replace(tags, exif(turn).tobytes())


FORMATS = {
    "JPEG": (by_pillow("JPEG", quality=97, subsampling=0), 3),
    "MPO": (by_pillow("MPO", quality=97, subsampling=0), 3),
    "PNG": (by_pillow("PNG"), 0),
    "WEBP": (by_pillow("WEBP", lossless=True), 0),
    "AVIF": (by_pillow("AVIF", quality=98, subsampling="4:4:4", speed=10), 3),
    "HEIC": (heic, 5),
    "HEIC of Samsung": (lambda pixels, turn: heic(pixels, turn, container=False), 5),
    "TIFF": (by_pillow("TIFF"), 0),
    "TIFF LZW": (by_pillow("TIFF", compression="tiff_lzw"), 0),
    "TIFF 16 bits": (by_tifffile(np.uint16), 1),
    "TIFF 16 bits gray": (by_tifffile(np.uint16, "minisblack"), 1),
    "TIFF float": (by_tifffile(np.float32), 1),
    "TIFF float64 gray": (by_tifffile(np.float64, "minisblack"), 1),
    "TIFF 32 bits": (by_tifffile(np.uint32), 1),
    "BigTIFF": (by_tifffile(np.uint16, bigtiff=True), 1),
}


def expected(name):
    """Get the upright picture as the format's depth and colors give it."""
    pixels = UPRIGHT[..., :1].repeat(3, axis=2) if "gray" in name else UPRIGHT
    if "float" not in name and "32" not in name:
        return pixels.astype(float)
    low, high = float(pixels.min()), float(pixels.max())
    return (pixels - low) / (high - low) * 255


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", FORMATS)
def test_the_picture_its_header_and_its_thumbnail_are_upright(name, orientation, tmp_path):
    write, tolerance = FORMATS[name]
    data = write(np.ascontiguousarray(STORED[orientation](UPRIGHT)), orientation)
    path = tmp_path / "turned"
    path.write_bytes(data)
    for pixels in (decode(data, "x"), decode(data, "x", 8)[: 1 << 10], thumbnail(str(path), 64)):
        assert pixels.shape == UPRIGHT.shape or name in ("JPEG", "MPO")
        if pixels.shape == UPRIGHT.shape:
            assert np.abs(pixels - expected(name)).mean() <= tolerance
    assert read_header(str(path)) == (64, 48, 1)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_a_turn_that_does_not_exist_is_none(name, orientation, tmp_path):
    if "HEIC" in name or name == "TIFF LZW":
        pytest.skip("cannot be written")
    write, tolerance = FORMATS[name]
    data = write(UPRIGHT, orientation)
    (tmp_path / "file").write_bytes(data)
    assert np.abs(decode(data, "x") - expected(name)).mean() <= tolerance
    assert read_header(str(tmp_path / "file")) == (64, 48, 1)
