"""The worker, with real processes."""

import inspect
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
import worker_jobs
from pictures import write_images

from orangecontrib.imageembedding import errors
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.embeddings.run import APART, embed_locations
from orangecontrib.imageembedding.errors import BackendError, Cancelled, WorkerError
from orangecontrib.imageembedding.progress import Counts
from orangecontrib.imageembedding.workers.worker import Worker

SPEC = get_embedder("efficientnet-lite0")
GRACE_S = 0.2
CANCEL_S = 0.3
PATIENCE_S = 60
posix_only = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


@pytest.fixture(scope="module")
def shared():
    """One that tests use which leave it as it was."""
    worker = Worker()
    yield worker
    worker.close()


@pytest.fixture
def own():
    worker = Worker(grace_s=GRACE_S)
    yield worker
    worker.close()


def until(is_true):
    end = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.01)


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class CancelOnce:
    """A progress that cancels once a file is there, and notes when."""

    def __init__(self, file):
        self.file = file
        self.asked_at = None

    def __call__(self, fraction):
        if self.file.exists() and self.file.read_text():
            self.asked_at = self.asked_at or time.monotonic()
            raise Cancelled


def test_values_and_arrays_come_back_from_another_process_that_is_kept(shared):
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    doubled, pid = shared.call("worker_jobs:double", array)
    np.testing.assert_array_equal(doubled, 2 * array)
    doubled[0, 0] = 7  # it can be written
    assert pid == shared.pid != os.getpid()
    assert shared.call("worker_jobs:pid") == pid


def test_large_arrays_cross_whole(shared):
    array = np.random.default_rng(0).normal(size=(3_000, 1000)).astype(np.float32)
    doubled, _ = shared.call("worker_jobs:double", array)
    np.testing.assert_array_equal(doubled, 2 * array)


def test_reports_arrive_in_order_in_the_calling_thread(shared):
    seen = []

    class Progress:
        def __call__(self, fraction):
            seen.append((fraction, threading.get_ident()))

        def say(self, text):
            seen.append((text, threading.get_ident()))

        def count(self, counts):
            seen.append((counts, threading.get_ident()))

    shared.call("worker_jobs:report", progress=Progress())
    assert {thread for _, thread in seen} == {threading.get_ident()}
    first_seen = list(dict.fromkeys(what for what, _ in seen if what != 0.0))
    assert first_seen == [0.25, "Loading", Counts(1, 4, 0, "/a/1.png"), 0.5]


OUR_ERRORS = [
    kind("/a/1.png", "empty file") if issubclass(kind, errors.ImageError) else kind("what it is")
    for _, kind in inspect.getmembers(errors, inspect.isclass)
]
OTHER_ERRORS = [
    ValueError("got 7", 7), OSError(28, "No space left on device", "/a"), KeyError("x"),
    RuntimeError("no module"), ZeroDivisionError(),
]  # fmt: skip


@pytest.mark.parametrize("error", OUR_ERRORS + OTHER_ERRORS, ids=lambda error: repr(error)[:40])
def test_errors_keep_their_class_and_fields(shared, error):
    with pytest.raises(type(error)) as caught:
        shared.call("worker_jobs:fail", error)
    assert type(caught.value) is type(error)
    assert str(caught.value) == str(error)
    assert caught.value.args == error.args
    assert vars(caught.value) == vars(error)
    assert "worker_jobs.py" in str(caught.value.__cause__)  # the traceback of the worker


def test_an_error_of_another_library_arrives_as_the_nearest_of_ours(shared):
    with pytest.raises(errors.ServerBusyError, match="too much to do") as caught:
        shared.call("worker_jobs:fail_foreign")
    assert type(caught.value) is errors.ServerBusyError


@pytest.mark.skipif(sys.version_info < (3, 11), reason="has no groups of errors")
def test_an_error_made_of_others_arrives_as_text(shared):
    group = ExceptionGroup("two", [ValueError("one"), OSError("other")])  # noqa: F821
    with pytest.raises(RuntimeError, match="two.*one.*other"):
        shared.call("worker_jobs:fail", group)


def test_too_little_memory_is_said(shared):
    with pytest.raises(BackendError, match=r"not enough memory.*4.00 TiB.*smaller embedder"):
        shared.call("worker_jobs:out_of_memory")


def test_what_cannot_be_sent_or_read_is_an_error_of_ours(shared):
    with pytest.raises(WorkerError, match="can be pickled"):
        shared.call("worker_jobs:double", lambda: 1)
    with pytest.raises(BackendError, match="no such library"):
        shared.call("worker_jobs:double", worker_jobs.Unreadable())
    assert shared.call("worker_jobs:pid") == shared.pid


def test_environment_folder_and_path_are_those_of_the_window(shared, monkeypatch, tmp_path):
    for value in ("one", "two"):
        monkeypatch.setenv("WORKER_TEST", value)
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(tmp_path / value)
        told, folder, path = shared.call("worker_jobs:surroundings")
        assert (told, folder) == (value, os.getcwd())
        assert path == sys.path
    monkeypatch.delenv("WORKER_TEST")
    assert shared.call("worker_jobs:surroundings")[0] is None


def test_what_is_logged_is_logged_here_and_what_is_printed_disturbs_nobody(shared, caplog):
    with caplog.at_level(logging.WARNING):
        shared.call("worker_jobs:log")
        until(lambda: caplog.records)
    assert [(one.name, one.getMessage()) for one in caplog.records] == [("somebody", "a warning")]


def test_cancel_comes_through_at_once_and_the_worker_stays(shared, tmp_path):
    pid = shared.call("worker_jobs:pid")
    progress = CancelOnce(tmp_path / "begun")
    with pytest.raises(Cancelled):
        shared.call("worker_jobs:wait", str(progress.file), progress=progress)
    assert time.monotonic() - progress.asked_at < CANCEL_S
    assert shared.call("worker_jobs:pid") == pid


def test_calls_run_side_by_side_and_cancelling_one_does_not_disturb_another(shared, tmp_path):
    progress = CancelOnce(tmp_path / "begun")
    names = [str(tmp_path / "a"), str(tmp_path / "b")]
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(shared.call, "worker_jobs:meet", *names, progress=lambda _: None)
        until(Path(names[0]).exists)
        with pytest.raises(Cancelled):
            shared.call("worker_jobs:wait", str(progress.file), progress=progress)
        two = pool.submit(shared.call, "worker_jobs:meet", *names[::-1], progress=lambda _: None)
        assert one.result(PATIENCE_S) == two.result(PATIENCE_S) == shared.pid


def test_a_worker_that_hangs_is_left_at_once_ended_and_started_anew(own, tmp_path):
    progress = CancelOnce(tmp_path / "begun")
    too_much_for_a_pipe = "x" * (4 << 20)
    with pytest.raises(Cancelled):
        own.call("worker_jobs:hang", str(progress.file), progress=progress)
    assert time.monotonic() - progress.asked_at < CANCEL_S
    hung = int(progress.file.read_text())
    begun = time.monotonic()
    assert own.call("worker_jobs:double", too_much_for_a_pipe)[1] != hung  # begins anew itself
    assert time.monotonic() - begun < PATIENCE_S
    assert is_gone(hung)


def test_cancel_does_not_wait_for_a_worker_that_reads_nothing(own, tmp_path):
    hanging = CancelOnce(tmp_path / "begun")
    with pytest.raises(Cancelled):
        own.call("worker_jobs:hang", str(hanging.file), progress=hanging)
    other = CancelOnce(hanging.file)
    with pytest.raises(Cancelled):
        own.call("worker_jobs:double", "x" * (4 << 20), progress=other)
    assert time.monotonic() - other.asked_at < CANCEL_S


class Noted:
    """A progress that notes everything."""

    def __init__(self):
        self.fractions, self.said, self.counts = [], [], []
        self.__dict__ |= {"say": self.said.append, "count": self.counts.append}

    def __call__(self, fraction):
        self.fractions.append(fraction)


def test_images_are_embedded_as_in_the_process_itself(shared, tmp_path):
    names = [f"{i}.png" for i in range(7)]
    write_images(tmp_path, names)
    locations = [*(str(tmp_path / name) for name in names), str(tmp_path / "none.png"), ""]
    noted = Noted()
    there = shared.call(APART, locations, SPEC, worker_jobs.Means(), progress=noted)
    here = embed_locations(locations, SPEC, worker_jobs.Means(), cache=False)
    np.testing.assert_array_equal(there.vectors, here.vectors)
    assert there.failures == here.failures
    assert list(there.failures) == [7, 8]
    assert noted.fractions[-1] == 1.0
    assert noted.said == ["Embedding images"]
    assert (noted.counts[-1].n_done, noted.counts[-1].n_total) == (9, 9)
    assert embed_locations(locations, SPEC, worker_jobs.Means()).n_cached == 7  # one cache for all


def test_a_backend_that_hangs_is_left_at_once_and_what_was_finished_is_kept(own, tmp_path):
    names = [f"{i}.png" for i in range(6)]
    write_images(tmp_path, [*names, "sleep.png"])
    locations = [str(tmp_path / name) for name in [*names, "sleep.png"]]
    progress = CancelOnce(tmp_path / "begun")
    backend = worker_jobs.Means(str(progress.file))
    with pytest.raises(Cancelled):
        own.call(APART, locations, SPEC, backend, progress=progress)
    assert time.monotonic() - progress.asked_at < CANCEL_S
    until(lambda: is_gone(int(progress.file.read_text())))
    again = own.call(APART, locations[:6], SPEC, backend, progress=lambda _: None)
    assert again.n_cached >= 4  # the batch of the sleeper is lost
    assert not again.failures


@posix_only
@pytest.mark.parametrize(
    ("how", "what"),
    [("kill", r"SIGKILL.*memory ran out.*cached: try again"), ("crash", "SIGSEGV"),
     ("exit", "return code 7")],
)  # fmt: skip
def test_an_end_in_the_middle_is_said_to_all_and_the_next_call_works(own, tmp_path, how, what):
    with ThreadPoolExecutor(1) as pool:
        file = tmp_path / "begun"
        other = pool.submit(own.call, "worker_jobs:wait", str(file), progress=lambda _: None)
        until(file.exists)
        for call in (lambda: own.call("worker_jobs:end_by", how), other.result):
            with pytest.raises(WorkerError, match=what):
                call()
    assert own.call("worker_jobs:pid") == own.pid


@posix_only
def test_an_end_while_nothing_is_computed_is_not_noticed(own):
    pid = own.call("worker_jobs:pid")
    os.kill(pid, signal.SIGKILL)
    assert own.call("worker_jobs:pid") != pid  # also before its end was seen
    os.kill(own.pid, signal.SIGKILL)
    until(lambda: own.pid is None)
    assert own.call("worker_jobs:pid") == own.pid


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (["/no/such/python"], r"could not be started.*No such file"),
        ([sys.executable, "-c", "import no_such_module"], r"could not be started.*no_such_module"),
        ([sys.executable, "-c", "raise SystemExit(9)"], r"could not be started.*return code 9"),
    ],
    ids=["no-program", "broken", "ends"],
)
def test_a_worker_that_cannot_start_says_why(command, what):
    worker = Worker(command)
    for _ in range(2):
        with pytest.raises(WorkerError, match=what):
            worker.call("worker_jobs:pid")


def test_a_closed_worker_starts_no_other_process(tmp_path):
    worker = Worker()
    with ThreadPoolExecutor(1) as pool:
        file = tmp_path / "begun"
        running = pool.submit(worker.call, "worker_jobs:wait", str(file), progress=lambda _: None)
        until(lambda: file.exists() and file.read_text())
        worker.close()
        with pytest.raises(WorkerError, match="closing"):
            running.result(PATIENCE_S)
    until(lambda: is_gone(int(file.read_text())))


WINDOW = """
import sys, threading, time
from pathlib import Path
from orangecontrib.imageembedding.workers.worker import the_worker
file = Path(sys.argv[2])
args = ("worker_jobs:" + sys.argv[1], str(file))
kwargs = {"progress": lambda _: None}
threading.Thread(target=the_worker().call, args=args, kwargs=kwargs, daemon=True).start()
while not file.exists() or not file.read_text():
    time.sleep(0.01)
if sys.argv[3] == "ends":
    sys.exit()
print("begun", flush=True)
time.sleep(1000)
"""


@pytest.mark.parametrize(
    ("job", "end"), [("wait", "ends"), ("wait", "is killed"), ("hang", "ends")]
)
def test_no_worker_outlives_the_window(tmp_path, job, end):
    file = tmp_path / "begun"
    command = [sys.executable, "-c", WINDOW, job, str(file), end]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as window:
        window.stdout.readline()  # nothing, at its end
        window.kill()
        window.wait(PATIENCE_S)
    until(lambda: is_gone(int(file.read_text())))
