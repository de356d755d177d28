"""Every network of the catalogue against torchvision's and timm's own, with seeded weights."""

import numpy as np
import pytest
import timm
import torch
import torchvision
from pictures import picture
from PIL import Image
from seeded_networks import assert_is_packed, seeded
from torch import nn

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings.backends.local import networks, packing
from orangecontrib.imageembedding.embeddings.backends.local.torch_network import TorchNetwork
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder, list_embedders
from orangecontrib.imageembedding.embeddings.weights import weights_path

# VGG-19 is VGG-16 with three more layers, and half a gigabyte.
TORCHVISION = [
    spec
    for spec in list_embedders()
    if spec.network.startswith("torchvision:") and spec.id not in ("resnet50-v2", "vgg19")
]


def reference_of(name):
    options = {"transform_input": True, "init_weights": True} if name == "inception_v3" else {}
    return seeded(torchvision.models.get_model(name, weights=None, **options))


def entering_the_classifier(network, inputs):
    """Get what enters the last layer, by a hook: independent of how it is cut off."""
    caught = []
    linear = [module for module in network.modules() if isinstance(module, nn.Linear)]
    if linear:
        linear[-1].register_forward_pre_hook(lambda _, entering: caught.append(entering[0]))
        with torch.inference_mode():
            network(inputs)
        return caught[0].numpy()
    with torch.inference_mode():
        return network.features(inputs).mean(dim=(2, 3)).numpy()


def cosine(a, b):
    return (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@pytest.mark.parametrize("spec", TORCHVISION, ids=lambda spec: spec.id)
def test_networks_of_torchvision_give_what_enters_their_classifier(spec):
    name = spec.network.partition(":")[2]
    reference = reference_of(name)
    inputs = torch.from_numpy(
        np.random.default_rng(0).normal(size=(3, 3, spec.input_px, spec.input_px))
    ).float()
    expected = entering_the_classifier(reference, inputs)
    assert expected.shape == (3, spec.n_features)
    network = networks._torchvision_network(name, reference.state_dict()).eval()
    engine = TorchNetwork(network, "cpu", "exact", spec.input_px)
    assert_is_packed(engine, network)
    exact = engine(inputs.numpy())
    assert exact.dtype == np.float32
    assert np.abs(exact - expected).max() < 1e-4 * np.abs(expected).max()
    engine = TorchNetwork(network, "cpu", "fast", spec.input_px)
    assert_is_packed(engine, network)
    fast = engine(inputs.numpy())
    assert fast.dtype == np.float32
    assert cosine(fast, expected).min() > 0.99


@pytest.mark.parametrize("precision", ["exact", "fast"])
def test_the_built_in_network_is_packed(precision):
    spec = get_embedder("efficientnet-lite0")
    network = networks.build_network(spec, weights_path(spec.weights))
    assert_is_packed(TorchNetwork(network, "cpu", precision, spec.input_px), network)


def test_a_network_that_cannot_be_packed_is_named_in_the_log(monkeypatch, caplog):
    network = seeded(torchvision.models.resnet18(weights=None))
    network.fc = nn.Identity()
    inputs = np.random.default_rng(0).normal(size=(1, 3, 64, 64)).astype(np.float32)
    expected = TorchNetwork(network, "cpu", "exact", 64)(inputs)
    assert caplog.records == []
    monkeypatch.delattr(torch._C._nn, "mkldnn_reorder_conv2d_weight")  # another torch
    plain = TorchNetwork(network, "cpu", "exact", 64)
    assert packing.n_packed(plain._network) == 0
    np.testing.assert_allclose(plain(inputs), expected, rtol=1e-3, atol=1e-4)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "ResNet is computed as it is, which is slower" in record.getMessage()
    assert "mkldnn_reorder_conv2d_weight" in record.getMessage()


@pytest.fixture
def files(tmp_path):
    for i, size in enumerate([(320, 200), (150, 300), (500, 500)]):
        Image.fromarray(picture(i, *size)).save(tmp_path / f"{i}.png")
    return sorted(tmp_path.glob("*.png"))


@pytest.mark.parametrize(
    "embedder",
    ["timm:resnet18", "timm:mobilenetv3_small_100", "timm:vit_tiny_patch16_224",
     "mobilenet-v4", "convnext-nano", "resnet50-swsl"],
)  # fmt: skip
def test_models_of_timm_equal_timm_with_its_own_preparation(embedder, files, tmp_path):
    from safetensors.torch import save_file

    spec = get_embedder(embedder)
    full = seeded(timm.create_model(spec.network.partition(":")[2], pretrained=False))
    save_file(full.state_dict(), tmp_path / spec.weights.name)
    config = timm.data.resolve_data_config(pretrained_cfg=full.pretrained_cfg)
    prepare = timm.data.create_transform(**config)
    full.reset_classifier(0)
    with torch.inference_mode():
        batch = torch.stack([prepare(Image.open(path)) for path in files])
        expected = full.eval()(batch).numpy()
    done = oie.embed_files(files, spec, backend=oie.Local(tmp_path), cache=False)
    assert np.abs(done.vectors - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("embedder", ["dinov2-small", "clip-vit-b-32", "siglip-b-16"])
def test_transformers_are_built_from_files_as_timm_has_them(embedder, files, tmp_path):
    from safetensors.torch import save_file

    spec = get_embedder(embedder)
    full = timm.create_model(spec.network.partition(":")[2], pretrained=False).eval()
    save_file(full.state_dict(), tmp_path / spec.weights.name)
    done = oie.embed_files(files[:1], spec, backend=oie.Local(tmp_path), cache=False)
    assert done.vectors.shape == (1, spec.n_features)
    assert np.isfinite(done.vectors).all()
