"""Images, weights and servers are asked in one way: the same trust, proxies and words."""

import hashlib
import shutil
import socket
import ssl
import subprocess
import sys
import threading

import pytest
from authority import authority, self_signed, server_context
from web_server import say, web_server

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings.backends.remote import connection
from orangecontrib.imageembedding.embeddings.spec import WeightsFile
from orangecontrib.imageembedding.embeddings.weights import obtain_weights
from orangecontrib.imageembedding.errors import Cancelled, ImageEmbeddingError
from orangecontrib.imageembedding.http import retry
from orangecontrib.imageembedding.http.client import Client
from orangecontrib.imageembedding.images.fetch import fetch

CONTENT = b"data"
START = hashlib.sha256(CONTENT).hexdigest()[:8]


def image(url):
    assert fetch(f"{url}/file") == CONTENT


def weights(url):
    path = obtain_weights(WeightsFile("x.pth", len(CONTENT), START, f"{url}/file"))
    assert path.read_bytes() == CONTENT


def server(url):
    assert oie.probe_server(url).version == "stand-in 1"


@pytest.fixture(params=[image, weights, server])
def get(request):
    return request.param


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(connection, "FIRST_PATIENCE_S", 0.1)


def serve(site, prefix=""):
    site.routes[f"{prefix}/file"] = say(body=CONTENT)
    site.routes[f"{prefix}/v2"] = say(body=b'{"name": "stand-in", "version": "1"}')


# Trust


def trust(monkeypatch, path, how):
    if how == "SSL_CERT_DIR":
        command = ["openssl", "x509", "-noout", "-hash", "-in", path]
        name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        path = shutil.copytree(path.rpartition("/")[0], f"{path}.folder")
        shutil.move(f"{path}/authority.pem", f"{path}/{name}.0")
    if how == "system":
        pytest.importorskip("httpx2", minversion="2.15")
        store = ssl.get_default_verify_paths()._replace(openssl_cafile=path)
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: store)
    else:
        monkeypatch.setenv(how, path)


WAYS = ["system", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]


@pytest.mark.skipif(sys.platform != "linux", reason="the system's store is a file on Linux only")
@pytest.mark.parametrize("how", WAYS)
def test_an_authority_of_ones_own_is_good_for_all(get, how, tmp_path, monkeypatch):
    known, certificate, key = authority(tmp_path)
    trust(monkeypatch, known, how)
    with web_server(server_context(certificate, key)) as site:
        serve(site)
        get(site.url)


def test_a_variable_takes_the_place_of_the_systems_store(get, tmp_path, monkeypatch):
    _, certificate, key = authority(tmp_path)
    (tmp_path / "other").mkdir()
    other, _ = self_signed(tmp_path / "other")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", other)
    assert_fails(get, "https", server_context(certificate, key), "certificate not accepted: ")


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR"])
def test_certificates_that_cannot_be_read_are_named(get, name, tmp_path, monkeypatch):
    monkeypatch.setenv(name, str(tmp_path / "missing"))
    with web_server() as site, pytest.raises(ImageEmbeddingError) as caught:
        get(site.url)
    assert f"{name} cannot be read" in str(caught.value)
    assert str(tmp_path / "missing") in str(caught.value)


# Proxies


@pytest.mark.parametrize("name", ["http_proxy", "ALL_PROXY"])
def test_the_proxy_of_the_environment_is_used(get, name, monkeypatch):
    with web_server() as site:
        monkeypatch.setenv(name, site.url)
        serve(site, "http://far.example")
        get("http://far.example")


def test_no_proxy_is_an_exception(get, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with web_server() as site:
        serve(site)
        get(site.url)


@pytest.mark.parametrize("proxy", ["nonsense://host", "http://host:port"])
def test_a_proxy_variable_that_makes_no_sense_is_told(get, proxy, monkeypatch):
    monkeypatch.setenv("http_proxy", proxy)
    assert_says(get, "http://far.example", "the proxy set on this computer cannot be used")


# Words


def hang_up(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
    handler.close_connection = True


def assert_fails(get, scheme, context, reason, routes=()):
    with web_server(context) as site:
        site.routes.update(routes)
        assert_says(get, f"{scheme}://{site.url.partition('://')[2]}", reason)


def assert_says(get, url, reason):
    with pytest.raises(ImageEmbeddingError) as caught:
        get(url)
    assert reason in str(caught.value).lower()
    assert url in str(caught.value)


@pytest.mark.parametrize(
    ("scheme", "reason"),
    [
        ("http", "the connection was lost"),
        ("https", "the server does not use https"),
    ],
)
def test_the_same_failure_has_the_same_words(get, scheme, reason):
    assert_fails(get, scheme, None, reason, dict.fromkeys(["/file", "/v2"], hang_up))


def test_a_stranger_s_certificate_has_the_same_words(get, tmp_path):
    context = server_context(*self_signed(tmp_path))
    assert_fails(get, "https", context, "certificate not accepted: self")


def test_no_connection_has_the_same_words(get):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert_says(get, f"http://127.0.0.1:{port}", "connection refused")


# The thread


def test_a_closed_client_takes_no_work_and_leaves_no_thread():
    client = Client()

    async def nothing():
        return 17

    assert client.loop.result(nothing()) == 17
    thread = next(t for t in threading.enumerate() if t.name == "imageembedding-http")
    client.close()
    client.close()
    with pytest.raises(Cancelled):
        client.loop.submit(nothing())
    thread.join(10)
    assert not thread.is_alive()


def test_an_error_that_looks_like_a_timeout_of_ours_is_not_waited_for():
    client = Client()

    async def late():
        raise TimeoutError

    with pytest.raises(TimeoutError):
        client.loop.result(late())
    client.close()
