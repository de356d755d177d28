"""The boxes of HEIF, AVIF and JPEG XL files."""

from __future__ import annotations

from collections.abc import Iterator

BOXES = (b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"idat", b"uuid", b"jxlc", b"jxlp")
TURNS = (b"irot", b"imir")
META_FLAGS_BYTES = 4


def turns_pictures(data: bytes) -> bool:
    """Tell whether a HEIF file has a property that turns or mirrors."""
    for kind, start, end in boxes(data, 0, len(data)):
        if kind == b"meta":
            for inner, inner_start, inner_end in boxes(data, start + META_FLAGS_BYTES, end):
                if inner == b"iprp" and _has_turn(data, inner_start, inner_end):
                    return True
    return False


def is_cut(data: bytes) -> bool:
    """Tell whether the last box of a file should extend beyond its end."""
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if length == 1:
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        if data[at + 4 : at + 8] not in BOXES or length < 8:
            return False  # a trailer, or one that extends to the end
        at += length
    return at > len(data)


def _has_turn(data: bytes, start: int, end: int) -> bool:
    return any(
        kind in TURNS
        for container, first, last in boxes(data, start, end)
        if container == b"ipco"
        for kind, _, _ in boxes(data, first, last)
    )


def boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, start and end of the content) of each box between two places."""
    while at + 8 <= end:
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        start = at + 8
        if length == 1:
            length, start = int.from_bytes(data[start : start + 8], "big"), start + 8
        box_end = min(at + length, end) if length else end
        if box_end < start:
            return
        yield kind, start, box_end
        at = box_end
