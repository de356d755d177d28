"""The parts of a JPEG file, one after another: whatever follows its end is no part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

SOF0, SOF15, DHT, JPG, DAC = 0xC0, 0xCF, 0xC4, 0xC8, 0xCC
RST0, EOI, SOS, DRI = 0xD0, 0xD9, 0xDA, 0xDD
APP0, APP1, APP2, APP14, APP15, COM = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE

# Start of frame, with the size in it; the numbers between mean other things.
SOF = frozenset(range(SOF0, SOF15 + 1)) - {DHT, JPG, DAC}

_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_END_OF_SCAN = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)
_RESTART = re.compile(rb"\xff+([\xd0-\xd7])")
_JFIF = b"JFIF\0\1\1\0\0\1\0\1\0\0"  # says that the colors are YCbCr
_START_BYTES = len(b"\xff\xd8")


class Segment(NamedTuple):
    """One marker with what belongs to it, as places in the file.

    Attributes
    ----------
    marker : int
        Its second byte.
    start, end : int
        The payload, without its length.
    scan_end : int
        Of a scan, the end of the coded pixels, which begin at `end`; of others, `end`.
    """

    marker: int
    start: int
    end: int
    scan_end: int


def segments(data: bytes) -> Iterator[Segment]:
    """Walk over a JPEG file to its end; of a cut file, as far as it goes.

    Stray bytes between segments are skipped, as every decoder does. The last segment of a whole
    file is `EOI`.
    """
    at = _START_BYTES
    while (found := _MARKER.search(data, at)) is not None:
        marker, at = found[1][0], found.end()
        if marker == EOI:
            yield Segment(marker, at, at, at)
            return
        start, end = at + 2, at + int.from_bytes(data[at : at + 2], "big")
        at = max(start, end)
        if marker == SOS:
            found = _END_OF_SCAN.search(data, at)
            at = len(data) if found is None else found.start()
        yield Segment(marker, start, end, at)


def is_complete(data: bytes) -> bool:
    """Tell whether a JPEG file has its end, and in each scan its restart markers in order."""
    marker = None
    for marker, _, start, end in segments(data):
        if marker == SOS:
            restarts = [found[1][0] - RST0 for found in _RESTART.finditer(data, start, end)]
            if restarts != [i % 8 for i in range(len(restarts))]:
                return False
    return marker == EOI


def bare(data: bytes) -> bytes:
    """Get a JPEG file of nothing but what its pixels are made of.

    Without comments, thumbnails, profiles, stray bytes between segments, and trailers.
    """
    parts = [data[:_START_BYTES]]
    for segment in segments(data):
        marker, start, end, scan_end = segment
        if marker == APP0 and data.startswith(b"JFIF\0", start):
            parts.append(encoded(marker, _JFIF))
        elif is_adobe(data, segment) or not (marker == COM or APP0 <= marker <= APP15):
            parts.append(encoded(marker, data[start:end]))
            parts.append(data[max(start, end) : scan_end])
    return b"".join(parts)


def is_adobe(data: bytes, segment: Segment) -> bool:
    """Tell whether a segment says of which kind the colors are."""
    return segment.marker == APP14 and data.startswith(b"Adobe", segment.start)


def encoded(marker: int, payload: bytes) -> bytes:
    """Get the bytes of a segment."""
    start = bytes((0xFF, marker))
    return start if marker == EOI else start + (len(payload) + 2).to_bytes(2, "big") + payload
