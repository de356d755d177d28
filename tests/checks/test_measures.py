import numpy as np
import pytest
from pictures import picture
from PIL import Image, ImageDraw, ImageFilter

from orangecontrib.imageembedding.checks.measures import MEASURES, measure


def measured(pixels, width=None, height=None):
    values = measure(pixels, width or pixels.shape[1], height or pixels.shape[0])
    return dict(zip(MEASURES, values.tolist(), strict=True))


def flat(*color, side=64):
    return np.full((side, side, 3), color, np.uint8)


def shapes(side=256):
    image = Image.new("RGB", (side, side), (240, 240, 240))
    draw = ImageDraw.Draw(image)
    for i in range(6):
        at = side * i // 8
        draw.rectangle((at, at, at + side // 6, at + side // 4), fill=(30 * i, 90, 200 - 30 * i))
    return image


@pytest.mark.parametrize(
    ("color", "hue"), [((200, 0, 0), 0), ((0, 200, 0), 120), ((0, 0, 90), 240), ((9, 9, 0), 60)]
)
def test_the_hue_of_one_color_is_its_angle_on_the_wheel(color, hue):
    found = measured(flat(*color))
    assert found["Hue"] == pytest.approx(hue, abs=0.5)
    assert found["Saturation"] == pytest.approx(1)
    assert found["Strongest Color"] == pytest.approx(max(color) / 255)
    assert np.isnan(found["Flattest Channel"])  # nothing varies


def test_a_flat_gray_picture_has_its_brightness_and_nothing_else():
    found = measured(flat(102, 102, 102), 4000, 3000)
    assert (found["Width"], found["Height"]) == (4000, 3000)
    for name in ("Brightness", "Darkest", "Brightest"):
        assert found[name] == pytest.approx(0.4)
    for name in ("Contrast", "Saturation", "Colorfulness", "Edge Density", "Entropy", "Detail"):
        assert found[name] == pytest.approx(0, abs=1e-6)
    assert np.isnan(found["Hue"])
    assert np.isnan(found["Sharpness"])


def test_two_halves_have_one_bit_and_the_contrast_of_their_difference():
    pixels = flat(0, 0, 0)
    pixels[:, 32:] = 255
    found = measured(pixels)
    assert found["Entropy"] == pytest.approx(1)
    assert found["Contrast"] == pytest.approx(0.5)
    assert found["Sharpness"] == pytest.approx(1)
    assert (found["Darkest"], found["Brightest"]) == (0, 1)


def test_sharpness_falls_with_blur_and_is_the_same_in_the_dark():
    sharp = shapes()
    found = [
        measured(np.asarray(sharp.filter(ImageFilter.GaussianBlur(radius))))["Sharpness"]
        for radius in (0, 1, 2, 4, 8)
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.9
    assert found[2] < 0.5
    assert found[-1] < 0.37
    dark = measured(np.asarray(sharp) // 4)["Sharpness"]
    assert dark == pytest.approx(found[0], abs=0.05)


def test_a_blurred_background_does_not_make_a_picture_blurred():
    image = shapes()
    half = np.asarray(image.filter(ImageFilter.GaussianBlur(8))).copy()
    half[:, :128] = np.asarray(image)[:, :128]
    assert measured(half)["Sharpness"] > 0.8


def test_a_channel_that_is_lost_is_flat_and_one_that_is_full_is_not():
    pixels = np.asarray(shapes()).copy()
    assert measured(pixels)["Flattest Channel"] > 0.3
    for channel in range(3):
        lost = pixels.copy()
        lost[..., channel] = 7
        assert measured(lost)["Flattest Channel"] == 0
    chick = flat(255, 255, 255)
    chick[20:40, 20:40] = (255, 255, 0)
    assert measured(chick)["Flattest Channel"] == 1


def test_noise_and_a_slow_change_of_color_are_no_detail_but_a_line_is():
    rng = np.random.default_rng(0)
    empty = flat(128, 120, 110, side=256).astype(float) + rng.normal(size=(256, 256, 3))
    empty += np.linspace(-15, 15, 256)[:, None]
    assert measured(empty.astype(np.uint8))["Detail"] == 0
    line = flat(255, 255, 255, side=256)
    line[100:102, 28:228] = 0
    assert measured(line)["Detail"] == pytest.approx(26 / 1024)
    squares = np.kron(rng.integers(0, 255, (16, 16, 1)), np.ones((16, 16, 3)))
    assert measured(squares.astype(np.uint8))["Detail"] > 0.4  # also where blocks end as they do


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (3, 5), (9, 4000), (700, 500)])
def test_pictures_of_any_shape_are_measured(size):
    found = measured(picture(1, *size))
    assert 0 < found["Brightness"] < 1
    assert 0 <= found["Detail"] <= 1


def test_a_large_picture_measures_like_the_same_in_small():
    large = shapes(1024)
    small = large.resize((256, 256), Image.Resampling.BOX)
    large, small = (measured(np.asarray(image)) for image in (large, small))
    for name in set(MEASURES) - {"Width", "Height", "Entropy"}:
        assert large[name] == pytest.approx(small[name], abs=0.02), name
