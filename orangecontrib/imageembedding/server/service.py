"""What all routes share: the embedders, the limits, and how requests are read and answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import ParamSpec, TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from orangecontrib.imageembedding.errors import BackendError, ImageError
from orangecontrib.imageembedding.server.admission import Admission
from orangecontrib.imageembedding.server.bodies import Bodies, too_large
from orangecontrib.imageembedding.server.exchange import CURRENT
from orangecontrib.imageembedding.server.metrics import Metrics
from orangecontrib.imageembedding.server.repository import Repository
from orangecontrib.imageembedding.server.served import Outcome, Picture, Served

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_MAX_QUEUE = 512
BODIES_BYTES = 256 << 20  # of requests that are read or wait, all together
IMAGES_WORTH = 4  # a request for many images may be as large as this many of the largest
MAX_JSON_BYTES = 32 << 20  # reading JSON holds up everybody else
# How long requests wait in line. Clients of v2 give up after 60 s. Orange's never read the status,
# and drop an image after three refusals: they are held back nearly as long as they wait.
V2_PATIENCE_S, ORANGE_PATIENCE_S = 30.0, 150.0


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

    @property
    def max_json_bytes(self) -> int:
        """Size of a request in JSON."""
        return min(self.max_image_bytes, MAX_JSON_BYTES)


@dataclass(slots=True)
class Service:
    """The embedders of a server, and how much it has taken on.

    Attributes
    ----------
    models : dict of str to Served
        By the id of the embedder; those that are loaded.
    repository : Repository
        Of those that there can be.
    limits : Limits
    metrics : Metrics
    images : Admission
        For the images that are being worked on.
    bodies : Bodies
        Number of requests that are being read or worked on.
    wants_key : bool
        Whether clients must know an API key.
    is_ending : bool
        Whether the server is to stop.
    sketches : dict of str to Future
        Embedder → directions of the shipped sketches, once they were requested.
    """

    models: Mapping[str, Served]
    repository: Repository
    limits: Limits = field(default_factory=Limits)
    metrics: Metrics = field(default_factory=Metrics)
    wants_key: bool = False
    images: Admission = field(init=False)
    bodies: Bodies = field(init=False)
    is_ending: bool = False
    sketches: dict[str, asyncio.Future[NDArray[np.float32]]] = field(default_factory=dict)
    _aside: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self.images = Admission(self.limits.max_queue)
        self.bodies = Bodies(max(BODIES_BYTES, self.limits.max_body_bytes))
        # One thread: what it does holds up the loop, and two would hold it up twice as long.
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="server-messages")

    async def aside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do what takes long, such as reading a message, outside the event loop."""
        call = partial(work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._aside, call)

    def end(self) -> None:
        """Finish soon: who sends nothing, or waits in line, is sent away."""
        self.is_ending = self.bodies.is_ending = True

    def model(self, name: str) -> Served:
        """Get an embedder; 404 if it does not run here."""
        if name not in self.models:
            known = ", ".join(self.models)
            reason = f"There is no model {name[:80]!r} here, only: {known}."
            if name in self.repository.names:
                reason = f"{name} is not loaded: POST /v2/repository/models/{name}/load"
            raise HTTPException(HTTPStatus.NOT_FOUND, reason)
        return self.models[name]

    async def embed(
        self, model: Served, pictures: Sequence[Picture], patience_s: float
    ) -> list[Outcome]:
        """Embed pictures, after waiting in line; 500 if the embedder has failed.

        Raises
        ------
        Full
            If there was no room in time.
        """
        async with self.images.waited_for(len(pictures), patience_s):
            try:
                outcomes = await model.embed(pictures)
            except BackendError as error:
                status = (
                    HTTPStatus.SERVICE_UNAVAILABLE
                    if self.is_ending
                    else HTTPStatus.INTERNAL_SERVER_ERROR
                )
                raise HTTPException(status, f"The embedder has failed: {error}") from error
        n_bad = sum(isinstance(outcome, ImageError) for outcome in outcomes)
        self.metrics.note_images(model.spec.id, len(outcomes) - n_bad, n_bad)
        exchange = CURRENT.get()
        if exchange is not None and exchange.key_name is not None:
            self.metrics.note_key_images(exchange.key_name, len(outcomes))
        return outcomes


def service_of(request: Request) -> Service:
    """Get what the app was made with."""
    service: Service = request.app.state.service
    return service


def refuse_what_is_announced(request: Request, limit: int) -> None:
    """Refuse a body that says it is above the limit (413), or is packed (415)."""
    length = request.headers.get("content-length", "")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Compressed requests are not read.")
    if length.isascii() and length.isdigit() and int(length) > limit:
        raise too_large(limit)


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Await some work, which is cancelled when the client disconnects.

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
