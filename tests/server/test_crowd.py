"""The server, when many lean on it, or one with all its weight."""

import base64
import json
import socket
import struct
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from pictures import encoded, picture
from server_fixtures import SPEC, TinyEmbedder, running, tiny_app

from orangecontrib.imageembedding.embeddings import wire
from orangecontrib.imageembedding.embeddings.wire import LENGTH_HEADER, pack, tensor_of, unpack
from orangecontrib.imageembedding.errors import WireError
from orangecontrib.imageembedding.images.prepare import prepare
from orangecontrib.imageembedding.server import bodies, served, v2_infer
from orangecontrib.imageembedding.server.service import Limits

PIXELS = [picture(seed, 64, 48) for seed in range(10)]
FILES = [encoded(pixels) for pixels in PIXELS]
EXPECTED = TinyEmbedder().network(
    np.stack([prepare(pixels, SPEC.preparation) for pixels in PIXELS])
)
OLD, NEW = "/image/tiny", "/v2/models/tiny/infer"


def ask_v2(url, files, **options):
    body, headers = pack("inputs", [tensor_of("image", files)], {}, is_binary=True)
    return httpx.post(url + NEW, content=body, headers=headers, timeout=60, **options)


def ask_old(url, data):
    return httpx.post(url + OLD, content=data, timeout=60)


def connection(url):
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def announced(n_bytes):
    return f"POST {OLD} HTTP/1.1\r\nHost: x\r\nContent-Length: {n_bytes}\r\n\r\n".encode()


# One line for all


def test_both_protocols_wait_in_one_line_and_are_all_served():
    embedder = TinyEmbedder()
    embedder.gate.clear()
    app = tiny_app(embedder, limits=Limits(max_queue=4))
    with running(app) as url, ThreadPoolExecutor(40) as pool:
        early = [pool.submit(ask_old, url, FILES[row % 10]) for row in range(20)]
        while app.state.service.images.used < 4:
            embedder.gate.wait(0.01)
        many = [pool.submit(ask_v2, url, FILES[:3]) for _ in range(5)]
        late = [pool.submit(ask_old, url, FILES[row % 10]) for row in range(10)]
        embedder.gate.wait(0.2)
        embedder.gate.set()
        assert [reply.result().status_code for reply in (*early, *many, *late)] == [200] * 35


def test_who_has_waited_too_long_is_told_to_come_again(monkeypatch):
    monkeypatch.setattr(v2_infer, "V2_PATIENCE_S", 0.1)
    embedder = TinyEmbedder()
    embedder.gate.clear()
    app = tiny_app(embedder, limits=Limits(max_queue=2))
    with running(app) as url, ThreadPoolExecutor(4) as pool:
        held = [pool.submit(ask_old, url, FILES[row]) for row in range(4)]
        while app.state.service.images.used < 2:
            embedder.gate.wait(0.01)
        refused = ask_v2(url, FILES[:2])
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) >= 1
        assert not any(reply.done() for reply in held)
        embedder.gate.set()
        assert [reply.result().status_code for reply in held] == [200] * 4
        assert ask_v2(url, FILES[:2]).status_code == 200
        assert ask_v2(url, FILES[:5]).status_code == 413
    assert app.state.service.images.used == 0


# Bodies


def test_what_is_announced_takes_no_room():
    with running(tiny_app()) as url:
        idle = [connection(url) for _ in range(20)]
        for one in idle:
            one.sendall(announced(32 << 20))
        assert ask_old(url, FILES[0]).status_code == 200
        assert ask_v2(url, FILES).status_code == 200
        for one in idle:
            one.close()


def test_the_silent_make_room_for_others(monkeypatch):
    monkeypatch.setattr(bodies, "SILENCE_IN_A_CROWD_S", 0.2)
    app = tiny_app()
    service = app.state.service
    service.bodies.size = 100_000
    with running(app) as url:
        silent = [connection(url) for _ in range(4)]
        for one in silent:
            one.sendall(announced(60_000) + bytes(40_000))
        while service.bodies.used < 80_000:
            threading.Event().wait(0.01)
        assert ask_old(url, FILES[0] + bytes(30_000)).status_code == 200
        assert any(one.recv(12) == b"HTTP/1.1 408" for one in silent)
        for one in silent:
            one.close()
        while service.bodies.used:
            threading.Event().wait(0.01)


def test_more_bodies_than_there_is_room_for_are_all_read():
    app = tiny_app()
    app.state.service.bodies.size = 100_000

    def dribbling(data):
        for start in range(0, len(data), 7000):
            yield data[start : start + 7000]

    with running(app) as url, ThreadPoolExecutor(12) as pool:
        sent = [pool.submit(ask_old, url, dribbling(FILES[row % 10] + bytes(60_000 + row)))
                for row in range(24)]  # fmt: skip
        for row, reply in enumerate(sent):
            vector = reply.result().json()["embedding"]
            np.testing.assert_allclose(vector, EXPECTED[row % 10], atol=1e-5)
    assert app.state.service.bodies.used == 0


def test_a_trickle_is_silence(monkeypatch):
    monkeypatch.setattr(bodies, "SILENCE_S", 0.3)
    with running(tiny_app()) as url, connection(url) as one:
        one.sendall(announced(1000))
        one.settimeout(0.05)
        answer = b""
        for _ in range(200):
            one.sendall(b"x")
            try:
                answer = one.recv(12)
                break
            except TimeoutError:
                continue
        assert answer == b"HTTP/1.1 408"


# One heavy message


def binary(tail, **changes):
    tensor = {"name": "image", "shape": [1], "datatype": "BYTES",
              "parameters": {"binary_data_size": len(tail)}, **changes}  # fmt: skip
    start = json.dumps({"inputs": [tensor]}).encode()
    return start + tail, str(len(start))


HEAVY = {
    "zeros as one element": binary(bytes(8_000_000)),
    "zeros as many elements": binary(bytes(8_000_000), shape=[2_000_000]),
    "empty lists": (b'{"inputs": [' + b"[]," * 2_000_000 + b"[]]}", None),
    "empty objects": (b'{"inputs": [' + b"{}," * 2_000_000 + b"{}]}", None),
    "numbers": (b'{"inputs": [' + b"1," * 4_000_000 + b"1]}", None),
    "members": (b"{" + b'"a":1,' * 3_500_000 + b'"b":1}', None),
    "lists before the values": (b'{"x": [' + b"[]," * 2_000_000 + b"[]]}", "12000012"),
    "tensors": (b'{"inputs": [' + b"{}," * 100 + b"{}]}", None),
}


@pytest.mark.parametrize("name", HEAVY)
def test_counts_are_checked_before_elements_are_made(name):
    body, length = HEAVY[name]
    length = length and str(min(int(length), len(body)))
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            unpack("inputs", body, length, 512)
        assert tracemalloc.get_traced_memory()[1] < 2 * len(body) + 100_000
    finally:
        tracemalloc.stop()


def test_json_has_a_lower_limit_than_bytes_and_both_are_told():
    data = base64.b64encode(bytes(30_000)).decode()
    tensor = {"name": "image", "shape": [1], "datatype": "BYTES", "data": [data]}
    body = json.dumps({"inputs": [tensor]})
    with running(tiny_app(limits=Limits(max_image_bytes=30_000))) as url:
        refused = httpx.post(url + NEW, content=body)
        assert refused.status_code == 413
        assert "MB" in refused.json()["error"]
        headers = {LENGTH_HEADER: str(len(body))}
        assert httpx.post(url + NEW, content=body, headers=headers).status_code == 413
        assert ask_v2(url, [bytes(30_000)] * 3).status_code == 422


def test_reading_a_message_does_not_hold_up_others(monkeypatch):
    is_read = threading.Event()
    split = wire.split
    monkeypatch.setattr(wire, "split", lambda *args: is_read.wait(30) and split(*args))
    with running(tiny_app()) as url, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ask_v2, url, FILES[:1])
        assert httpx.get(f"{url}/v2/health/live").status_code == 200
        assert ask_old(url, FILES[0]).status_code == 200
        is_read.set()
        assert slow.result().status_code == 200


# What is right in other words


def described(**changes):
    data = base64.b64encode(FILES[0]).decode()
    return {"name": "image", "shape": [1], "datatype": "BYTES", "data": [data], **changes}


DATA = base64.b64encode(FILES[0]).decode()
RIGHT = {
    "null wherever a member may be absent": {
        "id": None, "parameters": None, "outputs": None,
        "inputs": [described(parameters=None)],
    },
    "null in an output": {
        "inputs": [described()], "outputs": [{"name": "embedding", "parameters": None}],
    },
    "null in parameters": {
        "inputs": [described(parameters={"binary_data_size": None, "content_type": None})],
        "parameters": {"binary_data_output": None},
        "outputs": [{"name": "embedding", "parameters": {"binary_data": None}}],
    },
    "a column": {"inputs": [described(shape=[1, 1], data=[[DATA]])]},
    "a flat column": {"inputs": [described(shape=[1, 1])]},
    "base64 in lines": {"inputs": [described(data=[base64.encodebytes(FILES[0]).decode()])]},
    "base64 in lines of Windows": {
        "inputs": [described(data=[base64.encodebytes(FILES[0]).decode().replace("\n", "\r\n")])]
    },
    "url-safe base64": {"inputs": [described(data=[base64.urlsafe_b64encode(FILES[0]).decode()])]},
    "base64 without padding": {"inputs": [described(data=[DATA.rstrip("=")])]},
    "a data: URL": {"inputs": [described(data=[f"data:image/png;base64,{DATA}"])]},
    "nested pixels": {
        "inputs": [described(datatype="FP32", shape=[1, 3, 32, 32],
                             data=prepare(PIXELS[0], SPEC.preparation)[None].tolist())],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_taken_in_every_form(name):
    with running(tiny_app()) as url:
        reply = httpx.post(url + NEW, json=RIGHT[name])
        assert reply.status_code == 200, reply.text
        np.testing.assert_allclose(reply.json()["outputs"][0]["data"], EXPECTED[0], atol=1e-5)


@pytest.mark.parametrize("headers", [{LENGTH_HEADER: "0"}, {"Content-Type": "image/png"}])
def test_a_body_that_is_one_file_is_taken(headers):
    with running(tiny_app()) as url:
        reply = httpx.post(url + NEW, content=FILES[0], headers=headers)
        (tensor,) = unpack("outputs", reply.content, reply.headers.get(LENGTH_HEADER)).tensors
        np.testing.assert_allclose(tensor.values, EXPECTED[:1], atol=1e-5)
        assert httpx.post(url + NEW, content=b"bad", headers=headers).status_code == 422


def test_a_form_is_taken_as_the_file_in_it():
    with running(tiny_app()) as url:
        for fields in ({}, {"data": {"machine": "1", "session": "2"}}):
            files = {"file": ("cat.png", FILES[0], "image/png")}
            reply = httpx.post(url + OLD, files=files, **fields)
            np.testing.assert_allclose(reply.json()["embedding"], EXPECTED[0], atol=1e-5)
        reply = httpx.post(url + OLD, files={"file": (None, b"text")})
        assert reply.status_code == 422
        assert "no image" in reply.json()["error"]


# What only traffic would mend


def test_a_failed_embedder_is_ready_again_without_traffic(monkeypatch):
    monkeypatch.setattr(served, "PROBE_S", 0.05)
    embedder = TinyEmbedder()
    with running(tiny_app(embedder)) as url:
        embedder.fails = True
        assert ask_old(url, FILES[0]).status_code == 500
        assert ask_v2(url, FILES[:1]).status_code == 500
        n_batches = len(embedder.batches)
        while len(embedder.batches) < n_batches + 2:  # it is tried, and goes on failing
            embedder.gate.wait(0.01)
            threading.Event().wait(0.01)
        assert httpx.get(f"{url}/v2/health/ready").status_code == 503
        assert httpx.get(f"{url}/v2/models/tiny/ready").status_code == 503
        assert httpx.get(f"{url}/v2/health/live").status_code == 200
        embedder.fails = False
        while httpx.get(f"{url}/v2/health/ready").status_code == 503:
            threading.Event().wait(0.01)
        assert ask_old(url, FILES[0]).status_code == 200


def test_lengths_of_elements_are_read_as_they_are_written():
    body = struct.pack("<I", 2) + b"ab" + struct.pack("<I", 0)
    (tensor,) = unpack("inputs", *binary(body, shape=[2])).tensors
    assert tensor.values == [b"ab", b""]
