"""``/openapi.json``: the requests that the server answers, described as OpenAPI 3.1."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orangecontrib.imageembedding.server.exchange import ID_HEADER
from orangecontrib.imageembedding.server.service import Service, json_response, service_of
from orangecontrib.imageembedding.server.v2_models import version_of

Json = dict[str, Any]

JSON, BYTES = "application/json", "application/octet-stream"
TEXT: Json = {"type": "string"}
COUNT: Json = {"type": "integer", "minimum": 0}
FLAG: Json = {"type": "boolean"}
ANYTHING: Json = {"type": "object"}
IMAGE: Json = {"image/*": {"type": "string", "format": "binary"}}
PROTOCOL = "https://github.com/open-inference/open-inference-protocol"
REASONS = {
    "400": "not understood",
    "401": "no API key, or a wrong one",
    "404": "no such embedder",
    "408": "the request stopped in the middle",
    "413": "too large, or too many images",
    "415": "compressed",
    "422": "an image cannot be embedded",
    "429": "overloaded; try again after Retry-After seconds",
    "500": "the embedder has failed",
    "503": "the server is shutting down",
}
OF_IMAGES = ("400", "404", "408", "413", "415", "422", "429", "500", "503")


def routes() -> list[Route]:
    """Get the route."""
    return [Route("/openapi.json", show)]


async def show(request: Request) -> Response:
    """Answer with the description."""
    return json_response(describe(service_of(request)))


def describe(service: Service) -> Json:
    """Describe all requests to a server, with its embedders by name."""
    paths = {
        "/v2": {"get": _asked("The server's name and version", _server())},
        "/v2/health/live": {"get": _asked("Whether the server is alive", _object(live=FLAG))},
        "/v2/health/ready": {
            "get": _asked("Whether all embedders are ready", _object(ready=FLAG), is_readiness=True)
        },
        "/v2/models": {"get": _asked("Loaded models", _object(models=_list(TEXT)))},
        "/v2/repository/index": {"post": _asked("Models that can be loaded", _list(_entry()))},
        **_of_models(service),
        "/image/{model}": {
            "parameters": [_model(service)],
            "post": _sent(
                "The vector of an image", IMAGE, {JSON: _object(embedding=_list(_number()))}
            ),
        },
        "/v1/embeddings": {
            "post": _sent("Vectors, in OpenAI's format", {JSON: _openai_question()},
                          {JSON: _openai_answer()}),
        },
        "/metrics": {"get": _asked("Numbers for Prometheus", TEXT, kind="text/plain")},
        "/openapi.json": {"get": _asked("This description", ANYTHING)},
    }  # fmt: skip
    about: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": "Image Embedding server",
            "version": version("Orange3-ImageEmbedding"),
            "description": "Images to vectors; the Open Inference Protocol v2 and other forms.",
        },
        "paths": paths,
    }
    if service.wants_key:
        about["components"] = {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}
        about["security"] = [{"key": []}]
        for path in ("/v2/health/live", "/v2/health/ready"):
            paths[path]["get"]["security"] = []
    return about


def _of_models(service: Service) -> Json:
    paths: Json = {}
    parameters = [_model(service)]
    versions = [*parameters, _parameter("version", map(version_of, service.models.values()))]
    for path, of_path in (("", parameters), ("/versions/{version}", versions)):
        start = f"/v2/models/{{model}}{path}"
        for rest, operation in {
            "": {"get": _asked("Inputs and outputs of an embedder", _metadata(), "404")},
            "/config": {"get": _asked("How it is called", ANYTHING, "404")},
            "/ready": {
                "get": _asked("Whether it works", _object(name=TEXT, ready=FLAG), "404",
                              is_readiness=True)
            },
            "/infer": {"post": _infer()},
        }.items():  # fmt: skip
            paths[start + rest] = {"parameters": of_path, **operation}
    for what in ("load", "unload"):
        paths[f"/v2/repository/models/{{model}}/{what}"] = {
            "parameters": parameters,
            "post": _asked(f"{what} it".capitalize(), _object(name=TEXT, **{what: FLAG}), "404",
                           "500"),
        }  # fmt: skip
    return paths


def _asked(
    summary: str, schema: Json, *errors: str, kind: str = JSON, is_readiness: bool = False
) -> Json:
    """Describe a question without a body."""
    answers: Json = {"200": _answer("fine", {kind: schema})}
    answers |= {status: _error(status) for status in ("401", "500", *errors)}
    if is_readiness:
        answers["503"] = _answer("not now", {JSON: schema})
    return {"summary": summary, "responses": answers}


def _sent(summary: str, bodies: Json, answers: Json) -> Json:
    """Describe a question that brings images."""
    content = {kind: {"schema": schema} for kind, schema in bodies.items()}
    responses = {"200": _answer("fine", answers)}
    responses |= {status: _error(status) for status in ("401", *OF_IMAGES)}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": content},
        "responses": responses,
    }


def _infer() -> Json:
    """Describe the request that is an image alone; the protocol describes its own."""
    answer = _object(model_name=TEXT, model_version=TEXT, outputs=_list(ANYTHING))
    asked = _sent("Vectors of images", IMAGE, {JSON: answer, BYTES: _binary()})
    asked["description"] = (
        "As in the Open Inference Protocol, with the extension for binary data: one input "
        "`image`, BYTES (n) or FP32 (n, 3, S, S). Or an image alone."
    )
    asked["externalDocs"] = {"url": PROTOCOL}
    return asked


def _openai_question() -> Json:
    image = {**TEXT, "pattern": "^data:image/[a-z]+;base64,([A-Za-z0-9+/]{4})+$"}
    asked = _object(model=TEXT, input={"anyOf": [image, {**_list(image), "minItems": 1}]})
    asked["properties"] |= {
        "encoding_format": {"enum": ["float", "base64", None]},
        "dimensions": {"type": ["integer", "null"]},
    }
    return asked


def _openai_answer() -> Json:
    vector = {"anyOf": [_list(_number()), TEXT]}
    entry = _object(object={"const": "embedding"}, index=COUNT, embedding=vector)
    usage = _object(prompt_tokens=COUNT, total_tokens=COUNT)
    return _object(object={"const": "list"}, data=_list(entry), model=TEXT, usage=usage)


def _metadata() -> Json:
    tensor = _object(name=TEXT, datatype=TEXT, shape=_list({"type": "integer"}))
    return _object(name=TEXT, versions=_list(TEXT), platform=TEXT, inputs=_list(tensor),
                   outputs=_list(tensor), parameters=ANYTHING)  # fmt: skip


def _server() -> Json:
    return _object(name=TEXT, version=TEXT, extensions=_list(TEXT))


def _entry() -> Json:
    return _object(name=TEXT, version=TEXT, state={"enum": ["READY", "UNAVAILABLE"]})


def _binary() -> Json:
    return {"type": "string", "format": "binary"}


def _number() -> Json:
    return {"type": "number"}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _object(**members: Json) -> Json:
    return {"type": "object", "properties": members, "required": list(members)}


def _answer(description: str, content: Json) -> Json:
    return {
        "description": description,
        "headers": {ID_HEADER: {"schema": TEXT}},
        "content": {kind: {"schema": schema} for kind, schema in content.items()},
    }


def _error(status: str) -> Json:
    told = {"anyOf": [TEXT, _object(message=TEXT)]}
    return _answer(REASONS[status], {JSON: _object(error=told)})


def _model(service: Service) -> Json:
    return _parameter("model", service.repository.names)


def _parameter(name: str, values: Any) -> Json:
    known = {"type": "string", "enum": list(dict.fromkeys(values))}
    return {"name": name, "in": "path", "required": True, "schema": known}
