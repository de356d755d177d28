import shutil

import pytest
from Orange.data import Table
from pictures import write_images

from orangecontrib.imageembedding.__main__ import main


def run(*arguments):
    return main(["duplicates", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path):
    folder = write_images(tmp_path / "animals", ["cat/1.png", "dog/2.png"], width=90, height=70)
    shutil.copy(folder / "cat" / "1.png", folder / "dog" / "3.png")
    return folder


def test_groups_are_listed_and_written(folder, tmp_path, capsys):
    out = tmp_path / "groups.tab"
    assert run(folder, "-o", out) == 0
    printed = capsys.readouterr().out
    assert "identical: " in printed
    assert "1 of 3 images are duplicates, 0.0 MB in 1 groups. Nothing was deleted." in printed
    table = Table.from_file(str(out))
    assert [str(row["Kept"]) for row in table] == ["Yes", "Yes", "No"]
    assert [str(row["Kind"]) for row in table] == ["identical", "?", "identical"]
    assert [str(row["Duplicate Group"]) for row in table] == ["D1", "?", "D1"]
    assert run(folder, "-o", out) == 2
    assert len(list(folder.rglob("*.png"))) == 3


def test_duplicates_of_a_reference(folder, tmp_path, capsys):
    write_images(tmp_path / "other", ["a.png"], width=90, height=70)
    assert run(tmp_path / "other", "--reference", folder) == 0
    assert "1 of 1 images are duplicates" in capsys.readouterr().out
