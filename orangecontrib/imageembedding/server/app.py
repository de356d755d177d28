"""What the server answers: a Starlette app around embedders, wherever these run."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orangecontrib.imageembedding.server import openapi, page, v2_infer, v2_models
from orangecontrib.imageembedding.server.admission import Full
from orangecontrib.imageembedding.server.gate import Gate, tell_error
from orangecontrib.imageembedding.server.keys import NAMELESS, Keys
from orangecontrib.imageembedding.server.metrics import Metrics
from orangecontrib.imageembedding.server.openai_route import embeddings
from orangecontrib.imageembedding.server.orange_route import embed_one
from orangecontrib.imageembedding.server.repository import Loader, Repository
from orangecontrib.imageembedding.server.served import Served
from orangecontrib.imageembedding.server.service import Limits, Service, service_of

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def create_app(
    models: Mapping[str, Served],
    limits: Limits | None = None,
    api_key: Keys | str | None = None,
    metrics: Metrics | None = None,
    loaders: Mapping[str, Loader] | None = None,
) -> Starlette:
    """Make the app.

    Parameters
    ----------
    models : dict of str to Served
        The embedders by id.
    limits : Limits, optional
        What is taken on.
    api_key : Keys or str, optional
        What clients must know; by default nothing.
    metrics : Metrics, optional
        Into which the embedders write, too.
    loaders : dict of str to callable, optional
        How each embedder is loaded again after it was unloaded.
    """
    keys = Keys({NAMELESS: api_key}) if isinstance(api_key, str) else api_key
    loaded = dict(models)
    repository = Repository(loaded, loaders)
    service = Service(
        loaded, repository, limits or Limits(), metrics or Metrics(), keys is not None
    )
    app = Starlette(
        routes=[
            Route("/image/{model}", embed_one, methods=["POST"]),
            Route("/metrics", show_metrics),
            *page.routes(),
            *openapi.routes(),
            *v2_models.routes(),
            *v2_infer.routes(),
            Route("/v1/embeddings", embeddings, methods=["POST"]),
        ],
        middleware=[Middleware(Gate, metrics=service.metrics, keys=keys)],
        exception_handlers=dict.fromkeys((HTTPException, Full), tell_error),
    )
    app.state.service = service
    return app


async def show_metrics(request: Request) -> Response:
    """Answer with the numbers for Prometheus."""
    service = service_of(request)
    waiting = {name: model.n_waiting for name, model in service.models.items()}
    return Response(service.metrics.text(waiting), media_type=METRICS_TYPE)
