"""An event loop in its own thread, in which work can be stopped at once."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, Protocol, TypeVar

from orangecontrib.imageembedding.errors import Cancelled
from orangecontrib.imageembedding.progress import POLL_S

T = TypeVar("T")


class Closable(Protocol):
    """What must be closed inside the loop."""

    def aclose(self) -> Awaitable[None]:
        """Close it."""
        ...


class LoopThread:
    """The loop; threads may use it at the same time. Costs nothing before the first work.

    Attributes
    ----------
    closables : list of Closable
        Closed at the end.
    """

    def __init__(self) -> None:
        self.closables: list[Closable] = []
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._finalizer: Callable[[], object] | None = None  # stops it, once
        self._is_closed = False

    def close(self) -> None:
        """Stop what is under way: callers that wait for it get `Cancelled`."""
        with self._lock:
            self._is_closed = True
            if self._finalizer is not None:
                self._finalizer()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin some work.

        Raises
        ------
        Cancelled
            If the loop is closed.
        """
        with self._lock:
            if self._is_closed:
                work.close()
                raise Cancelled
            if self._loop is None:
                self._loop = self._begun()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def result(self, work: Coroutine[Any, Any, T], poll: Callable[[], object] | None = None) -> T:
        """Do some work and wait for it.

        Parameters
        ----------
        work : coroutine
            What to do.
        poll : callable, optional
            Called every `POLL_S` while waiting; the work is given up when it raises.

        Raises
        ------
        Cancelled
            If the loop is closed while waiting.
        """
        future = self.submit(work)
        try:
            while True:
                try:
                    return future.result(POLL_S)
                except FutureTimeoutError:
                    if future.done():
                        return future.result()
                    if self._loop is not None and self._loop.is_closed():
                        raise Cancelled from None
                if poll is not None:
                    poll()
        except CancelledError as error:
            raise Cancelled from error
        finally:
            future.cancel()

    def _begun(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        threading.Thread(
            target=_run, args=(loop, self.closables), daemon=True, name="imageembedding-http"
        ).start()
        self._finalizer = weakref.finalize(self, _stop, loop)
        return loop


def _run(loop: asyncio.AbstractEventLoop, closables: list[Closable]) -> None:
    loop.run_forever()
    loop.run_until_complete(_break_off(closables))
    loop.close()


async def _break_off(closables: list[Closable]) -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    for closable in closables:
        await closable.aclose()


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(loop.stop)
