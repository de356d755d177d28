"""``/``: a page that tells what runs here, and lets one try it with a picture of one's own."""

from __future__ import annotations

import asyncio
from functools import cache
from html import escape
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from orangecontrib.imageembedding.errors import ImageError
from orangecontrib.imageembedding.server.orange_route import outcome_of_body
from orangecontrib.imageembedding.server.served import Served
from orangecontrib.imageembedding.server.service import (
    ORANGE_PATIENCE_S,
    Service,
    json_response,
    service_of,
)

HERE = Path(__file__).parent
ICON = HERE.parent / "widgets" / "icons" / "category.svg"
SKETCHES = HERE.parent / "examples" / "sketches"
N_NEAREST = 6
# Nothing from elsewhere, and nothing that was put into the page.
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
POLICY += "connect-src 'self'"

# How the commands of the page give the API key, where one is wanted.
_WITH_KEY = {
    "KEY": ", with the API key in the place of KEY",
    "KEY_VARIABLE": 'export IMAGE_EMBEDDING_API_KEY="[[URL]] KEY"\n',
    "KEY_HEADER": '-H "Authorization: Bearer KEY" ',
    "KEY_ARGUMENT": ', api_key="KEY"',
}

Vectors = NDArray[np.float32]


def routes() -> list[Route]:
    """Get the routes of the page."""
    return [
        Route("/", show),
        Route("/favicon.ico", icon),
        Route("/page/{name}", part),
        Route("/sketches/{kind}/{name}", sketch),
        Route("/nearest/{model}", nearest, methods=["POST"]),
    ]


async def show(request: Request) -> Response:
    """Answer with the page."""
    models = service_of(request).models.values()
    rows = "".join(
        f"<tr><td><code>{escape(model.spec.id)}</code></td><td>{escape(model.spec.title)}</td>"
        f"<td>{model.spec.n_features}</td><td>{escape(model.spec.good_for)}</td></tr>"
        for model in models
    )
    options = "".join(f"<option>{escape(model.spec.id)}</option>" for model in models)
    text = (HERE / "page.html").read_text(encoding="utf-8")
    url = escape(str(request.base_url).rstrip("/"))
    with_key = _WITH_KEY if service_of(request).wants_key else dict.fromkeys(_WITH_KEY, "")
    for mark, value in {
        **with_key,
        "ROWS": rows,
        "OPTIONS": options,
        "FIRST": escape(next(iter(service_of(request).models), "")),
        "VERSION": version("Orange3-ImageEmbedding"),
        "URL": url,
        "ORANGE_URL": url.replace("://", "://any:KEY@") if with_key["KEY"] else url,
    }.items():
        text = text.replace(f"[[{mark}]]", value)
    return HTMLResponse(text, headers={"Content-Security-Policy": POLICY})


async def icon(request: Request) -> Response:
    """Answer with the icon that browsers ask for."""
    return FileResponse(ICON)


async def part(request: Request) -> Response:
    """Answer with the script or the style of the page."""
    name = request.path_params["name"]
    if name not in ("page.js", "page.css"):
        raise HTTPException(HTTPStatus.NOT_FOUND, "The page has no such part.")
    return FileResponse(HERE / name)


async def sketch(request: Request) -> Response:
    """Answer with one of the shipped sketches."""
    wanted = f"{request.path_params['kind']}/{request.path_params['name']}"
    if wanted not in _sketches():
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such sketch.")
    return FileResponse(_sketches()[wanted])


async def nearest(request: Request) -> Response:
    """Answer with the sketches that are most like an image: cosine similarity, best first."""
    service = service_of(request)
    model = service.model(request.path_params["model"])
    outcome = await outcome_of_body(request, model)
    if isinstance(outcome, ImageError):
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"The image cannot be embedded: {outcome.reason}."
        )
    similarities = await _sketch_directions(service, model) @ _directions(outcome[None])[0]
    names = list(_sketches())
    best = np.argsort(-similarities)[:N_NEAREST]
    return json_response({
        "n_features": len(outcome),
        "nearest": [
            {"sketch": names[row], "similarity": round(float(similarities[row]), 3)} for row in best
        ],
    })  # fmt: skip


@cache
def _sketches() -> dict[str, Path]:
    """Get the files of the sketches by kind and name."""
    return {f"{path.parent.name}/{path.name}": path for path in sorted(SKETCHES.glob("*/*.png"))}


async def _sketch_directions(service: Service, model: Served) -> Vectors:
    """Embed the sketches, once for each embedder."""
    begun = service.sketches.get(model.spec.id)
    if begun is None or (begun.done() and (begun.cancelled() or begun.exception())):
        begun = asyncio.ensure_future(_embed_sketches(service, model))
        service.sketches[model.spec.id] = begun
    return await asyncio.shield(begun)


async def _embed_sketches(service: Service, model: Served) -> Vectors:
    files = [path.read_bytes() for path in _sketches().values()]
    outcomes = await service.embed(model, files, ORANGE_PATIENCE_S)
    return _directions(np.stack([vector for vector in outcomes if isinstance(vector, np.ndarray)]))


def _directions(vectors: Vectors) -> Vectors:
    """Scale vectors to length 1."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions: Vectors = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return directions
