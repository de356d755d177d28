"""Cache of loaded networks: loading one costs as much as embedding 60 images."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

import psutil

from orangecontrib.imageembedding.embeddings.backends.local.embedder import LocalEmbedder

N_KEPT = 2
IDLE_S = 300.0
LOOK_S = 15.0  # how often is looked whether they are still wanted, and memory left
LOW_MEMORY = 0.1  # part of the computer's memory that is available


class Kept:
    """The last networks that were used, until they are idle for minutes or memory is low.

    Parameters
    ----------
    clock : callable, optional
        Tells the time in seconds.
    available : callable, optional
        Tells the part of the memory that is available.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        available: Callable[[], float] | None = None,
    ) -> None:
        self._clock = clock
        self._available = available or _available_memory
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._watcher: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable, load: Callable[[], LocalEmbedder]) -> LocalEmbedder:
        """Get the embedder with a key; if it is not cached, it is loaded once for all threads."""
        with self._lock:
            entry = self._entries.pop(key, None) or _Entry()
            self._entries[key] = entry  # is the last one now
            while len(self._entries) > N_KEPT:
                self._entries.popitem(last=False)
        with entry.lock:
            if entry.embedder is None:
                self.release()  # where memory is low, make room
                entry.embedder = load()
            entry.embedder.used_at = self._clock()
            embedder = entry.embedder
        self._watch()
        return embedder

    def release(self) -> None:
        """Drop what is idle, or everything if memory is low: calls under way keep theirs."""
        is_low = self._available() < LOW_MEMORY
        long_ago = self._clock() - IDLE_S
        with self._lock:
            unwanted = [
                key
                for key, entry in self._entries.items()
                if entry.embedder is not None and (is_low or entry.embedder.used_at < long_ago)
            ]
            for key in unwanted:
                del self._entries[key]
        if unwanted:
            _give_back_memory()

    def _watch(self) -> None:
        with self._lock:
            if self._watcher is None:
                self._watcher = threading.Thread(
                    target=self._look, daemon=True, name="kept-networks"
                )
                self._watcher.start()

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_S)
            self.release()
            with self._lock:
                if not self._entries:
                    self._watcher = None
                    return


class _Entry:
    """A place for an embedder, which one thread fills while others wait."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.embedder: LocalEmbedder | None = None


def _available_memory() -> float:
    memory = psutil.virtual_memory()
    return float(memory.available / memory.total)


def _give_back_memory() -> None:
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


KEPT = Kept()
