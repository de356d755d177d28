"""What is known of a file before it is decoded."""

from __future__ import annotations

from dataclasses import dataclass


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
