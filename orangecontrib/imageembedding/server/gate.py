"""What every request passes: the API key, the log and the metrics; errors are told in JSON."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import logging
import time

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orangecontrib.imageembedding.server.admission import Full
from orangecontrib.imageembedding.server.metrics import Metrics
from orangecontrib.imageembedding.server.service import (
    BROKEN,
    TOO_MANY,
    UNAVAILABLE,
    json_response,
    service_of,
)

LOG = logging.getLogger("orangecontrib.imageembedding.server.requests")

OPEN_PATHS = ("/v2/health/live", "/v2/health/ready")  # whoever restarts the server has no key
UNAUTHORISED = 401
IMAGES_A_SECOND = 50  # a guess, for Retry-After
CLIENT_GONE = 499  # in log and metrics; nobody gets it


class Gate:
    """Middleware around the whole app.

    Parameters
    ----------
    app : ASGI app
    metrics : Metrics
    api_key : str or None
        None lets everybody in.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, api_key: str | None) -> None:
        self._app = app
        self._metrics = metrics
        self._key_hash = None if api_key is None else _hash(api_key)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        status, has_begun = BROKEN, False

        async def noting_send(message: Message) -> None:
            nonlocal status, has_begun
            if message["type"] == "http.response.start":
                status, has_begun = message["status"], True
            await send(message)

        try:
            if self._lets_in(scope):
                await self._app(scope, receive, noting_send)
            else:
                await _refusal()(scope, receive, noting_send)
        except ClientDisconnect:
            status = CLIENT_GONE
        except asyncio.CancelledError:  # the server ends, and this has taken too long
            status = UNAVAILABLE
            if not has_begun:
                await (await tell_error(Request(scope), Full()))(scope, receive, send)
        finally:
            self._note(scope, status, time.perf_counter() - begun)

    def _lets_in(self, scope: Scope) -> bool:
        if self._key_hash is None or scope["path"] in OPEN_PATHS:
            return True
        given = _given_key(Headers(scope=scope).get("authorization", ""))
        return hmac.compare_digest(_hash(given), self._key_hash)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        # The pattern, not the path: that holds whatever a client makes up.
        route = getattr(scope.get("route"), "path", "other")
        self._metrics.note_answer(route, status, seconds)
        model = scope.get("path_params", {}).get("model", "")
        LOG.info(
            "request",
            extra={
                "fields": {
                    "method": scope["method"][:16],
                    "route": route,
                    "model": str(model)[:80],
                    "status": status,
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
        reason, status = "The server has too much to do. Come again later.", TOO_MANY
        if service.is_ending:
            reason, status = "The server ends. Come again when it runs again.", UNAVAILABLE
        error = HTTPException(status, reason, {"Retry-After": str(n_seconds)})
    if isinstance(error, HTTPException):
        response = json_response({"error": error.detail}, error.status_code)
        response.headers.update(error.headers or {})
        return response
    return json_response({"error": "The server has a bug; its log tells more."}, BROKEN)


def _hash(key: str) -> bytes:
    """Make keys of equal length, whose comparison takes the same time wherever they differ."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _given_key(authorization: str) -> str:
    """Get the key of ``Bearer KEY``, or the password of ``Basic``, whatever the user name is."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _refusal() -> Response:
    response = json_response(
        {"error": "This server wants an API key: Authorization: Bearer KEY."}, UNAUTHORISED
    )
    response.headers["WWW-Authenticate"] = 'Basic realm="Image Embedding: the key as password"'
    return response
