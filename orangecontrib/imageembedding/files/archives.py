"""An archive of images (zip, tar, 7z) → a folder in the cache, to be read like any other.

Names in archives are untrusted: none leads out of the folder, links and devices are skipped, and
bytes are counted as they come, whatever the archive claims.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.files.archiveformats import DAMAGE, ENDINGS, Member, opened
from orangecontrib.imageembedding.files.record import SkippedFile
from orangecontrib.imageembedding.files.scan import CLUTTER
from orangecontrib.imageembedding.progress import Progress, say, silent

MAX_FILES = 1_000_000
MAX_FILE_BYTES = 1 << 30  # as of a single image
MAX_CACHE_BYTES = 20 << 30  # of all unpacked archives; the least recently used go first
MIN_FREE_BYTES = 1 << 30  # left on the disk
CHUNK = 1 << 20
NOTES = "notes.json"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Where an archive was unpacked.

    Attributes
    ----------
    folder : str
        Holds what the archive holds; if that is one folder alone, it is that folder.
    skipped : tuple of SkippedFile
        Members that were not unpacked, each with a reason.
    """

    folder: str
    skipped: tuple[SkippedFile, ...]


def is_archive(path: str) -> bool:
    """Tell an archive by its ending; a folder with such a name is none."""
    return path.lower().endswith(ENDINGS) and not os.path.isdir(path)


def unpack(archive: str, cache: Path, progress: Progress = silent) -> Unpacked:
    """Unpack an archive once; if it was unpacked before and has not changed, get that.

    Parameters
    ----------
    archive : str
        Path of a file with one of `ENDINGS`.
    cache : Path
        Folder that holds all unpacked archives, at most `MAX_CACHE_BYTES` of them. The same
        archive always gets the same folder inside: paths in tables stay right.
    progress : Progress, optional
        Told the part of the archive's bytes that are unpacked.

    Returns
    -------
    unpacked : Unpacked

    Raises
    ------
    InputError
        If the archive is damaged, encrypted or of an unknown kind, or the disk is full.
    """
    say(progress, f"Unpacking {os.path.basename(archive)}")
    try:
        status = os.stat(archive)
        identity = f"{os.path.abspath(archive)}\0{status.st_size}\0{status.st_mtime_ns}"
        place = cache / hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:24]
        name = _stem(archive)
        if not place.is_dir():
            cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=cache, prefix=".unpacking-") as unfinished:
                whole = Path(unfinished) / "whole"
                (whole / name).mkdir(parents=True)
                _fill(archive, whole / name, progress)
                with suppress(OSError):  # another process may have been first
                    whole.rename(place)
        os.utime(place)
        _make_room(cache, place)
        reasons = _noted(place)["skipped"]
    except OSError as error:
        raise InputError(
            f"The archive {archive} cannot be unpacked: {error.strerror or error}."
        ) from error
    progress(1.0)
    skipped = tuple(SkippedFile(f"{archive}/{name}", reason) for name, reason in reasons)
    return Unpacked(_only_folder(str(place / name)), skipped)


def _stem(archive: str) -> str:
    """Get the name without its ending: of the folder, and so of the class, of the images in it."""
    name = os.path.basename(archive)
    return next(name[: -len(end)] for end in ENDINGS if name.lower().endswith(end)) or name


def _fill(archive: str, place: Path, progress: Progress) -> None:
    """Write the members below `place`, and next to it the list of what was skipped."""
    skipped: list[tuple[str, str]] = []
    n_written = 0
    n_expected = (
        2 * os.stat(archive).st_size
    )  # where the archive does not say it without reading all
    try:
        with opened(archive) as members:
            for n_files, member in enumerate(members):
                progress(min(n_written / n_expected, 1.0))
                if n_files >= MAX_FILES or n_written > MAX_CACHE_BYTES:
                    raise InputError(
                        f"The archive {archive} holds more than {MAX_FILES:,} files or "
                        f"{MAX_CACHE_BYTES >> 30} GiB. Unpack it yourself, and choose the folder."
                    )
                try:
                    n_written += _write(member, place)
                except ValueError as error:
                    skipped.append((member.name, str(error)))
    except DAMAGE as error:
        raise InputError(f"The archive {archive} is damaged: {error}.") from error
    except RuntimeError as error:  # how zipfile says that a password is needed
        raise InputError(f"The archive {archive} cannot be unpacked: {error}.") from error
    notes = {"n_bytes": n_written, "skipped": skipped}
    (place.parent / NOTES).write_text(json.dumps(notes), "utf-8")


def _noted(place: Path) -> dict[str, Any]:
    notes: dict[str, Any] = json.loads((place / NOTES).read_text("utf-8"))
    return notes


def _parts(name: str) -> list[str]:
    """Split a name into folders and file; ValueError if it would lead out of the folder."""
    name = name.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or name.startswith("/") or ".." in parts or "\0" in name or ":" in parts[0]:
        raise ValueError("its name points outside the archive")
    return parts


def _write(member: Member, place: Path) -> int:
    """Write one member and get its size; ValueError, which says why, if it is skipped."""
    parts = _parts(member.name)
    if any(part.startswith(".") or part.casefold() in CLUTTER for part in parts):
        return 0
    if not member.is_regular:
        raise ValueError("a link or a device, not a file")
    target = place.joinpath(*parts)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with member.open() as source, target.open("xb") as file:
            return _copy(source, file, place)
    except (FileExistsError, NotADirectoryError) as error:
        raise ValueError("another member has the same name") from error
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.EINVAL, errno.ENOENT):
            raise ValueError(f"its name cannot be a file here: {error.strerror}") from error
        raise
    except (ValueError, zipfile.BadZipFile, zlib.error) as error:
        target.unlink()
        raise ValueError(str(error) if isinstance(error, ValueError) else "damaged") from error


def _copy(source: IO[bytes], file: IO[bytes], place: Path) -> int:
    n_bytes = 0
    while chunk := source.read(CHUNK):
        n_bytes += len(chunk)
        if n_bytes > MAX_FILE_BYTES:
            raise ValueError(f"larger than {MAX_FILE_BYTES >> 30} GiB")
        if shutil.disk_usage(place).free < len(chunk) + MIN_FREE_BYTES:
            raise InputError(
                f"The disk that holds {place} is nearly full: an archive cannot be unpacked there."
            )
        file.write(chunk)
    return n_bytes


def _only_folder(folder: str) -> str:
    """Descend while a folder contains a single folder and nothing else."""
    while True:
        entries = list(os.scandir(folder))
        if len(entries) != 1 or not entries[0].is_dir():
            return folder
        folder = entries[0].path


def _make_room(cache: Path, used: Path) -> None:
    """Remove what was unpacked longest ago, until the rest is small enough; never `used`."""
    places = sorted(
        (place for place in cache.iterdir() if place.is_dir() and not place.name.startswith(".")),
        key=lambda place: -place.stat().st_mtime_ns,
    )
    n_bytes = 0
    for place in places:
        n_bytes += int(_noted(place)["n_bytes"])
        if n_bytes > MAX_CACHE_BYTES and place != used:
            shutil.rmtree(place, ignore_errors=True)
