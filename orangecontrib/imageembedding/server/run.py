"""Loads embedders and serves them, until a signal stops it."""

from __future__ import annotations

import signal
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.cache import Cache
from orangecontrib.imageembedding.embeddings.catalogue import DEFAULT_ID, get_embedder
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.progress import Progress, silent
from orangecontrib.imageembedding.server.app import create_app
from orangecontrib.imageembedding.server.log import log_to_stderr
from orangecontrib.imageembedding.server.metrics import Metrics
from orangecontrib.imageembedding.server.protocol import ImpatientProtocol
from orangecontrib.imageembedding.server.served import ServedHere
from orangecontrib.imageembedding.server.service import Limits

# The predecessor's client does not forgive a connection that is closed as it is used again.
KEEP_ALIVE_S = 75
FINISH_S = 25  # what Kubernetes grants before it kills is 30 s
BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens.

    Attributes
    ----------
    host : str
        A name or address of this computer; 0.0.0.0 for all of them.
    port : int
        0 for any that is free.
    certfile, keyfile : str or None
        PEM files, for https.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    certfile: str | None = None
    keyfile: str | None = None

    @property
    def is_open_to_others(self) -> bool:
        """Whether other computers can connect."""
        return self.host not in ("localhost", "::1") and not self.host.startswith("127.")


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
    api_key : str or None
    """

    embedders: Sequence[str] = (DEFAULT_ID,)
    backend: Local = field(default_factory=Local)
    cache: bool = True
    limits: Limits = field(default_factory=Limits)
    api_key: str | None = field(default=None, repr=False)


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
    _check_certificate(address)
    listening = _listen(address)  # before the networks are loaded: that takes longer to fail
    metrics = Metrics()
    models = load_models(options, metrics, progress)
    app = create_app(models, options.limits, options.api_key, metrics)
    log_to_stderr()
    config = uvicorn.Config(
        app,
        http=ImpatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=FINISH_S,
        ssl_certfile=address.certfile,
        ssl_keyfile=address.keyfile,
    )
    server = uvicorn.Server(config)

    def stop(*_: object) -> None:
        server.should_exit = True

    # uvicorn handles the signal, finishes, and then raises it again, which is not to kill us; and
    # it may come before uvicorn handles it.
    signal.signal(signal.SIGTERM, stop)
    scheme = "https" if address.certfile else "http"
    host = f"[{address.host}]" if ":" in address.host else address.host
    announce(f"{scheme}://{host}:{listening.getsockname()[1]}")
    server.run([listening])
    for model in models.values():
        model.close()


def read_api_key(path: str) -> str:
    """Read the key that clients must know.

    Raises
    ------
    InputError
        If the file cannot be read, or holds none.
    """
    try:
        key = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The file with the API key, {path}, cannot be read: {error}.") from error
    if not key or "\n" in key or not key.isascii():
        raise InputError(f"{path} must hold an API key: one line of ASCII characters.")
    return key


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"The server cannot listen at {address.host}, port {address.port}: {error}. "
            "Choose another --port or --host."
        ) from error


def _check_certificate(address: Address) -> None:
    if address.certfile is None and address.keyfile is None:
        return
    if address.certfile is None or address.keyfile is None:
        raise InputError("Name both --certfile and --keyfile, or none of them.")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(address.certfile, address.keyfile)
    except OSError as error:  # also ssl.SSLError
        raise InputError(f"The certificate cannot be used: {error}.") from error
