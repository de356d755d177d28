"""⑧ Chosen images → new files in a folder in which nothing is overwritten."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field

from orangecontrib.imageembedding.errors import ImageError, SaveError
from orangecontrib.imageembedding.files.names import numbered, safe_name, twin_key
from orangecontrib.imageembedding.files.write import write_new

READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SavedFile:
    """Where the content of one image is now.

    Attributes
    ----------
    path : str
        Absolute path.
    is_new : bool
        Whether it was written; else it was there already, with the same content.
    """

    path: str
    is_new: bool


@dataclass(slots=True)
class _Namesakes:
    """The files of one name: the plain one and those with numbers."""

    by_digest: dict[bytes, str] = field(default_factory=dict)
    next_number: int = 1


class TargetFolder:
    """A folder that gets new files; nothing in it is ever changed or deleted.

    Parameters
    ----------
    path : str
        Made if it does not exist, together with the folders above it.

    Raises
    ------
    SaveError
        If it cannot be made.
    """

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(os.path.expanduser(path))
        self._names: dict[str, dict[str, str]] = {}  # folder -> key -> name
        self._namesakes: dict[tuple[str, str], _Namesakes] = {}
        self._folders: dict[tuple[str, ...], str] = {(): self.path}
        if os.path.isfile(self.path):
            raise SaveError(f"{self.path} is a file, not a folder. Choose another name.")
        try:
            os.makedirs(self.path, exist_ok=True)
            self._real = os.path.realpath(self.path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise SaveError(f"The folder {self.path} cannot be created: {reason}.") from error

    def save(self, data: bytes, folders: Sequence[str], name: str, ending: str) -> SavedFile:
        """Write one file, under a new name if there is a different file of that name.

        Parameters
        ----------
        data : bytes
            What is to stand in it.
        folders : sequence of str
            Sub-folders that lead to it, from the top; they are made. Names from `safe_name`.
        name, ending : str
            Any text, which `safe_name` makes a name of, and the ending of the file.

        Returns
        -------
        saved : SavedFile
            Also where a file of that name, or one with a number, has the same content already.

        Raises
        ------
        ImageError
            If this file cannot be written here, but others can.
        SaveError
            If no file can be written: the disk is full, for instance.
        """
        folder = self._folder(tuple(folders))
        safe = safe_name(name, ending)
        try:
            return self._save(data, folder, safe, ending)
        except OSError as error:
            raise self._failure(error, os.path.join(folder, safe)) from error

    def _save(self, data: bytes, folder: str, name: str, ending: str) -> SavedFile:
        names = self._names_in(folder)
        known = self._namesakes.setdefault((folder, twin_key(name)), _Namesakes())
        digest = hashlib.sha256(data).digest()
        while True:
            free = numbered(name, known.next_number, ending)
            key = twin_key(free)
            if key not in names and digest not in known.by_digest:
                try:
                    write_new(os.path.join(folder, free), data)
                    names[key] = free
                    known.by_digest[digest] = free
                    known.next_number += 1
                    return SavedFile(os.path.join(folder, free), True)
                except FileExistsError:  # came in the meantime, or the system takes it for a twin
                    names[key] = free
            if digest in known.by_digest:
                return SavedFile(os.path.join(folder, known.by_digest[digest]), False)
            there = names[key]
            if (other := _digest_of_file(os.path.join(folder, there))) is not None:
                known.by_digest.setdefault(other, there)
            known.next_number += 1

    def _names_in(self, folder: str) -> dict[str, str]:
        if folder not in self._names:
            self._names[folder] = {twin_key(name): name for name in os.listdir(folder)}
        return self._names[folder]

    def _folder(self, parts: tuple[str, ...]) -> str:
        """Get the path of a sub-folder, which is made if it is not there."""
        if parts not in self._folders:
            above = self._folder(parts[:-1])
            try:
                self._folders[parts] = self._sub_folder(above, parts[-1])
            except OSError as error:
                raise self._failure(error, os.path.join(above, parts[-1])) from error
        return self._folders[parts]

    def _sub_folder(self, above: str, name: str) -> str:
        names, number = self._names_in(above), 1
        while True:
            free = numbered(name, number)
            path = os.path.join(above, names.setdefault(twin_key(free), free))
            try:
                os.mkdir(path)  # noqa: PTH102
            except FileExistsError:
                if os.path.isdir(path) and self._is_inside(path):
                    return path
                number += 1
            else:
                return path

    def _is_inside(self, path: str) -> bool:
        """Tell whether a folder is not a link to somewhere else."""
        return os.path.join(os.path.realpath(path), "").startswith(os.path.join(self._real, ""))

    def _failure(self, error: OSError, path: str) -> ImageError | SaveError:
        if error.errno == errno.ENAMETOOLONG:
            return ImageError(path, "the path of the new file is too long")
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return SaveError(
                f"The disk with {self.path} is full. Free some space and save again: "
                "files that are there are not written twice."
            )
        return SaveError(f"{path} cannot be written: {error.strerror or error}.")


def _digest_of_file(path: str) -> bytes | None:
    """Get the SHA-256 of a regular file; None of anything else, and of what cannot be read."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):  # opening a pipe would wait forever
            return None
        with open(path, "rb") as file:  # noqa: PTH123
            digest = hashlib.sha256()
            while block := file.read(READ_BYTES):
                digest.update(block)
            return digest.digest()
    except OSError:
        return None
