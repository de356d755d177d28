"""Folder → `ImageFile` records, in natural order, whatever else lies in it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from orangecontrib.imageembedding.errors import ImageError, InputError
from orangecontrib.imageembedding.files.record import ImageFile, SkippedFile
from orangecontrib.imageembedding.progress import Progress, silent

# Left by systems and programs, never meant by the user; names beginning with a dot are, too.
CLUTTER = frozenset({"thumbs.db", "desktop.ini", "@eadir", "__macosx", "$recycle.bin"})

ReadHeader = Callable[[str], tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class FolderScan:
    """The images of a folder, and the files that are none."""

    files: tuple[ImageFile, ...]
    skipped: tuple[SkippedFile, ...]


def natural_key(name: str) -> tuple[tuple[int | str, ...], str]:
    """Sort key that puts ``img2`` before ``img10``, the same on every machine."""
    parts = re.split(r"(\d+)", name)
    return tuple(int(part) if i % 2 else part.casefold() for i, part in enumerate(parts)), name


def scan_folder(folder: str, read_header: ReadHeader, progress: Progress = silent) -> FolderScan:
    """List the images in `folder` and all folders below it.

    Parameters
    ----------
    folder : str
        Path of an existing folder.
    read_header : callable
        Gives (width, height, number of frames) of the image file at a path, the size in pixels,
        reading no more than its header; raises `ImageError` for a file that is none.
    progress : Progress, optional
        Told the part of the files that are looked at.

    Returns
    -------
    scan : FolderScan
        Folders are entered in natural order after the files beside them. Hidden files and
        system clutter are passed over in silence, everything else that is left out is named.

    Raises
    ------
    InputError
        If `folder` is no folder or cannot be read.
    """
    top = os.path.abspath(os.path.expanduser(folder))
    if not os.path.isdir(top):
        what = "is a file, not a folder" if os.path.exists(top) else "does not exist"
        raise InputError(f"The folder {folder} {what}. Choose a folder with images.")
    try:
        os.scandir(top).close()
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be read: {error.strerror}.") from error
    skipped: list[SkippedFile] = []
    found = list(_walk(top, skipped, progress))
    class_names = {class_name for _, class_name in found}
    top_class = _name_of_top(top, class_names)
    files = []
    for i, (path, class_name) in enumerate(found):
        try:
            n_bytes = _size_of_regular_file(path)
            width_px, height_px, n_frames = read_header(path)
            file_class = class_name or top_class
            files.append(ImageFile(path, file_class, n_bytes, width_px, height_px, n_frames))
        except ImageError as error:
            skipped.append(SkippedFile(path, error.reason))
        progress((i + 1) / len(found))
    progress(1.0)
    return FolderScan(tuple(files), tuple(skipped))


def _walk(top: str, skipped: list[SkippedFile], progress: Progress) -> Iterator[tuple[str, str]]:
    """Yield (path, class name) of each file; class name "" for those directly in `top`."""
    pending = [(top, "")]
    entered = set()
    while pending:
        folder, class_name = pending.pop()
        progress(0.0)
        real = os.path.realpath(folder)
        if real in entered:
            skipped.append(SkippedFile(folder, "links to a folder that is read already"))
            continue
        entered.add(real)
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: natural_key(entry.name))
        except OSError as error:
            skipped.append(SkippedFile(folder, f"folder cannot be read: {error.strerror}"))
            continue
        folders = []
        for entry in entries:
            if entry.name.startswith(".") or entry.name.casefold() in CLUTTER:
                continue
            try:
                is_folder = entry.is_dir()
            except OSError as error:  # a link to itself
                skipped.append(SkippedFile(entry.path, error.strerror or "cannot be read"))
                continue
            if is_folder:
                inner = f"{class_name}/{entry.name}" if class_name else entry.name
                folders.append((entry.path, inner))
            else:
                yield entry.path, class_name
        pending.extend(reversed(folders))


def _size_of_regular_file(path: str) -> int:
    """Size in bytes; refuses what must not be opened (a pipe would wait for ever)."""
    try:
        status = os.stat(path)
    except OSError as error:
        reason = "link to a file that does not exist" if os.path.lexists(path) else error.strerror
        raise ImageError(path, reason or "cannot be read") from error
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(path, "not a regular file")
    if status.st_size == 0:
        raise ImageError(path, "empty file")
    return status.st_size


def _name_of_top(top: str, class_names: set[str]) -> str:
    """Class of the images directly in the top folder: its name, if no sub-folder has it."""
    name = os.path.basename(top) or top
    return "." if name in class_names else name
