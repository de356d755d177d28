"""Every test is alone: no network but loopback, no file or setting of the user."""

import os
import shutil
import socket
import subprocess
import sys
import traceback

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from Orange.data import Table

from orangecontrib.imageembedding.workers import place

# As Orange's own tests: writing into a table that is not unlocked, or not one's own, is an error.
Table.LOCKING = True

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    connect = socket.socket.connect
    resolve = socket.getaddrinfo

    def guarded_connect(self, address):
        if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            raise OSError(f"a test must not connect to {address}")
        return connect(self, address)

    def guarded_resolve(host, *args, **kwargs):
        if host not in LOOPBACK:
            raise socket.gaierror(f"a test must not look up {host}")
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_resolve)


@pytest.fixture(autouse=True)
def _no_window(monkeypatch, request):
    """A test that is not of widgets is a script, also where others have left a QApplication."""
    if "widgets" not in request.path.parts:
        monkeypatch.setattr(place, "BINDINGS", ())


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TORCH_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def at_rest(monkeypatch):
    """Files that have just been written are known again at once: the tests change them later."""
    from orangecontrib.imageembedding.caches import filestate

    monkeypatch.setattr(filestate, "TICK_NS", 0)
    monkeypatch.setattr(filestate, "COARSE_TICK_NS", 0)


@pytest.fixture(autouse=True)
def _no_exceptions_in_slots(monkeypatch):
    """Qt would end the whole run at the first."""
    caught = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: caught.append(error))
    yield
    assert not caught, "".join(traceback.format_exception(*caught[0]))


@pytest.fixture
def small_disk(tmp_path):
    """Get a folder on a disk of 64 kB; full disks are written to with each writer's own errors."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if (
        not shutil.which("mount")
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("only root on Linux can mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
