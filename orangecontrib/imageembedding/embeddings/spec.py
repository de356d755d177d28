"""What an embedder is: a frozen description, complete before any weight is loaded.

Saved models contain these descriptions: fields may be added, with a default, but none renamed.
"""

from __future__ import annotations

from dataclasses import dataclass

from orangecontrib.imageembedding.images.prepare import Preparation

USES = {
    "photos": "photographs",
    "drawings": "drawings and paintings",
    "microscopy": "microscopy",
    "faces": "faces",
    "copies": "copies of the same image",
}
SPEEDS = {
    "fast": "more than twice as fast as ResNet-50",
    "medium": "0.6 to 2 times as fast",
    "slow": "slower than that",
}


@dataclass(frozen=True)
class WeightsFile:
    """Where the trained numbers of a network come from.

    Attributes
    ----------
    name : str
        File name, as in torch's checkpoints folder.
    n_bytes : int
        Size of the file; approximate where it is not published.
    sha256_start : str
        First hexadecimal digits of the file's SHA-256; a file with another hash is refused.
        "" where the server of the file sends its hash, or no hash is known.
    url : str or None
        Where to download it.
    package : str or None
        Importable package that ships the file in its folder ``models``.
    path : str or None
        Path of a file of the user. Exactly one of `url`, `package` and `path` is given.
    """

    name: str
    n_bytes: int
    sha256_start: str
    url: str | None = None
    package: str | None = None
    path: str | None = None


@dataclass(frozen=True)
class EmbedderSpec:
    """One way to turn an image into a vector.

    Attributes
    ----------
    id : str
        Stable name, for scripts and saved settings.
    title : str
        Name for people.
    description : str
        What it is, one line.
    good_for : str
        Which images to use it for, one line.
    n_features : int
        Length of the vector.
    network : str
        How it is built: ``torchvision:NAME``, ``timm:NAME``, ``sscd:NAME`` (of torchvision,
        trained to find copies), ``python:MODULE:FUNCTION`` (of a plug-in; returns a torch
        module), ``torchscript:``, ``onnx:``, or ``server:NAME`` where only servers have it.
    preparation : Preparation
        From pixels to the network's input.
    weights : WeightsFile or None
        None where the network brings its own, and of servers.
    licence : str
        Of the weights.
    source : str
        The paper or page to cite.
    uses : tuple of str
        What it is made for or known to be good at; out of `USES`.
    speed : str
        Of `SPEEDS`, "" where nobody measured it: images per second on one core, compared with
        ResNet-50.
    version : str
        To be changed with the numbers of a network that has no weights file.
    """

    id: str
    title: str
    description: str
    n_features: int
    network: str
    preparation: Preparation
    weights: WeightsFile | None
    licence: str
    source: str
    good_for: str = ""
    version: str = ""
    uses: tuple[str, ...] = ()
    speed: str = ""

    @property
    def is_built_in(self) -> bool:
        """Whether it works on this computer without any download."""
        return not self.is_remote_only and (self.weights is None or self.weights.url is None)

    @property
    def is_remote_only(self) -> bool:
        """Whether it runs on embedding servers only."""
        return self.network.startswith("server:")

    @property
    def input_px(self) -> int:
        """Side of the square that the network sees."""
        return self.preparation.crop_px
