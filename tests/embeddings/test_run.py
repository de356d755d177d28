import dataclasses
import threading
import time

import numpy as np
import pytest
from fake_backends import FakeBackend
from pictures import encoded, picture, write_images
from web_server import in_turn, say, web_server

from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.embeddings.run import embed_locations
from orangecontrib.imageembedding.errors import BackendError, Cancelled
from orangecontrib.imageembedding.progress import silent

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
        assert time.monotonic() - asked[0] < 5
    finally:
        hang.set()


def test_after_cancel_no_more_images_are_begun(locations, join_our_threads):
    hang = threading.Event()
    entered = threading.Event()
    backend = FakeBackend(hang=hang, on_batch=entered.set)

    def cancel_in_batch(fraction):
        if entered.is_set():
            raise Cancelled

    with pytest.raises(Cancelled):
        embed_locations(locations, SPEC, backend, cancel_in_batch)
    hang.set()
    join_our_threads()
    assert len(backend.locations) < len(locations)


@pytest.fixture
def server():
    with web_server() as running:
        for i in range(20):
            running.routes[f"/{i}.png"] = say(body=encoded(picture(i)))
        yield running


@pytest.fixture
def join_our_threads():
    """Get a function that waits for what this test has begun, not for the clients of others."""
    before = set(threading.enumerate())

    def join():
        for thread in set(threading.enumerate()) - before:
            if thread.name.startswith("imageembedding"):
                thread.join(30)

    return join


def test_images_of_the_web_and_of_this_computer_stand_in_their_rows(locations, server):
    mixed = [f"{server.url}/{i}.png" if i % 3 else locations[i] for i in range(20)]
    mixed[7] = f"{server.url}/missing.png"
    mixed[8] = ""
    seen = []
    embedded = embed_locations(mixed, SPEC, FakeBackend(), seen.append)
    assert embedded.failures == {7: "the server answers 404 (Not Found)", 8: "no path or URL"}
    for row in set(range(20)) - {7, 8}:
        assert embedded.vectors[row, 0] == pytest.approx(picture(row).mean(), rel=1e-5)
    assert seen[-1] == 1.0
    assert seen == sorted(seen)


def test_images_of_this_computer_do_not_wait_for_the_web(locations, server):
    held = threading.Event()

    def wait_for_the_others(handler):
        assert held.wait(30)
        say(body=encoded(picture(0)))(handler)

    for i in range(20):
        server.routes[f"/{i}.png"] = wait_for_the_others

    def progress(fraction):
        if fraction >= 0.5:  # all that is on this computer
            held.set()

    urls = [f"{server.url}/{i}.png" for i in range(20)]
    embedded = embed_locations(urls + locations, SPEC, FakeBackend(), progress)
    assert embedded.failures == {}


def test_eight_images_are_fetched_at_a_time(server):
    all_here = threading.Barrier(8)
    lock = threading.Lock()
    n_here = [0]
    most = []

    def meet(handler):
        with lock:
            n_here[0] += 1
            most.append(n_here[0])
        all_here.wait(30)
        with lock:
            n_here[0] -= 1
        say(body=encoded(picture(0)))(handler)

    for i in range(16):
        server.routes[f"/{i}.png"] = meet
    urls = [f"{server.url}/{i}.png" for i in range(16)]
    assert embed_locations(urls, SPEC, FakeBackend()).failures == {}
    assert max(most) == 8
    assert server.n_connections <= 9


@pytest.mark.parametrize("place", ["web", "computer"])
def test_an_image_that_stands_in_several_rows_is_read_and_embedded_once(locations, server, place):
    one, other = (f"{server.url}/1.png", f"{server.url}/2.png")
    if place == "computer":
        one, other = locations[1:3]
    backend = FakeBackend()
    seen = []
    embedded = embed_locations([one, other, one, "/missing.png", one], SPEC, backend, seen.append)
    assert sorted(backend.locations) == sorted([one, other])
    assert len(server.requests) == (2 if place == "web" else 0)
    means = [picture(1).mean(), picture(2).mean(), picture(1).mean(), picture(1).mean()]
    assert embedded.vectors[[0, 1, 2, 4], 0] == pytest.approx(means, rel=1e-5)
    assert seen[-1] == 1.0


def test_a_failure_of_an_image_counts_for_all_its_rows(server):
    url = f"{server.url}/missing.png"
    seen = []
    embedded = embed_locations([url, url], SPEC, FakeBackend(), seen.append)
    assert embedded.failures == dict.fromkeys([0, 1], "the server answers 404 (Not Found)")
    assert seen[-1] == 1.0
    assert server.asked("/missing.png") == 1


def test_cancel_does_not_wait_for_the_web_and_begins_no_more_downloads(server, join_our_threads):
    n_asked = threading.Semaphore(0)

    def hang(handler):
        n_asked.release()
        server.released.wait(30)

    for i in range(20):
        server.routes[f"/{i}.png"] = hang
    cancelled = []

    def cancel_when_the_web_hangs(fraction):
        if not cancelled and all([n_asked.acquire(timeout=30) for _ in range(8)]):
            cancelled.append(time.monotonic())
        raise Cancelled

    urls = [f"{server.url}/{i}.png" for i in range(20)]
    with pytest.raises(Cancelled):
        embed_locations(urls, SPEC, FakeBackend(), cancel_when_the_web_hangs)
    assert time.monotonic() - cancelled[0] < 5
    join_our_threads()  # breaks off what hangs: the server has not answered yet
    assert not server.released.is_set()
    assert time.monotonic() - cancelled[0] < 10
    assert len(server.requests) == 8


def test_a_backend_that_breaks_breaks_off_the_downloads(server, locations, join_our_threads):
    server.routes["/0.png"] = lambda handler: server.released.wait(30)
    with pytest.raises(BackendError, match="the device is gone"):
        embed_locations([f"{server.url}/0.png", *locations], SPEC, FakeBackend(fail_at=7))
    join_our_threads()
    assert not server.released.is_set()


def test_a_server_that_recovers_costs_no_row(server, monkeypatch):
    monkeypatch.setattr("orangecontrib.imageembedding.http.retry.FIRST_PAUSE_S", 0.0)
    server.routes["/1.png"] = in_turn(say(503), say(body=encoded(picture(1))))
    assert embed_locations([f"{server.url}/1.png"], SPEC, FakeBackend()).failures == {}


def test_an_embedder_of_a_plug_in_needs_no_base_class(tmp_path):
    class Plain:
        batch_size, n_workers = 2, 1

        def embed(self, images):
            return [np.ones(4, np.float32) for _ in images]

    class Backend:
        def fingerprint(self, spec, progress):
            return None

        def load(self, spec, progress):
            return Plain()

    files = write_images(tmp_path, ["a.png", "b.png", "c.png"])
    spec = dataclasses.replace(get_embedder("efficientnet-lite0"), id="plain", n_features=4)
    paths = [str(files / name) for name in ("a.png", "b.png", "c.png")]
    assert embed_locations(paths, spec, Backend(), silent).vectors.tolist() == [[1.0] * 4] * 3
