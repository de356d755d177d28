"""What every backend must do; a new one is added to `BACKENDS`."""

import contextlib
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from fake_backends import FakeBackend
from pictures import encoded, picture
from served_efficientnet import served_efficientnet

from orangecontrib.imageembedding.embeddings.backends.base import EncodedImage
from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.backends.remote.backend import Remote
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.errors import ImageError
from orangecontrib.imageembedding.progress import silent

sys.path.insert(0, str(Path(__file__).parents[1] / "example_plugin"))
from imageembedding_colours import Histograms


@contextlib.contextmanager
def remote():
    """Run the server in this process, and the client against it."""
    with served_efficientnet() as url:
        yield Remote(url)


BACKENDS = {
    "local": lambda: contextlib.nullcontext(Local()),
    "local-fast": lambda: contextlib.nullcontext(Local(precision="fast")),
    "openvino": lambda: contextlib.nullcontext(Local(device="openvino")),
    "plug-in": lambda: contextlib.nullcontext(Histograms()),
    "remote": remote,
    "fake": lambda: contextlib.nullcontext(FakeBackend()),
}
SPEC = get_embedder("efficientnet-lite0")

GOOD = [EncodedImage(f"{seed}.png", encoded(picture(seed, 300, 200))) for seed in range(3)]
BAD = EncodedImage("bad.png", b"no image at all")


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request):
    if request.param == "openvino":
        pytest.importorskip("openvino")
    with BACKENDS[request.param]() as backend:
        yield backend


@pytest.fixture(scope="module")
def embedder(backend):
    before = set(threading.enumerate())
    embedder = backend.load(SPEC, silent)
    yield embedder
    embedder.close()
    for thread in set(threading.enumerate()) - before:
        if thread.name == "imageembedding-http":
            thread.join(30)
            assert not thread.is_alive(), "close() leaves its loop running"


def test_its_fingerprint_tells_embedders_apart_and_is_always_the_same(backend):
    one = backend.fingerprint(SPEC, silent)
    assert one == backend.fingerprint(SPEC, silent)
    assert one.startswith(f"{SPEC.id} ")
    if not isinstance(backend, Remote):  # this server has no other one
        assert one != backend.fingerprint(get_embedder("resnet50"), silent)


def test_it_can_be_saved_with_a_model_and_equals_itself_then(backend):
    if isinstance(backend, FakeBackend):
        pytest.skip("is for tests only")
    saved = pickle.dumps(backend)
    assert len(saved) < 1000
    assert pickle.loads(saved) == backend
    assert hash(pickle.loads(saved)) == hash(backend)


def test_threads_may_call_it_at_the_same_time(embedder):
    alone = embedder.embed(GOOD)
    with ThreadPoolExecutor(embedder.n_workers) as pool:
        for results in pool.map(embedder.embed, [GOOD] * (2 * embedder.n_workers)):
            np.testing.assert_allclose(results, alone, atol=tolerance(alone))


def tolerance(vectors):
    """Rounding, which 16 bits do more of when a batch has another size."""
    return 1e-2 * np.abs(vectors).max()


def test_it_tells_how_it_likes_to_be_called(embedder):
    assert embedder.batch_size >= 1
    assert embedder.n_workers >= 1


def test_one_vector_for_each_image_in_order(embedder):
    results = embedder.embed(GOOD)
    assert [result.shape for result in results] == [(SPEC.n_features,)] * 3
    assert all(result.dtype == np.float32 for result in results)
    assert all(np.isfinite(result).all() for result in results)
    (last,) = embedder.embed(GOOD[2:])
    np.testing.assert_allclose(results[2], last, atol=tolerance(results))


def test_a_bad_image_has_its_error_in_its_place_and_its_mates_are_unharmed(embedder):
    alone = embedder.embed(GOOD)
    results = embedder.embed([GOOD[0], BAD, GOOD[1]])
    assert isinstance(results[1], ImageError)
    assert results[1].location == "bad.png"
    np.testing.assert_allclose(results[0], alone[0], atol=tolerance(alone))
    np.testing.assert_allclose(results[2], alone[1], atol=tolerance(alone))


def test_only_bad_images_are_no_problem(embedder):
    assert all(isinstance(result, ImageError) for result in embedder.embed([BAD, BAD]))


def test_the_same_image_gives_the_same_vector(embedder):
    first, second = embedder.embed([GOOD[0], GOOD[0]])
    np.testing.assert_allclose(first, second, atol=1e-5)
