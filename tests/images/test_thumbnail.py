"""Thumbnails, and their cache on disk."""

import os
import sqlite3

import numpy as np
import pytest
from pictures import encoded, picture

from orangecontrib.imageembedding.errors import ImageError
from orangecontrib.imageembedding.images import thumbnail as module
from orangecontrib.imageembedding.images import thumbnailcache
from orangecontrib.imageembedding.images.thumbnail import thumbnail

pytestmark = pytest.mark.usefixtures("at_rest")


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(picture(1, 900, 450)))
    return str(path)


@pytest.fixture
def decoded(monkeypatch):
    """Get the list of files that were really decoded."""
    names, decode = [], module.decode

    def counting(data, location, **options):
        names.append(os.path.basename(location))
        return decode(data, location, **options)

    monkeypatch.setattr(module, "decode", counting)
    return names


def write(path, pixels):
    with open(path, "wb") as file:
        file.write(encoded(pixels))
    os.utime(path, ns=(1, 1))  # later than any clock step matters: another time than before


@pytest.mark.parametrize("side_px", [48, 64, 100, 300, 512, 700])
def test_the_longer_side_has_the_size_asked_for(photo, side_px):
    for _ in range(2):  # decoded, then from the disk
        assert thumbnail(photo, side_px).shape == (side_px // 2, side_px, 3)


def test_the_second_time_it_comes_from_the_disk_and_is_the_same(photo, decoded):
    first = thumbnail(photo, 100)
    second = thumbnail(photo, 100)
    assert decoded == ["photo.png"]
    assert np.abs(first.astype(int) - second).mean() < 2


def test_one_entry_serves_all_smaller_sizes_of_its_class(photo, decoded):
    thumbnail(photo, 128)
    assert thumbnail(photo, 70).shape[1] == 70
    assert len(decoded) == 1
    thumbnail(photo, 200)
    assert len(decoded) == 2


def test_a_file_that_has_changed_is_decoded_anew(photo, decoded):
    thumbnail(photo, 100)
    write(photo, np.zeros((450, 900, 3), np.uint8))
    assert thumbnail(photo, 100).max() == 0
    assert len(decoded) == 2


def test_a_small_picture_is_neither_enlarged_nor_kept(tmp_path):
    path = str(tmp_path / "small.png")
    pixels = picture(2, 48, 32)
    write(path, pixels)
    np.testing.assert_array_equal(thumbnail(path, 64), pixels)
    assert not thumbnailcache.CACHE.path.exists()


def test_a_damaged_entry_is_made_anew(photo, decoded):
    thumbnail(photo, 100)
    with sqlite3.connect(thumbnailcache.CACHE.path) as base:
        base.execute("UPDATE pictures SET jpeg = x'00'")
    base.close()
    assert thumbnail(photo, 100).shape == (50, 100, 3)
    thumbnail(photo, 100)
    assert len(decoded) == 2


def test_what_cannot_be_read_is_an_error_each_time(tmp_path):
    (tmp_path / "x.png").write_bytes(b"Dear diary")
    for name, reason in (("x.png", "not an image"), ("gone.png", "not found")):
        for _ in range(2):
            with pytest.raises(ImageError, match=reason):
                thumbnail(str(tmp_path / name), 100)
