"""What an embedder is: a frozen description, complete before any weight is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from orangecontrib.imageembedding.images.prepare import Preparation


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """Where the trained numbers of a network come from.

    Attributes
    ----------
    name : str
        File name, as in torch's checkpoints folder.
    n_bytes : int
        Size of the file.
    sha256_start : str
        First hexadecimal digits of the file's SHA-256; a file with another hash is refused.
    url : str or None
        Where to download it; None if a package ships it.
    package : str or None
        Importable package that ships the file in its folder ``models``.
    """

    name: str
    n_bytes: int
    sha256_start: str
    url: str | None = None
    package: str | None = None


@dataclass(frozen=True, slots=True)
class EmbedderSpec:
    """One way to turn an image into a vector.

    Attributes
    ----------
    id : str
        Stable name, for scripts and saved settings.
    title : str
        Name for people.
    description : str
        What it is good for, one sentence.
    n_features : int
        Length of the vector.
    network : str
        ``"<library>:<name>"``, for example ``"torchvision:resnet50"``.
    preparation : Preparation
        From pixels to the network's input.
    weights : WeightsFile
    licence : str
        Of the weights.
    source : str
        The paper or page to cite.
    """

    id: str
    title: str
    description: str
    n_features: int
    network: str
    preparation: Preparation
    weights: WeightsFile
    licence: str
    source: str

    @property
    def is_built_in(self) -> bool:
        """Whether it works without any download."""
        return self.weights.url is None
