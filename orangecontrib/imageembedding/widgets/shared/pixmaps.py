"""Thumbnails for views: decoded in the background, only those needed now, in limited memory."""

from __future__ import annotations

import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from AnyQt.QtCore import QObject, pyqtSignal
from AnyQt.QtGui import QImage, QPixmap

from orangecontrib.imageembedding.errors import ImageError
from orangecontrib.imageembedding.images.thumbnail import thumbnail

MAX_CACHE_BYTES = 256 << 20
MAX_WAITING = 256  # what was wanted longer ago is out of sight by now
MAX_THREADS = 4
WHOLE_PX = 1 << 15  # as large as any image is: it is never shrunk
BYTES_OF_REASON = 500  # about, with what else an entry takes

SIDES_PX = (32, 64, 128, 256, 512)  # for views that zoom
Key = tuple[str, int]  # location, side in pixels


def decoded_side(side: float) -> int:
    """Get one of few sizes, so that a little zoom does not decode all images again."""
    return next((fixed for fixed in SIDES_PX if fixed >= side), SIDES_PX[-1])


class Pixmaps(QObject):
    """Gives images as they become ready.

    What is not there yet is decoded in background threads. A view says what it wants: one at a
    time as it paints (`pixmap`), or all that is in sight at once (`want`), which drops the older
    wishes. `ready` tells it to paint again.
    """

    ready = pyqtSignal(str)
    """A location whose image, or the reason for its absence, is now available."""

    def __init__(self, parent: QObject | None = None, max_bytes: int = MAX_CACHE_BYTES) -> None:
        super().__init__(parent)
        self._cache: OrderedDict[Key, QImage | str] = OrderedDict()
        self._sides: set[int] = set()  # few
        self._n_bytes = 0
        self._max_bytes = max_bytes
        self._queue = _Queue()
        results = _Results()
        results.decoded.connect(self._store)
        for _ in range(min(MAX_THREADS, os.cpu_count() or 1)):
            threading.Thread(target=_work, args=(self._queue, results), daemon=True).start()
        weakref.finalize(self, self._queue.close)

    def pixmap(self, location: str, side_px: int) -> QPixmap | None:
        """Get the thumbnail if it is ready; else ask for it and get None."""
        if (location, side_px) not in self._cache:
            self._queue.put((location, side_px))
        image = self.image(location, side_px)
        return None if image is None else QPixmap.fromImage(image)  # shares the pixels

    def image(self, location: str, side_px: int) -> QImage | None:
        """Get the thumbnail if it is ready, without asking for it."""
        entry = self._cache.get((location, side_px))
        if entry is not None:
            self._cache.move_to_end((location, side_px))
        return entry if isinstance(entry, QImage) else None

    def small(self, location: str) -> tuple[QImage, bool] | None:
        """Get the largest thumbnail that is ready, and whether the image itself is larger."""
        for side in sorted(self._sides, reverse=True):
            image = self._cache.get((location, side))
            if isinstance(image, QImage):
                return image, max(image.width(), image.height()) >= side
        return None

    def reason(self, location: str, side_px: int) -> str:
        """Say why there is no thumbnail; "" if there is one, or it is not decoded yet."""
        entry = self._cache.get((location, side_px))
        return entry if isinstance(entry, str) else ""

    def want(self, keys: Sequence[Key]) -> None:
        """Ask for these images, the most wanted first, and for no others any more."""
        self._queue.replace([key for key in keys if key not in self._cache])

    @contextmanager
    def held(self) -> Iterator[None]:
        """Start no image meanwhile: Python's threads take time from that of the window."""
        self._queue.hold(True)
        try:
            yield
        finally:
            self._queue.hold(False)

    def forget(self) -> None:
        """Drop all: the view shows something else now, or the same files with other content."""
        self._queue.clear()
        self._cache.clear()
        self._sides.clear()
        self._n_bytes = 0

    def close(self) -> None:
        """End the background threads; nothing is ready any more."""
        self._queue.close()

    def _store(self, key: Key, generation: int, entry: QImage | str) -> None:
        if generation != self._queue.generation:
            return  # requested before the reset: the file may have changed
        self._n_bytes += _n_bytes(entry) - _n_bytes(self._cache.pop(key, None))
        self._cache[key] = entry
        self._sides.add(key[1])
        while self._n_bytes > self._max_bytes and len(self._cache) > 1:
            _, oldest = self._cache.popitem(last=False)
            self._n_bytes -= _n_bytes(oldest)
        self.ready.emit(key[0])


class _Results(QObject):
    """Carries results to the thread of the view; kept alive by its senders."""

    decoded = pyqtSignal(object, int, object)


class _Queue:
    """Wishes, each once; the last is met first, the first are forgotten when there are many."""

    def __init__(self) -> None:
        self.generation = 0
        self._wishes: OrderedDict[Key, None] = OrderedDict()
        self._begun: set[Key] = set()
        self._closed = self._held = False
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

    def replace(self, keys: Sequence[Key]) -> None:
        """Forget all wishes but these, the most wanted first."""
        with self._changed:
            self._wishes = OrderedDict.fromkeys(
                key for key in reversed(keys) if key not in self._begun
            )
            self._changed.notify_all()

    def get(self) -> tuple[Key, int] | None:
        """Wait for a wish; get it with its generation, None when closed."""
        with self._changed:
            self._changed.wait_for(lambda: (self._wishes and not self._held) or self._closed)
            if self._closed:
                return None
            key, _ = self._wishes.popitem()
            self._begun.add(key)
            return key, self.generation

    def hold(self, held: bool) -> None:
        """Give out no wish until it is called again."""
        with self._changed:
            self._held = held
            if not held:
                self._changed.notify_all()

    def done(self, key: Key) -> bool:
        """Note that a wish is met; tell whether anybody still waits for it."""
        with self._changed:
            self._begun.discard(key)
            return not self._closed

    def clear(self) -> None:
        with self._changed:
            self._wishes.clear()
            self._begun.clear()
            self.generation += 1

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _work(queue: _Queue, results: _Results) -> None:
    while (wish := queue.get()) is not None:
        key, generation = wish
        try:
            result: QImage | str = _image(*key)
        except ImageError as error:
            result = error.reason
        except Exception as error:  # noqa: BLE001 - whatever it is, the other images continue
            result = f"{type(error).__name__}: {error}"
        if queue.done(key):
            results.decoded.emit(key, generation, result)


def _image(location: str, side_px: int) -> QImage:
    if not location:
        raise ImageError(location, "no path or URL")
    pixels = thumbnail(location, side_px)
    height, width, _ = pixels.shape
    image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format_RGB888)
    return image.convertToFormat(QImage.Format_RGB32)  # a copy, in the form that is drawn fastest


def _n_bytes(entry: QImage | str | None) -> int:
    if entry is None:
        return 0
    return BYTES_OF_REASON if isinstance(entry, str) else entry.sizeInBytes() + BYTES_OF_REASON
