"""What the tests let the worker run: it imports this module by its name."""

import ctypes
import faulthandler
import logging
import os
import sys
import time
from pathlib import Path

import numpy as np

from orangecontrib.imageembedding import errors
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.progress import Counts


class ForeignError(errors.ServerBusyError):
    """Of a module that the window must not import."""


def pid():
    return os.getpid()


def double(array):
    return 2 * array, os.getpid()


def report(progress):
    progress(0.25)
    progress.say("Loading")
    progress.count(Counts(1, 4, 0, "/a/1.png"))
    progress(0.5)


def fail(error):
    raise error


def fail_foreign():
    raise ForeignError("too much to do")


def out_of_memory():
    raise MemoryError("Unable to allocate 4.00 TiB")


def surroundings():
    return os.environ.get("WORKER_TEST"), os.getcwd(), sys.path


def log():
    logging.getLogger("somebody").warning("a %s", "warning")
    logging.getLogger("somebody").debug("not wanted")
    sys.stdout.write("a library prints\n")
    sys.stdout.flush()


def end_by(how):
    if how == "kill":
        os.kill(os.getpid(), 9)
    if how == "exit":
        os._exit(7)
    faulthandler._sigsegv()


def wait(file, progress):
    """Say where it runs, and work until it is cancelled."""
    Path(file).write_text(str(os.getpid()))
    while True:
        time.sleep(0.01)
        progress(0.5)


def hang(file, progress):
    """Say where it runs, and never come back: in native code, which holds the lock of Python."""
    Path(file).write_text(str(os.getpid()))
    sleep = ctypes.PyDLL("kernel32").Sleep if os.name == "nt" else ctypes.PyDLL(None).sleep
    sleep(1_000_000)


def meet(own, other, progress):
    """Return when another call is there, too."""
    Path(own).touch()
    while not Path(other).exists():
        time.sleep(0.01)
        progress(0.0)
    return os.getpid()


class Unreadable:
    """Can be pickled, but not unpickled."""

    def __reduce__(self):
        return fail, (ImportError("no such library"),)


class Means:
    """A backend that embeds an image as its mean; it goes to sleep at one whose name says so.

    Attributes
    ----------
    begun : str
        A file that is made when it goes to sleep.
    """

    batch_size = 2
    n_workers = 2
    n_shares = 1

    def __init__(self, begun=""):
        self.begun = begun

    def fingerprint(self, spec, progress):
        return f"{spec.id} means 1"

    def load(self, spec, progress):
        self.n_features = spec.n_features
        return self

    def embed(self, images):
        vectors = []
        for image in images:
            if "sleep" in image.location:
                Path(self.begun).write_text(str(os.getpid()))
                time.sleep(1_000_000)
            mean = decode(image.data, image.location).mean()
            vectors.append(np.full(self.n_features, mean, dtype=np.float32))
        return vectors

    def close(self):
        pass
