import pytest
from pictures import write_images
from PIL import Image

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.__main__ import main
from orangecontrib.imageembedding.tables.store import save_table

NAMES = ["cat/1.png", "cat/2.png", "dog/1.png"]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "animals.tab"
    save_table(oie.import_images(write_images(tmp_path / "animals", NAMES)).table, str(path))
    return path


def run(*arguments):
    return main(["save", *map(str, arguments)])


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


@pytest.mark.parametrize(
    ("options", "files"),
    [
        ([], ["1 (2).png", "1.png", "2.png"]),
        (["--by", "category"], NAMES),
        (["--pattern", "{category}-{row}"], ["cat-1.png", "cat-2.png", "dog-3.png"]),
        (["--by", "category", "--format", "jpeg"], [name[:-3] + "jpg" for name in NAMES]),
        (["--format", "contact-sheet", "--label", "category"], ["Contact sheet.pdf"]),
        (["--by", "category", "--manifest"], [*NAMES, "manifest.csv"]),
    ],
)
def test_save(table, tmp_path, capsys, options, files):
    assert run(table, tmp_path / "new", *options) == 0
    assert names(tmp_path / "new") == files
    assert "3 images saved, 0 there already" in capsys.readouterr().out
    assert run(table, tmp_path / "new", *options) == 0
    assert "0 images saved, 3 there already" in capsys.readouterr().out
    assert names(tmp_path / "new") == files


@pytest.mark.parametrize(
    ("options", "size"),
    [
        (["--size", "12"], (12, 8)),
        (["--size", "12x12", "--fit", "crop"], (12, 12)),
        (["--size", "efficientnet-lite0", "--strip-metadata"], (224, 224)),
    ],
)
def test_sizes(tmp_path, options, size):
    folder = write_images(tmp_path / "animals", NAMES)
    assert run(folder, tmp_path / "new", *options) == 0
    assert Image.open(tmp_path / "new" / "2.png").size == size


def test_what_cannot_be_saved_is_told_with_its_reason(table, tmp_path, capsys):
    (tmp_path / "animals" / "cat" / "1.png").write_bytes(b"<html>")
    assert run(table, tmp_path / "new") == 1
    printed = capsys.readouterr()
    assert "2 images saved" in printed.out
    assert "1.png: not an image: HTML page" in printed.err


@pytest.mark.parametrize(
    "options", [["--by", "width"], ["--quality", "0"], ["--size", "big"], ["--image-column", "x"]]
)
def test_what_makes_no_sense_ends_with_2(table, tmp_path, capsys, options):
    assert run(table, tmp_path / "new", *options) == 2
    assert "image-embedding: " in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_a_file_is_told(table, tmp_path, capsys):
    assert run(table, table) == 2
    assert "is a file, not a folder" in capsys.readouterr().err
