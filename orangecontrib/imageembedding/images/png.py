"""PNG: damage is noticed by its checksums."""

from __future__ import annotations

import zlib

from orangecontrib.imageembedding.errors import DecodeError

PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT")


def refuse_damaged_png(data: bytes, location: str) -> None:
    """Check the checksums of what makes the picture: Pillow leaves out those of the pixels.

    Raises
    ------
    DecodeError
        If one is wrong, or the file ends too early.
    """
    view = memoryview(data)
    at = len(b"\x89PNG\r\n\x1a\n")
    kind = b""
    while kind != b"IEND":
        length, kind = int.from_bytes(view[at : at + 4], "big"), bytes(view[at + 4 : at + 8])
        end = at + 8 + length
        if end + 4 > len(data):
            raise DecodeError(location, "damaged image: the file is cut")
        checksum = int.from_bytes(view[end : end + 4], "big")
        if kind in PIXEL_CHUNKS and zlib.crc32(view[at + 4 : end]) != checksum:
            raise DecodeError(location, "damaged image: wrong checksum")
        at = end + 4
