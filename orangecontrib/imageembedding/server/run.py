"""Loads embedders and serves them, until a signal stops it."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.cache import Cache
from orangecontrib.imageembedding.embeddings.catalogue import DEFAULT_ID, get_embedder
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.progress import Progress, silent
from orangecontrib.imageembedding.server.app import create_app
from orangecontrib.imageembedding.server.keys import Keys
from orangecontrib.imageembedding.server.listening import (
    Address,
    Server,
    check_certificate,
    listen,
)
from orangecontrib.imageembedding.server.log import log_to_stderr
from orangecontrib.imageembedding.server.metrics import Metrics
from orangecontrib.imageembedding.server.served import ServedHere
from orangecontrib.imageembedding.server.service import Limits

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """What the server runs, and for whom.

    Attributes
    ----------
    embedders : sequence of str
        Ids.
    backend : Local
        Where and how they compute.
    cache : bool
        Whether vectors are kept on disk.
    limits : Limits
    api_key : Keys or str or None
    """

    embedders: Sequence[str] = (DEFAULT_ID,)
    backend: Local = field(default_factory=Local)
    cache: bool = True
    limits: Limits = field(default_factory=Limits)
    api_key: Keys | str | None = field(default=None, repr=False)


def load_models(
    options: Options, metrics: Metrics, progress: Progress = silent, n_workers: int | None = None
) -> dict[str, ServedHere]:
    """Make the embedders ready.

    Parameters
    ----------
    options : Options
        Which.
    metrics : Metrics
        Into which they write.
    progress : Progress, optional
        Told how far it is.
    n_workers : int, optional
        Batches at the same time; by default what the embedder likes.

    Raises
    ------
    InputError
        If there is no such embedder.
    BackendError
        If one cannot run here.
    """
    cache = Cache() if options.cache else None
    models = {}
    for name in options.embedders:
        spec = get_embedder(name)
        fingerprint = options.backend.fingerprint(spec, progress)
        embedder = options.backend.load(spec, progress)
        embedder.n_workers = n_workers or embedder.n_workers
        models[spec.id] = ServedHere(spec, fingerprint, embedder, cache, metrics)
    return models


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
    models = load_models(options, metrics, progress)
    app = create_app(models, options.limits, options.api_key, metrics)
    log_to_stderr()
    server = Server(app, address, models.values())

    def stop(*_: object) -> None:
        server.should_exit = True

    # uvicorn handles the signal, finishes, and then raises it again, which is not to kill us; and
    # it may come before uvicorn handles it.
    signal.signal(signal.SIGTERM, stop)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda *_: _read_again(options, server))
    scheme = "https" if address.certfile else "http"
    host = f"[{address.host}]" if ":" in address.host else address.host
    announce(f"{scheme}://{host}:{listening.getsockname()[1]}")
    server.run([listening])
    for model in models.values():
        model.close()
    if any(model.is_computing for model in models.values()):
        logging.shutdown()
        os._exit(0)  # nobody waits for it, and a network cannot be broken off


def _read_again(options: Options, server: Server) -> None:
    """Take new keys and a new certificate from their files; what cannot be read stays as it was."""
    try:
        if isinstance(options.api_key, Keys):
            options.api_key.read_again()
        server.read_certificate()
    except InputError as error:
        LOG.error("Not read again: %s", error)
    else:
        LOG.info("The keys and the certificate were read again")
