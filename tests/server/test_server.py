"""The server, asked over real connections."""

import base64
import json
import socket
import struct
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from pictures import encoded, picture
from server_fixtures import SPEC, TinyEmbedder, running, tiny_app

from orangecontrib.imageembedding.embeddings.cache import Cache
from orangecontrib.imageembedding.embeddings.wire import LENGTH_HEADER, pack, tensor_of, unpack
from orangecontrib.imageembedding.images.prepare import prepare
from orangecontrib.imageembedding.server import bodies, protocol
from orangecontrib.imageembedding.server.service import Limits

PIXELS = [picture(seed, 64, 48) for seed in range(10)]
FILES = [encoded(pixels) for pixels in PIXELS]
OLD, NEW = "/image/tiny", "/v2/models/tiny/infer"


@pytest.fixture
def embedder():
    return TinyEmbedder()


@pytest.fixture
def url(embedder):
    with running(tiny_app(embedder)) as url:
        yield url


def expected(rows):
    return TinyEmbedder().network(
        np.stack([prepare(PIXELS[row], SPEC.preparation) for row in rows])
    )


def ask_v2(url, values, is_binary=True, path=NEW, **head):
    body, headers = pack("inputs", [tensor_of("image", values)], head, is_binary)
    return httpx.post(url + path, content=body, headers=headers)


def vectors_in(reply):
    assert reply.status_code == 200, reply.text
    return unpack("outputs", reply.content, reply.headers.get(LENGTH_HEADER)).tensors[0].values


def test_the_old_route_answers_with_the_vector_alone(url):
    reply = httpx.post(f"{url}{OLD}?machine=1&session=2&retry=1", content=FILES[0])
    assert list(reply.json()) == ["embedding"]
    np.testing.assert_allclose(reply.json()["embedding"], expected([0])[0], atol=1e-5)


@pytest.mark.parametrize("is_binary", [True, False])
def test_v2_answers_many_files_in_order(url, is_binary):
    reply = ask_v2(url, FILES, is_binary, id="7", parameters={"binary_data_output": is_binary})
    np.testing.assert_allclose(vectors_in(reply), expected(range(10)), atol=1e-5)
    head = reply.json() if not is_binary else unpack(
        "outputs", reply.content, reply.headers[LENGTH_HEADER]).head  # fmt: skip
    assert (head["model_name"], head["id"]) == ("tiny", "7")


def test_v2_takes_prepared_pixels(url):
    inputs = np.stack([prepare(pixels, SPEC.preparation) for pixels in PIXELS])
    np.testing.assert_allclose(vectors_in(ask_v2(url, inputs)), expected(range(10)), atol=1e-5)


def test_v2_tells_what_runs(url):
    assert httpx.get(f"{url}/v2").json()["extensions"] == ["binary_tensor_data", "model_repository"]
    assert httpx.post(f"{url}/v2/repository/index").json()[0]["name"] == "tiny"
    about = httpx.get(f"{url}/v2/models/tiny").json()
    assert about["inputs"] == [{"name": "image", "datatype": "BYTES", "shape": [-1]}]
    assert about["outputs"][0]["shape"] == [-1, 12]
    assert about["parameters"]["fingerprint"] == "tiny exact 0123456789abcdef"
    for path in ("health/live", "health/ready", "models/tiny/ready"):
        assert httpx.get(f"{url}/v2/{path}").status_code == 200
    version = about["versions"][0]
    assert httpx.get(f"{url}/v2/models/tiny/versions/{version}").status_code == 200
    assert httpx.get(f"{url}/v2/models/tiny/versions/9").status_code == 404


@pytest.mark.parametrize("bad", [b"", b"no image", FILES[0][:200], b"\0" * 10_000])
def test_a_bad_image_is_422_with_its_reason_on_both_routes(url, bad):
    old = httpx.post(url + OLD, content=bad)
    assert old.status_code == 422
    assert old.json()["error"]
    assert "embedding" not in old.json()
    new = ask_v2(url, [FILES[0], bad])
    assert new.status_code == 422
    assert [failure["index"] for failure in new.json()["failures"]] == [1]
    assert new.json()["failures"][0]["reason"]


def test_the_batch_mates_of_a_bad_image_are_unharmed(url, embedder):
    embedder.gate.clear()
    bodies = [FILES[row] if row % 2 else b"bad" for row in range(10)]
    with ThreadPoolExecutor(10) as pool:
        replies = [pool.submit(httpx.post, url + OLD, content=body) for body in bodies]
        embedder.gate.set()
    for row, reply in enumerate(replies):
        assert reply.result().status_code == (200 if row % 2 else 422)
        if row % 2:
            vector = reply.result().json()["embedding"]
            np.testing.assert_allclose(vector, expected([row])[0], atol=1e-5)


def test_a_picture_that_breaks_the_decoder_harms_no_mate(embedder):
    whole = embedder.embed_one

    def fragile(image):
        if image.data == FILES[3]:
            raise RuntimeError("a bug")
        return whole(image)

    embedder.embed_one = fragile
    with running(tiny_app(embedder)) as url:
        reply = ask_v2(url, FILES[:5])
        assert [failure["index"] for failure in reply.json()["failures"]] == [3]


def test_unknown_names_are_404_in_json(url):
    for method, path in [("POST", "/image/nothing"), ("POST", "/v2/models/x/infer"),
                         ("GET", "/v2/models/x"), ("GET", "/nothing")]:  # fmt: skip
        reply = httpx.request(method, url + path, content=FILES[0])
        assert reply.status_code == 404
        assert reply.json()["error"]
    assert httpx.get(url + OLD).status_code == 405


def described(**changes):
    data = base64.b64encode(FILES[0]).decode()
    tensor = {"name": "image", "shape": [1], "datatype": "BYTES", "data": [data]}
    return json.dumps({"inputs": [{**tensor, **changes}]}).encode()


@pytest.mark.parametrize(
    ("body", "length"),
    [
        (b"", None),
        (b"{", None),
        (b"[]", None),
        (b"{}", None),
        (b'{"inputs": {}}', None),
        (b'{"inputs": [1]}', None),
        (b'{"inputs": [{"name": 1}]}', None),
        (b"[" * 100_000, None),
        (described(shape=[2]), None),
        (described(shape=[-1]), None),
        (described(shape="x"), None),
        (described(shape=[10**30]), None),
        (described(shape=[1, 1, 1]), None),
        (described(shape=[0], data=[]), None),
        (described(datatype="INT8"), None),
        (described(datatype=[]), None),
        (described(data=["no base64!"]), None),
        (described(data=[1]), None),
        (described(data={}), None),
        (described(parameters=3), None),
        (described(data=[["aa"], "aa"], shape=[2, 1]), None),
        (described(data=["data:text/plain,aa"]), None),
        (described(data=None), None),
        (described(name="x" * 201), None),
        (described()[:-1] + b', "id": 7}', None),
        (described()[:-1] + b', "id": "' + b"7" * 1001 + b'"}', None),
        (described(parameters={"binary_data_size": 10}), None),
        (described(parameters={"binary_data_size": -1}), None),
        (described(datatype="FP32", data=["x"]), None),
        (described(datatype="FP32", data=[[1], [2, 3]]), None),
        (described(datatype="FP32", shape=[1, 3, 32, 32], data=[None] * 3072), None),
        (described(datatype="FP32", shape=[1, 3, 8, 8], data=[0] * 192), None),
        (described() + b"rest", str(len(described()))),
        (described(), "9" * 30),
        (described(), "-1"),
        (described(), "x"),
        (described()[:-1] + b', "outputs": [{"name": "other"}]}', None),
        (described()[:-1] + b', "outputs": 1}', None),
        (described()[:-1] + b', "parameters": 1}', None),
        (described(parameters={"binary_data_size": 6}) + b"\xff\xff\xff\xffab", "-"),
    ],
)
def test_a_broken_tensor_is_400_with_a_reason(url, body, length):
    if length == "-":
        length = str(len(body) - 6)
    headers = {} if length is None else {LENGTH_HEADER: length}
    reply = httpx.post(url + NEW, content=body, headers=headers)
    assert reply.status_code == 400
    assert reply.json()["error"]
    assert vectors_in(ask_v2(url, FILES[:1])).shape == (1, 12)


def test_a_body_above_the_limit_is_refused_while_it_is_read():
    def endless():
        for _ in range(400):
            yield bytes(1000)

    with running(tiny_app(limits=Limits(max_image_bytes=5000))) as url, httpx.Client() as client:
        assert client.post(url + OLD, content=endless()).status_code == 413
        assert client.post(url + OLD, content=bytes(5001)).status_code == 413
        assert client.post(url + NEW, content=bytes(20_001)).status_code == 413
        assert ask_v2(url, [bytes(5001)]).status_code == 413
        assert client.post(url + OLD, content=FILES[0]).status_code == 200


def test_a_bomb_is_refused_from_its_header(url):
    header = encoded(PIXELS[0])[:16] + struct.pack(">II", 100_000, 100_000)
    reply = httpx.post(url + OLD, content=header + FILES[0][24:])
    assert reply.status_code == 422


def test_images_of_many_requests_are_computed_together(url, embedder):
    embedder.gate.clear()
    with ThreadPoolExecutor(10) as pool:
        replies = [pool.submit(httpx.post, url + OLD, content=data) for data in FILES]
        while 'tiny"} 10.0' not in httpx.get(f"{url}/metrics").text and len(embedder.batches) < 2:
            embedder.gate.wait(0.01)
        embedder.gate.wait(0.3)
        embedder.gate.set()
        assert all(reply.result().status_code == 200 for reply in replies)
    assert max(embedder.batches) == 4
    assert len(embedder.batches) < 10


def test_what_nobody_waits_for_any_more_is_not_computed(url, embedder):
    embedder.gate.clear()
    blockers = [threading.Thread(target=httpx.post, args=(url + OLD,), kwargs={
        "content": FILES[row], "timeout": 30}) for row in range(2)]  # fmt: skip
    for n_begun, thread in enumerate(blockers, 1):  # one after the other: not both in one batch
        thread.start()
        while len(embedder.batches) < n_begun:
            embedder.gate.wait(0.01)
    for data in FILES[2:]:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(url + OLD, content=data, timeout=0.05)
    embedder.gate.wait(0.2)
    embedder.gate.set()
    for thread in blockers:
        thread.join()
    assert httpx.post(url + OLD, content=FILES[0]).status_code == 200
    assert sum(embedder.batches) == 3


def test_numbers_that_are_not_finite_are_never_sent(embedder):
    embedder.embed_one = lambda image: np.full(12, np.nan, np.float32)
    with running(tiny_app(embedder)) as url:
        reply = httpx.post(url + OLD, content=FILES[0])
        assert reply.status_code == 422
        assert "finite" in reply.json()["error"]


def test_without_the_key_nothing_is_told_but_health():
    with running(tiny_app(api_key="secret")) as url:
        for path in ("/", "/metrics", "/v2", "/v2/models/tiny", "/nothing"):
            assert httpx.get(url + path).status_code == 401
        for header in ("Bearer wrong", "Bearer", "secret", "Basic !", "Basic eA=="):
            reply = httpx.post(url + OLD, content=FILES[0], headers={"Authorization": header})
            assert reply.status_code == 401
        assert "Basic" in httpx.get(url).headers["WWW-Authenticate"]
        assert httpx.get(f"{url}/v2/health/live").status_code == 200
        right = {"Authorization": "Bearer secret"}
        assert httpx.post(url + OLD, content=FILES[0], headers=right).status_code == 200
        assert httpx.post(url + OLD, content=FILES[0], auth=("any", "secret")).status_code == 200


def test_vectors_are_kept_by_content_and_images_are_not(tmp_path, embedder):
    cache = Cache(tmp_path / "vectors.sqlite")
    with running(tiny_app(embedder, cache)) as url:
        first = vectors_in(ask_v2(url, FILES))
        n_batches = len(embedder.batches)
        np.testing.assert_array_equal(vectors_in(ask_v2(url, FILES)), first)
        assert len(embedder.batches) == n_batches
    cache.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert FILES[0][60:100] not in kept


def test_metrics_count_images_batches_and_answers(url):
    httpx.post(url + OLD, content=FILES[0])
    httpx.post(url + OLD, content=b"bad")
    httpx.get(f"{url}/made-up-{'x' * 100}")
    text = httpx.get(f"{url}/metrics").text
    assert 'images_total{embedder="tiny",outcome="embedded"} 1.0' in text
    assert 'images_total{embedder="tiny",outcome="failed"} 1.0' in text
    assert 'answers_total{route="/image/{model}",status="422"} 1.0' in text
    assert 'batch_size_count{embedder="tiny"} 2.0' in text
    assert "waiting" in text
    assert "request_seconds_bucket" in text
    assert "made-up" not in text


def raw(url, data, wait_s=5):
    """Send bytes, and get what comes until the server closes."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=wait_s) as connection:
        connection.sendall(data)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def test_requests_that_never_end_are_closed(url, monkeypatch):
    monkeypatch.setattr(protocol, "HEADERS_TIMEOUT_S", 0.2)
    monkeypatch.setattr(bodies, "SILENCE_S", 0.2)
    assert raw(url, b"") == b""
    assert raw(url, b"POST /image/tiny HTTP/1.1\r\nHost: x\r\n") == b""
    head = b"POST /image/tiny HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nab"
    assert raw(url, head).startswith(b"HTTP/1.1 408")
    assert httpx.post(url + OLD, content=FILES[0]).status_code == 200


def test_clients_that_leave_in_the_middle_leave_nothing_behind(url):
    host, port = url.removeprefix("http://").split(":")
    head = b"POST /image/tiny HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    for n_bytes in (0, 10, 50_000, 100_000):
        for _ in range(20):
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall(head + bytes(n_bytes))
    for _ in range(3):
        assert httpx.post(url + OLD, content=FILES[0]).status_code == 200


@pytest.mark.parametrize("route", [OLD, NEW])
def test_no_bytes_bring_the_server_down(url, route):
    rng = np.random.default_rng(8)
    whole, headers = pack("inputs", [tensor_of("image", FILES[:2])], {}, is_binary=True)
    if route == OLD:
        whole, headers = FILES[0], {}
    with httpx.Client() as client:
        for _ in range(300):
            data = bytearray(whole)
            for position in rng.integers(0, len(data), rng.integers(1, 30)):
                data[position] = rng.integers(256)
            cut = bytes(data[: rng.integers(1, len(data) + 1)])
            reply = client.post(url + route, content=cut, headers=headers)
            assert reply.status_code in (200, 400, 413, 422), reply.text
        assert client.post(url + OLD, content=FILES[0]).status_code == 200


def test_malformed_http_is_answered_and_forgotten(url):
    for data in (b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01" * 50, b"POST / HTTP/9\r\n\r\n",
                 b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n"):  # fmt: skip
        answer = raw(url, data)
        assert b" 400 " in answer.partition(b"\r\n")[0]
        assert b"x-request-id: " in answer.lower()
    assert b" 400 " in raw(url, b"GET / HTTP/1.1\r\n" + b"A" * 100_000).partition(b"\r\n")[0]
    assert httpx.get(f"{url}/v2").status_code == 200
