"""Embedders in the processes of a Ray cluster, and how the server asks them."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import sys
from collections.abc import Sequence
from typing import Any

# isort: split
import orangecontrib.imageembedding.ray.cluster  # noqa: F401 - before Ray

# isort: split
import ray
from ray import serve
from ray.exceptions import RayError, RayTaskError

from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import BackendError, ImageError
from orangecontrib.imageembedding.server.metrics import Metrics
from orangecontrib.imageembedding.server.run import Loading, Options
from orangecontrib.imageembedding.server.served import (
    PROBE,
    PROBE_S,
    Outcome,
    Picture,
    Served,
)

LOG = logging.getLogger(__name__)

N_TRIES = 8
PAUSE_S = 0.25  # and twice as long each time: another replica takes seconds to start
LOOPBACK = "127.0.0.1"
CPUS = 2
MAX_REPLICAS = 16
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


Counted = list[tuple[str, str, int]]  # which method of Metrics, embedder, number


class Seen(Metrics):
    """What one replica counts; its server shows the sum over all replicas."""

    def __init__(self) -> None:
        super().__init__()
        self._counted: Counted = []

    def note_batch(self, embedder: str, n_images: int) -> None:
        """Count a batch that is begun."""
        self._counted.append(("note_batch", embedder, n_images))

    def note_known(self, embedder: str, n_images: int) -> None:
        """Count images whose vectors were known."""
        self._counted.append(("note_known", embedder, n_images))

    def taken(self) -> Counted:
        """Get all counts, and start again from 0."""
        counted, self._counted = self._counted, []
        return counted


@serve.deployment(name="embedder", max_ongoing_requests=MAX_IN_FLIGHT, health_check_period_s=5)
class Replica:
    """The embedders in one process of the cluster, with the batcher of the server."""

    def __init__(self, options: Options, n_workers: int) -> None:
        _stay_on_loopback()
        self._seen = Seen()
        loading = Loading(options, self._seen, n_workers)
        self._models = {name: loading.load(name) for name in loading.specs}

    def describe(self) -> list[tuple[EmbedderSpec, str]]:
        """Tell specs and fingerprints."""
        return [(model.spec, model.fingerprint) for model in self._models.values()]

    async def embed(self, name: str, pictures: Sequence[Picture]) -> tuple[list[Any], Counted]:
        """Embed pictures; a text is the reason of one that has no vector.

        With it comes what was counted since the last answer.
        """
        outcomes = await self._models[name].embed(pictures)
        told = [one.reason if isinstance(one, ImageError) else one for one in outcomes]
        return told, self._seen.taken()


class ServedOnRay:
    """An embedder in the replicas; see `Served`.

    Parameters
    ----------
    spec : EmbedderSpec
    fingerprint : str
    handle : DeploymentHandle
        Of the replicas.
    metrics : Metrics
    """

    def __init__(self, spec: EmbedderSpec, fingerprint: str, handle: Any, metrics: Metrics) -> None:
        self.spec = spec
        self.fingerprint = fingerprint
        self.is_well = True
        self.n_waiting = 0
        self._handle = handle
        self._metrics = metrics
        self._probing: asyncio.Task[None] | None = None

    async def retire(self) -> None:
        """Leave the replicas as they are: they are shared."""

    async def embed(self, pictures: Sequence[Picture]) -> list[Outcome]:
        """Embed some pictures, as `Served` says; again, if their replica dies."""
        self.n_waiting += len(pictures)
        try:
            outcomes = await self._outcomes(pictures)
            self.is_well = True
            return outcomes
        except BackendError:
            self.is_well = False
            if self._probing is None:
                self._probing = asyncio.ensure_future(self._probe())
            raise
        finally:
            self.n_waiting -= len(pictures)

    async def _outcomes(self, pictures: Sequence[Picture]) -> list[Outcome]:
        for n_tried in range(1, N_TRIES + 1):
            try:
                told, counted = await self._handle.embed.remote(self.spec.id, list(pictures))
            except RayTaskError as error:
                raise BackendError(str(error.cause)) from error
            except RayError as error:
                if n_tried == N_TRIES:
                    raise BackendError(f"No replica answers: {error}") from error
                await asyncio.sleep(PAUSE_S * 2 ** (n_tried - 1))
            else:
                for method, embedder, number in counted:
                    getattr(self._metrics, method)(embedder, number)
                return [
                    ImageError("the image", one) if isinstance(one, str) else one for one in told
                ]
        raise AssertionError("the last try returns or raises")

    async def _probe(self) -> None:
        """Try a picture of our own until it works: no traffic comes to what is not ready."""
        while not self.is_well:
            await asyncio.sleep(PROBE_S)
            try:
                (outcome,) = await self._outcomes([PROBE.data])
                self.is_well = not isinstance(outcome, ImageError)
            except BackendError as error:
                LOG.warning("%s does not work yet: %s", self.spec.id, error)
        self._probing = None


def _stay_on_loopback() -> None:
    """Where the cluster listens to this computer only, let Ray's server of a replica do so, too."""
    module = sys.modules.get("ray.serve._private.replica")
    listen = getattr(module, "add_port_to_grpc_server", None)
    if module is not None and listen is not None and ray.util.get_node_ip_address() == LOOPBACK:
        module.__dict__["add_port_to_grpc_server"] = lambda server, place: listen(
            server, place.replace("[::]", LOOPBACK)
        )


def embedders_of(
    told: Sequence[tuple[EmbedderSpec, str]], handle: Any, metrics: Metrics
) -> dict[str, Served]:
    """Get the embedders of which replicas tell."""
    return {spec.id: ServedOnRay(spec, fingerprint, handle, metrics) for spec, fingerprint in told}
