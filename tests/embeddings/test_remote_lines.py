"""The client: whose key goes where, slow lines, proxies, and the wrong scheme."""

import socket
import threading

import keyring
import keyring.backend
import numpy as np
import orjson
import pytest
from pictures import encoded, picture
from server_fixtures import SPEC, TinyEmbedder, running, tiny_app
from test_remote import Recorded, free_port, self_signed

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings.backends.base import EncodedImage
from orangecontrib.imageembedding.embeddings.backends.remote import connection as connections
from orangecontrib.imageembedding.embeddings.backends.remote import speed
from orangecontrib.imageembedding.embeddings.backends.remote.keys import origin_of
from orangecontrib.imageembedding.embeddings.backends.remote.speed import Speed
from orangecontrib.imageembedding.embeddings.wire import json_object, pack, tensor_of, unpack
from orangecontrib.imageembedding.errors import ServerKeyError, ServerUnreachableError
from orangecontrib.imageembedding.images.prepare import prepare
from orangecontrib.imageembedding.progress import silent

VARIABLE = "IMAGE_EMBEDDING_API_KEY"
PIXELS = [picture(seed, 64, 48) for seed in range(6)]
IMAGES = [EncodedImage(f"{row}.png", encoded(pixels)) for row, pixels in enumerate(PIXELS)]
EXPECTED = TinyEmbedder().network(
    np.stack([prepare(pixels, SPEC.preparation) for pixels in PIXELS])
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(connections, "FIRST_PATIENCE_S", 0.2)


class Store(keyring.backend.KeyringBackend):
    priority = 1

    def __init__(self):
        super().__init__()
        self.held = {}

    def get_password(self, service, username):
        return self.held.get((service, username))

    def set_password(self, service, username, password):
        self.held[service, username] = password

    def delete_password(self, service, username):
        del self.held[service, username]


@pytest.fixture(autouse=True)
def store():
    before = keyring.get_keyring()
    keyring.set_keyring(Store())
    yield keyring.get_keyring()
    keyring.set_keyring(before)


def keys_sent(recorded):
    return {headers.get("authorization") for headers in recorded.headers}


@pytest.mark.parametrize(
    ("value", "is_sent"),
    [
        ("secret", False),
        ("https://example.org secret", False),
        ("{origin} secret", True),
        ("{origin}/ secret", True),
        ("https://example.org other {origin} secret", True),
        ("{origin}0 secret", False),
        ("https://127.0.0.1:{port} secret", False),
        ("secret {origin}", False),
        ("http://a:99999999 secret", False),
        ("", False),
    ],
)
def test_a_key_goes_only_to_the_server_that_it_is_named_with(monkeypatch, value, is_sent):
    recorded = Recorded(tiny_app())
    with running(recorded) as url:
        port = url.rpartition(":")[2]
        monkeypatch.setenv(VARIABLE, value.format(origin=url, port=port))
        oie.Remote(url).load(SPEC, silent).embed(IMAGES[:1])
    assert keys_sent(recorded) == ({"Bearer secret"} if is_sent else {None})


def test_an_origin_is_scheme_host_and_port():
    assert origin_of("https://Example.org/base") == "https://example.org:443"
    assert origin_of("http://[::1]:8000") == "http://[::1]:8000"
    assert origin_of("http://example.org") != origin_of("https://example.org")


def test_a_key_in_the_keyring_is_taken_where_one_is_wanted(store):
    recorded = Recorded(tiny_app(api_key="secret"))
    with running(recorded) as url:
        with pytest.raises(ServerKeyError, match=f'{VARIABLE}="{url} KEY"'):
            oie.Remote(url).load(SPEC, silent)
        store.set_password("image-embedding", origin_of("https://example.org"), "secret")
        with pytest.raises(ServerKeyError):
            oie.Remote(url).load(SPEC, silent)
        assert keys_sent(recorded) == {None}
        store.set_password("image-embedding", origin_of(url), "secret")
        vectors = oie.Remote(url).load(SPEC, silent).embed(IMAGES)
    np.testing.assert_allclose(vectors, EXPECTED, atol=1e-5)


def test_a_dead_proxy_is_named_and_not_asked_for_this_computer(monkeypatch):
    proxy = f"127.0.0.1:{free_port()}"
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://me:secret@{proxy}")
    with running(tiny_app()) as url:
        assert len(oie.Remote(url).load(SPEC, silent).embed(IMAGES)) == 6
    for url in ("http://example.org", "https://example.org"):
        with pytest.raises(ServerUnreachableError, match=f"proxy {proxy} does not") as caught:
            oie.Remote(url).load(SPEC, silent)
        assert "secret" not in str(caught.value)


def test_who_speaks_https_is_told_with_its_address(tmp_path):
    cert, key = self_signed(tmp_path)
    with running(tiny_app(), ssl_certfile=cert, ssl_keyfile=key) as url:
        plain = url.replace("https", "http")
        with pytest.raises(ServerUnreachableError, match=f"it speaks https. Its address is {url}"):
            oie.Remote(plain).load(SPEC, silent)


# Slow lines


def test_requests_are_cut_by_bytes(monkeypatch):
    sizes = [len(image.data) for image in IMAGES]
    monkeypatch.setattr(speed, "MAX_BYTES", sizes[0] + sizes[1] + sizes[2] // 2)
    recorded = Recorded(tiny_app())
    with running(recorded) as url:
        vectors = oie.Remote(url).load(SPEC, silent).embed(IMAGES)
    np.testing.assert_allclose(vectors, EXPECTED, atol=1e-5)
    assert sum("/infer" in path for path in recorded.paths) == 3


def test_requests_are_as_large_as_the_line_bears():
    line = Speed()
    assert line.n_bytes == 8_000_000
    line.note(1_000, 50.0)  # says nothing
    assert line.n_bytes == 8_000_000
    line.note(8_000_000, 80.0)
    assert line.n_bytes == 1_000_000
    for _ in range(20):
        line.note(1_000_000, 0.1)
    assert line.n_bytes == 8_000_000


def test_what_moves_is_not_broken_off_however_long_it_takes(monkeypatch):
    monkeypatch.setattr(connections, "TIMEOUT_S", 0.2)
    n_bytes = 8_000_000
    read = []

    def slow_server(listening):
        connection, _ = listening.accept()
        with connection:
            while sum(read) < n_bytes:
                threading.Event().wait(0.02)  # a slow line
                read.append(len(connection.recv(200_000)))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=slow_server, args=(listening,), daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        connection = connections.Connection(url, None)
        reply = connection.ask(connections.Request("POST", "/x", bytes(n_bytes)))
        connection.close()
    assert reply.body == b"{}"
    assert len(read) > 20  # so that it took longer than the deadline of a small request


def test_null_in_an_answer_means_absent():
    body, _ = pack("outputs", [tensor_of("embedding", EXPECTED)], {}, is_binary=False)
    answer = json_object(body)
    answer["outputs"][0]["parameters"] = answer["parameters"] = answer["id"] = None
    (tensor,) = unpack("outputs", orjson.dumps(answer), None).tensors
    np.testing.assert_allclose(tensor.values, EXPECTED)
