"""Loads embedders and serves them, until a signal stops it."""

from __future__ import annotations

import dataclasses
import logging
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from starlette.applications import Starlette

from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.cache import Cache
from orangecontrib.imageembedding.embeddings.catalogue import DEFAULT_ID
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.progress import Progress, silent
from orangecontrib.imageembedding.server.app import create_app
from orangecontrib.imageembedding.server.fleet import Fleet
from orangecontrib.imageembedding.server.keys import Keys
from orangecontrib.imageembedding.server.listening import (
    Address,
    Server,
    check_certificate,
    listen,
)
from orangecontrib.imageembedding.server.log import log_to_stderr
from orangecontrib.imageembedding.server.metrics import Metrics
from orangecontrib.imageembedding.server.naming import named_embedders
from orangecontrib.imageembedding.server.served import ServedHere
from orangecontrib.imageembedding.server.service import Limits

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """What the server runs, and for whom.

    Attributes
    ----------
    embedders : sequence of str
        As `named_embedders` reads them.
    backend : Local
        Where and how they compute.
    devices : sequence of str
        Several devices, each with its own process; none to compute in this process.
    cache : bool
        Whether vectors are cached on disk.
    limits : Limits
    api_key : Keys or str or None
    """

    embedders: Sequence[str] = (DEFAULT_ID,)
    backend: Local = field(default_factory=Local)
    devices: Sequence[str] = ()
    cache: bool = True
    limits: Limits = field(default_factory=Limits)
    api_key: Keys | str | None = field(default=None, repr=False)


class Loading:
    """Makes embedders ready.

    Parameters
    ----------
    options : Options
        Which.
    metrics : Metrics
        Into which they write.
    n_workers : int, optional
        Batches at the same time; by default what the embedder likes.

    Raises
    ------
    InputError
        If there is no such embedder.
    """

    def __init__(self, options: Options, metrics: Metrics, n_workers: int | None = None) -> None:
        self.specs = named_embedders(options.embedders)
        self._backend = options.backend
        self._metrics = metrics
        self._n_workers = n_workers
        self._cache = Cache() if options.cache else None
        backends = [dataclasses.replace(options.backend, device=name) for name in options.devices]
        self._fleet = Fleet(backends) if backends else None

    def load(self, name: str, progress: Progress = silent) -> ServedHere:
        """Load one of them.

        Raises
        ------
        BackendError
            If it cannot run here.
        """
        spec = self.specs[name]
        fingerprint = self._backend.fingerprint(spec, progress)
        embedder = (self._fleet or self._backend).load(spec, progress)
        embedder.n_workers = self._n_workers or embedder.n_workers
        return ServedHere(spec, fingerprint, embedder, self._cache, self._metrics)

    def close(self) -> None:
        """End the processes, if there are any."""
        if self._fleet is not None:
            self._fleet.close()


def serve(
    options: Options,
    address: Address,
    announce: Callable[[str], object],
    progress: Progress = silent,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish what was begun.

    Parameters
    ----------
    options : Options
        What to serve.
    address : Address
        Where to listen.
    announce : callable
        Told the URL, once the server answers there.
    progress : Progress, optional
        Told how far loading is.

    Raises
    ------
    InputError
        If the address or the certificate cannot be used.
    """
    check_certificate(address)
    listening = listen(address)  # before the networks are loaded: that takes longer to fail
    metrics = Metrics()
    loading = Loading(options, metrics)
    models = {name: loading.load(name, progress) for name in loading.specs}
    loaders = {name: partial(loading.load, name) for name in models}
    app = create_app(models, options.limits, options.api_key, metrics, loaders)
    serve_app(app, options, address, listening, announce)
    loading.close()


def serve_app(
    app: Starlette,
    options: Options,
    address: Address,
    listening: socket.socket,
    announce: Callable[[str], object],
) -> None:
    """Serve an app of `create_app` until SIGTERM or SIGINT, then finish what was begun.

    Parameters
    ----------
    app : Starlette
        What to serve.
    options, address, announce
        As of `serve`.
    listening : socket
        Of that address.
    """
    log_to_stderr()
    server = Server(app, address)

    def stop(*_: object) -> None:
        server.should_exit = True

    # uvicorn handles the signal, finishes, and then raises it again, which is not to kill us; and
    # it may come before uvicorn handles it.
    signal.signal(signal.SIGTERM, stop)
    if hasattr(signal, "SIGHUP"):
        read_again = partial(_read_again, options, server)
        signal.signal(signal.SIGHUP, lambda *_: server.on_next_tick.append(read_again))
    scheme = "https" if address.certfile else "http"
    host = f"[{address.host}]" if ":" in address.host else address.host
    announce(f"{scheme}://{host}:{listening.getsockname()[1]}")
    server.run([listening])
    server.close_models()


def _read_again(options: Options, server: Server) -> None:
    """Take new keys and a new certificate from their files; what cannot be read stays as it was."""
    reads = [server.read_certificate]
    if isinstance(options.api_key, Keys):
        reads.append(options.api_key.read_again)
    n_failed = 0
    for read in reads:
        try:
            read()
        except InputError as error:
            n_failed += 1
            LOG.error("Cannot be reloaded: %s", error)
    if not n_failed:
        LOG.info("The keys and the certificate were reloaded")
