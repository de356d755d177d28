"""Nothing is computed, decoded or read twice; nothing that was finished is lost."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from fake_backends import FakeBackend, wait_for_runs
from pictures import encoded, picture, write_images
from PIL import Image
from web_server import say, web_server

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings import job as job_module
from orangecontrib.imageembedding.embeddings.cache import Cache, cache_path
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.embeddings.run import embed_locations
from orangecontrib.imageembedding.errors import BackendError, Cancelled

SPEC = get_embedder("efficientnet-lite0")
N = 12
pytestmark = pytest.mark.usefixtures("at_rest")


@pytest.fixture
def locations(tmp_path):
    names = [f"{i}.png" for i in range(N)]
    write_images(tmp_path, names)
    return [str(tmp_path / name) for name in names]


@pytest.fixture
def reads(monkeypatch):
    """What is read from files."""
    seen = []
    fetch = job_module.fetch

    def noted(location):
        seen.append(location)
        return fetch(location)

    monkeypatch.setattr(job_module, "fetch", noted)
    return seen


def embedded(locations, backend=None, **options):
    backend = backend or FakeBackend()
    return embed_locations(locations, SPEC, backend, **options), backend


def test_the_second_time_nothing_is_loaded_read_or_computed(locations, reads):
    first, _ = embedded(locations)
    reads.clear()
    second, backend = embedded(locations)
    assert (backend.loads, backend.locations, reads) == (0, [], [])
    np.testing.assert_array_equal(first.vectors, second.vectors)
    assert (first.n_cached, second.n_cached) == (0, N)


def test_a_file_url_is_the_same_file(locations, reads):
    embedded(locations)
    reads.clear()
    second, _ = embedded([f"file://{location}" for location in locations])
    assert (second.n_cached, reads) == (N, [])


def test_only_what_is_new_is_computed(locations):
    embedded(locations[:5])
    _, backend = embedded(locations)
    assert sorted(backend.locations) == sorted(locations[5:])


@pytest.mark.parametrize("keeps_time", [False, True])
def test_a_file_that_was_overwritten_is_noticed(locations, keeps_time):
    embedded(locations)
    before = os.stat(locations[3])
    pixels = 255 - picture(3)
    content = encoded(pixels)
    content += b"\0" * (before.st_size - len(content))  # the same size
    with open(locations[3], "wb") as file:
        file.write(content)
    if keeps_time:
        os.utime(locations[3], ns=(before.st_atime_ns, before.st_mtime_ns))
    again, backend = embedded(locations)
    assert backend.locations == [locations[3]]
    assert again.vectors[3, 0] == pytest.approx(pixels.mean(), rel=1e-5)


def test_a_moved_or_copied_image_is_read_but_not_computed(locations, tmp_path, reads):
    embedded(locations)
    shutil.move(locations[0], tmp_path / "moved.png")
    shutil.copy(locations[1], tmp_path / "copy.png")
    new = [str(tmp_path / "moved.png"), str(tmp_path / "copy.png")]
    again, backend = embedded(new)
    assert (backend.locations, again.n_cached) == ([], 2)
    reads.clear()
    embedded(new)
    assert reads == []


def test_touched_files_are_read_but_not_computed(locations):
    embedded(locations)
    for location in locations:
        os.utime(location)
    _, backend = embedded(locations)
    assert backend.locations == []


def test_the_embedder_the_weights_the_preparation_and_the_precision_are_part_of_the_key(locations):
    from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
    from orangecontrib.imageembedding.progress import silent

    other_weights = dataclasses.replace(SPEC.weights, sha256_start="00")
    other_preparation = dataclasses.replace(SPEC.preparation, resize_px=300)
    prints = {
        Local().fingerprint(SPEC, silent),
        Local(precision="fast").fingerprint(SPEC, silent),
        Local().fingerprint(get_embedder("resnet50"), silent),
        Local().fingerprint(dataclasses.replace(SPEC, weights=other_weights), silent),
        Local().fingerprint(dataclasses.replace(SPEC, preparation=other_preparation), silent),
        Local().fingerprint(dataclasses.replace(SPEC, network="timm:resnet18"), silent),
    }
    assert len(prints) == 6
    assert Local(device="cpu").fingerprint(SPEC, silent) in prints
    assert Local("/other/folder").fingerprint(SPEC, silent) in prints


@pytest.mark.parametrize("keep", [True, False])
def test_images_with_the_same_content_are_computed_once(locations, tmp_path, keep):
    copies = [str(shutil.copy(locations[0], tmp_path / f"copy{i}.png")) for i in range(30)]
    bad = []
    for i in range(3):
        (tmp_path / f"bad{i}.png").write_bytes(b"no image at all")
        bad.append(str(tmp_path / f"bad{i}.png"))
    done, backend = embedded([*copies, *bad, locations[1]], cache=keep)
    assert len(backend.locations) == 3
    assert len(set(done.vectors[:30, 0])) == 1
    assert done.failures == dict.fromkeys([30, 31, 32], "not an image: text")


def test_images_of_the_web_are_known_by_their_content(locations):
    embedded(locations)
    with web_server() as server:
        server.routes["/x"] = say(body=encoded(picture(4)))
        done, backend = embedded([f"{server.url}/x", f"data:,{'x' * 50}"])
    assert backend.locations == [f"data:,{'x' * 50}"]
    assert done.vectors[0, 0] == pytest.approx(picture(4).mean(), rel=1e-5)
    assert done.n_cached == 1


def test_nothing_is_kept_where_that_is_not_wanted(locations):
    embedded(locations, cache=False)
    assert not cache_path().exists()


def test_kept_vectors_of_another_length_are_computed_anew(locations, tmp_path):
    """A server may have changed its model and not told so."""
    shorter = dataclasses.replace(SPEC, n_features=3)
    embed_locations(locations, shorter, FakeBackend())
    done, backend = embedded(locations[:4])
    assert len(backend.locations) == 4
    embed_locations(locations, shorter, FakeBackend())
    copy = str(shutil.copy(locations[9], tmp_path / "copy.png"))  # known by its content only
    done, backend = embedded([copy])
    assert backend.locations == [copy]
    assert done.vectors.shape == (1, 1280)


def test_failures_are_not_kept(tmp_path):
    path = tmp_path / "late.png"
    path.write_bytes(b"not yet")
    assert embedded([str(path)])[0].failures
    path.write_bytes(encoded(picture(1)))
    assert not embedded([str(path)])[0].failures


def test_what_was_finished_before_a_cancel_is_kept(locations):
    go_on, begun = threading.Event(), []

    def wait_at_the_third():
        begun.append(1)
        if len(begun) > 2:
            go_on.wait(30)

    def cancel_in_the_middle(fraction):
        if fraction >= 0.5:
            go_on.set()
            raise Cancelled

    backend = FakeBackend(on_batch=wait_at_the_third)
    with pytest.raises(Cancelled):
        embed_locations(locations, SPEC, backend, cancel_in_the_middle)
    wait_for_runs()  # what was begun is finished, and kept, too
    again, second = embedded(locations)
    assert sorted(backend.locations + second.locations) == sorted(locations)
    assert again.n_cached == len(backend.locations)


def test_what_was_finished_before_the_device_broke_is_kept(locations):
    with pytest.raises(BackendError):
        embedded(locations, FakeBackend(fail_at=8))
    wait_for_runs()
    again, second = embedded(locations)
    assert again.n_cached >= 6
    assert len(second.locations) == N - again.n_cached


def test_a_cache_that_is_damaged_costs_nothing_but_time_and_one_message(locations, caplog):
    cache_path().parent.mkdir(parents=True, exist_ok=True)
    cache_path().write_bytes(b"Dear diary" * 1000)
    for n_cached in (0, N):
        done, backend = embedded(locations)
        assert (len(backend.locations), done.n_cached) == (N - n_cached, n_cached)
        assert not done.failures
        assert len(done.notes) == (n_cached == 0)
        assert len(caplog.records) == 1
    assert str(cache_path()) in caplog.text


def test_a_disk_that_gets_full_in_the_middle(locations, monkeypatch):
    store = Cache.store

    def fill(self, *args):
        self.limit_bytes()
        if self._db is not None:
            self._db.execute("PRAGMA max_page_count = 12")
        store(self, *args)

    monkeypatch.setattr(Cache, "store", fill)
    done, _ = embedded(locations)
    assert np.isfinite(done.vectors).all()
    assert len(done.notes) == 1


KILLED = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from fake_backends import FakeBackend
from orangecontrib.imageembedding.embeddings.run import embed_locations
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder

def tell(fraction):
    print(f"{fraction:.3f}", flush=True)

locations = sorted(map(str, Path(sys.argv[2]).glob("*.png")))
backend = FakeBackend(on_batch=lambda: time.sleep(0.1))
embed_locations(locations, get_embedder("efficientnet-lite0"), backend, tell)
"""


@pytest.mark.skipif(os.name == "nt", reason="has no SIGKILL")
def test_after_kill_9_in_the_middle_everything_finished_is_there(tmp_path):
    images = tmp_path / "images"
    write_images(images, [f"{i:02}.png" for i in range(60)])
    tests = os.path.dirname(os.path.dirname(__file__))
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, tests, str(images)], stdout=subprocess.PIPE, text=True
    )
    finished = 0.0
    for line in process.stdout:
        finished = float(line)
        if finished >= 0.4:
            process.send_signal(signal.SIGKILL)
            break
    process.wait(30)
    assert process.returncode == -signal.SIGKILL
    locations = sorted(str(path) for path in images.glob("*.png"))
    again, backend = embedded(locations)
    assert again.n_cached >= finished * 60 - 0.5
    assert len(backend.locations) == 60 - again.n_cached
    for row in (0, 30, 59):
        with Image.open(locations[row]) as image:
            assert again.vectors[row, 0] == pytest.approx(np.asarray(image).mean(), rel=1e-5)


def test_a_run_over_known_images_imports_no_torch(locations):
    oie.embed_files(locations[:2], "efficientnet-lite0")
    code = (
        "import sys, orangecontrib.imageembedding as oie\n"
        f"done = oie.embed_files({locations[:2]!r}, 'efficientnet-lite0')\n"
        "assert done.n_cached == 2\n"
        "assert not {'torch', 'httpx2', 'timm'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("cache", [True, False])
def test_each_image_that_was_not_computed_counts_as_cached(tmp_path, cache):
    """The same content in many files, the same file in many rows, computed at the same time."""
    kinds = [encoded(picture(i)) for i in range(5)]
    files = []
    for i in range(60):
        (tmp_path / f"{i}.png").write_bytes(kinds[i % 5])
        files.append(str(tmp_path / f"{i}.png"))
    backend, counted = FakeBackend(), []

    class Progress:
        def __call__(self, fraction):
            pass

        def count(self, counts):
            counted.append(counts)

    done = embed_locations([*files, *files[:7]], SPEC, backend, Progress(), cache=cache)
    assert len(backend.locations) == 5
    assert done.n_cached == 67 - 5
    assert (counted[-1].n_done, counted[-1].n_cached) == (67, 62)
