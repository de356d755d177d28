"""What every backend must do; a new one is added to `BACKENDS`."""

import contextlib
import pickle

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

SPEC = get_embedder("efficientnet-lite0")


@contextlib.contextmanager
def remote():
    """Run the server in this process, and the client against it."""
    with served_efficientnet() as url:
        yield Remote(url)


BACKENDS = {
    "Local": lambda: contextlib.nullcontext(Local()),
    "FakeBackend": lambda: contextlib.nullcontext(FakeBackend()),
    "Remote": remote,
}

GOOD = [EncodedImage(f"{seed}.png", encoded(picture(seed, 300, 200))) for seed in range(3)]
BAD = EncodedImage("bad.png", b"no image at all")


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request):
    with BACKENDS[request.param]() as backend:
        yield backend


@pytest.fixture(scope="module")
def embedder(backend):
    return backend.load(SPEC, silent)


def test_it_can_be_saved_and_equals_what_was_saved(backend):
    if not isinstance(backend, FakeBackend):
        assert pickle.loads(pickle.dumps(backend)) == backend
        assert len(pickle.dumps(backend)) < 1000


def test_its_fingerprint_begins_with_the_id_and_does_not_change(backend):
    fingerprint = backend.fingerprint(SPEC, silent)
    assert fingerprint.startswith(f"{SPEC.id} ")
    assert backend.fingerprint(SPEC, silent) == fingerprint


def test_it_tells_how_it_likes_to_be_called(embedder):
    assert embedder.batch_size >= 1
    assert embedder.n_workers >= 1


def test_one_vector_for_each_image_in_order(embedder):
    results = embedder.embed(GOOD)
    assert [result.shape for result in results] == [(SPEC.n_features,)] * 3
    assert all(result.dtype == np.float32 for result in results)
    assert all(np.isfinite(result).all() for result in results)
    (last,) = embedder.embed(GOOD[2:])
    np.testing.assert_allclose(results[2], last, atol=1e-4)


def test_a_bad_image_has_its_error_in_its_place_and_its_mates_are_unharmed(embedder):
    alone = embedder.embed(GOOD)
    results = embedder.embed([GOOD[0], BAD, GOOD[1]])
    assert isinstance(results[1], ImageError)
    assert results[1].location == "bad.png"
    np.testing.assert_allclose(results[0], alone[0], atol=1e-4)
    np.testing.assert_allclose(results[2], alone[1], atol=1e-4)


def test_only_bad_images_are_no_problem(embedder):
    assert all(isinstance(result, ImageError) for result in embedder.embed([BAD, BAD]))


def test_the_same_image_gives_the_same_vector(embedder):
    first, second = embedder.embed([GOOD[0], GOOD[0]])
    np.testing.assert_allclose(first, second, atol=1e-5)
