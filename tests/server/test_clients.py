"""Clients of others against our server."""

import shutil
import subprocess

import numpy as np
import pytest
from Orange.misc.server_embedder import ServerEmbedderCommunicator
from pictures import encoded, picture
from server_fixtures import SPEC, TinyEmbedder, running, tiny_app

from orangecontrib.imageembedding.images.prepare import prepare
from orangecontrib.imageembedding.server.service import Limits

PIXELS = [picture(seed, 64, 48) for seed in range(60)]
FILES = [encoded(pixels) for pixels in PIXELS]
EXPECTED = TinyEmbedder().network(
    np.stack([prepare(pixels, SPEC.preparation) for pixels in PIXELS])
)


class OrangeClient(ServerEmbedderCommunicator):
    content_type = "image/jpeg"

    async def _encode_data_instance(self, data):
        return data


def orange_client(url):
    client = OrangeClient("tiny", 100, url, "image")
    client.content_type = "image/jpeg"
    client.clear_cache()
    return client


def test_oranges_own_client_gets_every_vector_even_under_overload():
    with running(tiny_app(limits=Limits(max_queue=3))) as url:
        vectors = orange_client(url).embedd_data(FILES)
    np.testing.assert_allclose(np.array(vectors, dtype=float), EXPECTED, atol=1e-5)


def test_oranges_own_client_takes_the_key_from_the_address(monkeypatch):
    with running(tiny_app(api_key="secret")) as url:
        monkeypatch.setenv("ORANGE_EMBEDDING_API_URL", url.replace("//", "//any:secret@"))
        vectors = orange_client("http://nowhere").embedd_data(FILES[:3])
    np.testing.assert_allclose(np.array(vectors, dtype=float), EXPECTED[:3], atol=1e-5)


def test_oranges_own_client_leaves_out_only_what_is_bad():
    with running(tiny_app()) as url:
        vectors = orange_client(url).embedd_data([FILES[0], b"bad", FILES[2]])
    assert [vector is None for vector in vectors] == [False, True, False]


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_curl_gets_a_vector_and_a_reason(tmp_path):
    (tmp_path / "a.png").write_bytes(FILES[0])
    (tmp_path / "big").write_bytes(bytes(3_000_000))
    with running(tiny_app(limits=Limits(max_image_bytes=2_000_000))) as url:

        def curl(name, path="/image/tiny"):
            return subprocess.run(
                ["curl", "-s", "-w", " %{http_code}", "--data-binary", f"@{tmp_path / name}",
                 url + path], capture_output=True, text=True, check=True).stdout  # fmt: skip

        assert curl("a.png").startswith('{"embedding":[')
        assert curl("a.png", "/image/other").endswith(" 404")
        assert curl("big").endswith(" 413")


def test_tritons_own_client_works_against_it():
    triton = pytest.importorskip("tritonclient.http")
    with running(tiny_app()) as url:
        client = triton.InferenceServerClient(url.removeprefix("http://"), concurrency=4)
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("tiny")
        assert client.get_server_metadata()["name"] == "orange3-imageembedding"
        assert client.get_model_repository_index()[0]["name"] == "tiny"
        (described,) = client.get_model_metadata("tiny")["inputs"]
        for is_binary in (True, False):
            files = triton.InferInput(described["name"], [10], described["datatype"])
            if is_binary:
                files.set_data_from_numpy(np.array(FILES[:10], dtype=object))
                wanted = triton.InferRequestedOutput("embedding", binary_data=True)
                result = client.infer("tiny", [files], outputs=[wanted])
                np.testing.assert_allclose(result.as_numpy("embedding"), EXPECTED[:10], atol=1e-5)
            pixels = np.stack([prepare(one, SPEC.preparation) for one in PIXELS[:10]])
            prepared = triton.InferInput("pixels", pixels.shape, "FP32")
            prepared.set_data_from_numpy(pixels, binary_data=is_binary)
            result = client.infer("tiny", [prepared], request_id="5")
            np.testing.assert_allclose(result.as_numpy("embedding"), EXPECTED[:10], atol=1e-5)
            assert result.get_response()["id"] == "5"
        bad = triton.InferInput("image", [1], "BYTES")
        bad.set_data_from_numpy(np.array([b"bad"], dtype=object))
        with pytest.raises(triton.InferenceServerException, match="cannot be embedded"):
            client.infer("tiny", [bad])
        client.close()
