"""The cache by itself: what it keeps, what it forgets, and what it does when it cannot."""

import os
import sqlite3
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from orangecontrib.imageembedding.embeddings.cache import Cache, cache_path
from orangecontrib.imageembedding.embeddings.cachefile import SCHEMA_VERSION

KEYS = [bytes([i]) * 16 for i in range(200)]


def vector(i, n=64):
    return np.random.default_rng(i).normal(size=n).astype(np.float32)


def big(i):
    return vector(i, 2048)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "vectors.sqlite"


@pytest.fixture
def cache(path):
    cache = Cache(path)
    yield cache
    cache.close()


def test_it_lives_in_the_folder_for_caches_of_the_user():
    assert str(cache_path()).startswith(os.environ["XDG_CACHE_HOME"])


def test_vectors_come_back_bit_by_bit_also_in_another_process_and_time(cache, path):
    cache.store("net exact 1", {KEYS[0]: vector(0), KEYS[1]: vector(1)})
    cache.close()
    again = Cache(path)
    found = again.vectors("net exact 1", [KEYS[1], KEYS[0], KEYS[2]])
    assert set(found) == {KEYS[0], KEYS[1]}
    np.testing.assert_array_equal(found[KEYS[1]], vector(1))
    assert found[KEYS[0]].dtype == np.float32
    again.close()


def test_each_embedder_has_its_own(cache):
    cache.store("net exact 1", {KEYS[0]: vector(0)})
    assert cache.vectors("net exact 2", [KEYS[0]]) == {}
    assert cache.vectors("net fast 1", [KEYS[0]]) == {}


def test_a_file_is_known_by_its_state(cache):
    cache.store("net exact 1", {KEYS[0]: vector(0)}, [("/a/ä.png", "1 2 3", KEYS[0])])
    assert cache.contents({"/a/ä.png": "1 2 3", "/b": "1 2 3"}) == {"/a/ä.png": KEYS[0]}
    assert cache.contents({"/a/ä.png": "1 2 4"}) == {}


def test_names_that_are_no_text_are_known_too(cache):
    name = os.fsdecode(b"/a/\xff.png")
    cache.store("net exact 1", {KEYS[0]: vector(0)}, [(name, "1", KEYS[0])])
    assert cache.contents({name: "1"}) == {name: KEYS[0]}


def test_more_questions_than_sqlite_takes_at_once(cache):
    keys = [i.to_bytes(16, "big") for i in range(3000)]
    cache.store("n e 1", {key: vector(i, 4) for i, key in enumerate(keys)})
    assert len(cache.vectors("n e 1", keys)) == 3000


def test_it_says_what_it_holds_and_forgets_what_it_is_told_to(cache):
    cache.store("net exact 1", {KEYS[0]: vector(0), KEYS[1]: vector(1)})
    cache.store("my own net fast 2", {KEYS[0]: vector(0)})
    kept = {(e.embedder_id, e.precision): (e.n_vectors, e.n_bytes) for e in cache.embedders()}
    assert kept == {("net", "exact"): (2, 512), ("my own net", "fast"): (1, 256)}
    cache.clear("net exact 1")
    assert [embedder.embedder_id for embedder in cache.embedders()] == ["my own net"]
    cache.clear()
    assert cache.embedders() == []
    assert cache.problem is None


def test_above_the_limit_the_least_recently_used_go_first(cache):
    for i in range(100):
        cache.store("n e 1", {KEYS[i]: big(i)}, [(f"/{i}", "1", KEYS[i])])
    assert len(cache.vectors("n e 1", KEYS[:10])) == 10  # used just now
    cache.set_limit(500_000)
    left = {KEYS.index(key) for key in cache.vectors("n e 1", KEYS)}
    assert 30 < len(left) < 60
    assert set(range(10)) <= left
    assert not left & set(range(10, 40))
    assert cache.n_bytes() < 700_000  # the room is given back to the disk
    assert len(cache.contents({f"/{i}": "1" for i in range(100)})) == len(left)


def test_the_limit_holds_while_it_is_written(cache):
    cache.set_limit(1_000_000)
    for i in range(200):
        cache.store("n e 1", {KEYS[i]: big(i)})
    assert 60 < cache.embedders()[0].n_vectors < 122
    assert KEYS[199] in cache.vectors("n e 1", KEYS)


def test_the_limit_is_the_same_for_all_processes(cache, path):
    cache.set_limit(7_000_000)
    other = Cache(path)
    assert other.limit_bytes() == 7_000_000
    other.close()


def test_clearing_gives_the_room_back(cache):
    cache.store("n e 1", {key: big(i) for i, key in enumerate(KEYS)})
    assert cache.n_bytes() > 1_600_000
    cache.clear()
    assert cache.n_bytes() < 200_000


STORE_MANY = """
import sys
from pathlib import Path
import numpy as np
from orangecontrib.imageembedding.embeddings.cache import Cache
path, first = Path(sys.argv[1]), int(sys.argv[2])
cache = Cache(path)
for i in range(first, first + 100):
    cache.store("n e 1", {i.to_bytes(16, "big"): np.full(8, i, dtype=np.float32)})
assert cache.problem is None, cache.problem
"""


def test_two_processes_begin_and_write_at_once_and_nothing_is_lost(path):
    processes = [
        subprocess.Popen([sys.executable, "-c", STORE_MANY, str(path), start])
        for start in ("0", "100")
    ]
    assert [process.wait(120) for process in processes] == [0, 0]
    cache = Cache(path)
    found = cache.vectors("n e 1", [i.to_bytes(16, "big") for i in range(200)])
    cache.close()
    assert len(found) == 200
    np.testing.assert_array_equal(found[(150).to_bytes(16, "big")], np.full(8, 150))


def spoiled(path, how):
    path.parent.mkdir(parents=True, exist_ok=True)
    if how == "no database":
        path.write_bytes(b"Dear diary" * 1000)
    elif how == "cut":
        Cache(path).store("n e 1", {key: big(i) for i, key in enumerate(KEYS)})
        path.with_name(path.name + "-wal").unlink(missing_ok=True)
        path.write_bytes(path.read_bytes()[:5000] or b"x" * 5000)
    elif how == "newer":
        db = sqlite3.connect(path)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        db.execute("CREATE TABLE vectors (other TEXT)")
        db.commit()
        db.close()
    elif how == "a folder":
        path.mkdir()


@pytest.mark.parametrize("how", ["no database", "cut", "newer", "a folder"])
def test_a_cache_that_cannot_be_used_says_so_once_and_is_as_if_empty(path, how, caplog):
    spoiled(path, how)
    before = None if how == "a folder" else path.read_bytes()
    caplog.clear()
    cache = Cache(path)
    for _ in range(3):
        cache.store("n e 1", {KEYS[0]: vector(0)}, [("/a", "1", KEYS[0])])
        cache.vectors("n e 1", KEYS)
        cache.contents({"/a": "1"})
    assert "image-embedding cache clear" in cache.problem
    assert len(caplog.records) == 1
    assert cache.embedders() == []
    assert cache.limit_bytes() > 0
    cache.close()
    if how == "newer":
        assert path.read_bytes() == before  # it is somebody's


@pytest.mark.parametrize("how", ["no database", "cut"])
def test_clearing_replaces_a_damaged_file(path, how):
    spoiled(path, how)
    cache = Cache(path)
    cache.store("n e 1", {KEYS[0]: vector(0)})
    cache.clear()
    assert cache.problem is None
    cache.store("n e 1", {KEYS[0]: vector(0)})
    assert len(cache.vectors("n e 1", KEYS)) == 1
    cache.close()


def test_a_full_disk_ends_the_writing_and_nothing_else(cache, path):
    cache.store("n e 1", {KEYS[0]: big(0)})
    cache._db.execute("PRAGMA max_page_count = 30")
    cache.store("n e 1", {key: big(i) for i, key in enumerate(KEYS)})
    assert "full" in cache.problem
    cache.close()
    again = Cache(path)
    assert KEYS[0] in again.vectors("n e 1", KEYS)
    assert again.problem is None
    again.close()


def test_a_place_that_cannot_be_written_is_as_if_empty(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    cache = Cache(tmp_path / "file" / "vectors.sqlite")
    cache.store("n e 1", {KEYS[0]: vector(0)})
    assert cache.vectors("n e 1", KEYS) == {}
    assert "cannot be used" in cache.problem


def test_a_read_only_file_is_still_read(path):
    cache = Cache(path)
    cache.store("n e 1", {KEYS[0]: vector(0)})
    cache.close()
    cache = Cache(path)
    cache._db.execute("PRAGMA query_only = ON")
    assert KEYS[0] in cache.vectors("n e 1", KEYS)
    assert cache.problem is None
    cache.store("n e 1", {KEYS[1]: vector(1)})
    assert "cannot be used" in cache.problem
    cache.close()


def test_bits_that_the_disk_has_turned_are_noticed(cache, path):
    cache.store("n e 1", {KEYS[0]: big(0)}, [("/a", "1", KEYS[0])])
    cache.close()
    db = sqlite3.connect(path)
    db.execute("UPDATE vectors SET vector = zeroblob(LENGTH(vector))")
    db.execute("UPDATE files SET content = ?", (KEYS[1],))
    db.commit()
    db.close()
    again = Cache(path)
    assert again.vectors("n e 1", KEYS) == {}
    assert again.contents({"/a": "1"}) == {}
    again.close()


def test_a_lock_that_is_held_for_a_moment_is_waited_for(cache, path):
    other = sqlite3.connect(path, check_same_thread=False)
    cache.store("n e 1", {KEYS[0]: vector(0)})
    other.execute("BEGIN IMMEDIATE")

    def let_go():
        time.sleep(0.3)
        other.commit()

    thread = threading.Thread(target=let_go)
    thread.start()
    cache.store("n e 1", {KEYS[1]: vector(1)})
    thread.join()
    other.close()
    assert cache.problem is None
    assert len(cache.vectors("n e 1", KEYS)) == 2
