"""``/v2``: the Open Inference Protocol, many images a request.

An input is either BYTES of shape (n,), encoded files, or FP32 of shape (n, 3, S, S), prepared as
the metadata says; the output is FP32 of shape (n, n_features).
"""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orangecontrib.imageembedding.embeddings.wire import (
    BINARY_EXTENSION,
    LENGTH_HEADER,
    Message,
    Tensor,
    pack,
    tensor_of,
    unpack,
)
from orangecontrib.imageembedding.errors import ImageError, WireError
from orangecontrib.imageembedding.server.admission import Full
from orangecontrib.imageembedding.server.served import Outcome, Picture, Served
from orangecontrib.imageembedding.server.service import (
    BAD_REQUEST,
    NOT_FOUND,
    TOO_LARGE,
    TOO_MANY,
    UNAVAILABLE,
    UNPROCESSABLE,
    Service,
    announced_bytes,
    json_response,
    read_body,
    service_of,
    too_large,
    unless_gone,
)

NAME = "orange3-imageembedding"
INPUT, OUTPUT = "image", "embedding"
IMAGES_A_SECOND = 50  # a guess, for Retry-After
VERSION_DIGITS = 12


def routes() -> list[Route]:
    """Get the routes of the protocol."""
    model = "/v2/models/{model}"
    of_version = f"{model}/versions/{{version}}"
    return [
        Route("/v2/health/live", live),
        Route("/v2/health/ready", ready),
        Route("/v2", server_metadata),
        Route("/v2/repository/index", index, methods=["POST"]),
        *(Route(path, metadata) for path in (model, of_version)),
        *(Route(f"{path}/ready", model_ready) for path in (model, of_version)),
        *(Route(f"{path}/infer", infer, methods=["POST"]) for path in (model, of_version)),
    ]


async def live(request: Request) -> Response:
    """Tell that the server runs."""
    return json_response({"live": True})


async def ready(request: Request) -> Response:
    """Tell whether all embedders work."""
    is_ready = all(model.is_well for model in service_of(request).models.values())
    return json_response({"ready": is_ready}, 200 if is_ready else UNAVAILABLE)


async def server_metadata(request: Request) -> Response:
    """Tell what this server is."""
    return json_response({
        "name": NAME,
        "version": version("Orange3-ImageEmbedding"),
        "extensions": [BINARY_EXTENSION, "model_repository"],
    })  # fmt: skip


async def index(request: Request) -> Response:
    """List the embedders, as Triton lists its models."""
    models = service_of(request).models.values()
    return json_response(
        [{"name": m.spec.id, "version": _version(m), "state": "READY"} for m in models]
    )


async def metadata(request: Request) -> Response:
    """Tell what an embedder takes and gives."""
    model = _model(request)
    spec = model.spec
    return json_response({
        "name": spec.id,
        "versions": [_version(model)],
        "platform": NAME,
        "inputs": [{"name": INPUT, "datatype": "BYTES", "shape": [-1]}],
        "outputs": [{"name": OUTPUT, "datatype": "FP32", "shape": [-1, spec.n_features]}],
        "parameters": {
            "fingerprint": model.fingerprint,
            "title": spec.title,
            "also_takes": {"datatype": "FP32", "shape": [-1, 3, spec.input_px, spec.input_px]},
            "preparation": asdict(spec.preparation),
            "licence": spec.licence,
            "source": spec.source,
        },
    })  # fmt: skip


async def model_ready(request: Request) -> Response:
    """Tell whether an embedder works."""
    model = _model(request)
    return json_response(
        {"name": model.spec.id, "ready": model.is_well}, 200 if model.is_well else UNAVAILABLE
    )


async def infer(request: Request) -> Response:
    """Answer with the vectors of some images."""
    service, model = service_of(request), _model(request)
    limit = service.limits.max_body_bytes
    try:
        async with service.body_bytes.taken(announced_bytes(request, limit)):
            body = await read_body(request, limit)
            try:
                message = unpack("inputs", body, request.headers.get(LENGTH_HEADER))
                pictures = _pictures(message, model, service)
                is_binary = _wants_binary(message.head)
            except WireError as error:
                raise HTTPException(BAD_REQUEST, str(error)) from error
            del body
            async with service.images.taken(len(pictures)):
                outcomes = await unless_gone(request, service.embed(model, pictures))
    except Full as error:
        n_seconds = 1 + service.images.used // IMAGES_A_SECOND
        reason = "The server has too much to do. Come again later."
        raise HTTPException(TOO_MANY, reason, {"Retry-After": str(n_seconds)}) from error
    return _answer(model, message.head, outcomes, is_binary)


def _model(request: Request) -> Served:
    model = service_of(request).model(request.path_params["model"])
    wanted = request.path_params.get("version")
    if wanted is not None and wanted != _version(model):
        reason = f"There is only version {_version(model)} of {model.spec.id} here."
        raise HTTPException(NOT_FOUND, reason)
    return model


def _version(model: Served) -> str:
    return model.fingerprint.rpartition(" ")[2][:VERSION_DIGITS]


def _pictures(message: Message, model: Served, service: Service) -> list[Picture]:
    """Get the images out of a request."""
    if len(message.tensors) != 1:
        raise WireError(f"One input is wanted; got {len(message.tensors)}.")
    pictures = _split(message.tensors[0], model, service.limits.max_image_bytes)
    if not pictures:
        raise WireError("The input holds no image.")
    if len(pictures) > service.limits.max_queue:
        reason = f"At most {service.limits.max_queue} images a request; got {len(pictures)}."
        raise HTTPException(TOO_LARGE, reason)
    return pictures


def _split(tensor: Tensor, model: Served, max_image_bytes: int) -> list[Picture]:
    if isinstance(tensor.values, list):
        if len(tensor.shape) not in (1, 2) or tensor.shape[1:] not in ((), (1,)):
            raise WireError(f"{tensor.name} must have shape (n,) or (n, 1); got {tensor.shape}.")
        if any(len(data) > max_image_bytes for data in tensor.values):
            raise too_large(max_image_bytes)
        return list(tensor.values)
    side = model.spec.input_px
    if len(tensor.shape) != 4 or tensor.shape[1:] != (3, side, side):  # noqa: PLR2004
        raise WireError(
            f"{tensor.name} must have shape (n, 3, {side}, {side}); got {tensor.shape}."
        )
    if not np.isfinite(tensor.values).all():
        raise WireError(f"{tensor.name} holds numbers that are not finite.")
    return list(tensor.values)


def _wants_binary(head: dict[str, Any]) -> bool:
    """Read which outputs are wanted, and how."""
    parameters, outputs = head.get("parameters", {}), head.get("outputs", [])
    if not isinstance(parameters, dict) or not isinstance(outputs, list):
        raise WireError("parameters must be an object, and outputs a list.")
    is_binary = parameters.get("binary_data_output") is True
    for output in outputs:
        if not isinstance(output, dict) or output.get("name") != OUTPUT:
            raise WireError(f"The only output is {OUTPUT}.")
        wishes = output.get("parameters", {})
        if not isinstance(wishes, dict):
            raise WireError("The parameters of an output must be an object.")
        is_binary = wishes.get("binary_data", is_binary) is True
    return is_binary


def _answer(
    model: Served, head: dict[str, Any], outcomes: list[Outcome], is_binary: bool
) -> Response:
    failures = [
        {"index": index, "reason": outcome.reason}
        for index, outcome in enumerate(outcomes)
        if isinstance(outcome, ImageError)
    ]
    if failures:
        first = failures[0]
        error = f"Image {first['index']} cannot be embedded: {first['reason']}."
        return json_response({"error": error, "failures": failures}, UNPROCESSABLE)
    reply = {"model_name": model.spec.id, "model_version": _version(model)}
    if isinstance(head.get("id"), str):
        reply["id"] = head["id"]
    vectors = [outcome for outcome in outcomes if not isinstance(outcome, ImageError)]
    body, headers = pack("outputs", [tensor_of(OUTPUT, np.stack(vectors))], reply, is_binary)
    return Response(body, headers=headers)
