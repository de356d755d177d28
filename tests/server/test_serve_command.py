"""``image-embedding serve`` as a process."""

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest
from pictures import encoded, picture
from server_fixtures import serving as server

from orangecontrib.imageembedding.__main__ import main

IMAGE = encoded(picture(1, 300, 200))
ROUTE = "/image/efficientnet-lite0"


def test_it_serves_until_sigterm_and_finishes_what_it_has():
    with server("--no-cache") as (process, url):
        place = url.removeprefix("http://")
        clients = [http.client.HTTPConnection(place, timeout=60) for _ in range(13)]
        for client in clients:
            client.request("GET", "/v2/health/live")
            assert client.getresponse().read() is not None
        for client in clients:
            client.request("POST", ROUTE, IMAGE)
        assert httpx.get(f"{url}/metrics").status_code == 200  # it has read what came before
        process.send_signal(signal.SIGTERM)
        assert [client.getresponse().status for client in clients] == [200] * 13
        assert process.wait(30) == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)
        lines = [json.loads(line) for line in process.stderr.read().splitlines()]
    asked = [line for line in lines if line["event"] == "request" and "image" in line["route"]]
    assert len(asked) == 13
    assert set(asked[0]) == {"time", "level", "event", "method", "route", "model", "status", "ms",
                             "client", "request_id"}  # fmt: skip


def test_sigterm_ends_it_soon_whatever_is_under_way():
    with server("--no-cache") as (process, url), contextlib.ExitStack() as stack:
        host, port = url.removeprefix("http://").split(":")
        head = f"POST {ROUTE} HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n".encode()
        for n_bytes in (0, 10, 50_000):
            one = stack.enter_context(socket.create_connection((host, int(port))))
            one.sendall(head[: n_bytes or 20] + bytes(n_bytes))
        clients = [http.client.HTTPConnection(host, int(port), timeout=60) for _ in range(300)]
        for number, client in enumerate(clients):
            client.request("POST", ROUTE, IMAGE + str(number).encode())
        assert httpx.get(f"{url}/v2/health/ready", timeout=30).status_code == 200
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        statuses = [client.getresponse().status for client in clients]
        assert process.wait(30) == 0
        assert time.monotonic() - begun < 15  # 6 on a computer that has nothing else to do
        assert "Traceback" not in process.stderr.read()
    assert set(statuses) <= {200, 503}
    assert statuses[0] == 200


def test_a_signal_that_comes_while_it_loads_ends_it_cleanly():
    code = (
        "import os, signal\n"
        "from orangecontrib.imageembedding.__main__ import main\n"
        "from orangecontrib.imageembedding.embeddings.backends.local.backend import Local\n"
        "Local.load = lambda *_: os.kill(os.getpid(), signal.SIGTERM)\n"
        "main(['serve', '--port', '0', '--embedders', 'efficientnet-lite0'])\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], timeout=120, capture_output=True, check=False
    )
    assert run.returncode == 0
    assert b"Traceback" not in run.stderr


def test_a_signal_that_comes_at_once_ends_it_too():
    code = (
        "import os, signal\n"
        "from orangecontrib.imageembedding.server.run import Address, Options, serve\n"
        "serve(Options(['efficientnet-lite0'], cache=False), Address(port=0),\n"
        "      lambda url: os.kill(os.getpid(), signal.SIGTERM))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=120, check=False).returncode == 0


def test_it_listens_on_this_computer_only_unless_told():
    with server() as (process, url):
        assert url.startswith("http://127.0.0.1:")
        process.terminate()
        assert "WARNING" not in process.communicate()[1]
    with server("--host", "0.0.0.0") as (process, url):
        assert httpx.get(f"{url}/v2").status_code == 200
        process.terminate()
        assert "*** WARNING ***" in process.communicate()[1]


def test_neither_orange_nor_qt_is_loaded():
    code = (
        "import sys\n"
        "import orangecontrib.imageembedding.server.run, orangecontrib.imageembedding.__main__\n"
        "print([n for n in ('Orange', 'AnyQt', 'PyQt6', 'torch') if n in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--embedders", "nothing"], "There is no embedder 'nothing'"),
        (["--embedders", ","], "at least one embedder"),
        (["--api-key-file", "missing"], "cannot be read"),
        (["--certfile", "missing"], "both --certfile and --keyfile"),
        (["--certfile", "missing", "--keyfile", "missing"], "certificate cannot be used"),
        (["--port", "99999"], "cannot listen"),
        (["--host", "192.0.2.1"], "cannot listen"),
        (["--max-queue", "0"], "--max-queue must be"),
    ],
)
def test_what_cannot_work_is_told_before_anything_is_loaded(options, message, capsys):
    assert main(["serve", "--port", "0", *options]) == 2
    assert message in capsys.readouterr().err


def test_an_empty_key_is_refused(tmp_path, capsys):
    (tmp_path / "key").write_text("\n")
    assert main(["serve", "--port", "0", "--api-key-file", str(tmp_path / "key")]) == 2
    assert "must hold an API key" in capsys.readouterr().err
