"""What is known of a file before it is decoded."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


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
    """

    path: str
    class_name: str
    n_bytes: int
    width_px: int
    height_px: int
    n_frames: int = 1


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file or folder that was left out, and why."""

    path: str
    reason: str


@dataclass(slots=True)
class Found:
    """What a search has found so far; another thread may look at it meanwhile.

    Attributes
    ----------
    files : list of ImageFile
        Only ever grows, as the following.
    skipped : list of SkippedFile
    folders : list of str
        The folders that were entered.
    n_listed : int
        Number of files whose names are known; their headers are read later.
    """

    files: list[ImageFile] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    n_listed: int = 0

    @property
    def current_folder(self) -> str:
        """Where the search is now; "" before it has begun."""
        if self.files:
            return os.path.dirname(self.files[-1].path)
        return self.folders[-1] if self.folders else ""
