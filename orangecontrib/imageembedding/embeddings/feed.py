"""Locations → batches for the embedder: local ones at once, those of the web as they arrive.

Downloads run ahead of the embedder, as far as memory allows, and nothing waits for them but the
rows whose images they bring.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
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


class Items:
    """The images that are wanted, each once.

    They are created when they are requested: collecting the garbage of a hundred thousand
    objects would stop the whole program for a moment.

    Parameters
    ----------
    locations : sequence of str
        Paths or URLs of all rows; "" where there is none.
    """

    def __init__(self, locations: Sequence[str]) -> None:
        self._rows: dict[str, int | list[int]] = {}
        for row, location in enumerate(locations):
            others = self._rows.setdefault(location, row)
            if isinstance(others, list):
                others.append(row)
            elif others != row:
                self._rows[location] = [others, row]

    def __len__(self) -> int:
        return len(self._rows)

    def locations(self) -> list[str]:
        """Get all locations, in the order of their first rows."""
        return list(self._rows)

    def item(self, location: str, data: bytes | None = None) -> Item:
        """Get one image."""
        rows = self._rows[location]
        return Item(location, (rows,) if isinstance(rows, int) else tuple(rows), data)


class Feed:
    """Gives out batches; a context manager, whose exit stops the downloads.

    Parameters
    ----------
    items : Items
        What is wanted.
    locations : sequence of str
        Those of them that are to be given out.
    batch_size : int
        Most images in a batch.
    n_shares : int
        Among how many the last files are shared, in smaller and smaller batches: all are to end
        at the same time.
    """

    def __init__(
        self, items: Items, locations: Sequence[str], batch_size: int, n_shares: int = 1
    ) -> None:
        self._items = items
        self._n_shares = n_shares
        self._batch_size = batch_size
        self._local = deque(location for location in locations if not is_web(location))
        self._to_download = deque(location for location in locations if is_web(location))
        self._under_way: dict[Future[bytes], str] = {}
        self._downloaded: deque[Item] = deque()
        self._n_waiting_bytes = 0
        self._web: Web | None = None

    def __enter__(self) -> Feed:
        return self

    def __exit__(self, *details: object) -> None:
        self._to_download.clear()
        if self._web is not None:
            self._web.__exit__(*details)

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
            location = self._to_download.popleft()
            self._under_way[self._web.submit(location)] = location
        return list(self._under_way)

    def take_in(self, download: Future[bytes]) -> list[tuple[Item, FetchError]]:
        """Take the image of a download that is done.

        Returns
        -------
        failed : list of (Item, FetchError)
            The image, if it could not be had.
        """
        location = self._under_way.pop(download)
        try:
            data = download.result()
        except FetchError as error:
            return [(self._items.item(location), error)]
        self._downloaded.append(self._items.item(location, data))
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
        if self._downloaded and (is_full or (is_idle and not self._local)):
            n = min(self._batch_size, len(self._downloaded))
            return [self._downloaded.popleft() for _ in range(n)]
        n = min(self._batch_size, -(-len(self._local) // self._n_shares))
        return [self._items.item(self._local.popleft()) for _ in range(n)]

    def done(self, batch: Batch) -> None:
        """Forget a batch: there is room for more."""
        self._n_waiting_bytes -= sum(len(item.data) for item in batch if item.data is not None)
