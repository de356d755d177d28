"""``/v2/models/{model}/infer``: the Open Inference Protocol, many images a request.

An input is either BYTES of shape (n,), encoded files, or FP32 of shape (n, 3, S, S), prepared as
the metadata says; the output is FP32 of shape (n, n_features). A whole body may be one file.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import numpy as np
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orangecontrib.imageembedding.embeddings.wire import (
    LENGTH_HEADER,
    Tensor,
    member,
    pack,
    tensor_of,
    unpack,
)
from orangecontrib.imageembedding.errors import ImageError, WireError, WireSizeError
from orangecontrib.imageembedding.server.bodies import too_large
from orangecontrib.imageembedding.server.served import Outcome, Picture, Served
from orangecontrib.imageembedding.server.service import (
    V2_PATIENCE_S,
    Limits,
    json_response,
    refuse_what_is_announced,
    service_of,
    unless_gone,
)
from orangecontrib.imageembedding.server.v2_models import OUTPUT, model_of, version_of

MAX_ID_CHARACTERS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    pictures: list[Picture]
    is_binary: bool
    id: str | None


def routes() -> list[Route]:
    """Get the routes."""
    model = "/v2/models/{model}"
    paths = (f"{model}/infer", f"{model}/versions/{{version}}/infer")
    return [Route(path, infer, methods=["POST"]) for path in paths]


async def infer(request: Request) -> Response:
    """Answer with the vectors of some images."""
    service, model = service_of(request), model_of(request)
    length = request.headers.get(LENGTH_HEADER)
    limits = service.limits
    limit = limits.max_json_bytes if length is None else limits.max_body_bytes
    refuse_what_is_announced(request, limit)
    async with service.bodies.read(request, limit, V2_PATIENCE_S) as body:
        is_image = request.headers.get("content-type", "").startswith("image/")
        read = _file if length == "0" or (length is None and is_image) else _read
        question = await service.aside(read, body, length, model, limits)
        del body
        work = service.embed(model, question.pictures, V2_PATIENCE_S)
        outcomes = await unless_gone(request, work)
    return await service.aside(_answer, model, question, outcomes)


def _file(body: bytearray, length: str | None, model: Served, limits: Limits) -> _Question:
    """Take the whole body as one file: Triton's raw binary request."""
    if len(body) > limits.max_image_bytes:
        raise too_large(limits.max_image_bytes)
    return _Question([bytes(body)], length is not None, None)


def _read(body: bytearray, length: str | None, model: Served, limits: Limits) -> _Question:
    """Read a request."""
    try:
        message = unpack("inputs", body, length, limits.max_queue, limits.max_json_bytes)
        if len(message.tensors) != 1:
            raise WireError(f"Exactly one input is required; got {len(message.tensors)}.")
        pictures = _split(message.tensors[0], model, limits)
        if not pictures:
            raise WireError("The input holds no image.")
        return _Question(pictures, _wants_binary(message.head), _id(message.head))
    except WireSizeError as error:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error)) from error
    except WireError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from error


def _id(head: dict[str, Any]) -> str | None:
    given = head.get("id")
    if given is not None and (not isinstance(given, str) or len(given) > MAX_ID_CHARACTERS):
        raise WireError(f"id must be a text of at most {MAX_ID_CHARACTERS} characters.")
    return given


def _split(tensor: Tensor, model: Served, limits: Limits) -> list[Picture]:
    if isinstance(tensor.values, list):
        if len(tensor.shape) not in (1, 2) or tensor.shape[1:] not in ((), (1,)):
            raise WireError(f"{tensor.name} must have shape (n,) or (n, 1); got {tensor.shape}.")
        if any(len(data) > limits.max_image_bytes for data in tensor.values):
            raise too_large(limits.max_image_bytes)
        return list(tensor.values)
    side = model.spec.input_px
    if len(tensor.shape) != 4 or tensor.shape[1:] != (3, side, side):
        raise WireError(
            f"{tensor.name} must have shape (n, 3, {side}, {side}); got {tensor.shape}."
        )
    if len(tensor.values) > limits.max_queue:
        raise WireSizeError(
            f"At most {limits.max_queue} images a request; got {len(tensor.values)}."
        )
    if not np.isfinite(tensor.values).all():
        raise WireError(f"{tensor.name} holds numbers that are not finite.")
    return list(tensor.values)


def _wants_binary(head: dict[str, Any]) -> bool:
    """Read which outputs are wanted, and how."""
    is_binary: object = member(head, "parameters", dict).get("binary_data_output")
    for output in member(head, "outputs", list):
        if not isinstance(output, dict) or output.get("name") != OUTPUT:
            raise WireError(f"The only output is {OUTPUT}.")
        wish = member(output, "parameters", dict).get("binary_data")
        is_binary = is_binary if wish is None else wish
    return is_binary is True


def _answer(model: Served, question: _Question, outcomes: list[Outcome]) -> Response:
    failures = [
        {"index": index, "reason": outcome.reason}
        for index, outcome in enumerate(outcomes)
        if isinstance(outcome, ImageError)
    ]
    if failures:
        first = failures[0]
        error = f"Image {first['index']} cannot be embedded: {first['reason']}."
        return json_response(
            {"error": error, "failures": failures}, HTTPStatus.UNPROCESSABLE_ENTITY
        )
    reply = {"model_name": model.spec.id, "model_version": version_of(model)}
    if question.id is not None:
        reply["id"] = question.id
    vectors = [outcome for outcome in outcomes if not isinstance(outcome, ImageError)]
    tensor = tensor_of(OUTPUT, np.stack(vectors))
    body, headers = pack("outputs", [tensor], reply, question.is_binary)
    return Response(body, headers=headers)
