"""SSCD: a ResNet-50 that was trained to recognize copies of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from orangecontrib.imageembedding.embeddings.backends.local.state import State, load_state

if TYPE_CHECKING:
    from torch import Tensor, nn

POWER = 3.0
LEAST = 1e-6  # the root of 0 has no gradient, so the published network was trained with this
PREFIX = "backbone."  # of all tensors in the published files


def sscd_network(name: str, n_features: int, state: State) -> nn.Module:
    """Build a network of "A Self-Supervised Descriptor for Image Copy Detection".

    It is a ResNet of torchvision with generalized-mean (GeM) pooling, a linear layer down to
    `n_features`, and an output scaled to length 1 (Pizzi et al. 2022, section 4).

    Parameters
    ----------
    name : str
        Of the ResNet in torchvision.
    n_features : int
        Length of the vector.
    state : dict of str to Tensor
        Weights as published in files that end with ``torchvision.pt``.

    Raises
    ------
    WeightsError
        If tensors are missing, too many, or of another shape.
    """
    import torch
    import torchvision
    from torch import nn

    class GeneralizedMean(nn.Module):  # type: ignore[misc]
        def forward(self, maps: Tensor) -> Tensor:
            powers = maps.clamp(min=LEAST).pow(POWER)
            return cast("Tensor", powers.mean(dim=(2, 3)).pow(1 / POWER))

    class Directions(nn.Module):  # type: ignore[misc]
        def forward(self, vectors: Tensor) -> Tensor:
            return nn.functional.normalize(vectors)

    with torch.device("meta"):  # no time is spent on random weights
        network = torchvision.models.get_model(name, weights=None, num_classes=n_features)
    network.avgpool = GeneralizedMean()
    load_state(network, {key.removeprefix(PREFIX): value for key, value in state.items()})
    return nn.Sequential(network, Directions())
