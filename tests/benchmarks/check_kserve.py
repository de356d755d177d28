"""KServe's real server and client, both ways: our client asks its server, its client asks ours.

Run it in an environment with ``pip install kserve``: ``python check_kserve.py``.
"""

import asyncio
import multiprocessing
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx
import numpy as np
from kserve import InferInput, InferRequest, InferResponse, Model, ModelServer
from kserve.inference_client import InferenceRESTClient, RESTConfig
from kserve.protocol.infer_type import InferOutput
from pictures import encoded, picture
from server_fixtures import SPEC, TinyEmbedder, running, tiny_app

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings.backends.base import EncodedImage
from orangecontrib.imageembedding.images.prepare import prepare
from orangecontrib.imageembedding.progress import silent

PIXELS = [picture(seed, 64, 48) for seed in range(40)]
IMAGES = [EncodedImage(str(row), encoded(one)) for row, one in enumerate(PIXELS)]
PREPARED = np.stack([prepare(one, SPEC.preparation) for one in PIXELS])
EXPECTED = TinyEmbedder().network(PREPARED)
WAIT_S = 60


class Tiny(Model):
    """The tiny network, as somebody serves it with KServe."""

    def __init__(self):
        super().__init__("tiny")
        self.ready = True

    async def get_input_types(self):
        return [{"name": "x", "datatype": "FP32", "shape": [-1, 3, 32, 32]}]

    async def get_output_types(self):
        return [{"name": "y", "datatype": "FP32", "shape": [-1, 12]}]

    def predict(self, payload, headers=None, response_headers=None):
        vectors = TinyEmbedder().network(payload.inputs[0].as_numpy())
        output = InferOutput("y", list(vectors.shape), "FP32")
        output.set_data_from_numpy(vectors, binary_data=False)
        return InferResponse(payload.id or "1", "tiny", [output])


def serve(port):
    ModelServer(http_port=port, enable_grpc=False, workers=1).start([Tiny()])


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def until_ready(url):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        try:
            if httpx.get(f"{url}/v2/health/ready", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise SystemExit("KServe's server does not start")


def our_client():
    port = free_port()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(port,), daemon=True)
    process.start()
    url = f"http://127.0.0.1:{port}"
    try:
        until_ready(url)
        print(oie.probe_server(url))
        vectors = oie.Remote(url).load(SPEC, silent).embed(IMAGES)
        print(f"our client, its server: off by {np.abs(np.stack(vectors) - EXPECTED).max():.2g}")
    finally:
        process.terminate()
        process.join(10)


async def its_client(url):
    client = InferenceRESTClient(RESTConfig(protocol="v2", retries=1, timeout=30))
    assert await client.is_server_live(url)
    assert await client.is_server_ready(url)
    assert await client.is_model_ready(url, "tiny")
    for is_binary in (True, False):
        files = InferInput("image", [40], "BYTES")
        if is_binary:
            files.set_data_from_numpy(np.array([one.data for one in IMAGES], object))
        pixels = InferInput("image", list(PREPARED.shape), "FP32")
        pixels.set_data_from_numpy(PREPARED, binary_data=is_binary)
        for tensor in (files, pixels) if is_binary else (pixels,):
            answer = await client.infer(url, InferRequest("tiny", [tensor]), model_name="tiny")
            found = answer.outputs[0].as_numpy()
            kind = "bytes" if is_binary else "JSON"
            print(
                f"its client, our server: {tensor.datatype} as {kind}: "
                f"off by {np.abs(found.reshape(40, 12) - EXPECTED).max():.2g}"
            )


if __name__ == "__main__":
    our_client()
    with running(tiny_app()) as url:
        asyncio.run(its_client(url))
