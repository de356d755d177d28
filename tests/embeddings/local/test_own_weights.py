"""Files of users: their weights for a known network, or a network of their own."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from pictures import write_images
from torch import nn

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.errors import BackendError, InputError, WeightsError


@pytest.fixture(scope="module")
def tuned():
    """A ResNet-50 for five classes of somebody."""
    torch.manual_seed(2)
    return torchvision.models.resnet50(num_classes=5).eval()


@pytest.fixture
def files(tmp_path):
    write_images(tmp_path / "images", ["1.png", "2.png"], width=300, height=260)
    return sorted((tmp_path / "images").glob("*.png"))


@pytest.fixture
def expected(tuned, files):
    """Vectors by torchvision's own preparation."""
    from PIL import Image
    from torchvision.models import ResNet50_Weights

    prepare = ResNet50_Weights.IMAGENET1K_V1.transforms()
    body = nn.Sequential(*list(tuned.children())[:-1], nn.Flatten()).eval()
    with torch.inference_mode():
        return body(torch.stack([prepare(Image.open(path)) for path in files])).numpy()


def assert_close(vectors, expected):
    assert np.abs(vectors - expected).max() < 1e-4 * np.abs(expected).max()


WRAPPINGS = {
    "plain": lambda state: state,
    "state_dict": lambda state: {"state_dict": state, "epoch": 3},
    "module.": lambda state: {f"module.{name}": tensor for name, tensor in state.items()},
    "model": lambda state: {"model": {f"model.{name}": t for name, t in state.items()}},
    "no head": lambda state: {n: t for n, t in state.items() if not n.startswith("fc.")},
}


@pytest.mark.parametrize("wrapping", list(WRAPPINGS))
def test_a_fine_tuned_network_with_other_classes(tuned, files, expected, tmp_path, wrapping):
    path = tmp_path / "tuned.pth"
    torch.save(WRAPPINGS[wrapping](tuned.state_dict()), path)
    done = oie.embed_files(files, "resnet50", weights=path)
    assert_close(done.vectors, expected)
    assert oie.embed_files(files, "resnet50", weights=path).n_cached == 2


def test_safetensors(tuned, files, expected, tmp_path):
    from safetensors.torch import save_file

    save_file(tuned.state_dict(), tmp_path / "tuned.safetensors")
    done = oie.embed_files(files, "resnet50", weights=tmp_path / "tuned.safetensors")
    assert_close(done.vectors, expected)


def test_other_weights_have_other_vectors_in_the_cache(tuned, files, tmp_path):
    path = tmp_path / "tuned.pth"
    torch.save(tuned.state_dict(), path)
    first = oie.embed_files(files, "resnet50", weights=path)
    other = {name: tensor * 1.1 for name, tensor in tuned.state_dict().items()}
    torch.save(other, path)  # the same name
    second = oie.embed_files(files, "resnet50", weights=path)
    assert second.n_cached == 0
    assert np.abs(first.vectors - second.vectors).max() > 1e-3


def test_the_embedder_says_whose_it_is(tuned, tmp_path):
    path = tmp_path / "tuned.pth"
    torch.save(tuned.state_dict(), path)
    spec = oie.own_embedder(path, "resnet50")
    assert spec.title == "ResNet-50 with tuned.pth"
    assert spec.is_built_in  # no download
    assert spec.n_features == 2048


def test_torchscript(tuned, files, expected, tmp_path):
    body = nn.Sequential(*list(tuned.children())[:-1], nn.Flatten()).eval()
    with pytest.warns(FutureWarning) if torch.__version__ >= "2.10" else pytest.warns():
        torch.jit.trace(body, torch.zeros(1, 3, 224, 224)).save(str(tmp_path / "net.pt"))
    spec = oie.own_embedder(tmp_path / "net.pt", "resnet50")
    assert (spec.title, spec.n_features) == ("net.pt", 2048)
    assert_close(oie.embed_files(files, spec).vectors, expected)


@pytest.mark.parametrize("batch", ["any", "one"])
def test_onnx(tuned, files, expected, tmp_path, batch):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    body = nn.Sequential(*list(tuned.children())[:-1], nn.Flatten()).eval()
    axes = {"x": {0: "n"}, "y": {0: "n"}} if batch == "any" else None
    torch.onnx.export(
        body, torch.zeros(1, 3, 224, 224), str(tmp_path / "net.onnx"), dynamo=False,
        input_names=["x"], output_names=["y"], dynamic_axes=axes,
    )  # fmt: skip
    done = oie.embed_files(files, "resnet50", weights=tmp_path / "net.onnx")
    assert_close(done.vectors, expected)


class Evil:
    """Touches a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("how", ["pickle", "torch", "torch with tensors"])
def test_what_could_run_code_is_refused_and_not_run(files, tmp_path, how):
    path = tmp_path / "evil.pth"
    evil = Evil(tmp_path / "executed")
    if how == "pickle":
        path.write_bytes(pickle.dumps(evil))
    else:
        torch.save(evil if how == "torch" else {"fc.weight": torch.zeros(3), "x": evil}, path)
    with pytest.raises(WeightsError, match="could run code"):
        oie.embed_files(files, "resnet50", weights=path)
    assert not (tmp_path / "executed").exists()


def test_a_whole_model_is_refused_with_the_remedy(tuned, files, tmp_path):
    torch.save(tuned, tmp_path / "model.pth")
    with pytest.raises(WeightsError, match=r"torch.save\(model.state_dict\(\), path\)"):
        oie.embed_files(files, "resnet50", weights=tmp_path / "model.pth")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.pth", b"Dear diary", "cannot be read|could run code"),
        ("a.pth", b"", "cannot be read"),
        ("a.safetensors", b"Dear diary", "cannot be read"),
        ("a.onnx", b"Dear diary", "cannot be read"),
    ],
)
def test_other_files_are_refused_by_name(files, tmp_path, name, content, message):
    if name.endswith("onnx"):
        pytest.importorskip("onnxruntime")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=message) as caught:
        oie.embed_files(files, "resnet50", weights=tmp_path / name)
    assert name in str(caught.value)


def test_weights_of_another_network_are_refused(files, tmp_path):
    torch.save(torchvision.models.resnet18().state_dict(), tmp_path / "other.pth")
    with pytest.raises(BackendError, match="do not fit the network"):
        oie.embed_files(files, "resnet50", weights=tmp_path / "other.pth")


def test_a_file_that_is_not_there(files):
    with pytest.raises(InputError, match="no weights file /nowhere/x.pth"):
        oie.embed_files(files, "resnet50", weights="/nowhere/x.pth")
