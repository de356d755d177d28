"""What servers of the Open Inference Protocol v2 tell of their models."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import quote

from orangecontrib.imageembedding.embeddings.backends.remote.answers import told_reason
from orangecontrib.imageembedding.embeddings.backends.remote.connection import Connection, Request
from orangecontrib.imageembedding.embeddings.wire import json_object
from orangecontrib.imageembedding.errors import ServerAnswerError, WireError
from orangecontrib.imageembedding.progress import Progress

BATCH_SIZE = 16
IMAGE_DIMENSIONS = 4

Layout = Literal["files", "NCHW", "NHWC"]


@dataclass(frozen=True, slots=True)
class V2Model:
    """A server's description of a model.

    Attributes
    ----------
    name, version : str
    input_name, output_name : str
    layout : {"files", "NCHW", "NHWC"}
        Whether it takes encoded files, or prepared pixels in this order.
    has_column : bool
        Whether it wants files as (n, 1).
    side_px : int or None
        Of its input; None for files, or where it takes any.
    n_features : int or None
        None where it does not tell.
    max_batch : int
        Most images a request.
    parameters : dict
        What else it tells; ours tell their fingerprint.
    """

    name: str
    version: str
    input_name: str
    output_name: str
    layout: Layout
    has_column: bool
    side_px: int | None
    n_features: int | None
    max_batch: int
    parameters: dict[str, Any]


def model_path(name: str) -> str:
    """Get the path of a model."""
    return f"/v2/models/{quote(name, safe='')}"


def ask_model(connection: Connection, name: str, progress: Progress) -> V2Model:
    """Ask a server what a model takes and gives.

    Raises
    ------
    ServerAnswerError
        If it has no such model, or one that is not for images.
    """
    reply = connection.ask(Request("GET", model_path(name)), progress)
    url = connection.url
    if reply.status != HTTPStatus.OK:
        raise ServerAnswerError(
            f"The server {url} has no embedder {name!r} ({told_reason(reply)}). "
            "Choose one that runs there."
        )
    try:
        model = read_model(name, json_object(reply.body))
    except (WireError, KeyError, TypeError, IndexError) as error:
        raise ServerAnswerError(
            f"What the server {url} tells of {name!r} cannot be understood: {error}."
        ) from error
    if model is None:
        raise ServerAnswerError(
            f"The model {name!r} of the server {url} does not turn images into vectors: "
            "its input must be BYTES or FP32 of 4 dimensions, its output FP32."
        )
    is_ours = "fingerprint" in model.parameters
    return model if is_ours else _with_limit(connection, model, progress)


def _with_limit(connection: Connection, model: V2Model, progress: Progress) -> V2Model:
    """Ask Triton how many images it takes at once; other servers do not say."""
    reply = connection.ask(Request("GET", f"{model_path(model.name)}/config"), progress)
    limit = 0
    if reply.status == HTTPStatus.OK:
        with suppress(WireError, TypeError, ValueError):
            limit = int(json_object(reply.body).get("max_batch_size", 0))
    return replace(model, max_batch=min(limit, model.max_batch)) if limit > 0 else model


def read_model(name: str, about: dict[str, Any]) -> V2Model | None:
    """Read the metadata of a model; None if it is not for images."""
    if len(about["inputs"]) != 1:
        return None
    entry, output = about["inputs"][0], about["outputs"][0]
    shape, out_shape = entry["shape"], output["shape"]
    layout: Layout | None = None
    if entry["datatype"] == "BYTES":
        layout = "files"
    elif entry["datatype"] == "FP32" and len(shape) == IMAGE_DIMENSIONS:
        layout = "NCHW" if shape[1] == 3 else "NHWC" if shape[3] == 3 else None
    if layout is None or output["datatype"] != "FP32":
        return None
    side = -1 if layout == "files" else shape[2]
    n_features = math.prod(out_shape[1:]) if len(out_shape) > 1 and min(out_shape[1:]) > 0 else None
    parameters = about.get("parameters")
    return V2Model(
        name=name,
        version=",".join(map(str, about.get("versions") or ())),
        input_name=str(entry["name"]),
        output_name=str(output["name"]),
        layout=layout,
        has_column=layout == "files" and len(shape) > 1,
        side_px=side if side > 0 else None,
        n_features=n_features,
        max_batch=BATCH_SIZE if shape[0] < 1 else shape[0],
        parameters=parameters if isinstance(parameters, dict) else {},
    )
