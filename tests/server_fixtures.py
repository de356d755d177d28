"""A real server on this computer, around embedders that need no weights."""

import contextlib
import dataclasses
import os
import re
import subprocess
import sys
import threading

import numpy as np
import uvicorn

from orangecontrib.imageembedding.embeddings.backends.base import LoadedEmbedder
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.errors import BackendError, DecodeError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.prepare import Preparation, prepare
from orangecontrib.imageembedding.server.app import create_app
from orangecontrib.imageembedding.server.metrics import Metrics
from orangecontrib.imageembedding.server.protocol import ImpatientProtocol
from orangecontrib.imageembedding.server.served import ServedHere
from orangecontrib.imageembedding.server.service import Limits

SPEC = dataclasses.replace(
    get_embedder("efficientnet-lite0"),
    id="tiny",
    title="Tiny",
    n_features=12,
    preparation=Preparation(resize_px=32, crop_px=32),
)


class TinyEmbedder(LoadedEmbedder):
    """The means of the quarters of a picture, each color alone: as cheap as can be.

    Attributes
    ----------
    gate : threading.Event
        Batches wait for it.
    batches : list of int
        Sizes.
    """

    batch_size = 4
    n_workers = 2

    def __init__(self, fails=False):
        self.fails = fails
        self.gate = threading.Event()
        self.gate.set()
        self.batches = []

    def embed(self, images):
        self.batches.append(len(images))
        self.gate.wait(30)
        if self.fails:
            raise BackendError("the device is gone")
        return [self.embed_one(image) for image in images]

    def embed_one(self, image):
        try:
            pixels = decode(image.data, image.location)
        except DecodeError as error:
            return error
        return self.network(prepare(pixels, SPEC.preparation)[None])[0]

    def network(self, inputs):
        return np.float32(inputs).reshape(-1, 3, 2, 16, 2, 16).mean(axis=(3, 5)).reshape(-1, 12)


@contextlib.contextmanager
def running(app, **options):
    """Serve an app in a thread, on a port of its own; get its URL."""
    config = uvicorn.Config(
        app,
        http=ImpatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        **{"port": 0, **options},
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.005)
        assert thread.is_alive()
    scheme = "https" if "ssl_certfile" in options else "http"
    try:
        yield f"{scheme}://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def tiny_app(embedder=None, cache=None, limits=None, api_key=None):
    """Make the server's app around one tiny embedder."""
    metrics = Metrics()
    served = ServedHere(SPEC, "tiny exact 0123456789abcdef", embedder or TinyEmbedder(), cache,
                        metrics)  # fmt: skip
    return create_app({"tiny": served}, limits or Limits(), api_key, metrics)


@contextlib.contextmanager
def serving(*options, embedders="efficientnet-lite0"):
    """Run ``image-embedding serve`` as a process; get it and its URL."""
    command = [sys.executable, "-m", "orangecontrib.imageembedding", "serve", "--port", "0",
               "--embedders", embedders, *options]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        said = process.stdout.readline()
        found = re.search(r"https?://\S+", said)
        assert found, said + process.stderr.read()
        yield process, found[0].replace("0.0.0.0", "127.0.0.1")
    finally:
        process.kill()
        process.communicate()
