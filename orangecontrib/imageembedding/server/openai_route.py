"""``POST /v1/embeddings``: OpenAI's form, with images as ``data:`` URLs.

https://platform.openai.com/docs/api-reference/embeddings. No URL is ever fetched.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from orangecontrib.imageembedding.embeddings.wire import quick_json_object
from orangecontrib.imageembedding.embeddings.wirevalues import base64_bytes
from orangecontrib.imageembedding.errors import ImageError, WireError, WireSizeError
from orangecontrib.imageembedding.server.bodies import too_large
from orangecontrib.imageembedding.server.served import Outcome, Served
from orangecontrib.imageembedding.server.service import (
    V2_PATIENCE_S,
    Limits,
    Service,
    json_response,
    refuse_what_is_announced,
    service_of,
    unless_gone,
)

FORMATS = ("float", "base64")


@dataclass(frozen=True, slots=True)
class _Wish:
    model: Served
    files: list[bytes]
    is_base64: bool


async def embeddings(request: Request) -> Response:
    """Answer with the vectors of some images."""
    service = service_of(request)
    limit = service.limits.max_json_bytes
    refuse_what_is_announced(request, limit)
    async with service.bodies.read(request, limit, V2_PATIENCE_S) as body:
        wish = await service.aside(_read, body, service)
        del body
        work = service.embed(wish.model, wish.files, V2_PATIENCE_S)
        outcomes = await unless_gone(request, work)
    return await service.aside(_answer, wish, outcomes)


def _read(body: bytearray, service: Service) -> _Wish:
    """Read a request."""
    try:
        head = quick_json_object(body)
        if not isinstance(head.get("model"), str):
            raise WireError("model must be the name of an embedder.")
        model = service.model(head["model"])
        return _Wish(model, _files(head, service.limits), _is_base64(head, model))
    except WireSizeError as error:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error)) from error
    except WireError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from error


def _is_base64(head: dict[str, Any], model: Served) -> bool:
    form, dimensions = head.get("encoding_format"), head.get("dimensions")
    if form is not None and form not in FORMATS:
        raise WireError(f"encoding_format must be one of: {', '.join(FORMATS)}.")
    if dimensions is not None and dimensions != model.spec.n_features:
        raise WireError(f"dimensions must be {model.spec.n_features}, or absent.")
    return form == "base64"


def _files(head: dict[str, Any], limits: Limits) -> list[bytes]:
    given = head.get("input")
    entries = given if isinstance(given, list) else [given]
    if not entries:
        raise WireError("input holds no image.")
    if len(entries) > limits.max_queue:
        raise WireSizeError(f"At most {limits.max_queue} images a request; got {len(entries)}.")
    files = [_file(entry) for entry in entries]
    if any(len(data) > limits.max_image_bytes for data in files):
        raise too_large(limits.max_image_bytes)
    return files


def _file(entry: object) -> bytes:
    """Get a file from a ``data:`` URL, alone or in one of the objects that clients send."""
    for name in ("image", "image_url", "url"):
        if isinstance(entry, dict) and name in entry:
            entry = entry[name]
    if not isinstance(entry, str) or entry[:5].lower() != "data:":
        raise WireError("Each input must be an image as a data: URL; no other one is fetched.")
    try:
        return base64_bytes(entry)
    except ValueError as error:
        raise WireError(f"An input is not a data: URL in base64: {error}.") from error


def _answer(wish: _Wish, outcomes: list[Outcome]) -> Response:
    data = []
    for index, outcome in enumerate(outcomes):
        if isinstance(outcome, ImageError):
            reason = f"Image {index} cannot be embedded: {outcome.reason}."
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, reason)
        packed = (
            base64.b64encode(outcome.astype("<f4").tobytes()).decode() if wish.is_base64 else None
        )
        data.append({"object": "embedding", "index": index, "embedding": packed or outcome})
    usage = {"prompt_tokens": 0, "total_tokens": 0}
    return json_response(
        {"object": "list", "data": data, "model": wish.model.spec.id, "usage": usage}
    )
