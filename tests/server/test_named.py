"""Networks of one's own, and several devices, as ``serve`` takes them."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
import torch
from onnx import TensorProto, helper
from pictures import encoded, picture
from server_fixtures import serving

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.__main__ import main
from orangecontrib.imageembedding.embeddings.backends.base import EncodedImage
from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.errors import BackendError, InputError, WeightsError
from orangecontrib.imageembedding.progress import silent
from orangecontrib.imageembedding.server.naming import named_embedders

FILES = [encoded(picture(seed, 64, 48)) for seed in range(12)]
IMAGES = [EncodedImage(str(row), data) for row, data in enumerate(FILES)]
SPEC = oie.get_embedder("efficientnet-lite0")


def write_means(path, factor):
    """Write a network that needs no torch: the mean of each color."""
    shape = ["n", 3, 32, 32]
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["x", "axes"], ["means"], keepdims=0),
         helper.make_node("Mul", ["means", "factor"], ["y"])],
        "means",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3]),
         helper.make_tensor("factor", TensorProto.FLOAT, [], [factor])],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture
def network(tmp_path):
    return write_means(tmp_path / "means.onnx", 1)


@pytest.fixture
def weights(tmp_path):
    module = oie.get_embedder("efficientnet-lite0").weights.package
    folder = Path(__import__(module).__file__).parent
    source = next(folder.rglob("*.pth"))
    state = torch.load(source, weights_only=True)
    path = tmp_path / "tuned.pth"
    torch.save(state, path)
    return path


def test_names_are_ids_or_files_with_a_name(network, weights):
    named = named_embedders(
        ["efficientnet-lite0", f"cells={weights}", "resnet50", f"means={network}",
         f"more=efficientnet-lite0:{weights}"]
    )  # fmt: skip
    assert list(named) == ["efficientnet-lite0", "cells", "resnet50", "means", "more"]
    assert named["cells"].network == SPEC.network
    assert named["cells"].weights.path == str(weights)
    assert named["means"].n_features == 3
    assert named["more"].network == SPEC.network


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (["cells=missing.pth"], "no weights file"),
        (["a b=missing.pth"], "cannot be the name"),
        (["=missing.pth"], "cannot be the name"),
        (["resnet50=missing.pth"], "cannot be the name"),
        (["vgg16", "vgg16"], "Two embedders"),
        (["nothing"], "no embedder"),
    ],
)
def test_names_that_cannot_be_are_refused(entries, message):
    with pytest.raises(InputError, match=message):
        named_embedders(entries)


def test_own_weights_of_the_built_in_network_are_those_that_compute(weights):
    spec = named_embedders([f"cells=efficientnet-lite0:{weights}"])["cells"]
    own, shipped = (Local(device="cpu").load(one, silent).embed(IMAGES[:2]) for one in (spec, SPEC))
    np.testing.assert_allclose(own, shipped, atol=1e-4)


def test_own_weights_that_do_not_fit_are_refused_instead_of_passed_over(tmp_path):
    torch.save({"layer.weight": torch.zeros(3, 3)}, tmp_path / "other.pth")
    spec = named_embedders([f"cells=efficientnet-lite0:{tmp_path / 'other.pth'}"])["cells"]
    with pytest.raises(WeightsError, match="do not fit"):
        Local(device="cpu").load(spec, silent)


def test_a_device_is_named_or_refused(capsys):
    refused = {"cuda:x": "no device", "cpu,auto": "Name the devices", "gpu": "no device",
               "cpu,": "no device", "all": "no NVIDIA GPU"}  # fmt: skip
    for text, message in refused.items():
        if text != "all" or not torch.cuda.is_available():
            assert main(["serve", "--port", "0", "--device", text]) == 2
            assert message in capsys.readouterr().err
    assert main(["serve", "--port", "0", "--device", "cpu,cpu", "--ray"]) == 2
    if not torch.cuda.is_available():
        with pytest.raises(BackendError, match="NVIDIA"):
            Local(device="cuda:1").load(SPEC, silent)
    with pytest.raises(InputError):
        Local(device="cuda:")


def children_of(pid):
    return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat")
            if path.read_text().rpartition(")")[2].split()[1] == str(pid)]  # fmt: skip


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc here")
def test_two_devices_serve_own_networks_and_a_dead_process_costs_nothing(network, tmp_path):
    twice = write_means(tmp_path / "twice.onnx", 2)
    names = f"means={network},cells={twice}"
    with serving("--device", "cpu,cpu", "--no-cache", embedders=names) as (process, url):

        def vector(name, row=0):
            reply = httpx.post(f"{url}/image/{name}", content=FILES[row], timeout=60)
            return reply.json().get("embedding", reply.status_code)

        about = httpx.get(f"{url}/v2/models/cells").json()
        assert about["outputs"][0]["shape"] == [-1, 3]
        assert about["parameters"]["preparation"]["crop_px"] == 32
        means = [vector("means", row) for row in range(12)]
        np.testing.assert_allclose(vector("cells", 3), 2 * np.array(means[3]), atol=1e-5)

        repository = f"{url}/v2/repository/models/cells"
        assert httpx.post(f"{repository}/unload", timeout=60).status_code == 200
        assert vector("cells") == 404
        assert httpx.post(f"{repository}/load", timeout=60).status_code == 200
        np.testing.assert_allclose(vector("cells", 3), 2 * np.array(means[3]), atol=1e-5)

        children = children_of(process.pid)
        assert len(children) == 2
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(vector, "means", row % 12) for row in range(200)]
            asked[20].result()
            os.kill(children[0], signal.SIGKILL)
            for row, reply in enumerate(asked):
                np.testing.assert_allclose(reply.result(), means[row % 12], atol=1e-5)
        children = children_of(process.pid)
        process.terminate()
        assert process.wait(30) == 0
        assert not any(Path(f"/proc/{child}").exists() for child in children)
