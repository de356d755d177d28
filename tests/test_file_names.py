"""Names that file systems allow, from the folder to the clusters, through saved tables."""

import os
import sys

import numpy as np
import pytest
from fake_backends import FakeBackend
from pictures import encoded, picture

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.tables.locate import default_image_locations
from orangecontrib.imageembedding.tables.store import EXTENSIONS, load_table, save_table

NAMES = [
    "with space.png", " leading.png", "ünïcödé.png", "u\u0308ni.png", "😀.png", "line\nbreak.png",
    "tab\tbed.png", "quote\"'.png", "percent%20.png", "hash#q?.png", "semi;comma,.png", "no-suffix",
    "UPPER.PNG", "x" * 240 + ".png", "?.png", "nan", "-o.png", "$HOME.png", "שלום.png", "a=b|c.png",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    if os.name == "nt":
        pytest.skip("Windows forbids most of these")
    top = tmp_path / "images"
    for i, name in enumerate(NAMES):
        path = top / ("nan" if i % 2 else "?") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(picture(i)))
    return top


def test_every_name_is_found_and_embedded(folder):
    found = oie.import_images(folder)
    assert found.skipped == ()
    assert len(found.table) == len(NAMES)
    done = oie.embed_images(found.table, "efficientnet-lite0", backend=FakeBackend())
    assert done.skipped is None
    assert set(found.table.domain.class_var.values) == {"nan", "?"}
    assert not np.isnan(found.table.Y).any()


@pytest.mark.skipif(os.name == "nt", reason="there it separates folders")
def test_a_backslash_in_a_name_is_part_of_it(tmp_path):
    (tmp_path / "a\\b.png").write_bytes(encoded(picture()))
    row = oie.import_images(tmp_path).table[0]
    assert (str(row["image name"]), str(row["file"])) == ("a\\b", "a\\b.png")


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_every_name_comes_back_from_a_saved_table(folder, tmp_path, extension):
    table = oie.import_images(folder).table
    path = str(tmp_path / f"table{extension}")
    save_table(table, path)
    assert default_image_locations(load_table(path)) == default_image_locations(table)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_name_that_is_no_valid_text_is_found_embedded_and_saved(tmp_path, extension):
    top = os.fsencode(tmp_path) + b"/images"
    for class_name in (b"caf\xe9", b"other"):
        os.makedirs(top + b"/" + class_name)
        with open(top + b"/" + class_name + b"/na\xefve.png", "wb") as file:
            file.write(encoded(picture(len(class_name))))
    table = oie.import_images(tmp_path / "images").table
    path = str(tmp_path / f"table{extension}")
    save_table(table, path)
    loaded = load_table(path)
    done = oie.embed_images(loaded, "efficientnet-lite0", backend=FakeBackend())
    assert done.skipped is None
    assert len(done.embeddings) == 2


def test_a_deep_tree_is_read_to_its_end(tmp_path):
    folder = tmp_path
    for _ in range(60):
        folder = folder / "deeper"
    folder.mkdir(parents=True)
    (folder / "1.png").write_bytes(encoded(picture(1)))
    (found,) = oie.import_images(tmp_path).table
    assert str(found["image"]).endswith("deeper/1.png".replace("/", os.sep))
