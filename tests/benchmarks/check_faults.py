"""What went wrong once, against real servers on this computer: ``python check_faults.py``.

Prints the case, what it was before, and what it is now. With Ray in the environment, also what
needs it. It takes about three minutes.
"""

import base64
import contextlib
import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "embeddings")]

import httpx  # noqa: E402
import numpy as np  # noqa: E402
from pictures import encoded, picture  # noqa: E402
from server_fixtures import SPEC, TinyEmbedder, running, serving, tiny_app  # noqa: E402

import orangecontrib.imageembedding as oie  # noqa: E402
from orangecontrib.imageembedding.embeddings.backends.base import EncodedImage  # noqa: E402
from orangecontrib.imageembedding.embeddings.wire import LENGTH_HEADER, pack, tensor_of  # noqa: E402
from orangecontrib.imageembedding.progress import silent  # noqa: E402

MODEL = "efficientnet-lite0"
OLD, NEW = f"/image/{MODEL}", f"/v2/models/{MODEL}/infer"
FILES = [encoded(picture(seed, 300, 200), "JPEG", quality=85) for seed in range(64)]
WIDTH = 44


def tell(case, before, now):
    print(f"{case:{WIDTH}} | {before:{WIDTH}} | {now}", flush=True)


def v2_body(files):
    return pack("inputs", [tensor_of("image", files)], {}, is_binary=True)


@contextlib.contextmanager
def health_of(url):
    """Ask all the time how the server is; seconds of each answer."""
    seconds, is_over = [], threading.Event()

    def ask():
        with httpx.Client() as client:
            while not is_over.is_set():
                begun = time.monotonic()
                client.get(f"{url}/v2/health/live", timeout=120)
                seconds.append(time.monotonic() - begun)
                is_over.wait(0.02)

    thread = threading.Thread(target=ask)
    thread.start()
    yield seconds
    is_over.set()
    thread.join()


def null_members(url):
    body = {"inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "parameters": None,
                        "data": [base64.b64encode(FILES[0]).decode()]}],
            "parameters": None, "outputs": [{"name": "embedding", "parameters": None}]}  # fmt: skip
    tell("null members", "400", httpx.post(url + NEW, json=body).status_code)


def fairness():
    with serving("--no-cache", "--max-queue", "64") as (_, url), ThreadPoolExecutor(108) as pool:
        end, waits, statuses = time.monotonic() + 20, [], []

        def flood(number):
            n_done = 0
            with httpx.Client(timeout=180) as client:
                while time.monotonic() < end:
                    n_done += client.post(url + OLD, content=FILES[number % 64]).status_code == 200
            return n_done

        def many(_):
            body, headers = v2_body(FILES[:8])
            while time.monotonic() < end:
                begun = time.monotonic()
                reply = httpx.post(url + NEW, content=body, headers=headers, timeout=180)
                waits.append(time.monotonic() - begun)
                statuses.append(reply.status_code)

        floods = [pool.submit(flood, number) for number in range(100)]
        list(pool.map(many, range(8)))
        n_single = sum(one.result() for one in floods)
    tell("100 connections on /image, 8 of v2, queue 64", "v2: 429 for 35-60 s, gives up",
         f"v2: {statuses.count(200)} answered, {statuses.count(429)} refused, longest wait "
         f"{max(waits):.1f} s; {n_single} single ones")  # fmt: skip


def heavy(url):
    for n_mb, before in ((20, "7 s"), (120, "43 s")):
        case, n_bytes = f"{n_mb} MB of zeros as one element", n_mb * 1_000_000
        tensor = {"name": "image", "shape": [1], "datatype": "BYTES",
                  "parameters": {"binary_data_size": n_bytes}}  # fmt: skip
        head = json.dumps({"inputs": [tensor]}).encode()
        send_heavy(url, case, before, head + bytes(n_bytes), {LENGTH_HEADER: str(len(head))})
    lists = b'{"inputs": [' + b"[]," * 10_000_000 + b"[]]}"
    send_heavy(url, "30 MB of empty lists in JSON", "24 s, 1.8 GB (60 MB)", lists, {})
    send_heavy(url, "60 MB of empty lists in JSON", "24 s, 1.8 GB", lists + bytes(30_000_000), {})


def send_heavy(url, case, before, body, headers):
    with health_of(url) as seconds:
        try:
            status = httpx.post(url + NEW, content=body, headers=headers, timeout=120).status_code
        except httpx.HTTPError:  # refused before all of it was sent
            status = "closed"
        time.sleep(0.2)
    tell(f"{case}: health", f"silent for {before}", f"{status}; longest {max(seconds):.2f} s")


def silent_uploads(url, n_bytes):
    host, port = url.removeprefix("http://").split(":")
    head = f"POST {OLD} HTTP/1.1\r\nHost: x\r\nContent-Length: {32_000_000}\r\n\r\n".encode()
    with contextlib.ExitStack() as stack:
        for _ in range(9):
            one = stack.enter_context(socket.create_connection((host, int(port))))
            one.sendall(head + bytes(n_bytes))
        begun = time.monotonic()
        status = httpx.post(url + OLD, content=FILES[0], timeout=120).status_code
    tell(f"9 uploads stop after {n_bytes / 1e6:g} MB: others wait", "60 s",
         f"{time.monotonic() - begun:.1f} s ({status})")  # fmt: skip


def slow_line(url, bytes_s=250_000):
    """Relay through a slow line."""
    host, port = url.removeprefix("http://").split(":")

    def pump(source, sink, speed):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 14):
                sink.sendall(data)
                time.sleep(len(data) / speed)
            sink.shutdown(socket.SHUT_WR)

    def relay(listening):
        with contextlib.suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.create_connection((host, int(port)))
                for ends in ((near, far, bytes_s), (far, near, 1e9)):
                    threading.Thread(target=pump, args=ends, daemon=True).start()

    rng = np.random.default_rng(0)
    images = [EncodedImage(str(n), encoded(rng.integers(0, 256, (860, 870, 3), np.uint8)))
              for n in range(8)]  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=relay, args=(listening,), daemon=True).start()
        slow = f"http://127.0.0.1:{listening.getsockname()[1]}"
        begun = time.monotonic()
        embedder = oie.Remote(slow).load(oie.get_embedder(MODEL), silent)
        found = embedder.embed(images)
        embedder.close()
    n_good = sum(isinstance(one, np.ndarray) for one in found)
    tell(f"8 images of {len(images[0].data) / 1e6:.2f} MB at 0.25 MB/s", "nothing embedded",
         f"{n_good} embedded in {time.monotonic() - begun:.0f} s")  # fmt: skip


def readiness():
    embedder = TinyEmbedder(fails=True)
    with running(tiny_app(embedder)) as url:
        httpx.post(f"{url}/image/tiny", content=FILES[0])
        before = httpx.get(f"{url}/v2/health/ready").status_code
        embedder.fails, begun = False, time.monotonic()
        while httpx.get(f"{url}/v2/health/ready").status_code != 200:
            time.sleep(0.05)
    tell("ready after one failed batch, no traffic", "503 for ever",
         f"{before}, then 200 after {time.monotonic() - begun:.1f} s")  # fmt: skip


def key_for_others():
    from test_remote import Recorded

    os.environ["IMAGE_EMBEDDING_API_KEY"] = "secret"
    recorded = Recorded(tiny_app())
    with running(recorded) as url:
        oie.Remote(url).load(SPEC, silent)
    del os.environ["IMAGE_EMBEDDING_API_KEY"]
    sent = {headers.get("authorization") for headers in recorded.headers}
    tell("a key without a server is sent", "to any server", f"{sent - {None} or 'to none'}")


def ends():
    with serving("--no-cache") as (process, url), contextlib.ExitStack() as stack:
        host, port = url.removeprefix("http://").split(":")
        half = f"POST {OLD} HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\nab".encode()
        stack.enter_context(socket.create_connection((host, int(port)))).sendall(half)
        for number in range(200):
            one = stack.enter_context(socket.create_connection((host, int(port))))
            data = FILES[number % 64] + bytes([number])
            head = f"POST {OLD} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n\r\n"
            one.sendall(head.encode() + data)
        httpx.get(f"{url}/metrics", timeout=60)
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
        seconds = time.monotonic() - begun
        n_traces = process.stderr.read().count("Traceback")
    tell("SIGTERM with 200 waiting and a half-sent body", "27 s, a traceback",
         f"{seconds:.1f} s, code {code}, {n_traces} tracebacks")  # fmt: skip


def small_things(url):
    form = httpx.post(url + OLD, files={"file": ("a.jpg", FILES[0])}).status_code
    tell("curl -F file=@cat.jpg", "422", form)
    tell("favicon", "404", httpx.get(f"{url}/favicon.ico").status_code)
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder, "key")
        key.write_text("x")
        command = [sys.executable, "-m", "orangecontrib.imageembedding", "serve", "--api-key-file",
                   str(key), "--embedders", MODEL]  # fmt: skip
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    tell("a key of one letter", "taken", f"refused ({run.returncode}): {run.stderr[:60]!r}")


def on_ray():
    """Two servers on one cluster, and what listens where."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        os.environ["HOME"] = folder
        subprocess.run(["ray", "start", "--head", "--num-cpus=6", "--include-dashboard=false"],
                       check=True, capture_output=True, timeout=120)  # fmt: skip
        stack.callback(subprocess.run, ["ray", "stop", "--force"], capture_output=True, check=False)
        key = Path(folder, "key")
        key.write_text("a-long-enough-key")
        _, first = stack.enter_context(serving("--ray", "--api-key-file", str(key)))
        _, second = stack.enter_context(serving("--ray"))
        asked = [httpx.get(f"{url}/v2", timeout=30).status_code for url in (first, second)]
        tell("a second server on the cluster", "replaces the first one and its key",
             f"with key {asked[0]}, without {asked[1]}")  # fmt: skip
    with serving("--ray") as (process, _):
        session = ["pgrep", "-s", str(os.getsid(process.pid))]
        pids = set(
            subprocess.run(session, capture_output=True, text=True, check=True).stdout.split()
        )
        told = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
        ours = [line for line in told.splitlines() if pids & set(re.findall(r"pid=(\d+)", line))]
        open_to_all = [line.split()[3] for line in ours if "127.0.0.1" not in line.split()[3]]
        process.terminate()
        process.wait(60)
    tell("serve --ray: ports on all interfaces", "16", f"{len(open_to_all)} of {len(ours)}")


if __name__ == "__main__":
    tell("case", "before", "now")
    with serving("--no-cache") as (_, url):
        null_members(url)
        heavy(url)
        silent_uploads(url, 0)
        silent_uploads(url, 31_000_000)
        small_things(url)
        slow_line(url)
    fairness()
    readiness()
    key_for_others()
    ends()
    if importlib.util.find_spec("ray") is not None:
        on_ray()
