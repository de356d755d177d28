"""PNG: its chunks, and damage noticed by their checksums."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from orangecontrib.imageembedding.errors import DecodeError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT")


# Four letters, and start and end of the payload as places in the file: it lies between 8 and 4
# other bytes, and of a cut file may end behind it. A plain tuple, because folders hold many files.
Chunk = tuple[bytes, int, int]


def chunks(data: bytes) -> Iterator[Chunk]:
    """Walk over a PNG file to its end; over a cut file, as far as possible."""
    at, kind = len(SIGNATURE), b""
    while kind != b"IEND" and at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), bytes(data[at + 4 : at + 8])
        at += 12 + length
        yield kind, at - 4 - length, at - 4


def refuse_damaged_png(data: bytes, location: str) -> None:
    """Check the checksums of the chunks that make the picture: Pillow skips those of the pixels.

    Raises
    ------
    DecodeError
        If one is wrong, or the file ends too early.
    """
    view = memoryview(data)
    kind, end = b"", 0
    for kind, start, end in chunks(data):
        checksum = int.from_bytes(view[end : end + 4], "big")
        if kind in PIXEL_CHUNKS and zlib.crc32(view[start - 4 : end]) != checksum:
            reason = "wrong checksum" if end + 4 <= len(data) else "the file is cut"
            raise DecodeError(location, f"damaged image: {reason}")
    if kind != b"IEND" or end + 4 > len(data):
        raise DecodeError(location, "damaged image: the file is cut")
