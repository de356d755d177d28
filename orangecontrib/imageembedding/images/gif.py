"""GIF: its frames are counted without looking at their pixels."""

from __future__ import annotations

MAX_COUNTED = 200_000  # reported for files with more: counting a million takes seconds

_HEADER_BYTES, _DESCRIPTOR_BYTES = 13, 10
_FRAME, _EXTENSION = 0x2C, 0x21


def count_frames(data: bytes) -> int:
    """Count the frames of a GIF file that may be cut; at least 1, at most `MAX_COUNTED`."""
    at = _HEADER_BYTES + _color_table_bytes(data, 10)
    n_frames = 0
    while at < len(data) and n_frames < MAX_COUNTED:
        if data[at] == _FRAME:
            n_frames += 1
            at += _DESCRIPTOR_BYTES + _color_table_bytes(data, at + 9) + 1
        elif data[at] == _EXTENSION:
            at += 2
        else:  # the end, or what is none
            break
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    return max(1, n_frames)


def _color_table_bytes(data: bytes, flags_at: int) -> int:
    """Get the size of the color table that flags announce, in bytes."""
    flags = data[flags_at] if flags_at < len(data) else 0
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
