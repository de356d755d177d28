"""The directories of a TIFF file: what its pages are, before any library looks at their pixels."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

TYPES = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I", 16: "Q", 18: "Q"}
MAX_VALUES = 1 << 20  # of one tag; what is read here has fewer
MAX_TAGS = 4096
NEVER = 1 << 64

(
    SUBFILE_TYPE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, DESCRIPTION, ORIENTATION, SAMPLES,
    PLANAR, COLOR_MAP, TILE_WIDTH, TILE_HEIGHT, SUB_PAGES, INK_SET, EXTRA_SAMPLES, SAMPLE_FORMAT,
    STRIP_BYTES, TILE_BYTES, PROFILE, DEPTH, TILE_DEPTH,
) = (
    254, 256, 257, 258, 259, 262, 270, 274, 277, 284, 320, 322, 323, 330, 332, 338, 339, 279, 325,
    34675, 32997, 32998,
)  # fmt: skip
WANTED = frozenset((
    SUBFILE_TYPE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, DESCRIPTION, ORIENTATION, SAMPLES,
    PLANAR, COLOR_MAP, TILE_WIDTH, TILE_HEIGHT, SUB_PAGES, INK_SET, EXTRA_SAMPLES, SAMPLE_FORMAT,
    STRIP_BYTES, TILE_BYTES, PROFILE, DEPTH, TILE_DEPTH,
))  # fmt: skip
REDUCED, MASK = 1, 4


@dataclass(frozen=True, slots=True)
class Page:
    """One directory of a TIFF file.

    Attributes
    ----------
    offset, next_offset : int
        Its place in the file, and that of the next page; 0 if there is none.
    tags : dict of int to tuple of ints
        Those of `WANTED` that it has.
    is_cut : bool
        Whether its directory extends beyond the end of the file, or lies there as the next page.
    """

    offset: int
    next_offset: int
    tags: dict[int, tuple[int, ...]] = field(repr=False)
    is_cut: bool = False

    def one(self, tag: int, default: int) -> int:
        """Get a tag that has one value."""
        values = self.tags.get(tag)
        return values[0] if values else default

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as stored."""
        return self.one(WIDTH, 0), self.one(HEIGHT, 0)

    @property
    def orientation(self) -> int:
        """As in EXIF."""
        return self.one(ORIENTATION, 1)

    @property
    def n_samples(self) -> int:
        """Values of each pixel."""
        return self.one(SAMPLES, 1)

    @property
    def bits(self) -> tuple[int, ...]:
        """Bits of each value of a pixel."""
        bits = self.tags.get(BITS, (1,))
        return bits if len(bits) > 1 else bits * min(self.n_samples, MAX_TAGS)

    @property
    def is_picture(self) -> bool:
        """Whether it is neither a smaller copy of another page nor a mask of one."""
        return not self.one(SUBFILE_TYPE, 0) & (REDUCED | MASK)

    @property
    def profile(self) -> bytes | None:
        """ICC profile."""
        return bytes(self.tags[PROFILE]) if PROFILE in self.tags else None

    @property
    def description(self) -> str:
        """What the program that wrote it says; XML or lines of ``key=value``, often."""
        return bytes(self.tags.get(DESCRIPTION, ())).rstrip(b"\0").decode("utf-8", "replace")


def pages(file: BinaryIO, wanted: frozenset[int] = WANTED) -> Iterator[Page]:
    """Walk over the pages of a TIFF file, reading such tags.

    A chain that is cut or leads back into itself ends there.
    """
    reader = _Reader(file)
    at = reader.first
    seen: set[int] = set()
    while at and at not in seen:
        seen.add(at)
        page = reader.page(at, wanted)
        if page is None:
            return
        yield page
        at = page.next_offset


def count_pictures(file: BinaryIO) -> int:
    """Count the pages that are neither smaller copies of others nor masks; at least 1."""
    return max(1, sum(page.is_picture for page in pages(file, frozenset({SUBFILE_TYPE}))))


def sub_pages(file: BinaryIO, page: Page) -> Iterator[Page]:
    """Get the pages that hang on one, which are smaller copies of it in most files."""
    reader = _Reader(file)
    for offset in page.tags.get(SUB_PAGES, ()):
        sub_page = reader.page(offset)
        if sub_page is not None:
            yield sub_page


def first_offset(file: BinaryIO) -> int:
    """Get the place of the first page."""
    return int(_Reader(file).first)


def beginning_at(data: bytes, offset: int) -> bytes:
    """Get a TIFF file with another page as its first one."""
    reader = _Reader(io.BytesIO(data))
    at = 8 if reader.is_big else 4
    return data[:at] + reader.word.pack(offset) + data[at + reader.word.size :]


class _Reader:
    """Reads directories of classic and BigTIFF files, in either order of bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.n_bytes = file.seek(0, os.SEEK_END)
        file.seek(0)
        start = file.read(16).ljust(16, b"\0")
        self.order = "<" if start[:1] == b"I" else ">"
        self.is_big = start[2:4] in (b"+\0", b"\0+")
        word = "Q" if self.is_big else "I"
        self.count = struct.Struct(f"{self.order}{'Q' if self.is_big else 'H'}")
        self.entry = struct.Struct(f"{self.order}HH{word}")
        self.word = struct.Struct(f"{self.order}{word}")
        (self.first,) = self.word.unpack_from(start, 8 if self.is_big else 4)

    def page(self, offset: int, wanted: frozenset[int] = WANTED) -> Page | None:
        """Read one directory; None if it is not in the file."""
        if not 0 < offset < self.n_bytes:
            return None
        self.file.seek(offset)
        found = self.file.read(self.count.size)
        if len(found) < self.count.size:
            return None
        (n_tags,) = self.count.unpack(found)
        entry_bytes = self.entry.size + self.word.size
        block = self.file.read(min(n_tags, MAX_TAGS) * entry_bytes)
        end = offset + self.count.size + n_tags * entry_bytes
        tags, lost_at = {}, NEVER
        for at in range(0, len(block) - entry_bytes + 1, entry_bytes):
            tag, kind, n_values = self.entry.unpack_from(block, at)
            if tag in wanted and kind in TYPES and n_values <= MAX_VALUES:
                values = self._values(kind, n_values, block[at + self.entry.size :])
                if values:
                    tags[tag] = values
                elif tag == DESCRIPTION and n_values:
                    (lost_at,) = self.word.unpack_from(block, at + self.entry.size)
        next_offset = self._next(end)
        is_cut = lost_at < self.n_bytes or (lost_at < NEVER and next_offset >= self.n_bytes)
        return Page(offset, next_offset, tags, is_cut)

    def _values(self, kind: int, n_values: int, field: bytes) -> tuple[int, ...]:
        values = struct.Struct(f"{self.order}{n_values}{TYPES[kind]}")
        if values.size > self.word.size:
            (offset,) = self.word.unpack_from(field)
            if offset + values.size > self.n_bytes:
                return ()
            self.file.seek(offset)
            field = self.file.read(values.size)
        return values.unpack_from(field) if len(field) >= values.size else ()

    def _next(self, end: int) -> int:
        if end + self.word.size > self.n_bytes:
            return 0
        self.file.seek(end)
        (offset,) = self.word.unpack(self.file.read(self.word.size))
        return int(offset)
