"""How much the server accepts: requests wait in one queue for room, for a limited time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Full(Exception):  # noqa: N818 - becomes an answer
    """There was no room in time."""


class Admission:
    """Counts images that are accepted and not done; used by one event loop.

    Parameters
    ----------
    size : int
        Most images; more in one request are taken on alone.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.used = 0
        self._line: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def waited_for(self, n_images: int, patience_s: float) -> AsyncIterator[None]:
        """Hold some room, after waiting for it in line.

        Raises
        ------
        Full
            If the time limit passes before.
        """
        if self._line or not self._fits(n_images):
            await self._wait(n_images, patience_s)
        else:
            self.used += n_images
        try:
            yield
        finally:
            self._leave(n_images)

    def refuse(self) -> None:
        """Send away everybody who waits."""
        while self._line:
            _, place = self._line.popleft()
            if not place.done():
                place.set_exception(Full())

    async def _wait(self, n_images: int, patience_s: float) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append((n_images, place))
        try:
            await asyncio.wait({place}, timeout=patience_s)
            if not place.done():
                raise Full
            place.result()
        except BaseException:
            if place.done() and place.exception() is None:  # it came at the same moment
                self._leave(n_images)
            place.cancel()
            self._admit()  # who stands behind may fit
            raise

    def _fits(self, n_images: int) -> bool:
        return self.used == 0 or self.used + n_images <= self.size

    def _leave(self, n_images: int) -> None:
        self.used -= n_images
        self._admit()

    def _admit(self) -> None:
        while self._line and (self._line[0][1].done() or self._fits(self._line[0][0])):
            n_images, place = self._line.popleft()
            if not place.done():  # else the waiting client has gone
                self.used += n_images
                place.set_result(None)
