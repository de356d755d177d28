"""The parts of a JPEG file, one after another: bytes after its end are not part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

SOF0, SOF15, DHT, JPG, DAC = 0xC0, 0xCF, 0xC4, 0xC8, 0xCC
RST0, EOI, SOS, DRI = 0xD0, 0xD9, 0xDA, 0xDD
APP0, APP1, APP2, APP14, APP15, COM = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE

# Start of frame, with the size in it; the numbers between mean other things.
SOF = frozenset(range(SOF0, SOF15 + 1)) - {DHT, JPG, DAC}

_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_END_OF_SCAN = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)
_RESTART = re.compile(rb"\xff+([\xd0-\xd7])")
_JFIF = b"JFIF\0\1\1\0\0\1\0\1\0\0"  # says that the colors are YCbCr
_END = bytes((0xFF, EOI))
_START_BYTES = len(b"\xff\xd8")


# One marker with what belongs to it: its second byte; start and end of the payload as places in
# the file, without its length; of a scan, the end of the coded pixels, which begin where the
# payload ends, and of others that end again. A plain tuple, because folders hold many files.
Segment = tuple[int, int, int, int]


def segments(data: bytes) -> Iterator[Segment]:
    """Walk over a JPEG file to its end; over a cut file, as far as possible.

    Stray bytes between segments are skipped, as every decoder does. The last segment of a whole
    file is `EOI`.
    """
    at = _START_BYTES
    try:
        while True:
            if data[at] != 0xFF or not 0 < (marker := data[at + 1]) < 0xFF:
                if (stray := _MARKER.search(data, at)) is None:
                    return
                at, marker = stray.end() - 2, data[stray.end() - 1]
            if marker == EOI:
                yield marker, at + 2, at + 2, at + 2
                return
            start, end = at + 4, at + 2 + (data[at + 2] << 8 | data[at + 3])
            at = end if end > start else start
            if marker == SOS:
                scan = _END_OF_SCAN.search(data, at)
                at = len(data) if scan is None else scan.end() - 2
            yield marker, start, end, at
    except IndexError:  # cut
        return


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
    for marker, start, end, scan_end in segments(data):
        if marker == APP0 and data.startswith(b"JFIF\0", start):
            parts.append(encoded(marker, _JFIF))
        elif is_of_pixels(data, marker, start):
            parts.append(encoded(marker, data[start:end]))
            parts.append(data[max(start, end) : scan_end])
    return b"".join(parts)


def is_of_pixels(data: bytes, marker: int, start: int) -> bool:
    """Tell whether a segment is more than metadata; Adobe's says of which kind the colors are."""
    if marker == APP14:
        return data.startswith(b"Adobe", start)
    return marker != COM and not APP0 <= marker <= APP15


def encoded(marker: int, payload: bytes) -> bytes:
    """Get the bytes of a segment."""
    start = bytes((0xFF, marker))
    return start if marker == EOI else start + (len(payload) + 2).to_bytes(2, "big") + payload
