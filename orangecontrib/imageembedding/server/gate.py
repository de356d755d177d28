"""What every request passes: the API key, the log and the metrics; errors are answered in JSON."""

from __future__ import annotations

import asyncio
import logging
import time
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orangecontrib.imageembedding.server.admission import Full
from orangecontrib.imageembedding.server.exchange import (
    CURRENT,
    ID_HEADER,
    Exchange,
    request_id,
)
from orangecontrib.imageembedding.server.keys import Keys
from orangecontrib.imageembedding.server.metrics import Metrics
from orangecontrib.imageembedding.server.service import (
    json_response,
    service_of,
)

LOG = logging.getLogger("orangecontrib.imageembedding.server.requests")

OPEN_PATHS = ("/v2/health/live", "/v2/health/ready")  # a restart happens without a key
NO_KEY = HTTPException(
    HTTPStatus.UNAUTHORIZED,
    "This server requires an API key: Authorization: Bearer KEY.",
    {"WWW-Authenticate": 'Basic realm="Image Embedding: the key as password"'},
)
IMAGES_A_SECOND = 50  # a guess, for Retry-After
CLIENT_GONE = 499  # in log and metrics; no client receives it


class Gate:
    """Middleware around the whole app.

    Parameters
    ----------
    app : ASGI app
    metrics : Metrics
    keys : Keys or None
        None lets everybody in.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, keys: Keys | None) -> None:
        self._app = app
        self._metrics = metrics
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        headers = Headers(scope=scope)
        exchange = Exchange(
            request_id(headers.get(ID_HEADER, "")), HTTPStatus.INTERNAL_SERVER_ERROR
        )
        CURRENT.set(exchange)  # of this task: each request has its own
        if self._keys is not None:
            exchange.key_name = self._keys.name_of(headers.get("authorization", ""))

        async def noting_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status, exchange.has_begun = message["status"], True
                MutableHeaders(scope=message)[ID_HEADER] = exchange.id
            await send(message)

        try:
            await self._answer(scope, receive, noting_send, exchange)
        finally:
            self._note(scope, exchange, time.perf_counter() - begun)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, exchange: Exchange) -> None:
        may_pass = self._keys is None or exchange.key_name is not None
        try:
            if may_pass or scope["path"] in OPEN_PATHS:
                await self._app(scope, receive, send)
            else:
                await self._fail(scope, receive, send, exchange, NO_KEY)
        except ClientDisconnect:
            exchange.status = CLIENT_GONE
        except asyncio.CancelledError:  # the server ends, and this has taken too long
            await self._fail(scope, receive, send, exchange, Full())
        except Exception as error:  # a bug; the client gets JSON, as for any error
            LOG.exception("A request failed")
            await self._fail(scope, receive, send, exchange, error)

    async def _fail(
        self, scope: Scope, receive: Receive, send: Send, exchange: Exchange, error: Exception
    ) -> None:
        if not exchange.has_begun:
            await (await tell_error(Request(scope), error))(scope, receive, send)

    def _note(self, scope: Scope, exchange: Exchange, seconds: float) -> None:
        # The pattern, not the path: that holds whatever a client makes up.
        route = getattr(scope.get("route"), "path", "other")
        self._metrics.note_answer(route, exchange.status, seconds)
        if exchange.key_name is not None:
            self._metrics.note_key_request(exchange.key_name)
        model = scope.get("path_params", {}).get("model", "")
        LOG.info(
            "request",
            extra={
                "fields": {
                    "method": scope["method"][:16],
                    "route": route,
                    "model": str(model)[:80],
                    "status": exchange.status,
                    "ms": round(1000 * seconds, 1),
                    "client": (scope.get("client") or ("",))[0],
                }
            },
        )


async def tell_error(request: Request, error: Exception) -> Response:
    """Answer in JSON with what is wrong."""
    if isinstance(error, Full):
        service = service_of(request)
        n_seconds = 1 + service.images.used // IMAGES_A_SECOND
        reason, status = "The server is overloaded. Try again later.", HTTPStatus.TOO_MANY_REQUESTS
        if service.is_ending:
            reason, status = (
                "The server is shutting down. Try again when it runs.",
                HTTPStatus.SERVICE_UNAVAILABLE,
            )
        error = HTTPException(status, reason, {"Retry-After": str(n_seconds)})
    if not isinstance(error, HTTPException):
        error = HTTPException(
            HTTPStatus.INTERNAL_SERVER_ERROR, "The server has a bug; see its log."
        )
    told: object = error.detail
    if request.scope["path"].startswith("/v1/"):  # as OpenAI's clients read it
        told = {"message": told, "type": "error", "param": None, "code": None}
    response = json_response({"error": told}, error.status_code)
    response.headers.update(error.headers or {})
    return response
