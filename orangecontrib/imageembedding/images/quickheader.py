"""Size and orientation of plain JPEG and PNG files, several times faster than by a library.

Folders hold tens of thousands of them. Whatever is not plain is left to `header.read_header`.
"""

from __future__ import annotations

import io
import os
import zlib

from orangecontrib.imageembedding.images.jpegmarkers import APP1, SOF, segments
from orangecontrib.imageembedding.images.pillow import EXIF_ORIENTATION
from orangecontrib.imageembedding.images.png import chunks

SHORT = 3  # the type that an orientation has
TAIL_BYTES = 1 << 14

JPEG_HEADER_BYTES = 1 << 17  # EXIF with a thumbnail, and a color profile, have room in it


# What a plain file tells: stored width and height in pixels, EXIF orientation (1 if none), frames.
# A plain tuple, because folders hold many files.
QuickHeader = tuple[int, int, int, int]


def quick_header(
    file: io.RawIOBase | io.BytesIO, kind: str | None, start: bytes
) -> QuickHeader | None:
    """Read the header of a plain JPEG or PNG file.

    Parameters
    ----------
    file : unbuffered file
        Will be moved.
    kind : str or None
        What `sniff` says of `start`.
    start : bytes
        The beginning of the file, some thousand bytes.

    Returns
    -------
    header : QuickHeader or None
        None for other formats and for anything unusual: it may still be an image.
    """
    try:
        if kind == "JPEG":
            return _jpeg(start) or _jpeg(start + file.read(JPEG_HEADER_BYTES))
        if kind == "PNG":
            return _png(file, start)
    except (IndexError, OSError):  # it ends too early
        pass
    return None


def _jpeg(data: bytes) -> QuickHeader | None:
    orientation: int | None = 1
    for marker, start, end, _ in segments(data):
        if end > len(data):
            return None
        if marker in SOF:
            height = data[start + 1] << 8 | data[start + 2]
            width = data[start + 3] << 8 | data[start + 4]
            usual = width and height and orientation
            return (width, height, orientation or 1, 1) if usual else None
        if marker == APP1 and data.startswith(b"Exif\0\0", start):
            orientation = _orientation(data[start + 6 : end])
    return None


def _orientation(exif: bytes) -> int | None:
    """Get the orientation from a TIFF directory; 1 if it has none, None if it is unusual."""
    order = {b"II*\0": "little", b"MM\0*": "big"}.get(exif[:4])
    if order is None:
        return None

    def number(at: int, n_bytes: int) -> int:
        if at + n_bytes > len(exif):
            raise IndexError
        return int.from_bytes(exif[at : at + n_bytes], order)  # type: ignore[arg-type]

    directory = number(4, 4)
    for i in range(number(directory, 2)):
        entry = directory + 2 + 12 * i
        if number(entry, 2) == EXIF_ORIENTATION:
            return number(entry + 8, 2) or None if number(entry + 2, 2) == SHORT else None
    return 1


def _png(file: io.RawIOBase | io.BytesIO, beginning: bytes) -> QuickHeader | None:
    size: tuple[int, int] | None = None
    for kind, start, end in chunks(beginning):
        if size is None:
            checksum = int.from_bytes(beginning[end : end + 4], "big")
            if kind != b"IHDR" or zlib.crc32(beginning[start - 4 : end]) != checksum:
                return None
            width, height = beginning[start : start + 4], beginning[start + 4 : start + 8]
            size = int.from_bytes(width, "big"), int.from_bytes(height, "big")
        if kind in (b"eXIf", b"acTL"):
            return None
        if kind == b"IDAT":
            file.seek(max(start, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            # EXIF may also stand behind the pixels.
            usual = size[0] and size[1] and b"eXIf" not in file.read()
            return (*size, 1, 1) if usual else None
    return None
