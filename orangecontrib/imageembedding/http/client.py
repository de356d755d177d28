"""The client of images, weights and embedding servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

from orangecontrib.imageembedding.http.certificates import ssl_context
from orangecontrib.imageembedding.http.failures import (
    CAUGHT,
    LATER,
    PROXY,
    HttpError,
    failure_of,
)
from orangecontrib.imageembedding.http.loop import LoopThread

CONNECT_TIMEOUT_S = 10.0
WRITE_TIMEOUT_S = 30.0  # in which a piece of what is sent has to leave
PIECE_BYTES = 1 << 16
CHUNK_BYTES = 1 << 18
USER_AGENT = "Orange3-ImageEmbedding"
EVERY_STATUS = range(1000)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said.

    Attributes
    ----------
    status : int
    headers : dict of str to str
        Names in lower case.
    body : bytes
    phrase : str
        The server's words for the status; may be "".
    redirect : str or None
        The address that it sends to.
    """

    status: int
    headers: dict[str, str]
    body: bytes = field(default=b"", repr=False)
    phrase: str = ""
    redirect: str | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A body on its way.

    Attributes
    ----------
    reply : Reply
        Without its body.
    hops : tuple of dict of str to str
        Headers of the answers that led here, and its own; names in lower case.
    pieces : iterator of bytes
        The body; raises `HttpError` if the connection is lost.
    """

    reply: Reply
    hops: tuple[dict[str, str], ...]
    pieces: Iterator[bytes]


class Client:
    """Asks servers. Proxies and certificates are those of this computer; no cookies are sent.

    Parameters
    ----------
    headers : mapping of str to str, optional
        Sent with each request.
    n_connections : int
        Most at the same time.
    read_timeout_s : float or None
        Longest silence; None where each request has a deadline.
    uses_proxies : bool
        Those that are set on this computer.

    Attributes
    ----------
    loop : LoopThread
        Where requests run, and what depends on them.
    """

    def __init__(
        self,
        headers: Mapping[str, str] | None = None,
        n_connections: int = 20,
        read_timeout_s: float | None = None,
        uses_proxies: bool = True,
    ) -> None:
        self.loop = LoopThread()
        self._headers = {"User-Agent": USER_AGENT, **(headers or {})}
        self._n_connections = n_connections
        self._read_timeout_s = read_timeout_s
        self._uses_proxies = uses_proxies
        self._client: httpx2.AsyncClient | None = None

    def close(self) -> None:
        """Break off what is under way."""
        self.loop.close()

    async def ask(
        self,
        method: str,
        url: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        max_bytes: int,
        deadline_s: float | None = None,
        wanted: Container[int] = EVERY_STATUS,
    ) -> Reply:
        """Ask once; redirects are not followed.

        Parameters
        ----------
        method, url, content, headers
            The request.
        max_bytes : int
            Size of the largest body that is accepted.
        deadline_s : float, optional
            For the whole request.
        wanted : container of int, optional
            Statuses whose bodies are read.

        Raises
        ------
        HttpError
            If there is no answer, or it is too large or too late.
        """
        work = self._ask(method, url, content, headers or {}, max_bytes, wanted)
        if deadline_s is None:
            return await work
        try:
            return await asyncio.wait_for(work, deadline_s)
        except asyncio.TimeoutError as error:
            raise HttpError(f"no answer within {deadline_s:g} s", LATER, 0.0) from error

    async def _ask(
        self,
        method: str,
        url: str,
        content: bytes,
        headers: Mapping[str, str],
        max_bytes: int,
        wanted: Container[int],
    ) -> Reply:
        reply = await self._send(method, url, content, headers)
        try:
            body = await _read(reply, max_bytes) if reply.status_code in wanted else b""
        except CAUGHT as error:
            raise self._failure_of(error) from error
        finally:
            await reply.aclose()
        return _told(reply, body)

    def download(
        self, url: str, headers: Mapping[str, str], poll: Callable[[], object]
    ) -> Download:
        """Begin to get a large file, for a thread that takes one piece after the other.

        Parameters
        ----------
        url : str
            Redirects are followed.
        headers : mapping of str to str
            Of the request.
        poll : callable
            Called while waiting; may raise.

        Raises
        ------
        HttpError
            If there is no answer.
        """
        reply = self.loop.result(self._send("GET", url, b"", headers, follows=True), poll)
        source = reply.aiter_bytes(CHUNK_BYTES)

        def pieces() -> Iterator[bytes]:
            while piece := self.loop.result(self._next(source), poll):
                yield piece

        hops = tuple(dict(answer.headers) for answer in (*reply.history, reply))
        return Download(_told(reply), hops, pieces())

    async def _send(
        self,
        method: str,
        url: str,
        content: bytes,
        headers: Mapping[str, str],
        follows: bool = False,
    ) -> httpx2.Response:
        """Get an answer whose body has not been read."""
        if self._client is None:
            self._client = self._new_client()
            self.loop.closables.append(self._client)
        try:
            request = self._client.build_request(
                method, url, content=_pieces(content) if content else b"",
                headers={**headers, **({"Content-Length": str(len(content))} if content else {})},
            )  # fmt: skip
            return await self._client.send(request, stream=True, follow_redirects=follows)
        except CAUGHT as error:
            raise self._failure_of(error) from error

    async def _next(self, source: AsyncIterator[bytes]) -> bytes:
        try:
            return await anext(source, b"")
        except CAUGHT as error:
            raise self._failure_of(error) from error

    def _failure_of(self, error: Exception) -> HttpError:
        return failure_of(error, CONNECT_TIMEOUT_S, self._read_timeout_s)

    def _new_client(self) -> httpx2.AsyncClient:
        try:
            return httpx2.AsyncClient(
                headers=self._headers,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                verify=ssl_context(),
                timeout=httpx2.Timeout(
                    self._read_timeout_s, connect=CONNECT_TIMEOUT_S, write=WRITE_TIMEOUT_S
                ),
                trust_env=self._uses_proxies,
                limits=httpx2.Limits(
                    max_connections=self._n_connections,
                    max_keepalive_connections=self._n_connections,
                ),
            )
        except (ValueError, ImportError, httpx2.InvalidURL) as error:
            reason = f"the proxy set on this computer cannot be used: {error}"
            raise HttpError(reason, PROXY) from error


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    """Cut a body, so that each piece has a deadline and not the whole."""
    view = memoryview(content)
    for start in range(0, len(content), PIECE_BYTES):
        yield bytes(view[start : start + PIECE_BYTES])


def _told(reply: httpx2.Response, body: bytes = b"") -> Reply:
    redirect = None if reply.next_request is None else str(reply.next_request.url)
    return Reply(reply.status_code, dict(reply.headers), body, reply.reason_phrase, redirect)


async def _read(reply: httpx2.Response, max_bytes: int) -> bytes:
    """Read a whole body; it is not read to its end, or at all, where it is too large."""
    announced = reply.headers.get("content-length", "")
    n_bytes = int(announced) if announced.isdigit() else 0
    body = bytearray()
    pieces = reply.aiter_bytes()
    while n_bytes <= max_bytes and (piece := await anext(pieces, b"")):
        body += piece
        n_bytes = max(n_bytes, len(body))
    if n_bytes > max_bytes:
        raise HttpError(f"larger than {max_bytes >> 20} MB")
    return bytes(body)
