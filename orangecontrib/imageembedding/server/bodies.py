"""The bodies of requests: room is taken for bytes that have arrived, deadlines are for silence.

Where the room is full, pieces wait in line; the eldest body is never held back, so that one at
least gets done. Who is silent while others wait is sent away soon.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from orangecontrib.imageembedding.server.admission import Full

SILENCE_S = 30.0
SILENCE_IN_A_CROWD_S = 2.0  # while others wait for room, or for the end
TICK_S = 0.25
MIN_STEP_BYTES = 1024  # fewer are silence


@dataclass(slots=True, eq=False)
class _Upload:
    n_bytes: int = 0
    heard_at: float = field(default_factory=monotonic)
    n_bytes_then: int = 0
    place: asyncio.Future[None] | None = None  # in the line

    def note(self, n_bytes: int) -> None:
        self.n_bytes += n_bytes
        if self.n_bytes - self.n_bytes_then >= MIN_STEP_BYTES:
            self.heard_at, self.n_bytes_then = monotonic(), self.n_bytes


class Bodies:
    """Reads the bodies of all requests of one event loop.

    Parameters
    ----------
    size : int
        Bytes that are held at the same time; the eldest body may add as many as it has.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.used = 0
        self.is_ending = False
        self._arriving: dict[_Upload, None] = {}  # the eldest first
        self._line: deque[tuple[int, _Upload]] = deque()

    @asynccontextmanager
    async def read(
        self, request: Request, limit: int, patience_s: float
    ) -> AsyncIterator[bytearray]:
        """Read a body, and hold its room.

        Parameters
        ----------
        request : Request
            Whose body has not been read.
        limit : int
            Most bytes: 413 as soon as there are more; 408 if they stop to come.
        patience_s : float
            How long to wait for room.

        Raises
        ------
        Full
            If there was no room in time.
        ClientDisconnect
            If the client has gone.
        """
        upload = _Upload()
        self._arriving[upload] = None
        try:
            body = bytearray()  # grows in place: joining pieces would hold everybody up
            async for piece in self._pieces(request, upload, limit, patience_s):
                body += piece
            self._arrived(upload)
            yield body
        finally:
            self._arrived(upload)
            self.used -= upload.n_bytes
            self._admit()

    async def _pieces(
        self, request: Request, upload: _Upload, limit: int, patience_s: float
    ) -> AsyncIterator[bytes]:
        is_more = True
        while is_more:
            message = await self._next(request, upload)
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            piece = message.get("body", b"")
            if upload.n_bytes + len(piece) > limit:
                raise too_large(limit)
            await self._take(upload, len(piece), patience_s)
            is_more = message.get("more_body", False)
            yield piece

    async def _next(self, request: Request, upload: _Upload) -> Message:
        """Wait for the next piece; 408 if it does not come."""
        receiving = asyncio.ensure_future(request.receive())
        try:
            while not receiving.done():
                is_crowd = self._line or self.is_ending
                silence_s = SILENCE_IN_A_CROWD_S if is_crowd else SILENCE_S
                if monotonic() - upload.heard_at > silence_s:
                    raise _silent(silence_s)
                await asyncio.wait({receiving}, timeout=TICK_S)
            return receiving.result()
        finally:
            receiving.cancel()

    async def _take(self, upload: _Upload, n_bytes: int, patience_s: float) -> None:
        """Wait until there is room for a piece."""
        if self._may_grow(upload, n_bytes) and not self._line:
            self._grow(upload, n_bytes)
            return
        upload.place = asyncio.get_running_loop().create_future()
        self._line.append((n_bytes, upload))
        self._admit()
        try:
            await asyncio.wait({upload.place}, timeout=patience_s)
            if not upload.place.done():
                raise Full
        finally:
            upload.place.cancel()
            upload.place = None
        upload.heard_at = monotonic()  # the server itself kept it waiting

    def _may_grow(self, upload: _Upload, n_bytes: int) -> bool:
        is_eldest = next(iter(self._arriving), None) is upload
        return is_eldest or self.used + n_bytes <= self.size

    def _grow(self, upload: _Upload, n_bytes: int) -> None:
        self.used += n_bytes
        upload.note(n_bytes)

    def _arrived(self, upload: _Upload) -> None:
        if self._arriving.pop(upload, upload) is None:  # there is another eldest now
            self._admit()

    def _admit(self) -> None:
        """Let in who may come, in order; the eldest wherever it stands."""
        left: deque[tuple[int, _Upload]] = deque()
        for n_bytes, upload in self._line:
            place = upload.place
            if place is None or place.done():
                continue
            is_next = not left or next(iter(self._arriving), None) is upload
            if is_next and self._may_grow(upload, n_bytes):
                self._grow(upload, n_bytes)
                place.set_result(None)
            else:
                left.append((n_bytes, upload))
        self._line = left


def too_large(limit: int) -> HTTPException:
    """Make the answer to a body above the limit."""
    return HTTPException(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The request is larger than {limit / 1e6:g} MB."
    )


def _silent(silence_s: float) -> HTTPException:
    reason = f"The request stopped in the middle: nothing came for {silence_s:g} s."
    return HTTPException(HTTPStatus.REQUEST_TIMEOUT, reason, {"Connection": "close"})
