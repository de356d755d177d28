"""``POST /image/{model}``: the protocol of Orange's own client, one image a request.

Its clients never read the status, and drop an image after three prompt refusals: under overload
they are held back, until there is room.
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from orangecontrib.imageembedding.errors import ImageError
from orangecontrib.imageembedding.server.form import file_in
from orangecontrib.imageembedding.server.served import Outcome, Served
from orangecontrib.imageembedding.server.service import (
    ORANGE_PATIENCE_S,
    json_response,
    refuse_what_is_announced,
    service_of,
    unless_gone,
)


async def embed_one(request: Request) -> Response:
    """Answer with the vector of an encoded image."""
    service = service_of(request)
    outcome = await outcome_of_body(request, service.model(request.path_params["model"]))
    if isinstance(outcome, ImageError):
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"The image cannot be embedded: {outcome.reason}."
        )
    return json_response({"embedding": outcome})


async def outcome_of_body(request: Request, model: Served) -> Outcome:
    """Embed the image that a request holds, after waiting for room."""
    service = service_of(request)
    limit = service.limits.max_image_bytes
    refuse_what_is_announced(request, limit)
    async with service.bodies.read(request, limit, ORANGE_PATIENCE_S) as body:
        data = file_in(body, request.headers.get("content-type", ""))
        if not data:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "The request holds no image.")
        work = service.embed(model, [data], ORANGE_PATIENCE_S)
        return (await unless_gone(request, work))[0]
