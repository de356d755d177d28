"""Backends that need no network: for tests of what stands around them."""

import dataclasses
import threading
import time

import numpy as np
from Orange.data import StringVariable

from orangecontrib.imageembedding.caches.filestate import file_state
from orangecontrib.imageembedding.embeddings.backends.base import LoadedEmbedder
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.errors import BackendError, DecodeError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.tables.computed import EmbedImages


def source(embedder_id="net", image=None):
    """Say where the vectors of a table come from."""
    spec = dataclasses.replace(get_embedder("resnet50"), id=embedder_id)
    return EmbedImages(image or StringVariable("image"), spec, FakeBackend())


class FakeBackend:
    """Embeds an image as the mean of its pixels, counted up over the features.

    Attributes
    ----------
    fail_at : int or None
        Raise BackendError at this image.
    hang : threading.Event or None
        Wait for it at each batch.
    loads : int
        How often an embedder was loaded.
    locations : list of str
        What was asked for, in order of arrival.
    """

    is_light = True

    def __init__(self, fail_at=None, hang=None, wrong_size=False, on_batch=None):
        self.fail_at = fail_at
        self.hang = hang
        self.wrong_size = wrong_size
        self.on_batch = on_batch
        self.loads = 0
        self.locations = []

    def fingerprint(self, spec, progress):
        return f"{spec.id} fake"

    def load(self, spec, progress):
        self.loads += 1
        return FakeEmbedder(self, spec)


def wait_for_runs():
    """Wait until no run goes on in the background, nor what it has left."""
    names = ("imageembedding", "imageembedding-close")
    while threads := [thread for thread in threading.enumerate() if thread.name in names]:
        threads[0].join(30)
        assert not threads[0].is_alive()


def wait_until_at_rest(path):
    """Wait until a file that has been written can be known again."""
    while file_state(path) is None:
        time.sleep(0.002)


class FakeEmbedder(LoadedEmbedder):
    batch_size = 3
    n_workers = 2

    def __init__(self, backend, spec):
        self.backend = backend
        self.n_features = spec.n_features + backend.wrong_size
        self.lock = threading.Lock()

    def embed(self, images):
        if self.backend.on_batch is not None:
            self.backend.on_batch()
        if self.backend.hang is not None:
            self.backend.hang.wait(30)
        return [self.embed_one(image) for image in images]

    def embed_one(self, image):
        with self.lock:
            if len(self.backend.locations) == self.backend.fail_at:
                raise BackendError("the device is gone")
            self.backend.locations.append(image.location)
        try:
            mean = decode(image.data, image.location).mean()
        except DecodeError as error:
            return error
        return np.float32(mean) + np.arange(self.n_features, dtype=np.float32)
