"""Every command reads a folder, an archive and a table, and says which files it leaves out."""

import shutil

import pytest
from pictures import write_images

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.__main__ import main
from orangecontrib.imageembedding.tables.store import save_table

NAMES = [f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(4)]
BUILT_IN = ["--embedder", "efficientnet-lite0"]
COMMANDS = {
    "embed": lambda out: [*BUILT_IN, "-o", f"{out}/new.tab"],
    "cluster": lambda out: [*BUILT_IN, "--clusters", "2", "-o", f"{out}/new.tab"],
    "grid": lambda out: [*BUILT_IN, "-o", f"{out}/new.png"],
    "map": lambda out: [*BUILT_IN, "-o", f"{out}/new.png"],
    "save": lambda out: [f"{out}/new"],
    "duplicates": lambda out: [],
    "check": lambda out: [],
    "compare": lambda out: ["--embedders", "efficientnet-lite0"],
}


@pytest.fixture(params=["folder", "zip", "tab"])
def source(request, tmp_path):
    folder = write_images(tmp_path / "animals", NAMES)
    if request.param == "tab":
        save_table(oie.import_images(folder).table, str(tmp_path / "animals.tab"))
        return tmp_path / "animals.tab"
    (folder / "cat" / "broken.png").write_bytes(b"no image")
    if request.param == "zip":
        return shutil.make_archive(str(tmp_path / "packed"), "zip", folder)
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_a_source_is_read_and_what_is_left_out_is_said(command, source, tmp_path, capsys):
    is_table = str(source).endswith(".tab")
    assert main([command, str(source), *COMMANDS[command](tmp_path)]) == (0 if is_table else 1)
    assert ("broken.png" in capsys.readouterr().err) == (not is_table)


@pytest.mark.parametrize("command", ["duplicates", "check", "compare"])
def test_force_without_a_table_to_write_is_refused(command, tmp_path, capsys):
    assert main([command, str(tmp_path), "--force"]) == 2
    assert "--force" in capsys.readouterr().err
