"""Requests to one server, with retries for as long as its users are patient."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic

from orangecontrib.imageembedding.embeddings.backends.remote.keys import VARIABLE, key_in_keyring
from orangecontrib.imageembedding.embeddings.backends.remote.speed import Speed
from orangecontrib.imageembedding.errors import (
    ServerAnswerError,
    ServerBusyError,
    ServerCertificateError,
    ServerError,
    ServerKeyError,
    ServerUnreachableError,
)
from orangecontrib.imageembedding.http.client import Client, Reply
from orangecontrib.imageembedding.http.encryption import speaks_https
from orangecontrib.imageembedding.http.failures import PROXY, HttpError
from orangecontrib.imageembedding.http.proxies import is_here, proxy_of
from orangecontrib.imageembedding.http.retry import PASSING, refused, with_retries
from orangecontrib.imageembedding.progress import Progress, silent

FIRST_PATIENCE_S = 3.0  # for a server that has not answered yet
QUESTION_TIMEOUT_S = 20.0  # what takes no computing
TIMEOUT_S = 180.0  # a busy server may hold a request back, as Orange's own client grants
SLOWEST_BYTES_S = (
    10_000  # of a line; a transfer that stalls for longer than one piece may take is stopped
)
GRACE = 5  # at most this many times its timeout, for a request that others overtake
MAX_REPLY_BYTES = 256 << 20

BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
UNAUTHORIZED = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED}
)
N_TRIES_BROKEN = 3


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask: the path goes behind the server's URL."""

    method: str
    path: str
    content: bytes = field(default=b"", repr=False)
    headers: dict[str, str] = field(default_factory=dict)


class Connection:
    """A server, as several threads ask it.

    Parameters
    ----------
    url : str
        Without a slash at its end.
    api_key : str or None
    n_connections : int
        Most at the same time.
    patience_s : float
        How long to wait for a server that has answered before.
    """

    def __init__(
        self, url: str, api_key: str | None, n_connections: int = 4, patience_s: float = 120.0
    ) -> None:
        self.url = url
        self._patience_s = patience_s
        self._answered_at: float | None = None
        self._key = api_key
        self._has_looked = api_key is not None  # for a key
        self._speed = Speed()
        self._client = Client(n_connections=n_connections, uses_proxies=not is_here(url))

    def close(self) -> None:
        """Stop what is under way: callers that wait for it get `Cancelled`."""
        self._client.close()

    def ask(self, request: Request, progress: Progress = silent) -> Reply:
        """Get the answer to a request; see `ask_all`.

        Parameters
        ----------
        request : Request
            What to ask.
        progress : Progress, optional
            Called while waiting: may raise `Cancelled`.
        """
        answer = self.ask_all([request], progress)[0]
        if isinstance(answer, ServerError):
            raise answer
        return answer

    def ask_all(
        self, requests: Sequence[Request], progress: Progress = silent
    ) -> list[Reply | ServerError]:
        """Get the answers to some requests, at the same time.

        Returns
        -------
        answers : list of Reply or ServerError
            A reply has a status that another try would not change, or says that the server broke
            down on it (500). An error says that the server cannot be used, at all or for longer
            than the patience.

        Raises
        ------
        Cancelled
            If the connection is closed while waiting, or `progress` raised it.
        """
        return self._client.loop.result(self._ask_all(requests), lambda: progress(0.0))

    async def _ask_all(self, requests: Sequence[Request]) -> list[Reply | ServerError]:
        answers = await asyncio.gather(
            *(self._with_retries(request) for request in requests), return_exceptions=True
        )
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, ServerError):
                raise answer
        return answers  # type: ignore[return-value]

    async def _with_retries(self, request: Request) -> Reply:
        begun = monotonic()

        async def attempt(n_tried: int) -> Reply:
            reply = await self._try_with_keys(request)
            is_broken = reply.status == HTTPStatus.INTERNAL_SERVER_ERROR
            if reply.status in PASSING and not (is_broken and n_tried >= N_TRIES_BROKEN):
                raise refused(reply)
            return reply

        def may_try_again(n_tried: int, error: HttpError) -> bool:
            if error.pause_s is None and not error.is_lost:
                return False
            is_alive = error.status is not None and request.method == "POST"
            return not self._is_over(begun, error.pause_s or 0.0, is_alive=is_alive)

        try:
            return self._accepted(await with_retries(attempt, may_try_again))
        except HttpError as error:
            raise self._failure(await self._explained(error)) from error

    async def _explained(self, error: HttpError) -> HttpError:
        """Find out why there was no answer, where that can be seen from something else."""
        if error.is_lost:
            proxy = proxy_of(self.url)
            reason = f"the proxy {proxy} does not answer: {error.reason}"
            return error if proxy is None else HttpError(reason, PROXY)
        is_odd = error.status is None and self._answered_at is None
        if is_odd and self.url.startswith("http:") and await speaks_https(self.url):
            address = self.url.replace("http:", "https:", 1)
            return HttpError("it speaks https", f"Its address is {address}.")
        return error

    async def _try_with_keys(self, request: Request) -> Reply:
        """Try; once more with the key of the keyring, where one is wanted and none was given."""
        reply = await self._try(request)
        if reply.status == HTTPStatus.UNAUTHORIZED and not self._has_looked:
            self._has_looked = True
            self._key = await asyncio.to_thread(key_in_keyring, self.url)
            if self._key is not None:
                return await self._try(request)
        return reply

    async def _try(self, request: Request) -> Reply:
        auth = {} if self._key is None else {"Authorization": f"Bearer {self._key}"}
        timeout_s = QUESTION_TIMEOUT_S if request.method == "GET" else TIMEOUT_S
        begun = monotonic()
        reply = await self._client.ask(
            request.method,
            self.url + request.path,
            content=request.content,
            headers={**request.headers, **auth},
            max_bytes=MAX_REPLY_BYTES,
            deadline_s=timeout_s + len(request.content) / SLOWEST_BYTES_S,
        )
        self._speed.note(len(request.content), monotonic() - begun)
        return reply

    @property
    def n_bytes_at_once(self) -> int:
        """How large a request should be: larger ones take too long on a line like this."""
        return self._speed.n_bytes

    def _accepted(self, reply: Reply) -> Reply:
        if reply.status in UNAUTHORIZED:
            raise ServerKeyError(
                f"The server {self.url} refuses access ({reply.status}): the API key is "
                "missing or wrong. Ask the server's owner for it, and set: "
                f'{VARIABLE}="{self.url} KEY".'
            )
        if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
            self._answered_at = monotonic()
        elif reply.status < HTTPStatus.BAD_REQUEST:
            elsewhere = reply.headers.get("location", "another address")
            raise ServerAnswerError(
                f"The server {self.url} redirects to {elsewhere}. Use that address."
            )
        return reply

    def _is_over(self, begun: float, pause_s: float, *, is_alive: bool) -> bool:
        """Tell whether another try after a pause would come too late."""
        then = monotonic() + pause_s
        if self._answered_at is None and not is_alive:
            return then - begun > min(FIRST_PATIENCE_S, self._patience_s)
        since = max(begun, self._answered_at or begun)
        return then - since > self._patience_s or then - begun > GRACE * self._patience_s

    def _failure(self, error: HttpError) -> ServerError:
        if error.status in BUSY:
            return ServerBusyError(
                f"The server {self.url} is overloaded ({error.status}). Try again later."
            )
        if error.status is not None:
            return ServerAnswerError(
                f"The server {self.url} cannot be used now ({error.status}). Try again later."
            )
        kind = ServerCertificateError if error.is_untrusted else ServerUnreachableError
        message = f"The server {self.url} cannot be used: {error.reason}. {error.advice}"
        return kind(message.rstrip())
