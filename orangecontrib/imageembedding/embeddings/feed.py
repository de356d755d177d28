"""Locations → batches for the embedder: what is at hand at once, what is on the web when it comes.

Downloads run ahead of the embedder, as far as memory allows, and nothing waits for them but the
rows whose images they bring.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from orangecontrib.imageembedding.errors import FetchError
from orangecontrib.imageembedding.images.fetch import is_web

if TYPE_CHECKING:
    from orangecontrib.imageembedding.images.web import Web

N_DOWNLOADS = 8  # at the same time
MAX_WAITING_BYTES = 64 << 20  # of downloaded images that are not embedded yet
MAX_WAITING_BATCHES = 4


@dataclass(frozen=True, slots=True)
class Item:
    """One image that is wanted, once for all rows in which it stands.

    Attributes
    ----------
    location : str
        Path or URL; "" where there is none.
    rows : tuple of int
        At least one.
    data : bytes or None
        What was downloaded; None if it is still to be read, from this computer.
    """

    location: str
    rows: tuple[int, ...]
    data: bytes | None = None


Batch = list[Item]


def items_of(locations: Sequence[str]) -> list[Item]:
    """Gather the rows of each location.

    Parameters
    ----------
    locations : sequence of str
        Paths or URLs; "" where there is none.
    """
    rows: dict[str, list[int]] = {}
    for row, location in enumerate(locations):
        rows.setdefault(location, []).append(row)
    return [Item(location, tuple(rows[location])) for location in rows]


class Feed:
    """Gives out batches; a context manager, whose end breaks off the downloads.

    Parameters
    ----------
    items : sequence of Item
        What is wanted.
    batch_size : int
        Most images in a batch.
    """

    def __init__(self, items: Sequence[Item], batch_size: int) -> None:
        self._batch_size = batch_size
        self._local = deque(item for item in items if not is_web(item.location))
        self._to_download = deque(item for item in items if is_web(item.location))
        self._under_way: dict[Future[bytes], Item] = {}
        self._downloaded: deque[Item] = deque()
        self._n_waiting_bytes = 0
        self._web: Web | None = None

    def __enter__(self) -> Feed:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._to_download.clear()
        if self._web is not None:
            self._web.__exit__(kind, error, traceback)

    def begin_downloads(self) -> list[Future[bytes]]:
        """Begin as many downloads as there is room for.

        Returns
        -------
        under_way : list of Future
            To wait for; hand those that are done to `take_in`.
        """
        most = max(MAX_WAITING_BATCHES * self._batch_size, 1)
        while (
            self._to_download
            and len(self._under_way) < N_DOWNLOADS
            and len(self._under_way) + len(self._downloaded) < most
            and self._n_waiting_bytes < MAX_WAITING_BYTES
        ):
            if self._web is None:
                from orangecontrib.imageembedding.images.web import Web

                self._web = Web()
            item = self._to_download.popleft()
            self._under_way[self._web.submit(item.location)] = item
        return list(self._under_way)

    def take_in(self, download: Future[bytes]) -> list[tuple[Item, FetchError]]:
        """Take the image of a download that is done.

        Returns
        -------
        failed : list of (Item, FetchError)
            The image, if it could not be had.
        """
        item = self._under_way.pop(download)
        try:
            data = download.result()
        except FetchError as error:
            return [(item, error)]
        self._downloaded.append(Item(item.location, item.rows, data))
        self._n_waiting_bytes += len(data)
        return []

    def next_batch(self, is_idle: bool) -> Batch:
        """Give out the next batch.

        Parameters
        ----------
        is_idle : bool
            Whether the embedder has nothing to do: it then gets what there is.

        Returns
        -------
        batch : list of Item
            Empty if there is none now. Tell `done` when it is embedded.
        """
        is_full = len(self._downloaded) >= self._batch_size or not self._under_way
        source = self._downloaded if is_full and self._downloaded else self._local
        if not source and is_idle:
            source = self._downloaded
        return [source.popleft() for _ in range(min(self._batch_size, len(source)))]

    def done(self, batch: Batch) -> None:
        """Forget a batch: there is room for more."""
        self._n_waiting_bytes -= sum(len(item.data) for item in batch if item.data is not None)
