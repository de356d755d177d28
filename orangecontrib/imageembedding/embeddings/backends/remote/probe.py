"""What a server is, and what runs there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from orangecontrib.imageembedding.embeddings.backends.remote.connection import Connection, Request
from orangecontrib.imageembedding.embeddings.backends.remote.orange_server import (
    SIDES_PX,
    learn_n_features,
)
from orangecontrib.imageembedding.embeddings.wire import BINARY_EXTENSION, json_object
from orangecontrib.imageembedding.errors import ServerAnswerError, ServerKeyError, WireError
from orangecontrib.imageembedding.progress import Progress

Protocol = Literal["auto", "v2", "orange"]
PROTOCOLS = ("auto", "v2", "orange")
# Their metadata names no extension, but they read binary data.
READS_BINARY = ("triton", "openvino")


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A server's description of itself.

    Attributes
    ----------
    protocol : {"v2", "orange"}
        What it speaks: the Open Inference Protocol, or the predecessor's.
    models : tuple of str
        Names of what runs there; empty if it does not tell.
    version : str
        Its name and version; "" if it does not tell.
    is_binary : bool
        Whether it reads values behind the JSON.
    """

    protocol: Literal["v2", "orange"]
    models: tuple[str, ...]
    version: str = ""
    is_binary: bool = False


def probe(
    connection: Connection, protocol: Protocol, candidates: Sequence[str], progress: Progress
) -> ServerInfo:
    """Find out what a server is.

    Parameters
    ----------
    connection : Connection
        To the server.
    protocol : {"auto", "v2", "orange"}
        What it is said to speak.
    candidates : sequence of str
        Embedders to look for on a server of the predecessor's kind, which cannot list them: it is
        sent a plain gray picture for each.
    progress : Progress
        May raise `Cancelled`.

    Raises
    ------
    ServerError
        If it cannot be used, or is not an embedding server.
    """
    if protocol != "orange":
        info = _probe_v2(connection, progress)
        if info is not None:
            return info
    if protocol != "v2":
        models = tuple(
            name for name in candidates if learn_n_features(connection, name, progress) is not None
        )
        if models:
            return ServerInfo("orange", models)
    spoken = {"v2": "the Open Inference Protocol v2", "orange": "the protocol of Orange's servers"}
    raise ServerAnswerError(
        f"The server {connection.url} answers, but not as an embedding server: it does not speak "
        f"{spoken.get(protocol, ' or '.join(spoken.values()))}. Check the address."
    )


def _probe_v2(connection: Connection, progress: Progress) -> ServerInfo | None:
    about = _json_at(connection, "GET", "/v2", progress)
    if not isinstance(about, dict) or "name" not in about:
        return None
    name = str(about["name"])
    extensions = about.get("extensions") or ()
    return ServerInfo(
        protocol="v2",
        models=_models(connection, progress),
        version=f"{name} {about.get('version', '')}".strip(),
        is_binary=BINARY_EXTENSION in extensions or name.lower().startswith(READS_BINARY),
    )


def _models(connection: Connection, progress: Progress) -> tuple[str, ...]:
    """List the models, for which the protocol has no question: Triton's, KServe's, OpenVINO's."""
    index = _json_at(connection, "POST", "/v2/repository/index", progress)
    if isinstance(index, list):
        return _names(index)
    listed = _json_at(connection, "GET", "/v2/models", progress)
    if isinstance(listed, dict) and isinstance(listed.get("models"), list):
        return _names(listed["models"])
    config = _json_at(connection, "GET", "/v1/config", progress)
    return tuple(map(str, config)) if isinstance(config, dict) else ()


def _names(entries: list[Any]) -> tuple[str, ...]:
    names = [entry.get("name") if isinstance(entry, dict) else entry for entry in entries]
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))


def _json_at(connection: Connection, method: str, path: str, progress: Progress) -> object:
    content = b"{}" if method == "POST" else b""
    headers = {"Content-Type": "application/json"} if content else {}
    try:
        reply = connection.ask(Request(method, path, content, headers), progress)
    except ServerKeyError:
        if path == "/v2":
            raise
        return None  # Triton can forbid single questions
    if reply.status != HTTPStatus.OK:
        return None
    try:
        return json_object(b'{"content": ' + reply.body + b"}")["content"]
    except WireError:
        return None


def orange_models() -> tuple[str, ...]:
    """Get the names that servers of the predecessor's kind have had."""
    return tuple(SIDES_PX)
