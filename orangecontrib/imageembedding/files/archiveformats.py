"""What lies in an archive of any format: its members, one after the other."""

from __future__ import annotations

import lzma
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

from orangecontrib.imageembedding.errors import InputError

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".7z")
DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, EOFError, zlib.error, NotImplementedError,
)  # fmt: skip
"""What the libraries raise on a damaged archive."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive, or a link or device.

    Attributes
    ----------
    name : str
        As the archive has it: not to be trusted.
    is_regular : bool
        Whether it is a file.
    open : callable
        Opens it for reading; only until the next member comes.
    """

    name: str
    is_regular: bool
    open: Callable[[], IO[bytes]]


@contextmanager
def opened(archive: str) -> Iterator[Iterator[Member]]:
    """Yield the members of an archive, folders excepted.

    Raises
    ------
    InputError
        If a package is needed to read this format.
    """
    lowered = archive.lower()
    if lowered.endswith(".zip"):
        with zipfile.ZipFile(archive) as file:
            yield (
                Member(info.filename, _is_regular(info), partial(file.open, info))
                for info in file.infolist()
                if not info.is_dir()
            )
    elif lowered.endswith(".7z"):
        with tempfile.TemporaryDirectory() as folder:
            yield _members_of_7z(archive, Path(folder))
    else:
        with tarfile.open(archive) as tar:
            yield (
                Member(
                    info.name,
                    info.isreg(),
                    cast("Callable[[], IO[bytes]]", partial(tar.extractfile, info)),
                )
                for info in tar
                if not info.isdir()
            )


def _is_regular(info: zipfile.ZipInfo) -> bool:
    """Tell a file from a link; archives made on Windows say nothing."""
    return stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG)


def _members_of_7z(archive: str, folder: Path) -> Iterator[Member]:
    """Yield the members; the format is made to be unpacked as a whole, which py7zr does safely."""
    try:
        import py7zr
    except ImportError as error:
        raise InputError(
            f"The archive {archive} needs a package: pip install py7zr. Or pack it as .zip."
        ) from error
    try:
        with py7zr.SevenZipFile(archive) as file:
            infos = [info for info in file.list() if not info.is_directory]
            if sum(info.uncompressed for info in infos) > shutil.disk_usage(folder).free:
                raise InputError(f"The disk has no room to unpack {archive}.")
            file.extractall(folder)
    except (py7zr.exceptions.ArchiveError, py7zr.exceptions.PasswordRequired) as error:
        raise InputError(f"The archive {archive} cannot be read: {error}.") from error
    for info in infos:
        path = folder / info.filename
        is_regular = path.is_file() and not path.is_symlink()
        yield Member(info.filename, is_regular, partial(path.open, "rb"))
