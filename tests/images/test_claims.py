"""A size that a file claims and cannot hold takes no memory, in any format."""

import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pictures import encoded, picture
from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.claims import MAX_PIXELS_PER_BYTE
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.header import read_header

WIDTH, HEIGHT = 7000, 7000
MAX_GROWN_MB = 40


def blp(width, height):
    start = b"BLP2" + struct.pack("<I4B2I", 1, 1, 0, 0, 0, width, height)
    return (start + struct.pack("<16I", 1172, *[0] * 15) + struct.pack("<16I", 8, *[0] * 15)).ljust(
        571, b"\0"
    )


def dds(width, height):
    data = bytearray(encoded(picture(1), "DDS"))[:128]
    data[12:20] = struct.pack("<2I", height, width)
    return bytes(data) + bytes(100)


def tga(width, height):
    return struct.pack("<3BHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, width, height, 24, 0) + bytes(100)


def bmp(width, height):
    data = bytearray(encoded(np.zeros((1, 1, 3), np.uint8), "BMP"))
    data[18:26] = struct.pack("<2I", width, height)
    return bytes(data)


def sgi(width, height):
    return struct.pack(">hBBHHHH", 474, 0, 1, 3, width, height, 3).ljust(600, b"\0")


def pcx(width, height):
    data = bytearray(encoded(picture(1), "PCX"))
    data[8:12] = struct.pack("<2H", width - 1, height - 1)
    data[66:68] = struct.pack("<H", width)
    return bytes(data[:400])


def jpeg(width, height):
    data = bytearray(encoded(picture(1), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">2H", height, width)
    return bytes(data)


def png(width, height):
    from zlib import crc32

    data = bytearray(encoded(picture(1)))
    data[16:24] = struct.pack(">2I", width, height)
    data[29:33] = struct.pack(">I", crc32(data[12:29]))
    return bytes(data)


LIARS = {
    "BLP": blp, "DDS": dds, "TGA": tga, "BMP": bmp, "SGI": sgi, "PCX": pcx,
    "JPEG": jpeg, "PNG": png,
    "PPM": lambda width, height: b"P6 %d %d 255\n" % (width, height) + bytes(300),
    "PGM 16": lambda width, height: b"P5 %d %d 65535\n" % (width, height) + bytes(300),
    "PFM": lambda width, height: b"Pf\n%d %d\n-1.0\n" % (width, height) + bytes(300),
    "QOI": lambda width, height: b"qoif" + struct.pack(">2I", width, height) + b"\3" * 300,
    "SUN": lambda width, height: struct.pack(">5I", 0x59A66A95, width, height, 24, 1)
    + bytes(300),
    "PSD": lambda width, height: b"8BPS\0\1" + bytes(6)
    + struct.pack(">HIIHH", 3, height, width, 8, 3) + bytes(300),
    "FITS": lambda width, height: "".join(card.ljust(80) for card in (
        "SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   = 2",
        f"NAXIS1  = {width}", f"NAXIS2  = {height}", "END")).ljust(2880).encode(),
    "TIFF": lambda width, height: struct.pack("<2sHIH", b"II", 42, 8, 8) + b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in (
            (256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 200), (278, height),
            (279, 99))) + bytes(200),
    "TIFF 16 bits of RGB": lambda width, height: struct.pack("<2sHIH", b"II", 42, 8, 9) + b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in (
            (256, width // 2), (257, height), (258, 16), (259, 1), (262, 2), (273, 200), (277, 3),
            (278, height), (279, 99))) + bytes(200),
}  # fmt: skip

WATCH = """
import sys, tracemalloc, resource
from pathlib import Path
from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.decode import decode
def peak_mb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
def warm(folder):
    for path in sorted(folder.iterdir()):
        try:
            decode(path.read_bytes(), path.name)
        except DecodeError:
            pass
warm(Path(sys.argv[1]))
before = peak_mb()
for path in sorted(Path(sys.argv[2]).iterdir()):
    try:
        decode(path.read_bytes(), path.name)
        reason = "read"
    except DecodeError as error:
        reason = error.reason
    after = peak_mb()
    print(f"{path.name}\\t{after - before:.0f}\\t{reason}")
    before = after
"""


def test_it_is_refused_as_damaged():
    for make in LIARS.values():
        with pytest.raises(DecodeError, match="damaged image"):
            decode(make(WIDTH, HEIGHT), "x")


def test_no_liar_takes_memory(tmp_path):
    if not Path("/proc/self/status").exists():
        pytest.skip("needs Linux")
    for folder, size in (("small", (32, 16)), ("large", (WIDTH, HEIGHT))):
        (tmp_path / folder).mkdir()
        for name, make in LIARS.items():
            (tmp_path / folder / name).write_bytes(make(*size))
    (tmp_path / "code.py").write_text(WATCH)
    command = [
        sys.executable,
        str(tmp_path / "code.py"),
        str(tmp_path / "small"),
        str(tmp_path / "large"),
    ]
    lines = subprocess.run(command, capture_output=True, check=True, text=True,
                           env={"PYTHONPATH": ":".join(sys.path)}).stdout.splitlines()  # fmt: skip
    assert len(lines) == len(LIARS)
    assert [line for line in lines if int(line.split("\t")[1]) > MAX_GROWN_MB] == []


@pytest.mark.parametrize("image_format", MAX_PIXELS_PER_BYTE)
def test_the_emptiest_picture_that_a_format_can_hold_is_read(image_format, tmp_path):
    """A plain picture packs best."""
    if image_format == "BLP":
        pytest.skip("Pillow takes minutes to write it")
    mode = {"QOI": "RGB", "MSP": "1", "XBM": "1"}.get(image_format, "L")
    options = {"TGA": {"compression": "tga_rle"}}.get(image_format, {})
    buffer = io.BytesIO()
    try:
        Image.new(mode, (2600, 1300)).save(buffer, image_format, **options)
    except (KeyError, OSError, ValueError):
        pytest.skip("Pillow does not write it")
    data = buffer.getvalue()
    (tmp_path / "file").write_bytes(data)
    width, height, _ = read_header(str(tmp_path / "file"))
    assert decode(data, "x").shape == (height, width, 3)


def test_a_small_lie_is_no_matter_of_memory():
    with pytest.raises(DecodeError, match="damaged image: the PPM file is cut"):
        decode(b"P6 500 500 255\n" + bytes(300), "x")


def test_the_reason_tells_the_claim():
    with pytest.raises(
        DecodeError, match="its header claims 7000 × 7000 pixels, which 571 bytes cannot hold"
    ):
        decode(blp(WIDTH, HEIGHT), "x")


@pytest.mark.parametrize(
    ("image_format", "limit"), [("AVIF", 0.8), ("JPEG2000", 1 / 3), ("PNG", 1)]
)
def test_a_decoder_that_takes_more_memory_has_a_lower_limit(image_format, limit, monkeypatch):
    data = encoded(picture(1, 200, 100), image_format)  # 0.02 megapixels
    monkeypatch.setenv("IMAGE_EMBEDDING_MAX_MEGAPIXELS", str(0.0201 / limit))
    assert decode(data, "x").shape == (100, 200, 3)
    monkeypatch.setenv("IMAGE_EMBEDDING_MAX_MEGAPIXELS", str(0.0199 / limit))
    with pytest.raises(DecodeError, match="too large: 200 × 100 pixels"):
        decode(data, "x")
