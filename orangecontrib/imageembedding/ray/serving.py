"""The server on a Ray cluster: the same app in front, embedders in replicas behind it.

``serve run orangecontrib.imageembedding.ray.serving:app embedders=resnet50`` or
``image-embedding serve --ray``. Ray decides where replicas run, how many, and restarts those that
die; a request whose replica died is sent to another one.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

from orangecontrib.imageembedding.ray.cluster import connect, gpus_of_a_worker  # before Ray

# isort: split
import ray
from ray import serve
from ray.exceptions import RayError

from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.errors import BackendError, InputError
from orangecontrib.imageembedding.ray.replicas import (
    MAX_IN_FLIGHT,
    Replica,
    Scale,
    embedders_of,
)
from orangecontrib.imageembedding.server.app import create_app
from orangecontrib.imageembedding.server.listening import Address, check_certificate, listen
from orangecontrib.imageembedding.server.metrics import Metrics
from orangecontrib.imageembedding.server.run import Options, serve_app
from orangecontrib.imageembedding.server.service import DEFAULT_MAX_QUEUE, Limits

NAME = "image-embedding"
LEAVE_S = 10.0
IN_FLIGHT = 32  # requests a replica: with more, Ray starts another replica


@serve.deployment(name="web", max_ongoing_requests=MAX_IN_FLIGHT, ray_actor_options={"num_cpus": 0})
@serve.ingress()
class Web:
    """The server's app, in front of the replicas."""

    # Ray awaits its constructor.
    async def __init__(self, replicas: Any, options: Options) -> None:  # type: ignore[misc]
        metrics = Metrics()
        models = embedders_of(await replicas.describe.remote(), replicas, metrics)
        self._app = create_app(models, options.limits, options.api_key, metrics)

    def __serve_build_asgi_app__(self) -> Any:
        """Give Ray the app."""
        return self._app


def replicas_of(options: Options, scale: Scale) -> serve.Application:
    """Describe the replicas to Ray.

    Parameters
    ----------
    options : Options
        What to serve.
    scale : Scale
        How much of the cluster.
    """
    scaling = {
        "min_replicas": scale.min_replicas,
        "max_replicas": scale.max_replicas,
        "target_ongoing_requests": IN_FLIGHT,
    }
    replica: Any = Replica  # a deployment, by its decorator
    configured = replica.options(
        autoscaling_config=scaling,
        ray_actor_options={"num_cpus": scale.cpus, "num_gpus": scale.gpus},
    )
    return configured.bind(options, max(1, round(scale.cpus)))


def deployment(options: Options, scale: Scale) -> serve.Application:
    """Describe replicas, and the server's app before them, to Ray: all of it runs there."""
    web: Any = Web  # a deployment, by its decorator
    return web.bind(replicas_of(options, scale), options)


def app(arguments: dict[str, str]) -> serve.Application:
    """Build what ``serve run`` deploys, from its ``name=value`` arguments.

    Parameters
    ----------
    arguments : dict of str to str
        ``embedders``, ``device``, ``precision``, ``max_queue``, ``cpus``, ``gpus``,
        ``min_replicas``, ``max_replicas``; the API key is that of the environment variable
        ``IMAGE_EMBEDDING_API_KEY``.
    """
    known: dict[str, Any] = {**arguments}
    options = Options(
        embedders=str(known.pop("embedders", "resnet50")).split(","),
        backend=Local(
            device=known.pop("device", "auto"), precision=known.pop("precision", "exact")
        ),
        limits=Limits(int(known.pop("max_queue", DEFAULT_MAX_QUEUE))),
        api_key=os.environ.get("IMAGE_EMBEDDING_API_KEY") or None,
    )
    names = {entry.name for entry in dataclasses.fields(Scale)}
    if not names.issuperset(known):
        raise InputError(f"Unknown: {', '.join(sorted(set(known) - names))}.")
    kinds = {"cpus": float, "gpus": float}
    scale: dict[str, Any] = {name: kinds.get(name, int)(value) for name, value in known.items()}
    return deployment(options, Scale(**scale))


def serve_on_ray(
    options: Options, address: Address, cluster: str, announce: Callable[[str], object]
) -> None:
    """Serve until SIGTERM or SIGINT, with replicas on a cluster, which are then taken away.

    The server itself runs here: several can use one cluster, each with its own address and keys.

    Parameters
    ----------
    options : Options
        What to serve.
    address : Address
        Where to listen.
    cluster : str
        As `connect` wants it.
    announce : callable
        Told the URL, once the server answers there.

    Raises
    ------
    InputError
        If there is no such cluster, or the address cannot be used.
    BackendError
        If the cluster does not start the replicas.
    """
    check_certificate(address)
    listening = listen(address)
    connect(cluster)
    gpus = gpus_of_a_worker(options.backend)
    logging.getLogger("ray.serve").setLevel(logging.WARNING)  # what `announce` says is enough
    # Nobody else on this computer has this port: what has this name is left over, and ours.
    name = f"{NAME} {socket.gethostname()}:{listening.getsockname()[1]}"
    metrics = Metrics()
    try:
        serve.start(proxy_location="Disabled")
        replicas = serve.run(replicas_of(options, Scale(gpus=gpus)), name=name, route_prefix=None)
        models = embedders_of(replicas.describe.remote().result(), replicas, metrics)
    except (RayError, RuntimeError) as error:
        raise BackendError(f"The cluster cannot start the server: {error}") from error
    app = create_app(models, options.limits, options.api_key, metrics)
    try:
        serve_app(app, options, address, listening, announce)
    finally:
        _leave(name)


def _leave(name: str) -> None:
    """Take the replicas away; where the cluster has gone before, Ray would wait for a minute."""

    def leave() -> None:
        serve.delete(name)
        ray.shutdown()

    leaving = threading.Thread(target=leave, daemon=True)
    leaving.start()
    leaving.join(LEAVE_S)
