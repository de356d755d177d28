"""How fast the server is, beside the engine alone: ``python bench_server.py [IMAGES]``.

The clients take part of the same processor, so that the old route can not quite reach the engine.
"""

import contextlib
import http.client
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from pictures import encoded, picture

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings.backends.base import EncodedImage
from orangecontrib.imageembedding.progress import silent

N_CLIENTS, BATCH, ROUNDS = 32, 16, 5
N_IMAGES = int(sys.argv[1]) if len(sys.argv) > 1 else 640
SPEC = oie.get_embedder("efficientnet-lite0")
FILES = [encoded(picture(seed, 500, 375), "JPEG", quality=90) for seed in range(200)]


def work(size):
    """Get batches of encoded images."""
    return [
        [EncodedImage(str(start + k), FILES[(start + k) % 200]) for k in range(size)]
        for start in range(0, N_IMAGES, size)
    ]


def rate(embedder, batches):
    begun = time.monotonic()
    with ThreadPoolExecutor(embedder.n_workers) as pool:
        list(pool.map(embedder.embed, batches))
    return N_IMAGES / (time.monotonic() - begun)


def old_route(url):
    """Let clients ask for one image after the other; get images/s and latencies in ms."""
    seconds = []

    def ask(number):
        # The lightest client: on a machine of its own it would not take the server's time.
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=180)
        for k in range(N_IMAGES // N_CLIENTS):
            begun = time.monotonic()
            data = FILES[(7 * number + k) % 200]
            connection.request("POST", f"/image/{SPEC.id}", data)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            answer.read()
            seconds.append(time.monotonic() - begun)
        connection.close()

    begun = time.monotonic()
    with ThreadPoolExecutor(N_CLIENTS) as pool:
        list(pool.map(ask, range(N_CLIENTS)))
    return len(seconds) / (time.monotonic() - begun), 1000 * np.percentile(seconds, [50, 99])


@contextlib.contextmanager
def server():
    command = [sys.executable, "-u", "-m", "orangecontrib.imageembedding", "serve", "--port", "0",
               "--embedders", SPEC.id, "--no-cache"]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    yield re.search(r"http\S+", process.stdout.readline())[0]
    process.terminate()
    process.wait()


engine = oie.Local().load(SPEC, silent)
with server() as url:
    remote = oie.Remote(url).load(SPEC, silent)
    rate(engine, work(8)[:10])
    parts = []
    for _ in range(ROUNDS):  # in turn: other programs slow down all of them alike
        alone, many = rate(engine, work(8)), rate(remote, work(BATCH))
        single, (middle, slow) = old_route(url)
        parts.append((many / alone, single / alone))
        sys.stdout.write(
            f"engine {alone:.1f} images/s; v2 {many:.1f}; old route with {N_CLIENTS} clients "
            f"{single:.1f}, p50 {middle:.0f} ms, p99 {slow:.0f} ms\n"
        )
    many, single = np.median(parts, axis=0)
    sys.stdout.write(f"medians, as parts of the engine: v2 {many:.2f}, old route {single:.2f}\n")
