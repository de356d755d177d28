"""Vectors against the reference implementations, torchvision's and timm's own forward passes."""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
import torchvision
from http_files import file_server
from pictures import picture
from PIL import Image
from torchvision import transforms

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings.weights import obtain_weights
from orangecontrib.imageembedding.errors import WeightsError

GOLDEN = Path(__file__).with_name("efficientnet-lite0.npy")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Pictures of several shapes, sizes and formats."""
    folder = tmp_path_factory.mktemp("pictures")
    paths = []
    for seed, (width, height) in enumerate([(640, 480), (300, 500), (224, 224), (97, 61)]):
        for suffix in (".png", ".jpg"):
            path = folder / f"{seed}{suffix}"
            Image.fromarray(picture(seed, width, height)).save(path, quality=90)
            paths.append(path)
    return paths


@pytest.fixture
def seeded_resnet50():
    """A ResNet-50 with random weights, and the bytes of its weights file."""
    import io

    torch.manual_seed(1)
    network = torchvision.models.resnet50(weights=None).eval()
    for module in network.modules():  # statistics as training leaves them, not 0 and 1
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    buffer = io.BytesIO()
    torch.save(network.state_dict(), buffer)
    return network, buffer.getvalue()


def with_weights(spec, url, content):
    digest = hashlib.sha256(content).hexdigest()[:8]
    weights = dataclasses.replace(
        spec.weights, name=f"seeded-{digest}.pth", sha256_start=digest, url=url
    )
    return dataclasses.replace(spec, weights=weights)


@pytest.mark.parametrize(("embedder_id", "resize_px"), [("resnet50", 256), ("resnet50-v2", 232)])
def test_resnet50_equals_torchvision(files, seeded_resnet50, embedder_id, resize_px):
    network, content = seeded_resnet50
    network.fc = torch.nn.Identity()
    prepare = transforms.Compose(
        [
            transforms.Resize(resize_px),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )
    with torch.inference_mode():
        batch = torch.stack([prepare(Image.open(path)) for path in files])
        reference = network(batch).numpy()
    scale = np.abs(reference).max()

    with file_server(content) as server:
        spec = with_weights(oie.get_embedder(embedder_id), server.url, content)
        embedded = oie.embed_files(files, spec)

    assert embedded.failures == {}
    assert embedded.vectors.shape == (len(files), 2048)
    np.testing.assert_allclose(embedded.vectors / scale, reference / scale, atol=1e-4)


def efficientnet_reference(files):
    """The network as timm builds it; the weights file has other names in the same order."""
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    path = obtain_weights(oie.get_embedder("efficientnet-lite0").weights)
    state = torch.load(path, weights_only=True)
    network.load_state_dict(dict(zip(network.state_dict(), state.values(), strict=True)))
    prepare = transforms.Compose(
        [
            transforms.Resize(256, transforms.InterpolationMode.BICUBIC),
            transforms.CenterCrop(224),
            transforms.PILToTensor(),
        ]
    )
    with torch.inference_mode():
        batch = torch.stack([prepare(Image.open(path)) for path in files])
        features = network.forward_features((batch.float() - 127) / 128)
        return network.forward_head(features, pre_logits=True).numpy()


def test_efficientnet_lite0_equals_timm(files):
    embedded = oie.embed_files(files, "efficientnet-lite0")
    assert embedded.vectors.shape == (len(files), 1280)
    np.testing.assert_allclose(embedded.vectors, efficientnet_reference(files), atol=1e-4)


def test_efficientnet_lite0_gives_its_golden_vector(tmp_path):
    """The file was written by `efficientnet_reference` with timm 1.0.31 and torch 2.15."""
    path = tmp_path / "golden.png"
    Image.fromarray(picture(7, 320, 256)).save(path)
    embedded = oie.embed_files([path], "efficientnet-lite0")
    np.testing.assert_allclose(embedded.vectors[0], np.load(GOLDEN), atol=1e-4)


def test_weights_that_do_not_fit_the_network_are_an_error(files, tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"fc.weight": torch.zeros(2)}, path)
    spec = with_weights(oie.get_embedder("resnet50"), "http://unused.test", path.read_bytes())
    path.rename(tmp_path / spec.weights.name)
    with pytest.raises(WeightsError, match="do not fit"):
        oie.embed_files(files, spec, backend=oie.Local(tmp_path))


def test_a_weights_file_that_would_run_code_is_refused(files, tmp_path):
    import pickle

    class Evil:
        def __reduce__(self):
            return Path.touch, (tmp_path / "executed",)

    content = pickle.dumps(Evil())
    spec = with_weights(oie.get_embedder("resnet50"), "http://unused.test", content)
    (tmp_path / spec.weights.name).write_bytes(content)
    with pytest.raises(WeightsError, match="could run code"):
        oie.embed_files(files, spec, backend=oie.Local(tmp_path))
    assert not (tmp_path / "executed").exists()


def test_weights_that_cannot_be_had_name_the_built_in_embedder_and_nothing_else_is_used(files):
    with pytest.raises(WeightsError, match=r"EfficientNet-Lite0 \(efficientnet-lite0\)"):
        oie.embed_files(files, "resnet50")
