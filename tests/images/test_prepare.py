import numpy as np
import pytest
from pictures import picture
from PIL import Image
from torchvision import transforms

from orangecontrib.imageembedding.images.prepare import Preparation, prepare

SIZES = [(640, 480), (480, 640), (100, 37), (37, 100), (224, 224), (256, 256), (300, 299), (1, 9)]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("resize_px", [256, 232])
def test_it_equals_torchvision(width, height, interpolation, resize_px):
    pixels = picture(3, width, height)
    reference = transforms.Compose(
        [
            transforms.Resize(resize_px, transforms.InterpolationMode(interpolation)),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )(Image.fromarray(pixels)).numpy()

    prepared = prepare(pixels, Preparation(resize_px=resize_px, interpolation=interpolation))

    assert prepared.shape == (3, 224, 224)
    assert prepared.dtype == np.float32
    np.testing.assert_allclose(prepared, reference, atol=1e-6)


@pytest.mark.parametrize("size", [(2000, 100), (100, 2000)])
def test_a_sliver_is_right_within_one_gray_level(size):
    pixels = picture(3, *size)
    reference = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])(
        Image.fromarray(pixels)
    )
    prepared = prepare(pixels, Preparation(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)))
    difference = np.abs(prepared.transpose(1, 2, 0) - np.asarray(reference, np.float32))
    assert difference.max() <= 1


def test_a_sliver_takes_no_memory_for_what_is_cut_off():
    sliver = np.zeros((1, 60_000, 3), np.uint8)
    assert prepare(sliver, Preparation()).shape == (3, 224, 224)
