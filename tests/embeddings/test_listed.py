"""Lists follow the rule of tables: one bad item is one failure."""

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_backends import FakeBackend
from pictures import encoded, picture
from PIL import Image

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings.listed import locations_of
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.fetch import fetch

PIXELS = picture(3)


def embed(items):
    return oie.embed_files(items, "openface", backend=FakeBackend(), cache=False)


def pixels_of(item):
    (location,), reasons = locations_of([item])
    assert reasons == {}
    return decode(fetch(location), "x")


@pytest.mark.parametrize(
    "item",
    [
        PIXELS, np.asfortranarray(PIXELS), PIXELS[::1], Image.fromarray(PIXELS), encoded(PIXELS),
        bytearray(encoded(PIXELS)), memoryview(encoded(PIXELS)),
        np.dstack([PIXELS, np.full(PIXELS.shape[:2], 255, np.uint8)]),
        Image.fromarray(PIXELS).convert("RGBA"),
    ],
    ids=lambda item: type(item).__name__,
)  # fmt: skip
def test_images_in_memory_are_images(item):
    np.testing.assert_array_equal(pixels_of(item), PIXELS)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBX", "CMYK", "YCbCr", "HSV", "F", "I;16"])
def test_pil_images_of_every_mode(mode):
    gray = Image.fromarray(PIXELS).convert("L")
    image = gray.convert("I").convert(mode) if mode == "I;16" else gray.convert(mode)
    assert pixels_of(image).shape == PIXELS.shape


def test_gray_arrays():
    gray = PIXELS[:, :, 0]
    for item in (gray, gray[:, :, None]):
        np.testing.assert_array_equal(pixels_of(item), np.dstack([gray] * 3))


def test_an_image_that_was_opened_is_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "PNG", exif=exif)
    np.testing.assert_array_equal(pixels_of(Image.open(buffer)), np.rot90(PIXELS, -1))


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (None, "no path"), (float("nan"), "no path"), (np.nan, "no path"), (pd.NA, "no path"),
        (pd.NaT, "no path"), ("", "no path"), (np.array([]), "no path"), (b"", "empty file"),
        (b"abc", "not an image"), (5, "neither a path nor an image: int"),
        (np.zeros((2, 2, 3)), r"array of float64 and shape \(2, 2, 3\)"),
        (np.zeros((2, 2, 7), np.uint8), r"shape \(2, 2, 7\)"), ({}, "dict"),
        ("/nowhere.png", "file not found"),
    ],
)  # fmt: skip
def test_one_bad_item_is_one_failure(item, reason):
    done = embed([PIXELS, item, encoded(PIXELS)])
    assert list(done.failures) == [1]
    assert re.search(reason, done.failures[1])
    assert np.isnan(done.vectors[1]).all()
    np.testing.assert_array_equal(done.vectors[0], done.vectors[2])


def test_series_batches_and_other_lists(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(PIXELS))
    series = pd.Series([str(path), None, str(path)], index=[7, 8, 9])
    assert list(embed(series).failures) == [1]
    assert embed(np.stack([PIXELS, PIXELS])).failures == {}
    assert embed(np.stack([PIXELS[:, :, 0]] * 2)).failures == {}
    assert embed(np.array([str(path)])).failures == {}
    assert embed(p for p in (path, Path("x"))).failures == {1: "file not found"}
    assert embed([]).vectors.shape == (0, 128)


@pytest.mark.parametrize(
    "item", ["a.png", b"a", Path("a.png"), PIXELS, Image.fromarray(PIXELS), bytearray(b"a")],
    ids=lambda item: type(item).__name__,
)  # fmt: skip
def test_one_item_is_not_a_list(item):
    with pytest.raises(ValueError, match="must be a list"):
        embed(item)
