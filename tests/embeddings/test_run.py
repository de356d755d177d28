import threading
import time

import numpy as np
import pytest
from fake_backends import FakeBackend
from pictures import encoded, picture, write_images

from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.embeddings.run import embed_locations
from orangecontrib.imageembedding.errors import BackendError, Cancelled

SPEC = get_embedder("efficientnet-lite0")


@pytest.fixture
def locations(tmp_path):
    names = [f"{i}.png" for i in range(20)]
    write_images(tmp_path, names)
    return [str(tmp_path / name) for name in names]


def test_vectors_stand_in_the_rows_of_their_images(locations):
    embedded = embed_locations(locations, SPEC, FakeBackend())
    assert embedded.vectors.shape == (20, 1280)
    assert embedded.vectors.dtype == np.float32
    assert embedded.failures == {}
    for row in range(20):
        assert embedded.vectors[row, 0] == pytest.approx(picture(row).mean(), rel=1e-5)


def test_each_failure_keeps_its_row_and_reason_and_the_rest_is_done(locations, tmp_path):
    (tmp_path / "3.png").write_bytes(b"Dear diary")
    (tmp_path / "4.png").write_bytes(b"")
    (tmp_path / "5.png").write_bytes(encoded(picture(5))[:-40])
    (tmp_path / "6.png").unlink()
    locations[7] = ""
    embedded = embed_locations(locations, SPEC, FakeBackend())
    assert list(embedded.failures) == [3, 4, 5, 6, 7]
    assert embedded.failures[3] == "not an image: text"
    assert embedded.failures[4] == "empty file"
    assert embedded.failures[5].startswith("damaged image")
    assert embedded.failures[6] == "file not found"
    assert embedded.failures[7] == "no path or URL"
    missing = np.isnan(embedded.vectors).all(axis=1)
    assert list(np.flatnonzero(missing)) == [3, 4, 5, 6, 7]
    assert np.isfinite(embedded.vectors[~missing]).all()


def test_no_images_need_no_embedder():
    backend = FakeBackend()
    seen = []
    assert embed_locations([], SPEC, backend, seen.append).vectors.shape == (0, 1280)
    assert backend.loads == 0
    assert seen[-1] == 1.0


def test_skipped_images_count_for_the_progress(locations):
    seen = []
    embed_locations(["/missing.png"] * 7 + locations, SPEC, FakeBackend(), seen.append)
    assert seen[-1] == 1.0
    assert seen == sorted(seen)


def test_a_backend_that_breaks_stops_the_job(locations):
    with pytest.raises(BackendError, match="the device is gone"):
        embed_locations(locations, SPEC, FakeBackend(fail_at=7))


def test_vectors_of_the_wrong_length_are_an_error(locations):
    with pytest.raises(BackendError, match="1281.*1280"):
        embed_locations(locations, SPEC, FakeBackend(wrong_size=True))


def test_cancel_does_not_wait_for_a_backend_that_hangs(locations):
    hang = threading.Event()
    entered = threading.Event()
    asked = []

    def cancel_in_batch(fraction):
        if entered.is_set():
            asked.append(time.monotonic())
            raise Cancelled

    try:
        backend = FakeBackend(hang=hang, on_batch=entered.set)
        with pytest.raises(Cancelled):
            embed_locations(locations, SPEC, backend, cancel_in_batch)
        assert time.monotonic() - asked[0] < 0.5
    finally:
        hang.set()


def test_after_cancel_no_more_images_are_begun(locations):
    hang = threading.Event()
    entered = threading.Event()
    backend = FakeBackend(hang=hang, on_batch=entered.set)

    def cancel_in_batch(fraction):
        if entered.is_set():
            raise Cancelled

    with pytest.raises(Cancelled):
        embed_locations(locations, SPEC, backend, cancel_in_batch)
    hang.set()
    for thread in threading.enumerate():
        if thread.name.startswith("imageembedding"):
            thread.join(30)
    assert len(backend.locations) < len(locations)
