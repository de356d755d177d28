"""The store that was used last stays open for a while.

Whoever closes a file last must bring all of it to the disk, which takes longer than embedding an
image. While one connection is left open, the next ones open and close in no time.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from functools import cache

from orangecontrib.imageembedding.caches.store import Store

PARKED_S = 5.0


class Parking:
    """A place for one store.

    Parameters
    ----------
    parked_s : float, optional
        How long it stays open after it was used last.
    """

    def __init__(self, parked_s: float = PARKED_S) -> None:
        self._parked_s = parked_s
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._process = os.getpid()
        self._until = 0.0
        self._is_watched = False

    def park(self, store: Store) -> None:
        """Close a store later; the one before it is closed now."""
        with self._lock:
            if self._process != os.getpid():  # a forked one must not close what is its parent's
                store.close()
                return
            before, self._store = self._store, store
            self._until = time.monotonic() + self._parked_s
            if not self._is_watched:
                self._is_watched = True
                threading.Thread(target=self._watch, daemon=True, name="parked-cache").start()
        if before is not None:
            before.close()

    def close(self) -> None:
        """Close what is parked."""
        with self._lock:
            store, self._store = self._store, None
        if store is not None and self._process == os.getpid():
            store.close()

    def _watch(self) -> None:
        while (rest_s := self._until - time.monotonic()) > 0:
            time.sleep(rest_s)
        with self._lock:
            self._is_watched = False
        self.close()


@cache
def the_parking() -> Parking:
    """Get the one place of this process."""
    parking = Parking()
    atexit.register(parking.close)
    return parking
