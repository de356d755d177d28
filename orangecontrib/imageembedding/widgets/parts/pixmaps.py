"""Thumbnails for views: decoded in the background, only what is wanted now, kept within bounds."""

from __future__ import annotations

import os
import threading
import weakref
from collections import OrderedDict

from AnyQt.QtCore import QObject, pyqtSignal
from AnyQt.QtGui import QImage, QPixmap

from orangecontrib.imageembedding.errors import ImageError
from orangecontrib.imageembedding.images.thumbnail import thumbnail

MAX_CACHE_BYTES = 256 << 20
MAX_WAITING = 256  # what was wanted longer ago is out of sight by now

Key = tuple[str, int]  # location, side in pixels


class Pixmaps(QObject):
    """Gives pixmaps of images as they become ready.

    A view asks for what it paints; what is not there yet is decoded in a background thread, the
    newest wish first, and `ready` tells the view to paint again.
    """

    ready = pyqtSignal(str)
    """A location whose pixmap, or reason for there being none, can be had now."""

    _decoded = pyqtSignal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cache: OrderedDict[Key, QPixmap | str] = OrderedDict()
        self._n_bytes = 0
        self._queue = _Queue()
        self._decoded.connect(self._store)
        emit = self._decoded.emit
        for _ in range(min(4, os.cpu_count() or 1)):
            threading.Thread(target=_work, args=(self._queue, emit), daemon=True).start()
        weakref.finalize(self, self._queue.close)

    def pixmap(self, location: str, side_px: int) -> QPixmap | None:
        """Get the thumbnail if it is ready; else ask for it and get None."""
        entry = self._entry(location, side_px)
        return entry if isinstance(entry, QPixmap) else None

    def reason(self, location: str, side_px: int) -> str:
        """Say why there is no thumbnail; "" if there is one, or nothing is known yet."""
        entry = self._cache.get((location, side_px))
        return entry if isinstance(entry, str) else ""

    def forget(self) -> None:
        """Drop all: the view shows something else now, or the same files with other content."""
        self._queue.clear()
        self._cache.clear()
        self._n_bytes = 0

    def close(self) -> None:
        """End the background threads; nothing is ready any more."""
        self._queue.close()

    def _entry(self, location: str, side_px: int) -> QPixmap | str | None:
        key = (location, side_px)
        entry = self._cache.get(key)
        if entry is None:
            self._queue.put(key)
        else:
            self._cache.move_to_end(key)
        return entry

    def _store(self, key: Key, result: QImage | str) -> None:
        entry = QPixmap.fromImage(result) if isinstance(result, QImage) else result
        self._n_bytes += _n_bytes(entry) - _n_bytes(self._cache.pop(key, ""))
        self._cache[key] = entry
        while self._n_bytes > MAX_CACHE_BYTES:
            _, oldest = self._cache.popitem(last=False)
            self._n_bytes -= _n_bytes(oldest)
        self.ready.emit(key[0])


class _Queue:
    """Wishes of the view, the newest first, each once; the oldest are forgotten."""

    def __init__(self) -> None:
        self._wishes: OrderedDict[Key, None] = OrderedDict()
        self._begun: set[Key] = set()
        self._closed = False
        self._changed = threading.Condition()

    def put(self, key: Key) -> None:
        with self._changed:
            if key in self._begun:
                return
            self._wishes[key] = None
            self._wishes.move_to_end(key)
            if len(self._wishes) > MAX_WAITING:
                self._wishes.popitem(last=False)
            self._changed.notify()

    def get(self) -> Key | None:
        """Wait for a wish; None when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._wishes or self._closed)
            if self._closed:
                return None
            key, _ = self._wishes.popitem()
            self._begun.add(key)
            return key

    def done(self, key: Key) -> None:
        with self._changed:
            self._begun.discard(key)

    def clear(self) -> None:
        with self._changed:
            self._wishes.clear()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _work(queue: _Queue, emit) -> None:
    while (key := queue.get()) is not None:
        try:
            result: QImage | str = _image(*key)
        except ImageError as error:
            result = error.reason
        except Exception as error:  # noqa: BLE001 - whatever it is, the other images go on
            result = f"{type(error).__name__}: {error}"
        queue.done(key)
        try:
            emit(key, result)
        except RuntimeError:  # the view has been deleted meanwhile
            return


def _image(location: str, side_px: int) -> QImage:
    if not location:
        raise ImageError(location, "no path or URL")
    pixels = thumbnail(location, side_px)
    height, width, _ = pixels.shape
    image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format_RGB888)
    return image.copy()  # QImage does not keep the bytes alive


def _n_bytes(entry: QPixmap | str) -> int:
    return 4 * entry.width() * entry.height() if isinstance(entry, QPixmap) else 0
