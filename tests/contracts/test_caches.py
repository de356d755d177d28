"""What every cache on disk must do, whatever happens to its file."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from cache_kinds import KINDS

from orangecontrib.imageembedding.caches import damage, layout, store
from orangecontrib.imageembedding.caches.layout import VERSION
from orangecontrib.imageembedding.embeddings.cache import Cache
from orangecontrib.imageembedding.images import thumbnailcache, webcache

TESTS = Path(__file__).parents[1]
PAGE = 4096
N = 8  # entries of a file that is to be damaged


@pytest.fixture(params=KINDS)
def cache(request, monkeypatch):
    monkeypatch.setattr(layout, "SYNCHRONOUS", "OFF")  # no test cuts the power
    cache = KINDS[request.param]()
    forget_state(cache.store)
    yield cache
    forget_state(cache.store)


def forget_state(one):
    """Make it as it is in a new process."""
    one.close()
    one.problem = one.note = None
    one._rests_until, one._n_repairs, one._has_complained = 0.0, 0, False


def fill(cache, n=N):
    for i in range(n):
        cache.put(i)
    cache.store.close()
    return cache.store.path.read_bytes()


def replace(cache, content):
    forget_state(cache.store)
    for path in damage.files_of(cache.store.path):
        path.unlink(missing_ok=True)
    cache.store.path.parent.mkdir(parents=True, exist_ok=True)
    cache.store.path.write_bytes(content)


def assert_works(cache):
    cache.put(17)
    assert cache.has(17)
    assert cache.store.problem is None
    cache.store.close()
    assert cache.has(17)


# Damage

CALLS = {
    "look up": lambda cache: [cache.has(i) for i in range(N)],
    "keep": lambda cache: cache.put(3),
    "clear": lambda cache: cache.store.clear(),
    "limit": lambda cache: cache.store.set_limit(200_000),
    "size": lambda cache: (cache.store.n_bytes(), cache.store.limit_bytes()),
}
DAMAGES = {
    "zeros": lambda content, at: content[:at] + bytes(PAGE) + content[at + PAGE :],
    "noise": lambda content, at: (
        content[:at] + random.Random(at).randbytes(PAGE) + content[at + PAGE :]
    ),
    "cut": lambda content, at: content[: at + 100],
}


def swapped(content, page, other):
    pages = [content[at : at + PAGE] for at in range(0, len(content), PAGE)]
    pages[page], pages[other] = pages[other], pages[page]
    return b"".join(pages)


@pytest.mark.parametrize("first", range(len(CALLS)))
def test_damage_at_any_page_is_repaired_at_any_call(cache, first):
    """Each page meets each call, and each call each kind of damage."""
    content = fill(cache)
    calls, hows = list(CALLS.values()), list(DAMAGES.values())
    for page in range(len(content) // PAGE):
        replace(cache, hows[(page + first) % len(hows)](content, page * PAGE))
        calls[(page + first) % len(calls)](cache)
        assert_works(cache)


def test_pages_that_are_swapped_never_give_what_is_kept_of_another(cache):
    content = fill(cache)
    n_pages = len(content) // PAGE
    for page in range(1, n_pages):
        replace(cache, swapped(content, page, (7 * page) % n_pages))
        for i in range(N):
            cache.has(i)
            cache.put(i)
            cache.has(i)
        cache.store.clear()
        assert_works(cache)


def test_what_was_cleared_is_whole(cache):
    content = fill(cache)
    for page in range(len(content) // PAGE):
        replace(cache, list(DAMAGES.values())[page % len(DAMAGES)](content, page * PAGE))
        cache.store.clear()
        assert not any(cache.has(i) for i in range(N))
        cache.store.close()
        if cache.store.path.exists():
            with closing(sqlite3.connect(cache.store.path)) as db:
                assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_damage_while_it_is_open_is_repaired(cache):
    content = fill(cache)
    for at in range(0, len(content), PAGE):
        replace(cache, content)
        cache.has(0)
        with cache.store.path.open("r+b") as file:
            file.seek(at)
            file.write(random.Random(at).randbytes(PAGE))
        for call in CALLS.values():
            call(cache)
        assert_works(cache)


def test_values_that_make_no_sense_are_repaired(cache):
    entries, payload = cache.store.layout.entries, cache.store.layout.payload
    content = fill(cache)
    columns = {"vectors": "content", "pictures": "checksum", "answers": "headers"}
    for column in ("used_at", payload, columns[entries]):
        for value in ("'x'", "-1e300", "x'00'", "1 << 62", "''"):
            replace(cache, content)
            with closing(sqlite3.connect(cache.store.path)) as db, db:
                db.execute(f"UPDATE OR REPLACE {entries} SET {column} = {value}")
                db.execute(f"INSERT OR REPLACE INTO settings VALUES ('limit_bytes', {value})")
            for call in CALLS.values():
                call(cache)
            assert_works(cache)


def test_tables_of_somebody_else_are_replaced(cache):
    for statements in ("", "CREATE TABLE pictures (x); CREATE TABLE vectors (x);"
                           "CREATE TABLE answers (x); CREATE TABLE files (x)"):  # fmt: skip
        for version in (0, VERSION, 2**31 - 1, -5):
            replace(cache, b"")
            with closing(sqlite3.connect(cache.store.path)) as db, db:
                db.executescript(f"{statements}; PRAGMA user_version = {version}")
            for call in CALLS.values():
                call(cache)
            assert_works(cache)


def test_what_is_no_database_is_moved_aside_and_said_once(cache, caplog):
    cache.store.path.parent.mkdir(parents=True, exist_ok=True)
    cache.store.path.write_bytes(b"Dear diary" * 1000)
    for _ in range(3):
        cache.has(0)
    aside = damage.aside(cache.store.path)
    assert aside.read_bytes() == b"Dear diary" * 1000
    assert str(aside) in cache.store.note
    assert len(caplog.records) == 1
    assert_works(cache)


def test_a_limit_outlives_damage(cache):
    cache.store.set_limit(1_000_000)
    fill(cache)
    with closing(sqlite3.connect(cache.store.path)) as db, db:
        db.execute(f"DROP TABLE {cache.store.layout.entries}")
    cache.has(0)
    assert cache.store.note is not None
    assert cache.store.limit_bytes() == 1_000_000


# What cannot be repaired


def test_a_file_of_a_newer_version_is_left_as_it_is(cache):
    content = fill(cache)
    cache.store.path.write_bytes(content[:60] + (VERSION + 1).to_bytes(4, "big") + content[64:])
    before = cache.store.path.read_bytes()
    assert not cache.has(0)
    cache.put(1)
    assert "newer version" in cache.store.problem
    assert cache.store.path.read_bytes() == before
    cache.store.clear()  # asked for
    assert_works(cache)


@pytest.mark.parametrize("what", ["a folder", "no folder"])
def test_a_place_that_cannot_be_used_stops_nothing_and_is_said_once(
    cache, what, caplog, monkeypatch, tmp_path
):
    if what == "a folder":
        cache.store.path.mkdir(parents=True)
    else:
        (tmp_path / "file").touch()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
        cache = type(cache)()
    for call in CALLS.values():
        call(cache)
    cache.put(1)
    assert not cache.has(1)
    assert "cannot be used" in cache.store.problem
    assert len(caplog.records) == 1


def test_a_full_disk_ends_the_writing_and_is_tried_again_later(cache, monkeypatch):
    cache.put(0)
    cache.store._db.execute("PRAGMA max_page_count = 20")
    for i in range(1, 50):
        cache.put(i)
    assert "full" in cache.store.problem
    cache.store._rests_until = 0.0  # later
    assert cache.has(0)
    cache.put(49)
    assert cache.has(49)


def test_a_lock_that_is_held_stops_nothing(cache, monkeypatch):
    monkeypatch.setattr(store, "LOCK_TIMEOUT_S", 0.01)
    monkeypatch.setattr(damage, "LOCK_TIMEOUT_S", 0.01)
    cache.put(0)
    cache.store.close()
    with closing(sqlite3.connect(cache.store.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert cache.has(0)
        cache.put(1)
        assert "locked" in cache.store.problem
        cache.store.clear()
        assert "locked" in cache.store.problem
    cache.store._rests_until = 0.0
    assert cache.has(0)


def test_a_lock_that_is_held_for_a_moment_is_waited_for(cache):
    cache.put(0)
    with closing(
        sqlite3.connect(cache.store.path, isolation_level=None, check_same_thread=False)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        letting_go = threading.Timer(0.2, other.commit)
        letting_go.start()
        cache.put(1)
        letting_go.join()
    assert cache.store.notes == ()
    assert cache.has(0)
    assert cache.has(1)


# Several at once

WRITE = """
import sys
import threading
sys.path.insert(0, sys.argv[1])
from cache_kinds import KINDS
cache = KINDS[sys.argv[2]]()
for i in range(int(sys.argv[3]), int(sys.argv[4])):
    cache.put(i)
    print(i, flush=True)
assert cache.store.notes == (), cache.store.notes
"""


def writing(cache, first, last):
    kind = next(name for name in KINDS if isinstance(cache, KINDS[name]))
    command = [sys.executable, "-c", WRITE, str(TESTS), kind, str(first), str(last)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_begin_and_write_at_once_and_nothing_is_lost(cache):
    processes = [writing(cache, 0, 100), writing(cache, 100, 200)]
    assert [process.communicate(timeout=120) and process.returncode for process in processes] == [
        0, 0]  # fmt: skip
    assert all(cache.has(i) for i in range(200))


@pytest.mark.skipif(os.name == "nt", reason="has no SIGKILL")
def test_after_kill_9_everything_that_was_kept_is_there(cache):
    process = writing(cache, 0, 10**6)
    kept = [int(next(process.stdout)) for _ in range(50)]
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert all(cache.has(i) for i in kept)
    assert cache.store.notes == ()


def test_a_file_that_goes_while_it_is_open_is_made_anew(cache):
    cache.put(0)
    for path in damage.files_of(cache.store.path):
        path.unlink(missing_ok=True)
    assert not cache.has(0)
    assert_works(cache)


def test_a_file_that_another_process_moves_aside_is_replaced_by_that_one_s(cache, tmp_path):
    cache.put(0)
    for end in damage.FILES[:3]:
        path = cache.store.path.with_name(cache.store.path.name + end)
        shutil.move(path, tmp_path / path.name)
    process = writing(cache, 20, 30)
    process.communicate(timeout=60)
    assert all(cache.has(i) for i in range(20, 30))
    cache.put(1)
    assert_works(cache)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_opens_it_for_itself(cache):
    kind = next(name for name in KINDS if isinstance(cache, KINDS[name]))
    code = (
        "import os, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from cache_kinds import KINDS\n"
        "cache = KINDS[sys.argv[2]]()\n"
        "cache.put(0)\n"
        "child = os.fork()\n"
        "for i in range(50):\n"
        "    cache.put(i if child else 100 + i)\n"
        "assert cache.store.notes == ()\n"
        "assert child == 0 or os.waitpid(child, 0)[1] == 0\n"
    )
    subprocess.run([sys.executable, "-c", code, str(TESTS), kind], check=True, timeout=120)
    assert all(cache.has(i) for i in [*range(50), *range(100, 150)])


# Size


@pytest.fixture
def _every_use_counts(monkeypatch):
    for module in (thumbnailcache, webcache):
        monkeypatch.setattr(module, "USED_STEP_S", -1.0)


@pytest.mark.usefixtures("_every_use_counts")
def test_above_the_limit_the_least_recently_used_go_first(cache):
    for i in range(60):
        cache.put(i)
    cache.store.close()  # the log goes into the file
    n_bytes = cache.store.n_bytes()
    assert all(cache.has(i) for i in range(5))  # used just now
    cache.store.set_limit(n_bytes // 2)
    assert cache.store.n_bytes() < 0.7 * n_bytes  # the room is given back to the disk
    left = {i for i in range(60) if cache.has(i)}
    assert 15 < len(left) < 35
    assert set(range(5)) <= left
    assert not left & set(range(5, 20))


def test_the_limit_holds_while_it_is_written(cache):
    cache.store.set_limit(300_000)
    for i in range(100):
        cache.put(i)
    cache.store.close()
    assert cache.store.n_bytes() < 350_000
    assert cache.has(99)
    assert not cache.has(0)


def test_one_that_is_larger_than_the_limit_leaves_the_cache_usable(cache):
    cache.store.set_limit(100_000)
    cache.put(0, 400_000)
    assert_works(cache)


def test_the_limit_is_the_same_for_all_processes(cache):
    cache.store.set_limit(7_000_000)
    cache.store.close()
    assert cache.store.limit_bytes() == 7_000_000


def test_clearing_gives_the_room_back(cache):
    for i in range(60):
        cache.put(i)
    n_bytes = cache.store.n_bytes()
    cache.store.clear()
    assert cache.store.n_bytes() < n_bytes / 3
    assert not cache.has(0)


def test_looking_makes_no_file(cache):
    assert not cache.has(0)
    cache.store.clear()
    assert cache.store.n_bytes() == 0
    assert not cache.store.path.exists()


# Files of earlier versions


def test_vectors_of_the_first_version_are_found():
    path = Cache().path
    path.parent.mkdir(parents=True)
    shutil.copy(Path(__file__).parent / "files" / "vectors-1.sqlite", path)
    cache = Cache()
    contents = cache.contents({f"/images/{i}.png": "1 2 3 4" for i in range(3)})
    assert contents == {f"/images/{i}.png": bytes([i]) * 16 for i in range(3)}
    found = cache.vectors("net exact 1", list(contents.values()))
    for i in range(3):
        np.testing.assert_array_equal(found[bytes([i]) * 16], np.arange(4, dtype=np.float32) + i)
    assert cache.limit_bytes() == 7_000_000
    cache.store("net exact 1", {b"x" * 16: np.ones(4, np.float32)})
    assert cache.notes == ()
    cache.close()
