"""Web address → bytes, several at the same time."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import Future
from http import HTTPStatus

from orangecontrib.imageembedding.errors import FetchError
from orangecontrib.imageembedding.http.client import Client, Reply
from orangecontrib.imageembedding.http.failures import HttpError
from orangecontrib.imageembedding.http.retry import refused, with_retries
from orangecontrib.imageembedding.images import webcache

MAX_BYTES = 256 << 20  # several are in memory at the same time
READ_TIMEOUT_S = 20.0  # between two pieces
DEADLINE_S = 90.0  # for one image, with all its tries and redirects
N_TRIES = 3
N_REDIRECTS = 10
MAX_PAUSE_S = 30.0  # a server that demands a longer pause is not tried again
N_LOST_IMAGES = 8  # after this many failed connections in a row, the host is not tried again


def download(url: str) -> bytes:
    """Read one image from the web; `Web` is for many.

    Parameters
    ----------
    url : str
        ``http`` or ``https``. Proxies are those of the environment.

    Returns
    -------
    data : bytes
        Never empty.

    Raises
    ------
    FetchError
        If the server cannot be reached, answers with an error, or is too slow (`DEADLINE_S`), or
        if the image is larger than `MAX_BYTES`.
    """
    with Web() as web:
        return web.submit(url).result()


class Web:
    """Downloads that share connections; a context manager, whose exit stops the remaining ones.

    Costs nothing before the first `submit`; what the cache on disk has needs no connection.
    """

    def __init__(self) -> None:
        self._client = Client(read_timeout_s=READ_TIMEOUT_S)
        self._n_lost: Counter[str] = Counter()  # host → images in a row without a connection

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def submit(self, url: str) -> Future[bytes]:
        """Begin a download.

        Parameters
        ----------
        url : str
            ``http`` or ``https``.

        Returns
        -------
        future : Future of bytes
            Its exception is a `FetchError`, as of `download`.
        """
        return self._client.loop.submit(self._within_deadline(url))

    async def _within_deadline(self, url: str) -> bytes:
        try:
            data = await asyncio.wait_for(self._through_redirects(url), DEADLINE_S)
        except asyncio.TimeoutError as error:
            raise FetchError(url, f"not complete within {DEADLINE_S:g} s") from error
        except HttpError as error:
            raise FetchError(url, error.reason) from error
        if not data:
            raise FetchError(url, "empty file")
        return data

    async def _through_redirects(self, url: str) -> bytes:
        seen = set()
        for _ in range(N_REDIRECTS + 1):
            address = url.partition("#")[0]
            if address in seen:
                raise HttpError("the server redirects in a circle")
            seen.add(address)
            reply = await self._from_cache_or_server(address)
            if reply.redirect is None:
                return reply.body
            url = reply.redirect
        raise HttpError(f"redirected more than {N_REDIRECTS} times")

    async def _from_cache_or_server(self, url: str) -> Reply:
        kept = await asyncio.to_thread(webcache.look_up, url)
        if kept is not None and kept.is_fresh:
            return Reply(HTTPStatus.OK, {}, kept.body)
        reply = await self._with_retries(url, kept.conditions if kept is not None else {})
        if reply.status == HTTPStatus.NOT_MODIFIED and kept is not None:
            await asyncio.to_thread(webcache.renew, url, kept, reply.headers)
            return Reply(HTTPStatus.OK, {}, kept.body)
        if reply.status == HTTPStatus.OK:
            await asyncio.to_thread(webcache.keep, url, reply.headers, reply.body)
        return reply

    async def _with_retries(self, url: str, conditions: dict[str, str]) -> Reply:
        host = url.split("/", 3)[2].lower() if url.count("/") >= 2 else ""

        async def attempt(n_tried: int) -> Reply:
            if self._n_lost[host] >= N_LOST_IMAGES:
                reason = f"not tried: {N_LOST_IMAGES} others from the same server failed to connect"
                raise HttpError(reason, is_lost=True)
            return await self._ask(url, conditions)

        def may_try_again(n_tried: int, error: HttpError) -> bool:
            again = error.pause_s is not None and error.pause_s <= MAX_PAUSE_S
            if not error.is_lost:
                self._n_lost[host] = 0
            elif n_tried == N_TRIES or not again:
                self._n_lost[host] += 1
            return again and n_tried < N_TRIES

        reply = await with_retries(attempt, may_try_again)
        self._n_lost[host] = 0
        return reply

    async def _ask(self, url: str, conditions: dict[str, str]) -> Reply:
        """Ask once: a body (200), nothing new (304) or another address."""
        reply = await self._client.ask(
            "GET", url, headers=conditions, max_bytes=MAX_BYTES, wanted={HTTPStatus.OK}
        )
        is_new = reply.status == HTTPStatus.OK
        is_old = reply.status == HTTPStatus.NOT_MODIFIED and bool(conditions)
        if is_new or is_old or reply.redirect is not None:
            return reply
        raise refused(reply)
