"""The page *Supported images* says what the code does."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from pictures import encoded

from orangecontrib.imageembedding.images import limits, sniff
from orangecontrib.imageembedding.images.color import scaled_to_8_bits
from orangecontrib.imageembedding.images.fetch import MAX_BYTES
from orangecontrib.imageembedding.images.jpeg import reduction
from orangecontrib.imageembedding.images.prepare import Preparation

PAGE = (Path(__file__).parents[1] / "doc" / "supported-images.md").read_text(encoding="utf-8")


def test_the_tables_are_those_that_the_code_writes():
    sys.path.insert(0, str(Path(__file__).parents[1] / "doc"))
    try:
        from write_supported_images import with_tables
    finally:
        del sys.path[0]
    assert with_tables(PAGE) == PAGE


def test_the_limit_is_the_default():
    megapixels = [float(number) for number in re.findall(r"\*\*([\d.]+) megapixels\*\*", PAGE)]
    assert megapixels == [limits.DEFAULT_MAX_MEGAPIXELS]
    assert f"`{limits.VARIABLE}`" in PAGE
    assert "more than 1 GB" in PAGE
    assert MAX_BYTES == 1 << 30


@pytest.mark.parametrize("largest", [255, 1023, 4095, 16383, 65535])
def test_the_rule_of_depth_for_unsigned_16_bits(largest):
    assert str(largest) in PAGE
    values = np.array([[0, largest // 3, largest]], np.uint16)
    expected = np.rint(values / largest * 255)
    np.testing.assert_array_equal(scaled_to_8_bits(values), expected)


def test_the_rule_of_depth_for_other_numbers():
    values = np.array([[-2.0, 0.0, 8.0, np.nan, np.inf, -np.inf]])
    np.testing.assert_array_equal(scaled_to_8_bits(values), [[0, 51, 255, 0, 255, 0]])
    assert (scaled_to_8_bits(np.full((2, 2), 7.0)) == 0).all()


def test_the_size_at_which_jpegs_are_decoded():
    at_least_px = 2 * Preparation().resize_px
    assert f"({at_least_px} where that is {Preparation().resize_px})" in PAGE
    sides = [(at_least_px * factor, reduction((9999, at_least_px * factor), at_least_px))
             for factor in (1, 2, 4, 8, 16)]  # fmt: skip
    assert [factor for _, factor in sides] == [1, 2, 4, 8, 8]
    assert "1/2, 1/4 or 1/8" in PAGE


def test_the_page_is_named_by_what_it_says_of_a_png_with_the_wrong_name():
    assert sniff.sniff(encoded(np.zeros((1, 1), np.uint8))[: sniff.SNIFFED_BYTES]) == "PNG"
    assert "a PNG named `.jpg` is read" in PAGE
