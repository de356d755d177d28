"""The boxes of a HEIF file: whether the container itself turns its pictures."""

from __future__ import annotations

from collections.abc import Iterator

TURNS = (b"irot", b"imir")
META_FLAGS_BYTES = 4


def turns_pictures(data: bytes) -> bool:
    """Tell whether a HEIF file has a property that turns or mirrors."""
    for kind, start, end in _boxes(data, 0, len(data)):
        if kind == b"meta":
            for inner, inner_start, inner_end in _boxes(data, start + META_FLAGS_BYTES, end):
                if inner == b"iprp" and _has_turn(data, inner_start, inner_end):
                    return True
    return False


def _has_turn(data: bytes, start: int, end: int) -> bool:
    return any(
        kind in TURNS
        for container, first, last in _boxes(data, start, end)
        if container == b"ipco"
        for kind, _, _ in _boxes(data, first, last)
    )


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
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
