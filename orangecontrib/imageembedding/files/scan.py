"""Folders → `ImageFile` records, in natural order, whatever else lies in them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence

from orangecontrib.imageembedding.errors import ImageError, InputError
from orangecontrib.imageembedding.files.patterns import Patterns
from orangecontrib.imageembedding.files.record import Found, SkippedFile
from orangecontrib.imageembedding.progress import Progress, silent

# Left by systems and programs, never meant by the user; names beginning with a dot are, too.
CLUTTER = frozenset({"thumbs.db", "desktop.ini", "@eadir", "__macosx", "$recycle.bin"})
NUMBER_WIDTH = 20  # digits to which numbers in names are filled up for sorting

ReadHeader = Callable[[str], tuple[int, int, int] | tuple[int, int, int, str]]
Listed = tuple[str, str, str]
"""Path, class name ("" directly in a chosen folder), and that folder."""

_number = re.compile(r"\d+")


def natural_key(name: str) -> tuple[str, str]:
    """Sort key that puts ``img2`` before ``img10``, the same on every machine."""
    return _number.sub(lambda found: found[0].zfill(NUMBER_WIDTH), name.casefold()), name


def scan_paths(
    paths: Sequence[str],
    read_header: ReadHeader,
    progress: Progress = silent,
    wanted: Patterns | None = None,
    found: Found | None = None,
) -> Found:
    """List the images in folders and all folders below them.

    Parameters
    ----------
    paths : sequence of str
        Folders; also single files, whose class is the name of the folder they lie in.
    read_header : callable
        Gives (width, height, number of frames) of the image file at a path, the size in
        pixels, and may add which channels are shown, reading no
        more than its header; raises `ImageError` for a file that is none.
    progress : Progress, optional
        Told the part of the files that are looked at.
    wanted : Patterns, optional
        Other files and folders are passed over in silence; by default all are wanted.
    found : Found, optional
        Grows while folders are read; its content can be used after a cancel, too.

    Returns
    -------
    found : Found
        Folders come as chosen, and below each in natural order after the files beside them.
        Hidden files and system clutter are passed over in silence, everything else that is
        left out is named. A folder that is reached twice is read once.

    Raises
    ------
    InputError
        If there is not one folder or file that can be read.
    """
    found = Found() if found is None else found
    listed = _list(paths, wanted or Patterns(), found, progress)
    class_of_top = _classes_of_tops(listed)
    for i, (path, class_name, top) in enumerate(listed):
        try:
            n_bytes = _size_of_regular_file(path)
            width_px, height_px, n_frames, *others = read_header(path)
            channels = str(others[0]) if others else ""
            file_class = class_name or class_of_top[top]
            inside = path[len(top) :].lstrip(os.sep).replace(os.sep, "/")
            row = (path, file_class, n_bytes, width_px, height_px, n_frames, inside, channels)
            found.files.append(row)
        except ImageError as error:
            found.skipped.append(SkippedFile(path, error.reason))
        progress((i + 1) / len(listed))
    progress(1.0)
    return found


def _list(paths: Sequence[str], wanted: Patterns, found: Found, progress: Progress) -> list[Listed]:
    """List the files below all `paths`, each once."""
    entered: set[str] = set()
    listed: list[Listed] = []
    problems = []
    for chosen in paths:
        top = os.path.abspath(os.path.expanduser(chosen))
        if problem := _problem_with(top):
            problems.append(
                InputError(f"The folder {chosen} {problem}. Choose a folder with images.")
            )
            found.skipped.append(SkippedFile(top, problem))
        elif os.path.isdir(top):
            for path, class_name in _walk(top, entered, wanted, found, progress):
                listed.append((path, class_name, top))
                found.n_listed += 1
        elif os.path.realpath(os.path.dirname(top)) not in entered:
            listed.append((top, "", os.path.dirname(top)))
            found.n_listed += 1
    if problems and len(problems) == len(paths):
        raise problems[0]
    return list(dict.fromkeys(listed))


def _problem_with(top: str) -> str:
    """Say why a chosen folder or file cannot be read; "" if it can."""
    if not os.path.exists(top):
        return "does not exist"
    try:
        if os.path.isdir(top):
            os.scandir(top).close()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return ""


def _walk(
    top: str, entered: set[str], wanted: Patterns, found: Found, progress: Progress
) -> Iterator[tuple[str, str]]:
    """Yield (path, class name) of each file; class name "" for those directly in `top`."""
    pending = [(top, "")]
    while pending:
        folder, class_name = pending.pop()
        progress(0.0)
        real = os.path.realpath(folder)
        if real in entered:
            found.skipped.append(SkippedFile(folder, "leads to a folder that was already read"))
            continue
        entered.add(real)
        found.folders[folder] = changed_at(folder)
        folders = []
        for entry, is_folder in _entries(folder, found):
            inner = f"{class_name}/{entry.name}" if class_name else entry.name
            if is_folder and wanted.wants_folder(inner):
                folders.append((entry.path, inner))
            elif not is_folder and (wanted.take_all or wanted.wants_file(inner)):
                yield entry.path, class_name
        pending.extend(reversed(folders))


def changed_at(path: str) -> int:
    """Get when a file, or what a folder holds, last changed, in nanoseconds; -1 if it is gone."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return -1


def _entries(folder: str, found: Found) -> Iterator[tuple[os.DirEntry[str], bool]]:
    """Yield what lies in a folder in natural order, and whether it is a folder itself."""
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: natural_key(entry.name))
    except OSError as error:
        found.skipped.append(SkippedFile(folder, f"folder cannot be read: {error.strerror}"))
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name.casefold() in CLUTTER:
            continue
        try:
            yield entry, entry.is_dir()
        except OSError as error:  # a link to itself
            found.skipped.append(SkippedFile(entry.path, error.strerror or "cannot be read"))


def _size_of_regular_file(path: str) -> int:
    """Size in bytes; refuses what must not be opened (a pipe would wait forever)."""
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


def _classes_of_tops(listed: Sequence[Listed]) -> dict[str, str]:
    """Get the class of the images directly in each chosen folder: its name, if no other has it."""
    class_names = {class_name for _, class_name, _ in listed}
    classes = {}
    for top in dict.fromkeys(top for _, _, top in listed):
        name = os.path.basename(top) or top
        classes[top] = "." if name in class_names else name
    return classes
