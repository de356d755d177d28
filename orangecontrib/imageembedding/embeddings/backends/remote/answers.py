"""Replies of a server → vectors, reasons of single images, or the error that ends the job."""

from __future__ import annotations

import json
from http import HTTPStatus

import numpy as np

from orangecontrib.imageembedding.embeddings.backends.base import Vector
from orangecontrib.imageembedding.errors import ServerAnswerError
from orangecontrib.imageembedding.http.client import Reply

MAX_REASON_CHARACTERS = 300
MAX_LOST = 8  # images in a row that broke the server: it is the server

OF_THE_IMAGE = frozenset(
    {
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


class Losses:
    """Counts images in a row that a server could not do, without saying that they are bad.

    Parameters
    ----------
    url : str
        Of the server.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._n_in_a_row = 0

    def note_success(self) -> None:
        """Start counting again."""
        self._n_in_a_row = 0

    def note(self, reason: str) -> None:
        """Count one more.

        Raises
        ------
        ServerAnswerError
            If it is one too many.
        """
        self._n_in_a_row += 1
        if self._n_in_a_row >= MAX_LOST:
            raise ServerAnswerError(
                f"The server {self._url} fails on every image: {reason}. See its log."
            )


def told_reason(reply: Reply) -> str:
    """Get what a server says is wrong, on one line."""
    told: object = None
    try:
        content = json.loads(reply.body)
        told = content.get("error") or content.get("detail") if isinstance(content, dict) else None
    except (ValueError, RecursionError):
        pass
    if isinstance(told, dict):
        told = told.get("message")
    if not isinstance(told, str) or not told.strip():
        return f"the server answers {reply.status}"
    words = " ".join(told.split())[:MAX_REASON_CHARACTERS].rstrip(".")
    return f"the server answers {reply.status}: {words}"


def checked(vector: Vector, n_features: int, url: str, model: str) -> Vector:
    """Check one vector.

    Parameters
    ----------
    vector : ndarray of any shape, dtype float32
        What the server sent; only shape (n_features,) is right.
    n_features : int
        The length it should have.
    url, model : str
        Who sent it; named in the error.

    Returns
    -------
    vector : ndarray of shape (n_features,), dtype float32
        The same.

    Raises
    ------
    ServerAnswerError
        If it has another length than it should, or numbers that are not finite.
    """
    if vector.shape != (n_features,):
        raise ServerAnswerError(
            f"The server {url} gives {vector.size} numbers for an image instead of {n_features}: "
            f"what it calls {model} is a different network. Remote.embedder({model!r}) describes "
            "it as the server has it."
        )
    if not np.isfinite(vector).all():
        raise ServerAnswerError(
            f"The server {url} gives numbers that are not finite (NaN) from {model}. "
            "This must be fixed on the server."
        )
    return vector
