"""``/v2``: descriptions of the server and its embedders, and what is loaded.

As in the Open Inference Protocol, with the extensions of KServe and Triton for repositories.
"""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from importlib.metadata import version

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orangecontrib.imageembedding.embeddings.wire import BINARY_EXTENSION
from orangecontrib.imageembedding.server.served import Served
from orangecontrib.imageembedding.server.service import (
    json_response,
    service_of,
)

NAME = "orange3-imageembedding"
INPUT, OUTPUT = "image", "embedding"
VERSION_DIGITS = 12


def routes() -> list[Route]:
    """Get the routes."""
    model = "/v2/models/{model}"
    of_version = f"{model}/versions/{{version}}"
    of_repository = "/v2/repository/models/{model}"
    return [
        Route("/v2/health/live", live),
        Route("/v2/health/ready", ready),
        Route("/v2", server_metadata),
        Route("/v2/models", model_names),
        Route("/v2/repository/index", index, methods=["POST"]),
        Route(f"{of_repository}/load", load, methods=["POST"]),
        Route(f"{of_repository}/unload", unload, methods=["POST"]),
        *(Route(path, metadata) for path in (model, of_version)),
        *(Route(f"{path}/config", config) for path in (model, of_version)),
        *(Route(f"{path}/ready", model_ready) for path in (model, of_version)),
    ]


async def live(request: Request) -> Response:
    """Tell that the server runs."""
    return json_response({"live": True})


async def ready(request: Request) -> Response:
    """Tell whether all embedders work."""
    is_ready = all(model.is_well for model in service_of(request).models.values())
    return json_response({"ready": is_ready}, 200 if is_ready else HTTPStatus.SERVICE_UNAVAILABLE)


async def server_metadata(request: Request) -> Response:
    """Tell what this server is."""
    return json_response({
        "name": NAME,
        "version": version("Orange3-ImageEmbedding"),
        "extensions": [BINARY_EXTENSION, "model_repository"],
    })  # fmt: skip


async def model_names(request: Request) -> Response:
    """List the embedders that are loaded, as KServe lists its models."""
    return json_response({"models": list(service_of(request).models)})


async def index(request: Request) -> Response:
    """List the embedders that there can be, as Triton lists its models."""
    service = service_of(request)
    entries = []
    for name in service.repository.names:
        model = service.models.get(name)
        entry = {"name": name, "version": "" if model is None else version_of(model)}
        entries.append(entry | ({"state": "UNAVAILABLE", "reason": "unloaded"} if model is None
                                else {"state": "READY"}))  # fmt: skip
    return json_response(entries)


async def load(request: Request) -> Response:
    """Load an embedder that was unloaded."""
    name = request.path_params["model"]
    await service_of(request).repository.load(name)
    return json_response({"name": name, "load": True})


async def unload(request: Request) -> Response:
    """Finish what an embedder has begun, and free its memory."""
    name = request.path_params["model"]
    await service_of(request).repository.unload(name)
    return json_response({"name": name, "unload": True})


async def config(request: Request) -> Response:
    """Tell how an embedder is called, as Triton does."""
    model, service = model_of(request), service_of(request)
    spec = model.spec
    return json_response({
        "name": spec.id,
        "platform": NAME,
        "backend": NAME,
        "max_batch_size": service.limits.max_queue,
        "input": [{"name": INPUT, "data_type": "TYPE_STRING", "dims": [1]}],
        "output": [{"name": OUTPUT, "data_type": "TYPE_FP32", "dims": [spec.n_features]}],
        "parameters": {
            "max_image_bytes": {"string_value": str(service.limits.max_image_bytes)},
            "max_request_bytes": {"string_value": str(service.limits.max_body_bytes)},
        },
    })  # fmt: skip


async def metadata(request: Request) -> Response:
    """Tell what an embedder takes and gives."""
    model = model_of(request)
    spec = model.spec
    return json_response({
        "name": spec.id,
        "versions": [version_of(model)],
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
    model = model_of(request)
    return json_response(
        {"name": model.spec.id, "ready": model.is_well},
        200 if model.is_well else HTTPStatus.SERVICE_UNAVAILABLE,
    )


def model_of(request: Request) -> Served:
    """Get the embedder that a path names; 404 if there is none, or none of this version."""
    model = service_of(request).model(request.path_params["model"])
    wanted = request.path_params.get("version")
    if wanted is not None and wanted != version_of(model):
        reason = f"There is only version {version_of(model)} of {model.spec.id} here."
        raise HTTPException(HTTPStatus.NOT_FOUND, reason)
    return model


def version_of(model: Served) -> str:
    """Get the version of an embedder: its vectors change with it."""
    return model.fingerprint.rpartition(" ")[2][:VERSION_DIGITS]
