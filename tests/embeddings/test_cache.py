"""The cache of vectors by itself; what all caches do is in `contracts/test_caches.py`."""

import os
import sqlite3

import numpy as np
import pytest

from orangecontrib.imageembedding.embeddings.cache import Cache, cache_path

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


def test_a_read_only_file_is_still_read(path):
    cache = Cache(path)
    cache.store("n e 1", {KEYS[0]: vector(0)})
    cache.close()
    cache = Cache(path)
    cache.embedders()
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


CALLS = {
    "contents": lambda cache: cache.contents({"/0": "1"}),
    "vectors": lambda cache: cache.vectors("n e 1", KEYS[:60]),
    "store": lambda cache: cache.store("n e 1", {KEYS[0]: vector(0)}, [("/0", "2", KEYS[0])]),
    "embedders": lambda cache: cache.embedders(),
    "limit": lambda cache: cache.limit_bytes(),
    "set_limit": lambda cache: cache.set_limit(50_000),
    "clear one": lambda cache: cache.clear("n e 1"),
    "clear": lambda cache: cache.clear(),
}


@pytest.mark.parametrize("call", CALLS)
def test_damage_at_any_page_is_repaired_at_any_call(path, call):
    whole = Cache(path)
    stored = {KEYS[i]: vector(i) for i in range(60)}
    whole.store("n e 1", stored, [(f"/{i}", "1", KEYS[i]) for i in range(60)])
    whole.close()
    data = path.read_bytes()
    page = int.from_bytes(data[16:18], "big")
    assert len(data) // page > 8
    for at in range(0, len(data), page):
        path.write_bytes(data[:at] + bytes([0xA5]) * page + data[at + page :])
        cache = Cache(path)
        CALLS[call](cache)
        cache.store("n e 1", {KEYS[99]: vector(99)}, [("/99", "1", KEYS[99])])
        for key, found in cache.vectors("n e 1", [*stored, KEYS[99]]).items():
            np.testing.assert_array_equal(found, vector(KEYS.index(key)))
        assert cache.contents({"/99": "1"}) in ({}, {"/99": KEYS[99]})
        cache.clear()
        cache.store("n e 1", {KEYS[7]: vector(7)})
        assert list(cache.vectors("n e 1", KEYS)) == [KEYS[7]]
        assert cache.problem is None
        assert [embedder.n_vectors for embedder in cache.embedders()] == [1]
        cache.close()
