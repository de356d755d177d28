"""Size and orientation of plain JPEG and PNG files, several times faster than by a library.

Folders hold tens of thousands of them. Whatever is not plain is left to `header.read_header`.
"""

from __future__ import annotations

import io
import os
import zlib
from typing import NamedTuple

from orangecontrib.imageembedding.images.pillow import EXIF_ORIENTATION

SHORT = 3  # the type that an orientation has
TAIL_BYTES = 1 << 14

# Start of frame, with the size in it; the numbers between mean other things.
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_APP1, _START_OF_SCAN = 0xE1, 0xDA
_PNG_IHDR_END = 33


class QuickHeader(NamedTuple):
    """What a plain file tells: stored size in pixels, EXIF orientation (1 if none), frames."""

    width_px: int
    height_px: int
    orientation: int
    n_frames: int


def quick_header(file: io.FileIO, kind: str | None, start: bytes) -> QuickHeader | None:
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
            return _jpeg(file, start)
        if kind == "PNG":
            return _png(file, start)
    except (IndexError, OSError):  # it ends too early
        pass
    return None


def _jpeg(file: io.FileIO, buffer: bytes) -> QuickHeader | None:
    orientation: int | None = 1
    base, at = 0, 2  # `buffer` lies at `base` in the file; the next marker lies at `at`
    while True:
        if at - base + 10 > len(buffer):
            file.seek(at)
            base, buffer = at, file.read(4096)
        here = at - base
        if buffer[here] != 0xFF or (marker := buffer[here + 1]) in (0xFF, _START_OF_SCAN):  # noqa: PLR2004
            return None
        length = buffer[here + 2] << 8 | buffer[here + 3]
        if marker in _SOF:
            height = buffer[here + 5] << 8 | buffer[here + 6]
            width = buffer[here + 7] << 8 | buffer[here + 8]
            usual = width and height and orientation
            return QuickHeader(width, height, orientation or 1, 1) if usual else None
        if marker == _APP1 and buffer[here + 4 : here + 10] == b"Exif\0\0":
            orientation = _orientation(buffer[here + 10 : here + 2 + length])
        at += 2 + length


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


def _png(file: io.FileIO, start: bytes) -> QuickHeader | None:
    ihdr = start[12 : _PNG_IHDR_END - 4]
    checksum = int.from_bytes(start[_PNG_IHDR_END - 4 : _PNG_IHDR_END], "big")
    if ihdr[:4] != b"IHDR" or zlib.crc32(ihdr) != checksum:
        return None
    width, height = int.from_bytes(ihdr[4:8], "big"), int.from_bytes(ihdr[8:12], "big")
    at = _PNG_IHDR_END
    while (kind := start[at + 4 : at + 8]) != b"IDAT":
        if kind in (b"eXIf", b"acTL") or at + 8 > len(start):
            return None
        at += 12 + int.from_bytes(start[at : at + 4], "big")
    file.seek(max(at, file.seek(0, os.SEEK_END) - TAIL_BYTES))
    usual = width and height and b"eXIf" not in file.read()  # it may also stand behind the pixels
    return QuickHeader(width, height, 1, 1) if usual else None
