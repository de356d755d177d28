import threading

import pytest

from orangecontrib.imageembedding.errors import Cancelled
from orangecontrib.imageembedding.progress import run_watched, say


class Recorder:
    def __init__(self):
        self.seen = []
        self.threads = set()

    def __call__(self, fraction):
        self.seen.append(fraction)
        self.threads.add(threading.current_thread())

    def say(self, text):
        self.seen.append(text)


def test_the_result_comes_through():
    assert run_watched(lambda progress: 42, lambda fraction: None) == 42


def test_an_error_comes_through_as_it_is():
    def fail(progress):
        raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        run_watched(fail, lambda fraction: None)


def test_reports_arrive_in_order_in_the_calling_thread_and_end_with_the_last():
    def work(progress):
        say(progress, "first")
        progress(0.5)
        say(progress, "second")
        progress(0.25)
        progress(1.0)

    recorder = Recorder()
    run_watched(work, recorder)
    assert [entry for entry in recorder.seen if isinstance(entry, str)] == ["first", "second"]
    assert recorder.seen[-1] == 1.0
    assert recorder.seen.index(0.5) < recorder.seen.index("second")
    assert recorder.threads == {threading.current_thread()}


def test_a_plain_function_is_a_progress():
    seen = []
    run_watched(lambda progress: (say(progress, "step"), progress(1.0)), seen.append)
    assert seen[-1] == 1.0


def test_cancel_does_not_wait_for_work_that_hangs():
    release = threading.Event()

    def hang(progress):
        release.wait(30)

    def cancel(fraction):
        raise Cancelled

    try:
        with pytest.raises(Cancelled):
            run_watched(hang, cancel)
        assert not release.is_set()
    finally:
        release.set()


def test_cancelled_work_stops_at_its_next_report():
    cancelled = threading.Event()
    stopped = threading.Event()

    def work(progress):
        cancelled.wait(30)
        try:
            while True:
                progress(0.5)
        except Cancelled:
            stopped.set()

    def cancel(fraction):
        raise Cancelled

    with pytest.raises(Cancelled):
        run_watched(work, cancel)
    cancelled.set()
    assert stopped.wait(30)
