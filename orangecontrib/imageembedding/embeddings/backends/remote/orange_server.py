"""Servers of the predecessor's kind: one stretched JPEG a request, its vector in JSON back."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Sequence
from http import HTTPStatus

import numpy as np
from PIL import Image

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
from orangecontrib.imageembedding.errors import ImageError, ServerAnswerError, ServerError
from orangecontrib.imageembedding.http.client import Reply
from orangecontrib.imageembedding.images.encode import stretched_jpeg
from orangecontrib.imageembedding.progress import Progress

# What the public server has, and the side in pixels at which it wants its images.
SIDES_PX = {
    "inception-v3": 299,
    "squeezenet": 227,
    "vgg16": 224,
    "vgg19": 224,
    "painters": 256,
    "deeploc": 64,
    "openface": 256,
}
N_FEATURES = {
    "inception-v3": 2048,
    "squeezenet": 1000,
    "vgg16": 4096,
    "vgg19": 4096,
    "painters": 2048,
    "deeploc": 512,
    "openface": 128,
}
N_CONNECTIONS = 32  # it computes one image a request
N_TRIES = 3


class OrangeEmbedder(LoadedEmbedder):
    """An embedder of such a server; see `LoadedEmbedder`.

    Parameters
    ----------
    connection : Connection
        To the server.
    model : str
        Its name there.
    side_px : int
        Of the squares that are sent.
    n_features : int
        Length of its vectors.
    """

    batch_size = 8
    n_workers = N_CONNECTIONS // batch_size

    def __init__(self, connection: Connection, model: str, side_px: int, n_features: int) -> None:
        self._connection = connection
        self._model = model
        self._side_px = side_px
        self._n_features = n_features
        self._run_id = secrets.token_hex(8)  # the protocol requires one; it identifies nobody
        self._losses = Losses(connection.url)

    def close(self) -> None:
        """Break off what is under way."""
        self._connection.close()

    def embed(self, images: Sequence[EncodedImage]) -> list[Vector | ImageError]:
        """Embed some images, as `LoadedEmbedder` says."""
        results: dict[EncodedImage, Vector | ImageError] = {}
        bodies: dict[EncodedImage, bytes] = {}
        for image in images:
            try:
                bodies[image] = stretched_jpeg(image.data, image.location, self._side_px)
            except ImageError as error:
                results[image] = error
        for n_tried in range(1, N_TRIES + 1):
            answers = self._ask(bodies, n_tried)
            for image, answer in answers.items():
                result = self._result(image, answer)
                if result is not None:
                    results[image] = result
                    del bodies[image]
                elif n_tried == N_TRIES:
                    reason = f"no vector in {N_TRIES} tries: {told_reason(answer)}"
                    self._losses.note(reason)
                    results[image] = ImageError(image.location, reason)
            if not bodies:
                break
        return [results[image] for image in images]

    def _ask(self, bodies: dict[EncodedImage, bytes], n_tried: int) -> dict[EncodedImage, Reply]:
        query = f"?machine={self._run_id}&session={self._run_id}&retry={n_tried}"
        requests = [_request(self._model, body, query) for body in bodies.values()]
        answers = self._connection.ask_all(requests)
        for answer in answers:
            if isinstance(answer, ServerError):
                raise answer
        return dict(zip(bodies, answers, strict=True))  # type: ignore[arg-type]

    def _result(self, image: EncodedImage, reply: Reply) -> Vector | ImageError | None:
        """Read a reply; None if another try makes sense."""
        url = self._connection.url
        if reply.status == HTTPStatus.NOT_FOUND:
            raise ServerAnswerError(f"The server {url} has no embedder {self._model!r}.")
        if reply.status in OF_THE_IMAGE:
            return ImageError(image.location, told_reason(reply))
        vector = vector_of(reply)
        if vector is None:
            return None
        self._losses.note_success()
        return checked(vector, self._n_features, url, self._model)


def vector_of(reply: Reply) -> Vector | None:
    """Get the vector of a reply: shape (n_features,), dtype float32.

    None if there is none in it, whatever the status says.
    """
    try:
        content = json.loads(reply.body)
        numbers = content.get("embedding") if isinstance(content, dict) else None
        return None if numbers is None else np.array(numbers, dtype=np.float32)
    except (ValueError, TypeError, RecursionError):
        return None


def learn_n_features(connection: Connection, model: str, progress: Progress) -> int | None:
    """Ask for the vector of a plain gray picture; None if the server has no such embedder."""
    buffer = io.BytesIO()
    side_px = SIDES_PX.get(model, 224)
    Image.new("RGB", (side_px, side_px), "gray").save(buffer, "JPEG")
    run_id = secrets.token_hex(8)
    query = f"?machine={run_id}&session={run_id}&retry=1"
    reply = connection.ask(_request(model, buffer.getvalue(), query), progress)
    vector = vector_of(reply)
    return None if vector is None or reply.status != HTTPStatus.OK else vector.size


def _request(model: str, body: bytes, query: str) -> Request:
    return Request("POST", f"/image/{model}{query}", body, {"Content-Type": "image/jpeg"})
