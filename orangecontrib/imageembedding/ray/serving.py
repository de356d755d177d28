"""The server on a Ray cluster: the same app in front, embedders in replicas behind it.

``serve run orangecontrib.imageembedding.ray.serving:app embedders=resnet50`` or
``image-embedding serve --ray``. Ray decides where replicas run, how many, and starts anew those
that die; a request whose replica died is given to another one.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orangecontrib.imageembedding.ray.cluster import connect, gpus_of_a_worker  # before Ray

# isort: split
import ray
from ray import serve
from ray.exceptions import RayError, RayTaskError

from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import BackendError, ImageError, InputError
from orangecontrib.imageembedding.server.app import create_app
from orangecontrib.imageembedding.server.listening import Address
from orangecontrib.imageembedding.server.metrics import Metrics
from orangecontrib.imageembedding.server.run import Loading, Options
from orangecontrib.imageembedding.server.served import Outcome, Picture, Served
from orangecontrib.imageembedding.server.service import DEFAULT_MAX_QUEUE, Limits

NAME = "image-embedding"
N_TRIES = 8
PAUSE_S = 0.25  # and twice as long each time: another replica takes seconds to start
CPUS = 2
MAX_REPLICAS = 16
IN_FLIGHT = 32  # requests a replica: more make Ray start another one
MAX_IN_FLIGHT = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Scale:
    """How a cluster is used.

    Attributes
    ----------
    cpus, gpus : float
        Of each replica.
    min_replicas, max_replicas : int
    """

    cpus: float = CPUS
    gpus: float = 0
    min_replicas: int = 1
    max_replicas: int = MAX_REPLICAS


@serve.deployment(name="embedder", max_ongoing_requests=MAX_IN_FLIGHT, health_check_period_s=5)
class Replica:
    """The embedders in one process of the cluster, with the batcher of the server."""

    def __init__(self, options: Options, n_workers: int) -> None:
        loading = Loading(options, Metrics(), n_workers)
        self._models = {name: loading.load(name) for name in loading.specs}

    def describe(self) -> list[tuple[EmbedderSpec, str]]:
        """Tell specs and fingerprints."""
        return [(model.spec, model.fingerprint) for model in self._models.values()]

    async def embed(self, name: str, pictures: Sequence[Picture]) -> list[Any]:
        """Embed pictures; a text is the reason of one that has no vector."""
        outcomes = await self._models[name].embed(pictures)
        return [one.reason if isinstance(one, ImageError) else one for one in outcomes]


class ServedOnRay:
    """An embedder in the replicas; see `Served`."""

    n_waiting = 0  # Ray knows

    def __init__(self, spec: EmbedderSpec, fingerprint: str, handle: Any) -> None:
        self.spec = spec
        self.fingerprint = fingerprint
        self.is_well = True
        self._handle = handle

    async def retire(self) -> None:
        """Leave the replicas as they are: they are shared."""

    async def embed(self, pictures: Sequence[Picture]) -> list[Outcome]:
        """Embed some pictures, as `Served` says; again, if their replica dies."""
        for n_tried in range(1, N_TRIES + 1):
            try:
                outcomes = await self._handle.embed.remote(self.spec.id, list(pictures))
            except RayTaskError as error:
                self.is_well = False
                raise BackendError(str(error.cause)) from error
            except RayError as error:
                self.is_well = n_tried < N_TRIES
                if not self.is_well:
                    raise BackendError(f"No replica answers: {error}") from error
                await asyncio.sleep(PAUSE_S * 2 ** (n_tried - 1))
            else:
                self.is_well = True
                return [
                    ImageError("the image", one) if isinstance(one, str) else one
                    for one in outcomes
                ]
        raise AssertionError("the last try returns or raises")


@serve.deployment(name="web", max_ongoing_requests=MAX_IN_FLIGHT, ray_actor_options={"num_cpus": 0})
@serve.ingress()
class Web:
    """The server's app, in front of the replicas."""

    async def __init__(self, replicas: Any, options: Options) -> None:
        described = await replicas.describe.remote()
        models: Mapping[str, Served] = {
            spec.id: ServedOnRay(spec, fingerprint, replicas) for spec, fingerprint in described
        }
        self._app = create_app(models, options.limits, options.api_key)

    def __serve_build_asgi_app__(self) -> Any:
        """Give Ray the app."""
        return self._app


def deployment(options: Options, scale: Scale) -> serve.Application:
    """Describe the deployments to Ray.

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
    replica = Replica.options(
        autoscaling_config=scaling,
        ray_actor_options={"num_cpus": scale.cpus, "num_gpus": scale.gpus},
    )
    return Web.bind(replica.bind(options, max(1, round(scale.cpus))), options)


def app(arguments: dict[str, str]) -> serve.Application:
    """Build what ``serve run`` deploys, from its ``name=value`` arguments.

    Parameters
    ----------
    arguments : dict of str to str
        ``embedders``, ``device``, ``precision``, ``max_queue``, ``cpus``, ``gpus``,
        ``min_replicas``, ``max_replicas``; the API key is that of the environment variable
        ``IMAGE_EMBEDDING_API_KEY``.
    """
    known = {**arguments}
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
    return deployment(options, Scale(**{n: kinds.get(n, int)(v) for n, v in known.items()}))


def serve_on_ray(
    options: Options, address: Address, cluster: str, announce: Callable[[str], object]
) -> None:
    """Serve on a cluster until SIGTERM or SIGINT, then take the deployments away.

    Parameters
    ----------
    options : Options
        What to serve.
    address : Address
        Where the cluster listens.
    cluster : str
        As `connect` wants it.
    announce : callable
        Told the URL, once the server answers there.

    Raises
    ------
    InputError
        If there is no such cluster.
    BackendError
        If the cluster does not start the server.
    """
    connect(cluster)
    gpus = gpus_of_a_worker(options.backend)
    logging.getLogger("ray.serve").setLevel(logging.WARNING)  # what `announce` says is enough
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    try:
        serve.start(http_options={"host": address.host, "port": address.port})
        serve.run(deployment(options, Scale(gpus=gpus)), name=NAME, route_prefix="/")
    except (RayError, RuntimeError) as error:
        raise BackendError(f"The cluster does not start the server: {error}") from error
    announce(f"http://{address.host}:{address.port}")
    done.wait()
    serve.delete(NAME)
    ray.shutdown()
