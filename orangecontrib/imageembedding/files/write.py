"""New files, whole or not at all, and never in place of others."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_new(path: str, data: bytes) -> None:
    """Write a file that appears under its name only when it is complete, and on the disk.

    Parameters
    ----------
    path : str
        In a folder that exists.
    data : bytes
        What is to stand in it.

    Raises
    ------
    FileExistsError
        If there is something of that name; it stays as it is.
    OSError
        If the file cannot be written; nothing is left of it.
    """
    if hasattr(os, "O_TMPFILE"):
        try:
            return _link_unnamed(path, data)
        except FileExistsError:
            raise
        except OSError as error:  # not every file system of Linux has files without a name
            if error.errno in NO_SPACE:
                raise
    return _rename_hidden(path, data)


def _link_unnamed(path: str, data: bytes) -> None:
    """Name a finished file: what is killed before leaves nothing behind."""
    folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        file = os.open(".", os.O_TMPFILE | os.O_WRONLY, 0o666, dir_fd=folder)
        try:
            _write_all(file, data)
            # With a folder's descriptor, the link in /proc is followed.
            os.link(f"/proc/self/fd/{file}", os.path.basename(path), src_dir_fd=folder,
                    dst_dir_fd=folder)  # fmt: skip
        finally:
            os.close(file)
    finally:
        os.close(folder)


def _rename_hidden(path: str, data: bytes) -> None:
    """Rename a finished file: a crash before it leaves a hidden file only."""
    hidden = os.path.join(os.path.dirname(path), f".unfinished-{secrets.token_hex(8)}")
    file = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o666)
    try:
        try:
            _write_all(file, data)
        finally:
            os.close(file)
        _rename_to_new(hidden, path)
    finally:
        Path(hidden).unlink(missing_ok=True)


def _rename_to_new(old: str, new: str) -> None:
    """Rename a file where the new name is free, and only there."""
    if os.name == "nt":
        os.rename(old, new)  # noqa: PTH104 - refuses a name that is taken
        return
    try:
        os.link(old, new)
    except FileExistsError:
        raise
    except OSError:  # FAT has no links: the name is taken by an empty file, then replaced
        os.close(os.open(new, os.O_CREAT | os.O_EXCL))
        os.replace(old, new)  # noqa: PTH105


def _write_all(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
    os.fsync(file)
