"""Where the EXIF data of an image file lie; found without decoding a pixel."""

from __future__ import annotations

import zlib
from typing import BinaryIO

from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.heif import open_heif
from orangecontrib.imageembedding.images.isoboxes import boxes
from orangecontrib.imageembedding.images.pillow import DAMAGE, open_image, silence
from orangecontrib.imageembedding.images.png import chunks
from orangecontrib.imageembedding.images.sniff import SNIFFED_BYTES, sniff

TIFF_MARKS = b"II*\0", b"MM\0*"
RAW_PROFILE = b"Raw profile type exif\0"  # of ImageMagick: hexadecimal text, compressed
MAX_PROFILE_BYTES = 1 << 20
TELLING_AT_ONCE = ("JPEG", "WEBP", "AVIF")  # formats of which Pillow opens EXIF with the header


def exif_of_file(path: str) -> Image.Exif:
    """Get the EXIF data of an image file; empty where there are none, or they are broken.

    JPEG, PNG, WebP, AVIF, TIFF, HEIC and JPEG XL (uncompressed) are looked at.
    """
    silence("PIL")
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - faster, and there are many
            kind = sniff(start := file.read(SNIFFED_BYTES))
            file.seek(0)
            exif = Image.Exif()
            if kind == "TIFF":
                exif.load_from_fp(file)
                exif = _loaded(exif)  # while the file is open
            elif data := _exif_bytes(file, kind, start, path):
                exif.load(data)
            return exif
    except (*DAMAGE, DecodeError):  # what is broken tells nothing
        return Image.Exif()


def _loaded(exif: Image.Exif) -> Image.Exif:
    for tag in tuple(exif):
        exif.get(tag)
    for ifd in (0x8769, 0x8825):
        exif.get_ifd(ifd)
    return exif


def _exif_bytes(file: BinaryIO, kind: str | None, start: bytes, path: str) -> bytes:
    if kind == "PNG":
        return _of_png(file.read())
    if kind == "JXL":
        return _of_jxl(file.read())
    if kind == "HEIF":
        return open_heif(file.read(), path).info.get("exif") or b""
    if kind in TELLING_AT_ONCE:
        with open_image(file, kind, start, path) as image:
            found = image.info.get("exif")
            return found if isinstance(found, bytes) else b""
    return b""


def _of_png(data: bytes) -> bytes:
    for kind, start, end in chunks(data):
        if kind == b"eXIf":
            return data[start:end]
        if kind == b"zTXt" and data.startswith(RAW_PROFILE, start):
            packed = data[start + len(RAW_PROFILE) + 1 : end]
            text = zlib.decompressobj().decompress(packed, MAX_PROFILE_BYTES)
            return bytes.fromhex("".join(text.decode("ascii").split()[2:]))  # name, length, data
    return b""


def _of_jxl(data: bytes) -> bytes:
    for kind, start, end in boxes(data, 0, len(data)):
        if kind == b"Exif":  # begins with an offset, which some programs leave out
            places = [data.find(mark, start, end) for mark in TIFF_MARKS]
            return data[min((at for at in places if at >= 0), default=end) : end]
    return b""
