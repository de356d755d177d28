"""The caches on disk behind one interface, for `contracts/test_caches.py` and its processes."""

import functools
import zlib

import numpy as np

from orangecontrib.imageembedding.embeddings.cache import Cache
from orangecontrib.imageembedding.images import thumbnailcache, webcache


@functools.cache
def noise(i, n_bytes):
    return np.random.default_rng(i).integers(0, 256, n_bytes, np.uint8)


class Vectors:
    """Vectors, one a key."""

    def __init__(self, path=None):
        self.store = Cache(path)

    def put(self, i, n_bytes=8000):
        self.store.store("n e 1", {self.key(i): noise(i, n_bytes).astype(np.float32)[::4]},
                         [(f"/{i}", "1", self.key(i))])  # fmt: skip

    def has(self, i):
        found = self.store.vectors("n e 1", [self.key(i)])
        self.store.contents({f"/{i}": "1"})
        for vector in found.values():
            np.testing.assert_array_equal(vector, noise(i, 4 * len(vector)).astype("f4")[::4])
        return bool(found)

    def key(self, i):
        return i.to_bytes(16, "big")


class Thumbnails:
    """Thumbnails, one a key."""

    store = thumbnailcache.CACHE

    def put(self, i, n_bytes=8000):
        side = round((n_bytes / 3) ** 0.5)
        thumbnailcache.keep(b"%d" % i, noise(i, 3 * side * side).reshape(side, side, 3))

    def has(self, i):
        return thumbnailcache.look_up(b"%d" % i) is not None


class WebImages:
    """Answers of web servers, one a URL."""

    store = webcache.CACHE

    def put(self, i, n_bytes=8000):
        webcache.keep(
            f"http://x/{i}", {"cache-control": "max-age=600"}, noise(i, n_bytes).tobytes()
        )

    def has(self, i):
        found = webcache.look_up(f"http://x/{i}")
        if found is not None:
            assert zlib.crc32(found.body) == zlib.crc32(noise(i, len(found.body)).tobytes())
        return found is not None


KINDS = {"vectors": Vectors, "thumbnails": Thumbnails, "web images": WebImages}
