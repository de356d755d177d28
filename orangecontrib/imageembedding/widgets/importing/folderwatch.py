"""Tells that something has come into folders, gone, or been overwritten."""

from __future__ import annotations

import threading
import weakref
from array import array
from collections.abc import Mapping, Sequence

from AnyQt.QtCore import QObject, pyqtSignal

from orangecontrib.imageembedding.files.scan import changed_at

LOOK_EVERY_S = 2.0
FILES_AT_ONCE = 1000


class FolderWatch(QObject):
    """Looks at folders every two seconds, in a thread: network drives are slow and tell nothing.

    Only some of the files are checked each time, in turn, since many would take long.
    """

    changed = pyqtSignal()
    """Sent once; then nothing is checked until `watch` is called again."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stop = threading.Event()

    def watch(self, folders: Mapping[str, int], files: Sequence[str]) -> None:
        """Look at these folders, not at what is below them, and files, and at no others any more.

        Parameters
        ----------
        folders : mapping of str to int
            When each was changed when it was read, in nanoseconds; -1 if it was not there.
        files : sequence of str
            Of them, changes are noticed from the first look on.
        """
        self.stop()
        self._stop = stop = threading.Event()
        if not folders:
            return
        teller = _Teller()
        teller.changed.connect(self._tell)
        arguments = dict(folders), files, stop, teller
        threading.Thread(target=_look, args=arguments, daemon=True).start()
        weakref.finalize(self, stop.set)

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _tell(self, stop: threading.Event) -> None:
        if not stop.is_set():
            stop.set()
            self.changed.emit()


class _Teller(QObject):
    """Carries the news over to the thread of the window."""

    changed = pyqtSignal(object)


def _look(
    folders: dict[str, int], files: Sequence[str], stop: threading.Event, teller: _Teller
) -> None:
    seen = array("q")
    at = 0
    while not stop.wait(LOOK_EVERY_S):
        if any(changed_at(folder) != before for folder, before in folders.items()):
            teller.changed.emit(stop)
            return
        for index in range(at, min(at + FILES_AT_ONCE, len(files))):
            now = changed_at(files[index])
            if index == len(seen):
                seen.append(now)
            elif seen[index] != now:
                teller.changed.emit(stop)
                return
        at = at + FILES_AT_ONCE if at + FILES_AT_ONCE < len(files) else 0
