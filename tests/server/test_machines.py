"""What programs ask of the server: lists, configurations, descriptions, other forms."""

import base64

import httpx
import numpy as np
import pytest
from pictures import encoded, picture
from server_fixtures import SPEC, TinyEmbedder, running, tiny_app

from orangecontrib.imageembedding.images.prepare import prepare
from orangecontrib.imageembedding.server.openapi import describe
from orangecontrib.imageembedding.server.service import Limits

PIXELS = [picture(seed, 64, 48) for seed in range(4)]
FILES = [encoded(pixels) for pixels in PIXELS]
EXPECTED = TinyEmbedder().network(
    np.stack([prepare(pixels, SPEC.preparation) for pixels in PIXELS])
)
URLS = [f"data:image/png;base64,{base64.b64encode(data).decode()}" for data in FILES]


@pytest.fixture
def url():
    with running(tiny_app(limits=Limits(max_queue=4, max_image_bytes=100_000))) as url:
        yield url


def ask(url, **changes):
    return httpx.post(f"{url}/v1/embeddings", json={"model": "tiny", "input": URLS[0], **changes})


def test_models_are_listed_with_their_largest_batch(url):
    assert httpx.get(f"{url}/v2/models").json() == {"models": ["tiny"]}
    config = httpx.get(f"{url}/v2/models/tiny/config").json()
    assert config["max_batch_size"] == 4
    assert config["output"][0]["dims"] == [12]
    version = httpx.get(f"{url}/v2/models/tiny").json()["versions"][0]
    assert httpx.get(f"{url}/v2/models/tiny/versions/{version}/config").json() == config
    assert httpx.get(f"{url}/v2/models/other/config").status_code == 404


def test_openai_s_form_gives_vectors_in_order(url):
    for image in (lambda one: one, lambda one: {"image": one},
                  lambda one: {"type": "image_url", "image_url": {"url": one}}):  # fmt: skip
        answer = ask(url, input=[image(one) for one in URLS], encoding_format="float").json()
        assert [entry["index"] for entry in answer["data"]] == [0, 1, 2, 3]
        vectors = [entry["embedding"] for entry in answer["data"]]
        np.testing.assert_allclose(vectors, EXPECTED, atol=1e-5)
    assert (answer["object"], answer["model"]) == ("list", "tiny")
    answer = ask(url, encoding_format="base64", dimensions=12, user="me").json()
    data = base64.b64decode(answer["data"][0]["embedding"])
    np.testing.assert_allclose(np.frombuffer(data, "<f4"), EXPECTED[0], atol=1e-5)
    assert ask(url, encoding_format=None, dimensions=None).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"input": "http://127.0.0.1/a.png"}, 400, "data: URL"),
        ({"input": "file:///etc/passwd"}, 400, "data: URL"),
        ({"input": {"image_url": {"url": "https://127.0.0.1/a.png"}}}, 400, "data: URL"),
        ({"input": "a text"}, 400, "data: URL"),
        ({"input": []}, 400, "no image"),
        ({"input": None}, 400, "data: URL"),
        ({"input": [1, 2]}, 400, "data: URL"),
        ({"input": "data:image/png,abc"}, 400, "base64"),
        ({"input": "data:image/png;base64,a!"}, 400, "base64"),
        ({"input": "data:image/png;base64,AAAA"}, 422, "Image 0 cannot be embedded"),
        ({"input": URLS + URLS}, 413, "At most 4 images"),
        ({"input": URLS[0] + "A" * 99_000}, 413, "larger than"),
        ({"model": "other"}, 404, "only: tiny"),
        ({"model": None}, 400, "model must be"),
        ({"encoding_format": "int8"}, 400, "encoding_format"),
        ({"dimensions": 5}, 400, "dimensions must be 12"),
        ({"dimensions": "5"}, 400, "dimensions"),
    ],
)
def test_openai_s_form_refuses_with_a_message_where_its_clients_look(url, changes, status, message):
    reply = ask(url, **changes)
    assert reply.status_code == status
    assert message in reply.json()["error"]["message"]


def test_openai_s_form_wants_the_key():
    with running(tiny_app(api_key="secret")) as url:
        reply = ask(url)
        assert reply.status_code == 401
        assert "API key" in reply.json()["error"]["message"]
        headers = {"Authorization": "Bearer secret"}
        body = {"model": "tiny", "input": URLS[0]}
        assert httpx.post(f"{url}/v1/embeddings", json=body, headers=headers).status_code == 200


def test_what_is_unloaded_is_gone_until_it_is_loaded_again(url):
    repository = f"{url}/v2/repository/models"
    image = f"{url}/image/tiny"
    assert httpx.post(f"{repository}/tiny/unload").status_code == 200
    reply = httpx.post(image, content=FILES[0])
    assert reply.status_code == 404
    assert "/tiny/load" in reply.json()["error"]
    assert httpx.get(f"{url}/v2/models").json() == {"models": []}
    (entry,) = httpx.post(f"{url}/v2/repository/index").json()
    assert (entry["name"], entry["state"]) == ("tiny", "UNAVAILABLE")
    assert httpx.get(f"{url}/v2/health/ready").status_code == 200
    assert httpx.post(f"{repository}/tiny/unload").status_code == 200
    for _ in range(2):
        assert httpx.post(f"{repository}/tiny/load").json() == {"name": "tiny", "load": True}
    assert httpx.post(image, content=FILES[0]).status_code == 200
    for name in ("resnet50", "nothing"):  # only what was named at the start
        assert httpx.post(f"{repository}/{name}/load").status_code == 404
        assert httpx.post(f"{repository}/{name}/unload").status_code == 404


def test_the_description_names_every_route_and_every_answer(url):
    app = tiny_app()
    description = httpx.get(f"{url}/openapi.json").json()
    assert description["openapi"].startswith("3.")
    ours = {"/", "/favicon.ico", "/page/{name}", "/sketches/{kind}/{name}", "/nearest/{model}"}
    assert set(description["paths"]) == {route.path for route in app.routes} - ours
    for route in app.routes:
        if route.path not in ours:
            methods = {method.lower() for method in route.methods - {"HEAD"}}
            assert methods == set(description["paths"][route.path]) - {"parameters"}
    assert "security" not in description
    assert describe(tiny_app(api_key="secret").state.service)["security"] == [{"key": []}]
