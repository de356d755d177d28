"""Networks with random weights, as tests of several files need them."""

import torch
from torch import nn

from orangecontrib.imageembedding.embeddings.backends.local import packing


def seeded(network):
    """Give a network statistics as training leaves them, not 0 and 1."""
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return network.eval()


def assert_is_packed(engine, network):
    """All its speed comes of that."""
    convolutions = [module for module in network.modules() if type(module) is nn.Conv2d]
    assert convolutions
    assert packing.n_packed(engine._network) == len(convolutions)
