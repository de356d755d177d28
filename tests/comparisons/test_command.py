import pytest
from embedded_tables import write_classes
from pictures import encoded, picture

from orangecontrib.imageembedding.__main__ import main
from orangecontrib.imageembedding.tables.store import load_table


@pytest.fixture
def folder(tmp_path):
    write_classes(tmp_path / "lights", n=3)
    return tmp_path / "lights"


def run(*arguments):
    return main(["compare", *map(str, arguments)])


def test_the_scores_are_printed_and_written(folder, tmp_path, capsys):
    table = tmp_path / "scores.tab"
    assert run(folder, "--images", 4, "-o", table) == 0
    printed = capsys.readouterr()
    heading, line, *_ = printed.out.splitlines()
    assert heading.split()[:3] == ["Images", "per", "Second"]
    assert "1-NN Accuracy" in heading
    assert line.startswith("EfficientNet-Lite0")
    assert " 1,280 " in line
    assert " ± " in line
    assert "4 images; ± the standard error" in printed.out
    assert load_table(str(table))[0, "Numbers"] == 1280
    assert run(folder, "-o", table) == 2
    assert "--force" in capsys.readouterr().err
    (folder / "dark" / "9.png").write_bytes(encoded(picture(9))[:-40])
    asked = "efficientnet-lite0,vgg16,efficientnet-lite0@http://127.0.0.1:9"
    assert run(folder, "--embedders", asked, "-o", table, "--force") == 1
    printed = capsys.readouterr()
    assert "skipped: VGG-16: " in printed.err
    assert "skipped: efficientnet-lite0 on http://127.0.0.1:9: " in printed.err
    assert len(load_table(str(table))) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--images", "1"], "--images must be 2 or more"),
        (["--embedders", ","], "no embedder to compare"),
        (["--embedders", "nobody"], "no embedder 'nobody'"),
        (["--embedders", "own=none.pt"], "no weights file"),
        (["--embedders", "vgg16"], "None of the embedders could run"),
        (["--embedders", "vgg16@ftp://nowhere"], "not the address of a server"),
        (["-o", "out.doc"], "out.doc"),
    ],
)
def test_what_cannot_be_done_is_said(folder, capsys, arguments, message):
    assert run(folder, *arguments) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.out == ""
