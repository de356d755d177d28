"""Servers of the Open Inference Protocol v2: ours, Triton, KServe, OpenVINO Model Server."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.embeddings.backends.base import (
    EncodedImage,
    LoadedEmbedder,
    Vector,
)
from orangecontrib.imageembedding.embeddings.backends.remote.answers import (
    OF_THE_IMAGE,
    Losses,
    checked,
    told_reason,
)
from orangecontrib.imageembedding.embeddings.backends.remote.connection import Connection, Request
from orangecontrib.imageembedding.embeddings.backends.remote.v2_model import (
    V2Model,
    model_path,
)
from orangecontrib.imageembedding.embeddings.wire import (
    LENGTH_HEADER,
    Tensor,
    json_object,
    member,
    pack,
    tensor_of,
    unpack,
)
from orangecontrib.imageembedding.errors import ImageError, ServerAnswerError, WireError
from orangecontrib.imageembedding.http.client import Reply
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.encode import encode_png, without_metadata
from orangecontrib.imageembedding.images.prepare import Preparation, prepare

N_CONNECTIONS = 4
# What some servers say to files behind the JSON.
BROKEN = frozenset({HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_REQUEST})

Content = bytes | NDArray[np.float32]


class V2Embedder(LoadedEmbedder):
    """A model of such a server; see `LoadedEmbedder`.

    Parameters
    ----------
    connection : Connection
        To the server.
    model : V2Model
        The server's description of the model.
    preparation : Preparation
        For those that take pixels.
    n_features : int
        Length of its vectors.
    is_binary : bool
        Whether it can read values behind the JSON.
    """

    n_workers = N_CONNECTIONS

    def __init__(
        self,
        connection: Connection,
        model: V2Model,
        preparation: Preparation,
        n_features: int,
        is_binary: bool,
    ) -> None:
        self.batch_size = model.max_batch
        self._connection = connection
        self._model = model
        self._preparation = preparation
        self._n_features = n_features
        self._is_binary = is_binary
        self._has_succeeded = False
        self._losses = Losses(connection.url)

    def close(self) -> None:
        """Break off what is under way."""
        self._connection.close()

    def embed(self, images: Sequence[EncodedImage]) -> list[Vector | ImageError]:
        """Embed some images, as `LoadedEmbedder` says."""
        results: dict[int, Vector | ImageError] = {}
        contents: dict[int, Content] = {}
        for row, image in enumerate(images):
            try:
                contents[row] = self._content(image)
            except ImageError as error:
                results[row] = error
        while contents:
            results |= self._embed(self._next_part(contents))
        return [
            ImageError(images[row].location, result) if isinstance(result, str) else result
            for row, result in sorted(results.items())
        ]

    def _next_part(self, contents: dict[int, Content]) -> dict[int, Content]:
        """Take out what goes into one request: as many bytes as the line bears, one at least."""
        n_left = self._connection.n_bytes_at_once
        part: dict[int, Content] = {}
        for row in list(contents)[: self._model.max_batch]:
            content = contents[row]
            n_left -= len(content) if isinstance(content, bytes) else content.nbytes
            if part and n_left < 0:
                break
            part[row] = contents.pop(row)
        return part

    def _content(self, image: EncodedImage) -> Content:
        if self._model.layout == "files":
            return without_metadata(image.data, image.location)
        pixels = decode(image.data, image.location, 2 * self._preparation.resize_px)
        prepared = prepare(pixels, self._preparation)
        return prepared if self._model.layout == "NCHW" else prepared.transpose(1, 2, 0)

    def _embed(self, contents: dict[int, Content]) -> dict[int, Any]:
        """Embed what fits into a request: row → vector or reason."""
        if not contents:
            return {}
        reply = self._ask(list(contents.values()))
        if reply.status == HTTPStatus.OK:
            self._has_succeeded = True
            self._losses.note_success()
            return dict(zip(contents, self._vectors(reply, len(contents)), strict=True))
        if reply.status == HTTPStatus.NOT_FOUND:
            raise ServerAnswerError(
                f"The server {self._connection.url} has no embedder {self._model.name!r} any more."
            )
        if len(contents) == 1:
            reason = told_reason(reply)
            if reply.status not in OF_THE_IMAGE:
                self._losses.note(reason)
            return dict.fromkeys(contents, reason)
        bad = _told_failures(reply, list(contents))
        good = {row: content for row, content in contents.items() if row not in bad}
        if bad:
            return {**bad, **self._embed(good)}
        results: dict[int, Any] = {}
        for row, content in contents.items():  # whichever it was
            results |= self._embed({row: content})
        return results

    def _ask(self, contents: list[Content]) -> Reply:
        reply = self._connection.ask(self._request(contents, self._is_binary))
        if reply.status in BROKEN and self._is_binary and not self._has_succeeded:
            other = self._connection.ask(self._request(contents, False))
            if other.status == HTTPStatus.OK:
                self._is_binary = False
                return other
        return reply

    def _request(self, contents: list[Content], is_binary: bool) -> Request:
        model = self._model
        if model.layout == "files":
            shape = (len(contents), 1) if model.has_column else (len(contents),)
            files = [content for content in contents if isinstance(content, bytes)]
            tensor = Tensor(model.input_name, shape, files)
        else:
            tensor = tensor_of(model.input_name, np.stack(contents))
        output = {"name": model.output_name, "parameters": {"binary_data": is_binary}}
        head = {"outputs": [output if is_binary else {"name": model.output_name}]}
        body, headers = pack("inputs", [tensor], head, is_binary)
        return Request("POST", f"{model_path(model.name)}/infer", body, headers)

    def learn_n_features(self) -> int:
        """Get the length of the vectors, from that of a plain gray picture."""
        side = self._preparation.resize_px
        gray = encode_png(np.full((side, side, 3), 128, dtype=np.uint8))
        reply = self._ask([self._content(EncodedImage("gray", gray))])
        if reply.status != HTTPStatus.OK:
            raise ServerAnswerError(
                f"The server {self._connection.url} cannot embed a plain gray picture with "
                f"{self._model.name}: {told_reason(reply)}."
            )
        return int(self._values(reply, 1).shape[1])

    def _vectors(self, reply: Reply, n_images: int) -> list[Vector]:
        url, name = self._connection.url, self._model.name
        vectors = self._values(reply, n_images)
        return [checked(vector, self._n_features, url, name) for vector in vectors]

    def _values(self, reply: Reply, n_images: int) -> NDArray[np.float32]:
        """Read a reply: (n_images, n_features)."""
        url, model = self._connection.url, self._model
        try:
            message = unpack("outputs", reply.body, reply.headers.get(LENGTH_HEADER.lower()))
        except WireError as error:
            raise ServerAnswerError(
                f"The answer of the server {url} from {model.name} cannot be understood: {error}"
            ) from error
        found = [tensor.values for tensor in message.tensors if tensor.name == model.output_name]
        values = found[0] if found else []
        if isinstance(values, list) or len(values) != n_images:
            raise ServerAnswerError(
                f"The server {url} does not give a vector for each image from {model.name}: "
                f"{len(values)} for {n_images}."
            )
        return values.reshape(n_images, -1)


def _told_failures(reply: Reply, rows: list[int]) -> dict[int, str]:
    """Read which images our server says are bad: row → reason."""
    try:
        failures = member(json_object(reply.body), "failures", list)
        return {rows[failure["index"]]: str(failure["reason"]) for failure in failures}
    except (WireError, TypeError, KeyError, IndexError):
        return {}
