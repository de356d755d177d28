"""What is known of a file before it is decoded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import overload

Row = tuple[str, str, int, int, int, int, str, str]
"""The attributes of an `ImageFile`, in their order."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One image file in an imported folder.

    Attributes
    ----------
    path : str
        Absolute path.
    class_name : str
        The sub-folder it lies in, nested ones joined by ``/``.
    n_bytes : int
        Size of the file.
    width_px, height_px : int
        Size of the picture as it is shown, that is after its EXIF orientation.
    n_frames : int
        Frames of an animation, pages of a stack; 1 for a single picture.
    relative_path : str
        Path inside the chosen folder, its parts joined by ``/``.
    channels : str
        Which channels are shown, in which colors; "" of a plain picture.
    """

    path: str
    class_name: str
    n_bytes: int
    width_px: int
    height_px: int
    n_frames: int = 1
    relative_path: str = ""
    channels: str = ""


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file or folder that was skipped, and why."""

    path: str
    reason: str


class ImageFiles(Sequence[ImageFile]):
    """A growing list of records, stored as plain tuples.

    Python's garbage collector need not look at those; at a hundred thousand objects it would, and
    stop the window for a tenth of a second each time.
    """

    def __init__(self) -> None:
        self._rows: list[Row] = []

    def append(self, row: Row) -> None:
        """Add the attributes of an `ImageFile`, in their order."""
        self._rows.append(row)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> ImageFile: ...

    @overload
    def __getitem__(self, index: slice) -> list[ImageFile]: ...

    def __getitem__(self, index: int | slice) -> ImageFile | list[ImageFile]:
        if isinstance(index, slice):
            return [ImageFile(*row) for row in self._rows[index]]
        return ImageFile(*self._rows[index])


@dataclass(slots=True)
class Found:
    """What a search has found so far; another thread may read it at the same time.

    Attributes
    ----------
    files : sequence of ImageFile
        Only ever grows, as the following.
    skipped : list of SkippedFile
    folders : dict of str to int
        The folders that were entered, and when each had last been changed then, in nanoseconds.
    n_listed : int
        Number of files whose names are known; their headers are read later.
    """

    files: ImageFiles = field(default_factory=ImageFiles)
    skipped: list[SkippedFile] = field(default_factory=list)
    folders: dict[str, int] = field(default_factory=dict)
    n_listed: int = 0

    @property
    def current_folder(self) -> str:
        """Where the search is now; "" before it has begun."""
        if self.files:
            return os.path.dirname(self.files[-1].path)
        return next(reversed(self.folders), "")
