"""Folders → a table of their images: the first step."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from orangecontrib.imageembedding.caches.store import cache_file
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.files.archiveformats import ENDINGS
from orangecontrib.imageembedding.files.archives import Unpacked, is_archive, unpack
from orangecontrib.imageembedding.files.patterns import Patterns
from orangecontrib.imageembedding.files.record import Found, ImageFile, SkippedFile
from orangecontrib.imageembedding.files.scan import scan_paths
from orangecontrib.imageembedding.images import limits
from orangecontrib.imageembedding.images.fetch import is_web
from orangecontrib.imageembedding.images.header import channels_of, read_header
from orangecontrib.imageembedding.images.options import USUAL, ReadOptions, reading
from orangecontrib.imageembedding.images.photodata import PhotoData, photo_data_of
from orangecontrib.imageembedding.images.webfile import download_file
from orangecontrib.imageembedding.pipeline.results import ImportedImages
from orangecontrib.imageembedding.progress import Progress, run_watched, say, silent
from orangecontrib.imageembedding.tables.build import table_of_images
from orangecontrib.imageembedding.tables.photo_columns import with_photo_data

MAX_NAMED = 3  # folders in the name of a table or in a message
MAX_NAME = 120  # letters of the name of a copy


def import_images(
    folder: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    progress: Progress = silent,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    classes: bool = True,
    max_megapixels: float | None = None,
    channels: Sequence[int] = (),
    photo_data: bool = False,
    found: Found | None = None,
) -> ImportedImages:
    """Make a table of the images in folders and in all folders below them.

    Parameters
    ----------
    folder : str or path, or a sequence of them
        Folders, or archives of images (.zip, .tar, .tar.gz, .7z and the like) or their web
        addresses, which are downloaded and unpacked into the cache once; in a sequence also
        single files.
    progress : Progress, optional
        Told the part of the files that are looked at.
    include, exclude : sequence of str, optional
        Patterns of names, such as ``*.jpg``, of the files that are wanted, and of files and
        folders that are not; see `Patterns`.
    classes : bool, optional
        Whether sub-folders become the classes.
    max_megapixels : float, optional
        The limit of size, also when the images are shown and embedded later; by default 64, or
        that of the environment variable ``IMAGE_EMBEDDING_MAX_MEGAPIXELS``.
    channels : sequence of 3 ints, optional
        For pictures with several channels, the numbers (from 1) of those shown in red, green and
        blue, 0 for none; by default as ImageJ shows them.
    photo_data : bool, optional
        Whether the table gets what cameras have noted: ``date taken``, ``camera``, ``latitude``
        and ``longitude``, each if some file tells it; see `photo_data_of`.
    found : Found, optional
        Grows during the import; after a cancel, `table_of_found` makes a table of it.

    Returns
    -------
    imported : ImportedImages

    Raises
    ------
    InputError
        If there is no such folder, or no image in it; if an archive cannot be downloaded or
        unpacked.
    """
    if isinstance(folder, str | os.PathLike):
        if os.path.isfile(folder) and not is_archive(os.fspath(folder)):
            raise InputError(f"The folder {os.fspath(folder)} is a file, not a folder.")
        folder = [folder]
    paths = [os.fspath(path) for path in folder]
    wanted = Patterns(include, exclude)
    known = Found() if found is None else found
    options = ReadOptions(max_megapixels, tuple(channels))
    with reading(options):
        limit = limits.max_megapixels()  # looked up once, not for each file

    def read(path: str) -> tuple[int, int, int, str]:
        with reading(options):
            header = read_header(path, limit)
            return *header, channels_of(path) if header.n_frames > 1 else ""

    def scan(relay: Progress) -> None:
        tops = _unpacked(paths, known, relay)
        say(relay, "Reading the folder")
        scan_paths(tops, read, relay, wanted, known)

    run_watched(scan, progress)
    return table_of_found(
        paths, known, progress, classes=classes, wanted=wanted, options=options,
        photo_data=photo_data,
    )  # fmt: skip


def _unpacked(paths: Sequence[str], found: Found, progress: Progress) -> list[str]:
    """Put the folder of what was in it in the place of each archive."""
    tops = []
    for path in paths:
        if is_web(path):
            unpacked = _unpacked_from_web(path, progress)
        elif is_archive(path) and os.path.exists(path):
            unpacked = unpack(os.path.abspath(path), cache_file("archives"), progress)
        else:
            tops.append(path)
            continue
        found.skipped.extend(unpacked.skipped)
        tops.append(unpacked.folder)
    return tops


def _unpacked_from_web(url: str, progress: Progress) -> Unpacked:
    """Unpack a copy of an archive on the web; what is said of the copy is said of its address."""
    archive = _downloaded(url, progress)
    try:
        unpacked = unpack(archive, cache_file("archives"), progress)
    except InputError as error:
        Path(archive).unlink(missing_ok=True)  # the next time it is downloaded anew
        raise InputError(str(error).replace(archive, url)) from error
    skipped = [
        SkippedFile(file.path.replace(archive, url), file.reason) for file in unpacked.skipped
    ]
    return Unpacked(unpacked.folder, tuple(skipped))


def _downloaded(url: str, progress: Progress) -> str:
    """Get a copy of an archive on the web."""
    name = _name_of(url)
    if not is_archive(name):
        endings = ", ".join(ENDINGS)
        raise InputError(f"{url} is not the address of an archive of images ({endings}).")
    return str(download_file(url, name, cache_file("downloads"), progress))


def _name_of(path: str) -> str:
    """Get the name of a folder, or of the file that an address names; no folder is in it."""
    if not is_web(path):
        return os.path.basename(os.path.abspath(path)) or path
    name = unquote(re.split("[?#]", path)[0].rpartition("/")[2])
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", name).lstrip(".")[-MAX_NAME:]


def table_of_found(
    paths: Sequence[str],
    found: Found,
    progress: Progress = silent,
    *,
    classes: bool = True,
    wanted: Patterns | None = None,
    options: ReadOptions = USUAL,
    photo_data: bool = False,
) -> ImportedImages:
    """Make a table of what `import_images` found in some paths, also if it was cancelled.

    Raises
    ------
    InputError
        If it is not an image.
    """
    files, skipped = found.files, tuple(found.skipped)
    if not files:
        left_out = "" if wanted is None or wanted.take_all else " of the names wanted"
        if skipped:
            first = skipped[0]
            left_out += f". {len(skipped)} skipped; the first: {first.path}: {first.reason}"
        raise InputError(f"The folder {', '.join(paths[:MAX_NAMED])} holds no images{left_out}.")
    name = " + ".join(map(_name_of, paths[:MAX_NAMED]))
    table = table_of_images(files, name, classes=classes, options=options.attributes())
    if photo_data:
        table = with_photo_data(table, _photo_data_of(files, progress))
    return ImportedImages(table, skipped)


def _photo_data_of(files: Sequence[ImageFile], progress: Progress) -> list[PhotoData]:
    def read(relay: Progress) -> list[PhotoData]:
        say(relay, "Reading photo data")
        photos = []
        for n_done, file in enumerate(files):
            relay(n_done / len(files))
            photos.append(photo_data_of(file.path))
        return photos

    return run_watched(read, progress)
