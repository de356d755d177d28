"""The server around the built-in embedder, as the contract suite and others need it."""

import contextlib

from server_fixtures import running

from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.progress import silent
from orangecontrib.imageembedding.server.app import create_app
from orangecontrib.imageembedding.server.metrics import Metrics
from orangecontrib.imageembedding.server.served import ServedHere


@contextlib.contextmanager
def served_efficientnet():
    """Serve it on this computer; get the URL."""
    spec, metrics, local = get_embedder("efficientnet-lite0"), Metrics(), Local()
    served = ServedHere(
        spec, local.fingerprint(spec, silent), local.load(spec, silent), None, metrics
    )
    with running(create_app({spec.id: served}, metrics=metrics)) as url:
        yield url
