"""Web address → bytes, several at the same time.

The client runs in the event loop of a thread of its own, because only there can a whole download
(host name, connection, headers, body) have one deadline and be broken off at once.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import threading
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from time import time

import httpx

from orangecontrib.imageembedding.errors import FetchError
from orangecontrib.imageembedding.images import webcache
from orangecontrib.imageembedding.images.webfailures import (
    CONNECT_TIMEOUT_S,
    READ_TIMEOUT_S,
    WebFailure,
    failure_of,
)

MAX_BYTES = 256 << 20  # several are in memory at the same time
DEADLINE_S = 90.0  # for one image, with all its tries and redirects
N_TRIES = 3
N_REDIRECTS = 10
FIRST_PAUSE_S = 0.5
MAX_PAUSE_S = 30.0  # a server that asks for a longer pause is not asked again
N_LOST_IMAGES = 8  # so many in a row not even connected: the host is not asked any more
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
USER_AGENT = "Orange3-ImageEmbedding"


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
    """Downloads that share connections; a context manager, whose end breaks off what is left.

    Costs nothing before the first `submit`; what the cache on disk has needs no connection.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx.AsyncClient | None = None
        self._n_lost: Counter[str] = Counter()  # host → images in a row without a connection

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)

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
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            thread = threading.Thread(
                target=self._run, args=(self._loop,), daemon=True, name="imageembedding-web"
            )
            thread.start()
        return asyncio.run_coroutine_threadsafe(self._within_deadline(url), self._loop)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.run_forever()
        loop.run_until_complete(self._break_off())
        loop.close()

    async def _break_off(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def _within_deadline(self, url: str) -> bytes:
        try:
            data = await asyncio.wait_for(self._through_redirects(url), DEADLINE_S)
        except asyncio.TimeoutError as error:
            raise FetchError(url, f"not complete within {DEADLINE_S:g} s") from error
        except WebFailure as failure:
            raise FetchError(url, failure.reason) from failure.__cause__
        if not data:
            raise FetchError(url, "empty file")
        return data

    async def _through_redirects(self, url: str) -> bytes:
        seen = set()
        for _ in range(N_REDIRECTS + 1):
            address = url.partition("#")[0]
            if address in seen:
                raise WebFailure("the server redirects in a circle")
            seen.add(address)
            answer = await self._from_cache_or_server(address)
            if answer.redirect is None:
                return answer.body
            url = answer.redirect
        raise WebFailure(f"redirected more than {N_REDIRECTS} times")

    async def _from_cache_or_server(self, url: str) -> _Answer:
        kept = await asyncio.to_thread(webcache.look_up, url)
        if kept is not None and kept.is_fresh:
            return _Answer(200, {}, kept.body)
        answer = await self._with_retries(url, kept.conditions if kept is not None else {})
        if answer.status == httpx.codes.NOT_MODIFIED and kept is not None:
            await asyncio.to_thread(webcache.renew, url, kept, answer.headers)
            return _Answer(200, {}, kept.body)
        if answer.status == httpx.codes.OK:
            await asyncio.to_thread(webcache.keep, url, answer.headers, answer.body)
        return answer

    async def _with_retries(self, url: str, conditions: dict[str, str]) -> _Answer:
        host = url.split("/", 3)[2].lower() if url.count("/") >= 2 else ""
        for n_tried in range(1, N_TRIES + 1):
            if self._n_lost[host] >= N_LOST_IMAGES:
                raise WebFailure(f"not tried: {N_LOST_IMAGES} others from there could not connect")
            try:
                answer = await self._ask(url, conditions)
            except WebFailure as failure:
                pause_s = failure.pause_s
                if n_tried == N_TRIES or pause_s is None or pause_s > MAX_PAUSE_S:
                    self._n_lost[host] += failure.is_lost
                    raise
                if not failure.is_lost:
                    self._n_lost[host] = 0
            else:
                self._n_lost[host] = 0
                return answer
            backoff_s = FIRST_PAUSE_S * 2 ** (n_tried - 1) * random.uniform(0.5, 1.5)
            await asyncio.sleep(max(pause_s, backoff_s))
        raise AssertionError("the last try returns or raises")

    async def _ask(self, url: str, conditions: dict[str, str]) -> _Answer:
        """Ask once."""
        if self._client is None:
            self._client = _new_client()
        try:
            async with self._client.stream("GET", url, headers=conditions) as reply:
                return await _read(reply, bool(conditions))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise failure_of(error) from error


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a server said: a body (200), nothing new (304) or another address."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    redirect: str | None = None


def _new_client() -> httpx.AsyncClient:
    try:
        return httpx.AsyncClient(
            headers={"User-Agent": USER_AGENT},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        )
    except ssl.SSLError as error:
        raise WebFailure("the certificates of SSL_CERT_FILE cannot be read") from error
    except OSError as error:
        raise WebFailure(f"the certificates cannot be read: {error.strerror}") from error
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        raise WebFailure(f"the proxy set on this computer cannot be used: {error}") from error


async def _read(reply: httpx.Response, is_conditional: bool) -> _Answer:
    headers = dict(reply.headers)
    status = reply.status_code
    if status in REDIRECTS and reply.next_request is not None:
        return _Answer(status, headers, redirect=str(reply.next_request.url))
    if status == httpx.codes.NOT_MODIFIED and is_conditional:
        return _Answer(status, headers)
    if status != httpx.codes.OK:
        phrase = reply.reason_phrase or "no reason given"
        pause_s = _retry_after_s(headers.get("retry-after", "")) if status in PASSING else None
        raise WebFailure(f"the server answers {status} ({phrase})", pause_s)
    announced = headers.get("content-length", "")
    if announced.isdigit() and int(announced) > MAX_BYTES:
        raise WebFailure(f"larger than {MAX_BYTES >> 20} MB")
    body = bytearray()
    async for piece in reply.aiter_bytes():
        body += piece
        if len(body) > MAX_BYTES:
            raise WebFailure(f"larger than {MAX_BYTES >> 20} MB")
    return _Answer(status, headers, bytes(body))


def _retry_after_s(text: str) -> float:
    """Read the header Retry-After: seconds or a date; 0 if there is none."""
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time())
    except (ValueError, OverflowError):
        return 0.0
