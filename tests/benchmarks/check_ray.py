"""Ray: two nodes on one machine, a replica killed, a node killed; nothing may be lost.

Run it in an environment with the extra [cluster]: ``python check_ray.py``.
"""

import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ["RAY_AUTH_MODE"] = "disabled"  # of this cluster, that lives as long as this check
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import ray
from pictures import encoded, picture
from ray import serve
from ray.cluster_utils import Cluster

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings.backends.base import EncodedImage
from orangecontrib.imageembedding.progress import silent
from orangecontrib.imageembedding.ray.replicas import Scale
from orangecontrib.imageembedding.ray.serving import deployment
from orangecontrib.imageembedding.server.run import Options

PORT = 8765
STORE_BYTES = 200 << 20
SPEC = oie.get_embedder("efficientnet-lite0")
IMAGES = [EncodedImage(str(i), encoded(picture(i, 300, 200), "JPEG")) for i in range(320)]


def deploy(n_replicas):
    options = Options(embedders=[SPEC.id], cache=False)
    scale = Scale(cpus=1, min_replicas=n_replicas, max_replicas=n_replicas)
    serve.run(deployment(options, scale), name="check", route_prefix="/")


def embed(label, images=IMAGES):
    embedder = oie.Remote(f"http://127.0.0.1:{PORT}").load(SPEC, silent)
    begun = time.monotonic()
    parts = [images[start : start + 16] for start in range(0, len(images), 16)]
    with ThreadPoolExecutor(embedder.n_workers) as pool:
        results = [result for part in pool.map(embedder.embed, parts) for result in part]
    rate = len(images) / (time.monotonic() - begun)
    n_lost = sum(not isinstance(result, np.ndarray) for result in results)
    sys.stdout.write(f"{label}: {rate:.1f} images/s, {n_lost} of {len(images)} lost\n")
    return results


def embed_while(label, harm):
    harming = threading.Timer(2.0, harm)
    harming.start()
    embed(label)
    harming.join()


def kill_replica():
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        if process.read_bytes().startswith(b"ray::ServeReplica:check:embedder"):
            os.kill(int(process.parent.name), signal.SIGKILL)
            return


cluster = Cluster(
    initialize_head=True, head_node_args={"num_cpus": 2, "object_store_memory": STORE_BYTES}
)
second = cluster.add_node(num_cpus=2, object_store_memory=STORE_BYTES)
ray.init(address=cluster.address, log_to_driver=False)
serve.start(http_options={"host": "127.0.0.1", "port": PORT})
deploy(1)
embed("warm", IMAGES[:32])
embed("1 replica")
deploy(2)
remote = embed("2 replicas")[:16]
local = oie.Local().load(SPEC, silent).embed(IMAGES[:16])
sys.stdout.write(f"largest difference to local: {np.abs(np.stack(remote) - local).max():.2g}\n")
embed_while("a replica is killed", kill_replica)
embed_while("a node is killed", lambda: cluster.remove_node(second, allow_graceful=False))
serve.shutdown()
ray.shutdown()
cluster.shutdown()
