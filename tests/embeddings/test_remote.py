"""The client: against our server, stand-ins of others, and servers that fail."""

import asyncio
import copy
import io
import json
import pickle
import socket
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from authority import self_signed
from pictures import encoded, picture
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from served_efficientnet import served_efficientnet
from server_fixtures import SPEC, TinyEmbedder, running, tiny_app
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings.backends.base import EncodedImage
from orangecontrib.imageembedding.embeddings.backends.remote import connection as connections
from orangecontrib.imageembedding.embeddings.backends.remote import trust
from orangecontrib.imageembedding.embeddings.run import embed_locations
from orangecontrib.imageembedding.embeddings.wire import LENGTH_HEADER, pack, tensor_of, unpack
from orangecontrib.imageembedding.errors import (
    BackendError,
    Cancelled,
    ImageError,
    InputError,
    ServerAnswerError,
    ServerBusyError,
    ServerCertificateError,
    ServerError,
    ServerKeyError,
    ServerUnreachableError,
)
from orangecontrib.imageembedding.http import retry
from orangecontrib.imageembedding.images.prepare import prepare
from orangecontrib.imageembedding.progress import silent
from orangecontrib.imageembedding.server.service import Limits

FILES = [encoded(picture(seed, 64, 48)) for seed in range(40)]
IMAGES = [EncodedImage(f"{row}.png", data) for row, data in enumerate(FILES)]
EXPECTED = TinyEmbedder().network(
    np.stack([prepare(picture(seed, 64, 48), SPEC.preparation) for seed in range(40)])
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(connections, "FIRST_PATIENCE_S", 0.2)


@pytest.fixture
def paths(tmp_path):
    for image in IMAGES:
        (tmp_path / image.location).write_bytes(image.data)
    return [str(tmp_path / image.location) for image in IMAGES]


class Recorded:
    """An ASGI app that notes requests, and lets `answer` answer some of them.

    `answer` gets (number of the request, path) and returns a response, or None.
    """

    def __init__(self, app, answer=lambda number, path: None):
        self.app = app
        self.answer = answer
        self.paths = []
        self.headers = []
        self.bodies = []

    async def __call__(self, scope, receive, send):
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        path = scope["path"]
        self.headers.append({k.decode(): v.decode() for k, v in scope["headers"]})
        self.bodies.append(body)
        self.paths.append(path + "?" + scope["query_string"].decode())
        n_asked = sum(asked.startswith(path + "?") for asked in self.paths)
        response = self.answer(n_asked, path)
        if asyncio.iscoroutine(response):
            response = await response
        has_come = False

        async def again():
            nonlocal has_come
            if has_come:
                return await receive()
            has_come = True
            return {"type": "http.request", "body": body, "more_body": False}

        await (response or self.app)(scope, again, send)


def at_infer(response, numbers=range(1, 10**9)):
    return lambda number, path: (
        response() if path.endswith("/infer") and number in numbers else None
    )


# Our own server


def test_all_images_come_back_in_order_from_our_server(paths):
    recorded = Recorded(tiny_app())
    with running(recorded) as url:
        done = oie.embed_files(paths, SPEC, backend=oie.Remote(url))
    np.testing.assert_allclose(done.vectors, EXPECTED, atol=1e-5)
    n_requests = sum("/infer" in path for path in recorded.paths)
    assert n_requests == 3  # 40 images, 16 at once


def test_a_bad_image_is_a_failure_with_a_reason_and_its_mates_are_fine(paths, tmp_path):
    (tmp_path / "3.png").write_bytes(b"bad")
    whole = FILES[5]
    (tmp_path / "5.png").write_bytes(whole[: len(whole) // 2])
    with running(tiny_app()) as url:
        done = oie.embed_files(paths, SPEC, backend=oie.Remote(url))
    assert sorted(done.failures) == [3, 5]
    good = [row for row in range(40) if row not in done.failures]
    np.testing.assert_allclose(done.vectors[good], EXPECTED[good], atol=1e-5)


def test_what_only_the_server_finds_bad_keeps_the_reason_of_the_server():
    embedder = TinyEmbedder()
    embedder.embed_one = lambda image: (
        ImageError("", "too ugly") if image.data == FILES[1] else EXPECTED[0]
    )
    with running(tiny_app(embedder)) as url:
        results = oie.Remote(url).load(SPEC, silent).embed(IMAGES[:4])
    assert [isinstance(result, ImageError) for result in results] == [False, True, False, False]
    assert results[1].location == "1.png"
    assert "too ugly" in results[1].reason


def test_what_a_server_says_is_never_taken_for_what_this_computer_would_compute():
    with running(tiny_app()) as url:
        remote = oie.Remote(url).fingerprint(SPEC, silent)
    assert remote.startswith(f"tiny {url}#")
    assert "exact 0123456789abcdef" not in remote


def test_the_vectors_of_server_and_local_agree(tmp_path):
    spec = oie.get_embedder("efficientnet-lite0")
    exif = Image.Exif()
    exif[0x0112] = 6
    files = []
    for name, options in {
        "a.jpg": {"quality": 90, "exif": exif, "comment": b"secret"},
        "b.jpg": {"quality": 70, "progressive": True},
        "c.png": {},
        "d.webp": {"quality": 80},
        "e.tif": {},
        "f.gif": {},
    }.items():
        files.append(tmp_path / name)
        Image.fromarray(picture(len(files), 900, 700)).save(files[-1], **options)
    with served_efficientnet() as url:
        remote = oie.embed_files(files, spec, backend=oie.Remote(url), cache=False)
    local = oie.embed_files(files, spec, cache=False)
    assert not remote.failures
    np.testing.assert_allclose(remote.vectors, local.vectors, atol=1e-4)


def test_nothing_that_is_hidden_in_a_file_is_sent(tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "secret"
    buffer = io.BytesIO()
    Image.fromarray(picture()).save(buffer, "JPEG", exif=exif, comment=b"secret", xmp=b"secret")
    text = PngInfo()
    text.add_text("Author", "secret")
    png = io.BytesIO()
    Image.fromarray(picture(1)).save(png, "PNG", pnginfo=text, exif=exif)
    recorded = Recorded(tiny_app())
    with running(recorded) as url:
        embedder = oie.Remote(url).load(SPEC, silent)
        results = embedder.embed(
            [
                EncodedImage("a", buffer.getvalue() + b"secret trailer"),
                EncodedImage("b", png.getvalue() + b"secret trailer"),
            ]
        )
    assert not any(isinstance(result, ImageError) for result in results)
    assert not any(b"secret" in body for body in recorded.bodies)
    told = json.dumps(recorded.headers)
    assert socket.gethostname() not in told
    assert "python" not in told.lower()


# Faults


def test_overload_is_waited_for_and_loses_nothing(paths):
    embedder = TinyEmbedder()
    with running(tiny_app(embedder, limits=Limits(max_queue=20))) as url, \
            ThreadPoolExecutor(6) as pool:  # fmt: skip
        jobs = [pool.submit(oie.embed_files, paths, SPEC, backend=oie.Remote(url), cache=False)
                for _ in range(6)]  # fmt: skip
        for job in jobs:
            assert not job.result(60).failures


def test_retry_after_is_honored(paths):
    busy = at_infer(lambda: JSONResponse({}, 429, {"Retry-After": "1"}), {1})
    with running(Recorded(tiny_app(), busy)) as url:
        embedder = oie.Remote(url).load(SPEC, silent)
        begun = time.monotonic()
        embedder.embed(IMAGES[:1])
        assert time.monotonic() - begun > 0.99


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_failures_are_tried_again(paths, status):
    recorded = Recorded(tiny_app(), at_infer(lambda: Response(b"<html>", status), {1, 2}))
    with running(recorded) as url:
        done = oie.embed_files(paths, SPEC, backend=oie.Remote(url), cache=False)
    assert not done.failures
    np.testing.assert_allclose(done.vectors, EXPECTED, atol=1e-5)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, ServerBusyError), (503, ServerBusyError), (502, ServerAnswerError),
     (500, ServerAnswerError), (400, ServerAnswerError), (404, ServerAnswerError),
     (401, ServerKeyError), (403, ServerKeyError), (307, ServerAnswerError)],
)  # fmt: skip
def test_lasting_failures_end_the_job_with_what_is_wrong(paths, status, kind):
    answer = at_infer(lambda: JSONResponse({"error": "no"}, status, {"Location": "http://other"}))
    with running(Recorded(tiny_app(), answer)) as url:
        with pytest.raises(kind) as caught:
            oie.embed_files(paths, SPEC, backend=oie.Remote(url, patience_s=0.3), cache=False)
        assert url in str(caught.value)


@pytest.mark.parametrize("status", [413, 422])
def test_what_a_server_does_not_take_is_left_out_without_another_try(paths, status):
    recorded = Recorded(tiny_app(), at_infer(lambda: JSONResponse({"error": "no."}, status)))
    with running(recorded) as url:
        done = oie.embed_files(paths, SPEC, backend=oie.Remote(url), cache=False)
    assert len(done.failures) == 40
    assert done.failures[0] == f"the server answers {status}: no"
    assert sum("/infer" in path for path in recorded.paths) == 43


def test_a_server_that_dies_and_comes_back_costs_no_image(paths, tmp_path):
    port = free_port()
    embedder = TinyEmbedder()
    embedder.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        with running(tiny_app(embedder), port=port, timeout_graceful_shutdown=0) as url:
            job = pool.submit(
                oie.embed_files, paths, SPEC, backend=oie.Remote(url, patience_s=20), cache=False
            )
            while not embedder.batches:
                time.sleep(0.01)
        embedder.gate.set()
        assert not job.done()
        with running(tiny_app(), port=port):
            done = job.result(30)
    assert not done.failures
    np.testing.assert_allclose(done.vectors, EXPECTED, atol=1e-5)


def test_a_server_that_stays_dead_ends_the_job_and_what_was_done_is_kept(paths):
    def answer(number, path):
        if path.endswith("/infer") and number > 1:
            return Response(b"", 502)
        return None

    port = free_port()
    with running(Recorded(tiny_app(), answer), port=port) as url:
        backend = oie.Remote(url, patience_s=0.3)
        with pytest.raises(ServerAnswerError, match="502"):
            oie.embed_files(paths, SPEC, backend=backend)
    with running(tiny_app(), port=port) as url:
        done = oie.embed_files(paths, SPEC, backend=oie.Remote(url))
    assert done.n_cached in (8, 16)  # whichever batch came first


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_no_server_is_told_at_once():
    with pytest.raises(ServerUnreachableError, match="connection refused"):
        oie.Remote(f"http://127.0.0.1:{free_port()}").load(SPEC, silent)
    with pytest.raises(ServerUnreachableError, match="host name not found"):
        oie.Remote("http://no-such-host.invalid").load(SPEC, silent)


def test_a_silent_server_does_not_delay_a_cancel(paths):
    with socket.create_server(("127.0.0.1", 0)) as silent_server:
        url = f"http://127.0.0.1:{silent_server.getsockname()[1]}"
        assert_cancels_at_once(paths, oie.Remote(url))


def test_a_server_that_hangs_in_the_middle_does_not_delay_a_cancel(paths):
    embedder = TinyEmbedder()
    embedder.gate.clear()
    with running(tiny_app(embedder), timeout_graceful_shutdown=0) as url:
        assert_cancels_at_once(paths, oie.Remote(url))
        embedder.gate.set()


def test_a_busy_server_does_not_delay_a_cancel(paths):
    busy = at_infer(lambda: JSONResponse({}, 429, {"Retry-After": "30"}))
    with running(Recorded(tiny_app(), busy)) as url:
        assert_cancels_at_once(paths, oie.Remote(url))


def assert_cancels_at_once(paths, backend):
    begun = time.monotonic()

    def progress(fraction):
        if time.monotonic() - begun > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        embed_locations(paths, SPEC, backend, progress, cache=False)
    assert time.monotonic() - begun < 5
    while any(thread.name.startswith("imageembedding") and "batch" not in thread.name
              for thread in threading.enumerate()):  # fmt: skip
        assert time.monotonic() - begun < 10, threading.enumerate()
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.zeros((1, 11), np.float32), "11 numbers for an image instead of 12"),
        (np.full((1, 12), np.nan, np.float32), "not finite"),
        (np.zeros((2, 12), np.float32), "vector for each image"),
        ([b"x"], "vector for each image"),
        (None, "cannot be understood"),
    ],
)
def test_answers_that_cannot_be_right_are_errors_that_name_the_server(vectors, message):
    def answer():
        if vectors is None:
            return Response(b"\x00\x01")
        body, headers = pack("outputs", [tensor_of("embedding", vectors)], {}, is_binary=True)
        return Response(body, headers=headers)

    with running(Recorded(tiny_app(), at_infer(answer))) as url:
        embedder = oie.Remote(url).load(SPEC, silent)
        with pytest.raises(ServerAnswerError, match=message) as caught:
            embedder.embed(IMAGES[:1])
        assert url in str(caught.value)


def test_an_unknown_embedder_is_told_with_what_the_server_says():
    with running(tiny_app()) as url, pytest.raises(ServerAnswerError, match="only: tiny"):
        oie.Remote(url).load(oie.get_embedder("resnet50"), silent)


def test_a_certificate_that_nobody_trusts_is_told(tmp_path):
    cert, key = self_signed(tmp_path)
    with running(tiny_app(), ssl_certfile=cert, ssl_keyfile=key) as url:
        with pytest.raises(ServerCertificateError, match="certificate"):
            oie.Remote(url).load(SPEC, silent)
        with pytest.raises(BackendError):
            oie.Remote(url.replace("https", "http")).load(SPEC, silent)


def test_a_certificate_can_be_trusted_by_the_environment(tmp_path, monkeypatch):
    cert, key = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", cert)
    with running(tiny_app(), ssl_certfile=cert, ssl_keyfile=key) as url:
        results = oie.Remote(url).load(SPEC, silent).embed(IMAGES[:1])
    np.testing.assert_allclose(results[0], EXPECTED[0], atol=1e-5)


# The key


def test_the_key_is_sent_and_never_saved_or_shown(monkeypatch):
    with running(tiny_app(api_key="secret")) as url:
        backend = oie.Remote(url, api_key="secret")
        assert len(backend.load(SPEC, silent).embed(IMAGES[:1])[0]) == 12
        assert "secret" not in repr(backend)
        assert b"secret" not in pickle.dumps(backend)
        assert backend == oie.Remote(url)
        assert hash(backend) == hash(oie.Remote(url))
        assert copy.deepcopy(backend).api_key == "secret"
        saved = pickle.loads(pickle.dumps(backend))
        assert saved == backend
        with pytest.raises(ServerKeyError, match="API key"):
            saved.load(SPEC, silent)
        monkeypatch.setenv("IMAGE_EMBEDDING_API_KEY", f"{url} secret")
        assert len(saved.load(SPEC, silent).embed(IMAGES[:1])[0]) == 12


def test_a_password_in_the_address_becomes_the_key():
    backend = oie.Remote("https://me:s%40cret@Host.org:99/base/")
    assert backend.url == "https://host.org:99/base"
    assert backend.api_key == "s@cret"


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "http://", "http://x:99999", "http://a b", "x?y=1", "http://["]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(InputError, match="not the address"):
        oie.Remote(url)


# Others that speak v2


class Triton(Starlette):
    """A stand-in: takes prepared pixels or files, at most 4 at once."""

    def __init__(
        self, datatype="FP32", shape=(-1, 3, 32, 32), n_features=12, breaks_on_files=False
    ):
        self.n_images = []
        self.is_binary = []
        self.breaks_on_files = breaks_on_files
        about = {
            "name": "tiny", "versions": ["3"], "platform": "onnx",
            "inputs": [{"name": "x", "datatype": datatype, "shape": list(shape)}],
            "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, n_features]}],
        }  # fmt: skip
        extensions = ["binary_tensor_data"]
        super().__init__(
            routes=[
                Route("/v2", lambda _: JSONResponse(
                    {"name": "triton", "version": "2.5", "extensions": extensions})),
                Route("/v2/models", lambda _: JSONResponse({"models": ["tiny"]})),
                Route("/v2/models/tiny", lambda _: JSONResponse(about)),
                Route("/v2/models/tiny/config", lambda _: JSONResponse({"max_batch_size": 4})),
                Route("/v2/models/tiny/infer", self.infer, methods=["POST"]),
            ]
        )  # fmt: skip

    async def infer(self, request):
        length = request.headers.get(LENGTH_HEADER)
        message = unpack("inputs", await request.body(), length)
        (tensor,) = message.tensors
        self.n_images.append(tensor.shape[0])
        self.is_binary.append(length is not None)
        if length is not None and self.breaks_on_files:
            return JSONResponse({"error": "failed to parse"}, 500)
        if isinstance(tensor.values, list):
            images = [EncodedImage("", data) for data in tensor.values]
            vectors = np.stack([TinyEmbedder().embed_one(image) for image in images])
        else:
            pixels = tensor.values
            pixels = pixels.transpose(0, 3, 1, 2) if pixels.shape[3] == 3 else pixels
            vectors = TinyEmbedder().network(pixels)
        outputs = [tensor_of("y", vectors)]
        body, headers = pack("outputs", outputs, {"model_name": "tiny"}, length is not None)
        return Response(body, headers=headers)


@pytest.mark.parametrize(
    ("datatype", "shape"),
    [("FP32", (-1, 3, 32, 32)), ("FP32", (-1, 32, 32, 3)), ("FP32", (-1, 3, -1, -1)),
     ("BYTES", (-1,)), ("BYTES", (-1, 1))],
)  # fmt: skip
def test_other_servers_get_what_their_metadata_asks_for(paths, datatype, shape):
    app = Triton(datatype, shape)
    with running(app) as url:
        assert oie.probe_server(url).models == ("tiny",)
        assert oie.probe_server(url).version == "triton 2.5"
        done = oie.embed_files(paths, SPEC, backend=oie.Remote(url), cache=False)
        fingerprint = oie.Remote(url).fingerprint(SPEC, silent)
    np.testing.assert_allclose(done.vectors, EXPECTED, atol=1e-5)
    assert max(app.n_images) == 4
    assert url in fingerprint
    assert "#3" in fingerprint


def test_servers_that_break_on_files_behind_the_json_get_them_inside(paths):
    app = Triton("BYTES", (-1,), breaks_on_files=True)
    with running(app) as url:
        done = oie.embed_files(paths, SPEC, backend=oie.Remote(url), cache=False)
    np.testing.assert_allclose(done.vectors, EXPECTED, atol=1e-5)
    assert not app.is_binary[-1]


def test_a_model_that_sees_another_size_is_refused():
    with (
        running(Triton(shape=(-1, 3, 64, 64))) as url,
        pytest.raises(ServerAnswerError, match="64 pixels; Tiny sees 32"),
    ):
        oie.Remote(url).load(SPEC, silent)


@pytest.mark.parametrize("n_features", [12, -1])
def test_a_server_describes_what_no_catalogue_knows(n_features):
    with running(Triton(n_features=n_features)) as url:
        spec = oie.Remote(url).embedder("tiny")
        assert (spec.n_features, spec.input_px, spec.network) == (12, 32, "server:tiny")
        (vector,) = oie.Remote(url).load(spec, silent).embed(IMAGES[:1])
    assert vector.shape == (12,)


def test_a_model_that_is_not_for_images_is_refused():
    with (
        running(Triton(datatype="INT64", shape=(-1, 5))) as url,
        pytest.raises(ServerAnswerError, match="does not turn images into vectors"),
    ):
        oie.Remote(url).load(SPEC, silent)


# The predecessor's kind


class OrangeServer(Recorded):
    """A recording stand-in; `fails` holds numbers of requests that get an empty answer."""

    def __init__(self, n_features=2048, fails=(), models=("inception-v3", "squeezenet")):
        super().__init__(None)
        self.fails = fails
        self.n_asked = 0

        async def embed(request):
            self.n_asked += 1
            if request.path_params["model"] not in models:
                return Response(b"", 404)
            if self.n_asked in self.fails:
                return Response(b"")
            image = Image.open(io.BytesIO(await request.body()))
            mean = float(np.asarray(image).mean())
            return JSONResponse({"embedding": [mean + n for n in range(n_features)]})

        self.app = Starlette(routes=[Route("/image/{model}", embed, methods=["POST"])])


def test_the_protocol_of_orange_is_found_out_and_spoken(paths):
    server = OrangeServer()
    with running(server) as url:
        info = oie.probe_server(url)
        assert (info.protocol, info.models) == ("orange", ("inception-v3", "squeezenet"))
        del server.paths[:], server.bodies[:]
        backend = oie.Remote(url, protocol="orange")
        done = oie.embed_files(paths, "inception-v3", backend=backend, cache=False)
    assert not done.failures
    for path, body, headers in zip(server.paths, server.bodies, server.headers[-40:], strict=True):
        assert path.startswith("/image/inception-v3?machine=")
        assert "&retry=1" in path
        assert headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(body)).size == (299, 299)
    runs = {path.partition("?")[2] for path in server.paths}
    assert len(runs) == 1  # a random id for the run
    assert str(uuid.getnode()) not in runs.pop()
    expected = picture(7, 64, 48).mean()
    np.testing.assert_allclose(done.vectors[7, :2], [expected, expected + 1], atol=2)


def test_empty_answers_are_asked_again_three_times(paths):
    server = OrangeServer(fails={1, 2, 3})
    with running(server) as url:
        backend = oie.Remote(url, protocol="orange")
        done = oie.embed_files(paths[:8], "inception-v3", backend=backend, cache=False)
        assert not done.failures
        server.fails = range(10**9)
        with pytest.raises(ServerAnswerError, match="fails on every image"):
            oie.embed_files(paths, "inception-v3", backend=backend, cache=False)


def test_squeezenet_has_1000_numbers_there():
    with running(OrangeServer(n_features=1000)) as url:
        backend = oie.Remote(url, protocol="orange")
        with pytest.raises(ServerAnswerError, match="1000 numbers .* instead of 512"):
            backend.load(oie.get_embedder("squeezenet"), silent).embed(IMAGES[:1])
        spec = backend.embedder("squeezenet")
        assert spec.n_features == 1000
        assert spec.network == "server:squeezenet"
        (vector,) = backend.load(spec, silent).embed(IMAGES[:1])
        assert vector.shape == (1000,)
        assert backend.embedder("squeezenet", silent) == spec


def test_what_answers_otherwise_is_no_embedding_server():
    with (
        running(Recorded(Response(b"<html>hello"))) as url,
        pytest.raises(ServerAnswerError, match="not as an embedding server"),
    ):
        oie.probe_server(url)


def test_a_saved_model_sends_no_image_to_a_server_that_nobody_here_has_chosen(paths):
    import pickle

    with running(Recorded(tiny_app(), lambda number, path: None)) as url:
        saved = pickle.dumps(oie.Remote(url))
        trust._ALLOWED.clear()  # as in another process
        unpickled = pickle.loads(saved)
        for use in (unpickled.fingerprint, unpickled.load):
            with pytest.raises(ServerError, match=f"{url}.*must first be allowed"):
                use(SPEC, silent)
        trust.trust(url)  # remembered, as the widget does it
        trust._ALLOWED.clear()
        assert not oie.embed_files(paths, SPEC, backend=unpickled).failures
