"""Loaded networks are kept for the next call."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pictures import write_images

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings.backends.local import kept
from orangecontrib.imageembedding.embeddings.backends.local.embedder import LocalEmbedder
from orangecontrib.imageembedding.embeddings.backends.local.kept import IDLE_S, Kept
from orangecontrib.imageembedding.embeddings.backends.local.single import RETRY_AFTER, SingleImages
from orangecontrib.imageembedding.images.prepare import Preparation
from orangecontrib.imageembedding.progress import silent

BUILT_IN = "efficientnet-lite0"


class Means:
    """A network without weights."""

    batch_size = 4
    n_workers = 2

    def __call__(self, inputs):
        return inputs.mean(axis=(2, 3))


def loaded():
    return LocalEmbedder(Means(), Preparation())


class Machine:
    """Its time and memory."""

    def __init__(self):
        self.now = 100.0
        self.available = 0.5
        self.kept = Kept(lambda: self.now, lambda: self.available)
        self.loads = []

    def get(self, key):
        def load():
            self.loads.append(key)
            return loaded()

        return self.kept.get(key, load)


def test_the_last_two_are_kept():
    machine = Machine()
    first = machine.get("a")
    for key in ("b", "a", "b", "a", "c", "a"):
        machine.get(key)
    assert machine.loads == ["a", "b", "c"]
    assert machine.get("a") is first
    machine.get("b")  # c has taken its place
    assert machine.loads == ["a", "b", "c", "b"]


def test_what_is_idle_for_minutes_is_released():
    machine = Machine()
    machine.get("a")
    machine.now += IDLE_S - 1
    machine.get("b")
    machine.kept.release()
    assert len(machine.kept) == 2
    machine.now += 2
    machine.kept.release()
    assert len(machine.kept) == 1
    machine.get("b")
    machine.get("a")
    assert machine.loads == ["a", "b", "a"]


def test_work_that_goes_on_is_not_idle():
    machine = Machine()
    embedder = machine.get("a")
    machine.now += IDLE_S + 1
    embedder.used_at = machine.now  # as `embed` notes
    machine.kept.release()
    assert len(machine.kept) == 1
    before = loaded()
    before.used_at = 0.0
    before.embed([])
    assert before.used_at > 0


def test_where_memory_is_low_nothing_is_kept():
    machine = Machine()
    machine.get("a")
    machine.available = 0.05
    machine.kept.release()
    assert len(machine.kept) == 0
    machine.get("a")
    machine.get("b")  # before it is loaded, room is made
    assert machine.loads == ["a", "a", "b"]
    assert len(machine.kept) == 1


def test_threads_that_want_the_same_one_load_it_once():
    here, go_on, loads = threading.Event(), threading.Event(), []

    def load():
        loads.append(1)
        here.set()
        assert go_on.wait(30)
        return loaded()

    held = Kept()
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(held.get, "a", load)
        assert here.wait(30)
        two = pool.submit(held.get, "a", load)
        other = pool.submit(lambda: None)
        go_on.set()
        assert one.result() is two.result()
        other.result()
    assert loads == [1]


def test_a_failed_load_is_tried_again():
    held = Kept()
    with pytest.raises(oie.BackendError, match="no"):
        held.get("a", lambda: (_ for _ in ()).throw(oie.BackendError("no")))
    assert isinstance(held.get("a", loaded), LocalEmbedder)


def test_the_network_of_the_last_call_is_used_again_and_computes_the_same(tmp_path):
    write_images(tmp_path, ["1.png", "2.png"])
    spec = oie.get_embedder(BUILT_IN)
    embedder = oie.Local().load(spec, silent)
    assert oie.Local().load(spec, silent) is embedder
    assert oie.Local(precision="fast").load(spec, silent) is not embedder
    both = oie.embed_files([tmp_path / "1.png", tmp_path / "2.png"], spec, cache=False).vectors
    for i in (0, 1):
        alone = oie.embed_files([tmp_path / f"{i + 1}.png"], spec, cache=False).vectors[0]
        np.testing.assert_allclose(alone, both[i], atol=1e-4)


def test_weights_that_were_written_anew_are_loaded_anew(tmp_path):
    import torch
    import torchvision

    write_images(tmp_path, ["1.png"])
    path = tmp_path / "own.pth"
    vectors = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        network = torchvision.models.squeezenet1_1(weights=None)
        torch.save(network.state_dict(), path)
        done = oie.embed_files([tmp_path / "1.png"], "squeezenet", weights=path, cache=False)
        vectors.append(done.vectors[0])
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-3


def test_single_images_are_computed_in_the_faster_way_and_the_other_is_tried_again():
    seconds = {1: 0.02, 4: 0.01}
    singles = SingleImages(4)

    def compute():
        n = singles.n_threads()
        singles.took(n, seconds[n])
        return n

    assert {compute(), compute()} == {1, 4}
    assert [compute() for _ in range(5)] == [4] * 5
    seconds[4] = 0.1  # others compute, too
    assert [compute() for _ in range(5)] == [4, 1, 1, 1, 1]
    seconds[4] = 0.01
    later = [compute() for _ in range(RETRY_AFTER)]
    assert later.count(4) > 1
    assert later[-1] == 4
    assert SingleImages(1).n_threads() == 1


def test_the_memory_of_this_computer_is_known():
    assert 0 < kept._available_memory() <= 1
