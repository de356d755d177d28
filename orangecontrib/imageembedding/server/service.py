"""What all routes share: the embedders, the limits, and how requests are read and answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from orangecontrib.imageembedding.errors import BackendError, ImageError
from orangecontrib.imageembedding.server.admission import Admission
from orangecontrib.imageembedding.server.metrics import Metrics
from orangecontrib.imageembedding.server.served import Outcome, Picture, Served

T = TypeVar("T")

DEFAULT_MAX_QUEUE = 512
BODY_TIMEOUT_S = 60.0
BODIES_BYTES = 256 << 20  # of requests that are read or wait, all together
IMAGES_WORTH = 4  # a request for many images may be as large as so many of the largest

BAD_REQUEST, NOT_FOUND, TIMEOUT, TOO_LARGE = 400, 404, 408, 413
UNSUPPORTED, UNPROCESSABLE, TOO_MANY, BROKEN, UNAVAILABLE = 415, 422, 429, 500, 503


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server takes on.

    Attributes
    ----------
    max_queue : int
        Images at the same time.
    max_image_bytes : int
        Size of an encoded image.
    """

    max_queue: int = DEFAULT_MAX_QUEUE
    max_image_bytes: int = 32 << 20

    @property
    def max_body_bytes(self) -> int:
        """Size of a request for many images."""
        return IMAGES_WORTH * self.max_image_bytes


@dataclass(slots=True)
class Service:
    """The embedders of a server, and how much it has taken on.

    Attributes
    ----------
    models : dict of str to Served
        By the id of the embedder.
    limits : Limits
    metrics : Metrics
    images, body_bytes : Admission
        For the images and the bodies that are being worked on.
    sketches : dict of str to Future
        Embedder → directions of the shipped sketches, once somebody has asked.
    """

    models: Mapping[str, Served]
    limits: Limits = field(default_factory=Limits)
    metrics: Metrics = field(default_factory=Metrics)
    images: Admission = field(init=False)
    body_bytes: Admission = field(init=False)
    sketches: dict[str, asyncio.Future[NDArray[np.float32]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.images = Admission(self.limits.max_queue)
        self.body_bytes = Admission(max(BODIES_BYTES, self.limits.max_body_bytes))

    def model(self, name: str) -> Served:
        """Get an embedder; 404 if it does not run here."""
        if name not in self.models:
            known = ", ".join(self.models)
            raise HTTPException(NOT_FOUND, f"There is no model {name[:80]!r} here, only: {known}.")
        return self.models[name]

    async def embed(self, model: Served, pictures: Sequence[Picture]) -> list[Outcome]:
        """Embed pictures for which room was made; 500 if the embedder has failed."""
        try:
            outcomes = await model.embed(pictures)
        except BackendError as error:
            raise HTTPException(BROKEN, f"The embedder has failed: {error}") from error
        n_bad = sum(isinstance(outcome, ImageError) for outcome in outcomes)
        self.metrics.note_images(model.spec.id, len(outcomes) - n_bad, n_bad)
        return outcomes


def service_of(request: Request) -> Service:
    """Get what the app was made with."""
    service: Service = request.app.state.service
    return service


def announced_bytes(request: Request, limit: int) -> int:
    """Get how large the body will be at most; 413 if that is above the limit."""
    length = request.headers.get("content-length", "")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPException(UNSUPPORTED, "Compressed requests are not read.")
    if not (length.isascii() and length.isdigit()):
        return limit
    if int(length) > limit:
        raise too_large(limit)
    return int(length)


def too_large(limit: int) -> HTTPException:
    """Make the answer to a body above the limit."""
    return HTTPException(TOO_LARGE, f"The request is larger than {limit / 1e6:g} MB.")


async def read_body(request: Request, limit: int) -> bytes:
    """Read the body; 413 as soon as it is above the limit, 408 if it does not come."""
    try:
        return await asyncio.wait_for(_read(request, limit), BODY_TIMEOUT_S)
    except asyncio.TimeoutError as error:
        reason = f"The request was not complete after {BODY_TIMEOUT_S:g} s."
        raise HTTPException(TIMEOUT, reason, {"Connection": "close"}) from error


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise too_large(limit)
    return bytes(body)


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Await some work, which is broken off when the client goes.

    Raises
    ------
    ClientDisconnect
        If it goes; the body must have been read before.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        gone.cancel()
        task.cancel()


def json_response(content: object, status: int = 200) -> Response:
    """Answer in JSON; arrays may be in it."""
    data = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(data, status, media_type="application/json")
