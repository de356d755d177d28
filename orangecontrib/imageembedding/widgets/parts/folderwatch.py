"""Tells that something has come into folders, or gone."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Mapping

from AnyQt.QtCore import QObject, pyqtSignal

LOOK_EVERY_S = 2.0


class FolderWatch(QObject):
    """Looks at folders every two seconds, in a thread: network drives are slow and tell nothing.

    What changes inside a file is not noticed, only what comes, goes or is renamed.
    """

    changed = pyqtSignal()
    """Sent once; then nobody looks any more, until `watch` is called again."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stop = threading.Event()

    def watch(self, folders: Mapping[str, int]) -> None:
        """Look at these folders, not at what is below them, and at no others any more.

        Parameters
        ----------
        folders : mapping of str to int
            When each was changed when it was read, in nanoseconds; -1 if it was not there.
        """
        self.stop()
        self._stop = stop = threading.Event()
        if not folders:
            return
        teller = _Teller()
        teller.changed.connect(self._tell)
        arguments = dict(folders), stop, teller
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


def _look(folders: dict[str, int], stop: threading.Event, teller: _Teller) -> None:
    while not stop.wait(LOOK_EVERY_S):
        if any(_changed_at(folder) != before for folder, before in folders.items()):
            teller.changed.emit(stop)
            return


def _changed_at(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return -1
