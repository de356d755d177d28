"""Images of many requests → batches, computed by a few threads."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
T = TypeVar("T")


class Batcher(Generic[Item, Result]):
    """Gathers what waits while its threads are busy; an idle one begins at once.

    Of the event loop that first calls `results`. How much may wait is for the callers to limit,
    see `Admission`.

    Parameters
    ----------
    compute : callable
        Gets a list of items, in a thread; gives a result for each, in order.
    batch_size : int
        Most items at once.
    n_workers : int
        Batches at the same time.
    """

    def __init__(
        self,
        compute: Callable[[list[Item]], Sequence[Result]],
        batch_size: int,
        n_workers: int,
    ) -> None:
        self._compute = compute
        self._batch_size = batch_size
        self._n_workers = n_workers
        self._n_running = 0
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._pool = ThreadPoolExecutor(n_workers, thread_name_prefix="server-batch")

    @property
    def is_running(self) -> bool:
        """Whether a thread is at work."""
        return self._n_running > 0

    @property
    def n_waiting(self) -> int:
        """Items that no thread has taken yet."""
        return len(self._waiting)

    async def results(self, items: Sequence[Item]) -> list[Result]:
        """Get a result for each item, in order.

        Items that wait when this is cancelled are not computed any more.
        """
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Result]] = [loop.create_future() for _ in items]
        self._waiting.extend(zip(items, futures, strict=True))
        # Later in this turn of the loop: requests that came together are computed together.
        loop.call_soon(self._begin)
        return list(await asyncio.gather(*futures))

    async def run(self, work: Callable[[], T]) -> T:
        """Do something else in one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def refuse(self, error: Exception) -> None:
        """Give an error to all that wait for a thread."""
        while self._waiting:
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_exception(error)

    def close(self) -> None:
        """Let the threads end once they have done what they have begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self) -> None:
        while self._n_running < self._n_workers and (batch := self._next_batch()):
            self._n_running += 1
            task = asyncio.get_running_loop().run_in_executor(
                self._pool, self._compute, [item for item, _ in batch]
            )
            task.add_done_callback(partial(self._end, [future for _, future in batch]))

    def _next_batch(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        batch: list[tuple[Item, asyncio.Future[Result]]] = []
        while self._waiting and len(batch) < self._batch_size:
            item, future = self._waiting.popleft()
            if not future.done():  # else the client has gone
                batch.append((item, future))
        return batch

    def _end(
        self, futures: list[asyncio.Future[Result]], done: asyncio.Future[Sequence[Result]]
    ) -> None:
        self._n_running -= 1
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        results = [] if error is not None else done.result()
        for index, future in enumerate(futures):
            if future.done():
                continue
            if error is None:
                future.set_result(results[index])
            else:
                future.set_exception(error)
        self._begin()
