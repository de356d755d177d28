"""Keeps libtiff from writing to stderr: Pillow leaves its messages on."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

import PIL

STDERR = 2
_redirecting = threading.Lock()


@contextmanager
def quiet() -> Iterator[None]:
    """Let nothing of libtiff reach stderr.

    Its handlers of messages are taken away, for the whole process. Where it is part of Pillow's
    own library (on Windows), stderr is closed meanwhile: other output to it is lost.
    """
    if _has_no_handlers():
        yield
        return
    with _redirecting:
        try:
            before = os.dup(STDERR)
        except OSError:  # there is none
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, STDERR)
        try:
            yield
        finally:
            os.dup2(before, STDERR)
            os.close(before)
            os.close(nowhere)


@lru_cache(maxsize=1)
def _has_no_handlers() -> bool:
    """Take the handlers away; tell whether that was possible."""
    import PIL._imaging  # noqa: F401 - which loads it

    found = _libraries()
    for path in found:
        try:
            library = ctypes.CDLL(path)
            for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
                function = getattr(library, name)
                function.argtypes, function.restype = (ctypes.c_void_p,), ctypes.c_void_p
                function(None)
        except (OSError, AttributeError):
            return False
    return bool(found)


def _libraries() -> list[str]:
    """Get the files of libtiff that are loaded, or that Pillow brings along."""
    with suppress(OSError):
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
        paths = {line.split(maxsplit=5)[-1] for line in maps.splitlines() if "libtiff" in line}
        return sorted(paths)
    package = Path(PIL.__file__).parent
    return sorted(map(str, (package / ".dylibs").glob("libtiff*.dylib")))
