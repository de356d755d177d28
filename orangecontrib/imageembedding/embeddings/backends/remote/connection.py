"""Requests to one server, with retries; they run in the event loop of a thread of its own.

Only there can they be broken off at once, and can a whole request have one deadline.
"""

from __future__ import annotations

import asyncio
import random
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from time import monotonic, time

from orangecontrib.imageembedding.embeddings.backends.remote.http import (
    CAUGHT,
    failure_of,
    httpx,
    new_client,
)
from orangecontrib.imageembedding.errors import (
    Cancelled,
    ServerAnswerError,
    ServerBusyError,
    ServerError,
    ServerKeyError,
)
from orangecontrib.imageembedding.progress import POLL_S, Progress

FIRST_PATIENCE_S = 3.0  # for a server that has not answered yet
QUESTION_TIMEOUT_S = 20.0  # what takes no computing
TIMEOUT_S = 180.0  # a busy server may hold a request back, as Orange's own client grants
FIRST_PAUSE_S, MAX_PAUSE_S = 0.25, 15.0
GRACE = 5  # so many times its patience at most, for a request that others overtake
MAX_REPLY_BYTES = 256 << 20

BUSY = frozenset({429, 503})
PASSING = BUSY | {408, 425, 502, 504}
BAD_REQUEST, NOT_FOUND, BROKEN = 400, 404, 500
N_TRIES_BROKEN = 3
UNAUTHORISED = frozenset({401, 403, 407})
OK, FIRST_REDIRECT, FIRST_ERROR = 200, 300, 400


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask: the path goes behind the server's URL."""

    method: str
    path: str
    content: bytes = field(default=b"", repr=False)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)


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
        self._api_key = api_key
        self._n_connections = n_connections
        self._patience_s = patience_s
        self._answered_at: float | None = None
        self._clients: list[httpx.AsyncClient] = []  # one, from the first request on
        self._loop = asyncio.new_event_loop()
        threading.Thread(
            target=_run, args=(self._loop, self._clients), daemon=True, name="imageembedding-server"
        ).start()
        self._finalizer = weakref.finalize(self, _stop, self._loop)

    def close(self) -> None:
        """Break off what is under way: whoever waits for it gets `Cancelled`."""
        self._finalizer()

    def ask(self, request: Request, progress: Progress | None = None) -> Reply:
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
        self, requests: Sequence[Request], progress: Progress | None = None
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
            If the connection is closed meanwhile, or `progress` raised it.
        """
        if not self._finalizer.alive:
            raise Cancelled
        task = asyncio.run_coroutine_threadsafe(self._ask_all(requests), self._loop)
        return _result(task, progress, self._loop)

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
        n_tried = 0
        while True:
            n_tried += 1
            try:
                reply = await self._try(request)
            except CAUGHT as error:
                failure, is_passing = failure_of(error, self.url)
                if not is_passing or self._is_over(begun, 0.0, is_alive=False):
                    raise failure from error
                pause_s = 0.0
            else:
                is_broken = reply.status == BROKEN and n_tried < N_TRIES_BROKEN
                if not is_broken and reply.status not in PASSING:
                    return self._accepted(reply)
                pause_s = _retry_after_s(reply.headers.get("retry-after", ""))
                if self._is_over(begun, pause_s, is_alive=request.method == "POST"):
                    raise self._refusal(reply)
            # Twice as long each time, and at random: clients that failed together come apart.
            backoff_s = min(FIRST_PAUSE_S * 2 ** min(n_tried - 1, 10), MAX_PAUSE_S)
            await asyncio.sleep(max(pause_s, 0.0) + backoff_s * random.uniform(0.5, 1.0))

    async def _try(self, request: Request) -> Reply:
        if not self._clients:
            self._clients.append(new_client(self._api_key, self._n_connections))
        timeout_s = QUESTION_TIMEOUT_S if request.method == "GET" else TIMEOUT_S
        try:
            return await asyncio.wait_for(self._send(self._clients[0], request), timeout_s)
        except asyncio.TimeoutError as error:
            raise httpx.ReadTimeout(f"no answer within {timeout_s:g} s") from error

    async def _send(self, client: httpx.AsyncClient, request: Request) -> Reply:
        async with client.stream(
            request.method, self.url + request.path, content=request.content,
            headers=request.headers,
        ) as reply:  # fmt: skip
            body = bytearray()
            async for piece in reply.aiter_bytes():
                body += piece
                if len(body) > MAX_REPLY_BYTES:
                    raise httpx.RemoteProtocolError("the answer is too large")
            return Reply(reply.status_code, dict(reply.headers), bytes(body))

    def _accepted(self, reply: Reply) -> Reply:
        if reply.status in UNAUTHORISED:
            raise ServerKeyError(
                f"The server {self.url} does not let us in ({reply.status}): it wants an API key, "
                "or another one. Whoever runs the server has it."
            )
        if OK <= reply.status < FIRST_REDIRECT:
            self._answered_at = monotonic()
        elif reply.status < FIRST_ERROR:
            elsewhere = reply.headers.get("location", "another address")
            raise ServerAnswerError(
                f"The server {self.url} sends us to {elsewhere}. Use that address."
            )
        return reply

    def _is_over(self, begun: float, pause_s: float, *, is_alive: bool) -> bool:
        """Tell whether another try after a pause would come too late."""
        then = monotonic() + pause_s
        if self._answered_at is None and not is_alive:
            return then - begun > min(FIRST_PATIENCE_S, self._patience_s)
        since = max(begun, self._answered_at or begun)
        return then - since > self._patience_s or then - begun > GRACE * self._patience_s

    def _refusal(self, reply: Reply) -> ServerError:
        if reply.status in BUSY:
            return ServerBusyError(
                f"The server {self.url} has too much to do ({reply.status}). Try again later."
            )
        return ServerAnswerError(
            f"The server {self.url} cannot be used now ({reply.status}). Try again later."
        )


def _result(
    task: Future[list[Reply | ServerError]],
    progress: Progress | None,
    loop: asyncio.AbstractEventLoop,
) -> list[Reply | ServerError]:
    """Wait for a task; give it up with the loop, or when `progress` says so."""
    try:
        while True:
            try:
                return task.result(POLL_S)
            except FutureTimeoutError:
                if loop.is_closed():
                    raise Cancelled from None
                if progress is not None:
                    progress(0.0)
    except CancelledError as error:
        raise Cancelled from error
    finally:
        task.cancel()


def _run(loop: asyncio.AbstractEventLoop, clients: list[httpx.AsyncClient]) -> None:
    loop.run_forever()
    loop.run_until_complete(_break_off(clients))
    loop.close()


async def _break_off(clients: list[httpx.AsyncClient]) -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    for client in clients:
        await client.aclose()


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(loop.stop)


def _retry_after_s(text: str) -> float:
    """Read the header Retry-After: seconds or a date; 0 if there is none."""
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time())
    except (ValueError, OverflowError, TypeError):
        return 0.0
