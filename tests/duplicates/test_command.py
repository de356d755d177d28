import os
import shutil

import pytest
from Orange.data import Domain, StringVariable, Table
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
    size = round((folder / "cat" / "1.png").stat().st_size / 1000)
    assert f"1 of 3 images are duplicates, {size} KB in 1 groups. Nothing was deleted." in printed
    table = Table.from_file(str(out))
    assert [str(row["Kept"]) for row in table] == ["Yes", "Yes", "No"]
    assert [str(row["Kind"]) for row in table] == ["identical", "?", "identical"]
    assert [str(row["Duplicate Group"]) for row in table] == ["D1", "?", "D1"]
    assert run(folder, "-o", out) == 2
    assert len(list(folder.rglob("*.png"))) == 3


def test_which_one_is_kept_is_a_rule(folder, capsys):
    kept = [run(folder, "--keep-folder", folder / "dog"), capsys.readouterr().out][1]
    assert kept.startswith(f"1. {folder / 'dog' / '3.png'}\n")
    os.utime(folder / "cat" / "1.png", (1, 1))
    run(folder, "--keep", "oldest")
    assert capsys.readouterr().out.startswith(f"1. {folder / 'cat' / '1.png'}\n")


def test_what_is_not_a_duplicate_is_remembered_for_ever(folder, tmp_path, capsys):
    def say(*arguments):
        return main(["distinct", *map(str, arguments)]), capsys.readouterr().out

    same = folder / "cat" / "1.png", folder / "dog" / "3.png"
    assert say("add", *same) == (0, "1 pairs of images are not duplicates.\n")
    (folder / "moved").mkdir()
    same[1].rename(folder / "moved" / "4.png")
    assert run(folder) == 0
    assert "0 of 3 images are duplicates" in capsys.readouterr().out
    assert say("export", tmp_path / "pairs.txt")[0] == 0
    assert say("export", tmp_path / "pairs.txt")[0] == 2  # nothing is overwritten
    assert say("clear") == (0, "0 pairs of images are not duplicates.\n")
    run(folder)
    assert "1 of 3 images are duplicates" in capsys.readouterr().out
    assert say("import", tmp_path / "pairs.txt") == (0, "1 pairs of images are not duplicates.\n")
    assert say("info") == (0, "1 pairs of images are not duplicates.\n")
    (tmp_path / "pairs.txt").write_text("a b\n")
    assert say("import", tmp_path / "pairs.txt")[0] == 2
    assert say("import", tmp_path / "none.txt")[0] == 2
    assert say("add", same[0], tmp_path / "none.png")[0] == 2
    assert [say(*wrong)[0] for wrong in (["add", same[0]], ["info", "x"], ["export"])] == [2] * 3


def test_images_that_cannot_be_read_are_told(folder, capsys):
    (folder / "cat" / "1.png").write_bytes(b"no image")
    shutil.copy(folder / "dog" / "2.png", folder / "dog" / "5.png")
    table = folder.parent / "t.tab"
    column = StringVariable("image")
    column.attributes["type"] = "image"
    paths = [str(folder / name) for name in ("cat/1.png", "dog/2.png", "dog/5.png", "gone.png")]
    Table.from_list(Domain([], None, [column]), [[path] for path in paths]).save(str(table))
    assert run(table) == 1
    printed = capsys.readouterr()
    assert "1 of 4 images are duplicates" in printed.out
    assert f"{paths[0]}: " in printed.err
    assert f"{paths[3]}: " in printed.err


def test_duplicates_of_a_reference(folder, tmp_path, capsys):
    write_images(tmp_path / "other", ["a.png"], width=90, height=70)
    assert run(tmp_path / "other", "--reference", folder) == 0
    assert "1 of 1 images are duplicates" in capsys.readouterr().out
