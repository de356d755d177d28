"""Devices, precision and memory, on a computer that need not have the devices."""

import numpy as np
import pytest
import torch
from pictures import encoded, picture
from torch import nn

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings.backends.base import EncodedImage
from orangecontrib.imageembedding.embeddings.backends.local import devices
from orangecontrib.imageembedding.embeddings.backends.local.torch_network import TorchNetwork
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.errors import BackendError, InputError
from orangecontrib.imageembedding.progress import silent


class Mean(nn.Module):
    """Runs out of memory above so many images."""

    def __init__(self, most=10**9, error="CUDA out of memory. Tried to allocate 2 GiB"):
        super().__init__()
        self.most = most
        self.error = error
        self.sizes = []

    def forward(self, x):
        if len(x) > self.most:
            raise RuntimeError(self.error)
        self.sizes.append(len(x))
        return x.mean(dim=(2, 3))


def inputs(n):
    return np.arange(n, dtype=np.float32)[:, None, None, None] * np.ones((1, 3, 8, 8), np.float32)


def on_cpu(network):
    runner = TorchNetwork(network, "cpu", "exact", 8)
    runner._network = network  # as on a device for which nothing is packed
    network.sizes.clear()
    return runner


@pytest.mark.parametrize(
    "error",
    [
        "CUDA out of memory. Tried to allocate 2 GiB",
        "MPS backend out of memory (MPS allocated: 9 GB)",
        "[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory",
        "DefaultCPUAllocator: not enough memory: you tried to allocate 3 bytes",
    ],
)
def test_out_of_memory_halves_the_batch_and_goes_on(error):
    network = Mean(most=3, error=error)
    runner = on_cpu(network)
    np.testing.assert_allclose(runner(inputs(8))[:, 0], np.arange(8))
    assert max(network.sizes) <= 3
    assert sum(network.sizes) == 8
    network.sizes.clear()
    runner(inputs(8))
    assert network.sizes == [2, 2, 2, 2]  # remembered


def test_too_little_memory_for_one_image_is_an_error():
    with pytest.raises(BackendError, match="too little memory for a single image"):
        on_cpu(Mean(most=0))(inputs(4))


def test_other_failures_of_the_device_are_errors_that_name_it():
    with pytest.raises(BackendError, match="The processor failed: misaligned address"):
        on_cpu(Mean(most=0, error="misaligned address"))(inputs(4))


@pytest.mark.parametrize(("there", "chosen"), [("cuda", "cuda"), ("mps", "mps"), (None, "cpu")])
def test_auto_takes_a_gpu_where_there_is_one(monkeypatch, there, chosen):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there == "cuda")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: there == "mps")
    assert devices.resolve_device("auto") == chosen


def test_a_device_that_is_not_there_is_an_error_that_says_why(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BackendError, match="no NVIDIA GPU.*auto, cpu"):
        oie.Local(device="cuda").load(get_embedder("efficientnet-lite0"), silent)


def test_unknown_devices_and_precisions_are_errors():
    with pytest.raises(InputError, match="no device 'tpu'.*auto, cpu, cuda"):
        oie.Local(device="tpu")
    with pytest.raises(InputError, match="no precision 'half'.*exact, fast"):
        oie.Local(precision="half")


def test_fast_is_16_bits_only_where_the_hardware_has_them(monkeypatch):
    assert devices.number_type("cuda", "fast") == torch.float16
    assert devices.number_type("mps", "fast") == torch.float16
    for device in ("cpu", "cuda", "mps"):
        assert devices.number_type(device, "exact") == torch.float32
    for has_it, expected in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(devices, "_has_bfloat16", lambda has_it=has_it: has_it)
        assert devices.number_type("cpu", "fast") == expected


def test_fast_is_close_to_exact_with_trained_weights():
    spec = get_embedder("efficientnet-lite0")
    images = [EncodedImage("", encoded(picture(i, 300, 200))) for i in range(6)]
    exact = np.array(oie.Local().load(spec, silent).embed(images))
    fast = np.array(oie.Local(precision="fast").load(spec, silent).embed(images))
    norms = np.linalg.norm(exact, axis=1) * np.linalg.norm(fast, axis=1)
    assert ((exact * fast).sum(axis=1) / norms).min() > 0.99


@pytest.mark.parametrize("device", ["cuda", "mps", "openvino"])
def test_every_device_gives_the_numbers_of_the_processor(device):
    if device not in devices.available_devices():
        pytest.skip(f"this computer has no {device}")
    spec = get_embedder("efficientnet-lite0")
    images = [EncodedImage("", encoded(picture(i, 300, 200))) for i in range(9)]
    expected = np.array(oie.Local(device="cpu").load(spec, silent).embed(images))
    got = np.array(oie.Local(device=device).load(spec, silent).embed(images))
    assert np.abs(got - expected).max() < 1e-4 * np.abs(expected).max()


def test_a_network_that_cannot_be_packed_is_used_as_it_is():
    from orangecontrib.imageembedding.embeddings.backends.local.packing import packed

    class Twisted(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            y = self.convolution(x)
            return y if y.sum() > 0 else -y  # cannot be traced

    network = Twisted().eval()
    assert packed(network, torch.zeros(2, 3, 8, 8)) is network


def test_packing_leaves_the_network_as_it_was():
    from orangecontrib.imageembedding.embeddings.backends.local.packing import packed

    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU()).eval()
    x = torch.randn(2, 3, 8, 8)
    with torch.inference_mode():
        before = network(x)
        faster = packed(network, x)
        np.testing.assert_allclose(faster(x), before, atol=1e-5)
        packed(network, x.bfloat16())
        np.testing.assert_array_equal(network(x), before)
    assert len(list(faster.graph.nodes)) == 3  # what goes in, one convolution, what comes out


@pytest.mark.parametrize(
    ("after", "overwrites"),
    [
        (lambda y, a: y, True),
        (lambda y, a: y + a, False),
        (lambda y, a: y + a.flatten(1).mean(), False),
    ],
)
def test_a_shortcut_is_overwritten_only_where_nothing_reads_it_later(after, overwrites):
    from orangecontrib.imageembedding.embeddings.backends.local.packing import packed

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.third = (
                nn.Conv2d(n, 8, 3, padding=1, bias=False) for n in (3, 8, 8)
            )
            self.relu = nn.ReLU()

        def forward(self, x):
            a = self.first(x)
            return after(self.relu(self.third(self.second(a)) + a), a)

    torch.manual_seed(0)
    network = Residual().eval()
    x = torch.randn(2, 3, 8, 8)
    faster = packed(network, x)
    assert [part.overwrites for part in faster.children()][-1] is overwrites
    with torch.inference_mode():
        np.testing.assert_allclose(faster(x), network(x), atol=1e-5)


def test_an_input_that_is_the_shortcut_is_not_overwritten():
    from orangecontrib.imageembedding.embeddings.backends.local.packing import packed

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.only, self.relu = nn.Conv2d(3, 3, 3, padding=1), nn.ReLU()

        def forward(self, x):
            return self.relu(self.only(x) + x)

    network, x = Residual().eval(), torch.randn(2, 3, 8, 8)
    before = x.clone()
    with torch.inference_mode():
        np.testing.assert_allclose(packed(network, x)(x), network(before), atol=1e-5)
    np.testing.assert_array_equal(x, before)
