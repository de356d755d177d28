"""SSCD against what its paper says, computed with numpy from the maps of torchvision's ResNet."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
import torchvision
from http_files import file_server
from pictures import picture
from PIL import Image
from seeded_networks import assert_is_packed, seeded
from torchvision import transforms

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings.backends.local.sscd import sscd_network
from orangecontrib.imageembedding.embeddings.backends.local.torch_network import TorchNetwork
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.embeddings.weights import torch_checkpoints
from orangecontrib.imageembedding.errors import WeightsError

SPEC = get_embedder("sscd")
# As the authors publish it for squares: "Copy detection using square tensors benefits from
# directly resizing to the target tensor size."
SKEW_320 = transforms.Compose(
    [
        transforms.Resize([320, 320]),
        transforms.ToTensor(),
        transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
    ]
)


@pytest.fixture(scope="module")
def reference():
    return seeded(torchvision.models.resnet50(num_classes=512))


def expected_of(reference, inputs):
    """Generalized mean of the maps with the power 3, a linear layer, length 1."""
    caught = []
    handle = reference.layer4.register_forward_hook(lambda *args: caught.append(args[-1]))
    with torch.inference_mode():
        reference(inputs)
    handle.remove()
    maps = caught[0].double().numpy()
    pooled = np.cbrt((np.maximum(maps, 1e-6) ** 3).mean(axis=(2, 3)))
    vectors = pooled @ reference.fc.weight.detach().double().numpy().T
    vectors += reference.fc.bias.detach().numpy()
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def published(reference):
    """Get the bytes of a file such as the authors offer."""
    buffer = io.BytesIO()
    state = reference.state_dict()
    torch.save({f"backbone.{name}": tensor for name, tensor in state.items()}, buffer)
    return buffer.getvalue()


def test_files_are_downloaded_prepared_and_embedded_as_published(reference, tmp_path):
    files = [tmp_path / f"{i}.png" for i in range(2)]
    for i, path in enumerate(files):
        Image.fromarray(picture(i, 320 + 80 * i, 240)).save(path)
    content = published(reference)
    with file_server(content) as server:
        spec = replace(SPEC, weights=replace(SPEC.weights, url=server.url))
        done = oie.embed_files(files, spec, cache=False)
    assert abs(len(content) - SPEC.weights.n_bytes) < 500_000
    assert (torch_checkpoints() / "sscd_disc_mixup.torchvision.pt").read_bytes() == content
    inputs = torch.stack([SKEW_320(Image.open(path).convert("RGB")) for path in files])
    np.testing.assert_allclose(done.vectors, expected_of(reference, inputs), atol=1e-5)


@pytest.mark.parametrize(("precision", "tolerance"), [("exact", 1e-5), ("fast", 2e-2)])
def test_the_network_is_packed_and_its_vectors_have_length_1(reference, precision, tolerance):
    network = sscd_network("resnet50", 512, reference.state_dict()).eval()
    engine = TorchNetwork(network, "cpu", precision, 96)
    assert_is_packed(engine, network)
    inputs = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    vectors = engine(inputs.numpy())
    assert np.abs(vectors - expected_of(reference, inputs)).max() < tolerance
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=tolerance)


def test_a_file_with_other_tensors_is_refused(tmp_path):
    torch.save({"backbone.conv1.weight": torch.zeros(64, 3, 7, 7)}, tmp_path / SPEC.weights.name)
    with pytest.raises(WeightsError, match="do not fit the network"):
        oie.embed_files([tmp_path / "0.png"], SPEC, backend=oie.Local(tmp_path), cache=False)
