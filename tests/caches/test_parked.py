import threading
import time

import numpy as np

from orangecontrib.imageembedding.caches.parked import Parking
from orangecontrib.imageembedding.embeddings.cache import Cache

VECTORS = {b"x" * 16: np.ones(3, np.float32)}


def used(path):
    cache = Cache(path)
    cache.store("net exact 1", VECTORS)
    return cache


def log_of(path):
    return path.with_name(path.name + "-wal")


def until(is_true):
    end = time.monotonic() + 30
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_is_parked_is_closed_by_itself_and_others_may_use_the_file_meanwhile(tmp_path):
    path = tmp_path / "vectors.sqlite"
    parking = Parking(0.1)
    parking.park(used(path))
    assert log_of(path).exists()
    other = Cache(path)
    assert list(other.vectors("net exact 1", list(VECTORS))) == list(VECTORS)
    other.close()
    until(lambda: not log_of(path).exists())  # at rest: all is in the file itself
    again = used(path)
    parking.park(again)
    until(lambda: not log_of(path).exists())


def test_one_file_is_parked_at_a_time(tmp_path):
    parking = Parking(60)
    first, second = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    parking.park(used(first))
    parking.park(used(second))
    assert not log_of(first).exists()
    assert log_of(second).exists()
    parking.close()
    assert not log_of(second).exists()
    parking.close()


def test_threads_may_park_at_the_same_time(tmp_path):
    path = tmp_path / "vectors.sqlite"
    parking = Parking(60)
    threads = [
        threading.Thread(target=lambda: [parking.park(used(path)) for _ in range(10)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    parking.close()
    assert not log_of(path).exists()
    assert list(Cache(path).vectors("net exact 1", list(VECTORS))) == list(VECTORS)
