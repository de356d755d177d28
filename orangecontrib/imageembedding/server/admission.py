"""How much the server takes on: requests wait for room, or are told to come again."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Full(Exception):  # noqa: N818 - becomes an answer
    """There is no room now."""


class Admission:
    """Counts what has been taken on and is not done; of one event loop.

    Parameters
    ----------
    size : int
        Images, or bytes.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.used = 0
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def waited_for(self, amount: int) -> AsyncIterator[None]:
        """Hold some room, after waiting for it in line."""
        if self._queue or not self._fits(amount):
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._queue.append((amount, place))
            try:
                await place
            except asyncio.CancelledError:
                if place.done() and not place.cancelled():  # it came at the same moment
                    self._leave(amount)
                raise
        else:
            self.used += amount
        try:
            yield
        finally:
            self._leave(amount)

    @asynccontextmanager
    async def taken(self, amount: int) -> AsyncIterator[None]:
        """Hold some room, if it is free at once.

        Raises
        ------
        Full
            If it is not.
        """
        if self._queue or not self._fits(amount):
            raise Full
        self.used += amount
        try:
            yield
        finally:
            self._leave(amount)

    def _fits(self, amount: int) -> bool:
        return self.used == 0 or self.used + amount <= self.size

    def _leave(self, amount: int) -> None:
        self.used -= amount
        while self._queue and (self._queue[0][1].done() or self._fits(self._queue[0][0])):
            wanted, place = self._queue.popleft()
            if not place.done():  # else whoever waited has gone
                self.used += wanted
                place.set_result(None)
