import os
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest
import tifffile
from Orange.data import Domain, Table
from pictures import encoded, picture, write_images
from PIL import Image

from orangecontrib.imageembedding.__main__ import main
from orangecontrib.imageembedding.clusters.distances import METRICS
from orangecontrib.imageembedding.clusters.link import LINKAGES
from orangecontrib.imageembedding.embeddings.cache import cache_path
from orangecontrib.imageembedding.tables.locate import default_image_locations
from orangecontrib.imageembedding.tables.store import load_table

NAMES = ["cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"]
BUILT_IN = ["--embedder", "efficientnet-lite0"]


@pytest.fixture
def folder(tmp_path):
    return write_images(tmp_path / "animals", NAMES)


def run(*arguments):
    return main([str(argument) for argument in arguments])


@pytest.mark.parametrize("extension", ["tab", "csv", "xlsx", "pkl", "npz", "parquet"])
def test_embed_then_cluster_by_each_file_format(folder, tmp_path, capsys, extension):
    table, clusters = tmp_path / f"t.{extension}", tmp_path / f"c.{extension}"
    assert run("embed", folder, "-o", table, *BUILT_IN) == 0
    assert "4 images with 1280 numbers each" in capsys.readouterr().out
    assert run("cluster", table, "--clusters", 2, "-o", clusters) == 0
    out = capsys.readouterr().out
    assert "C1 (" in out
    assert "4 rows in 2 clusters" in out
    assert clusters.exists()


def test_the_number_of_clusters_is_found(tmp_path, capsys):
    rows = np.repeat(np.eye(3), 10, axis=0) + np.random.default_rng(0).normal(0, 0.05, (30, 3))
    Table.from_numpy(None, rows).save(str(tmp_path / "rows.tab"))
    arguments = ["cluster", tmp_path / "rows.tab", "-o", tmp_path / "c.tab", "--clusters"]
    assert run(*arguments, "auto", "--metric", "cosine") == 0
    assert "30 rows in 3 clusters" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        run(*arguments, "some")
    assert "argument --clusters: invalid number_or_auto value: 'some'" in capsys.readouterr().err


def test_cluster_a_folder_with_a_picture(folder, tmp_path, capsys):
    table, tree = tmp_path / "c.tab", tmp_path / "tree.png"
    arguments = ["cluster", folder, "--clusters", 3, "-o", table, "--picture", tree, *BUILT_IN]
    assert run(*arguments) == 0
    clusters = Table.from_file(str(table)).domain["Cluster"]
    assert clusters.values == ("C1", "C2", "C3")
    assert tree.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("extension", ["png", "svg", "pdf"])
def test_a_grid_of_a_folder_or_of_its_embeddings_is_a_picture(folder, tmp_path, capsys, extension):
    table, grid = tmp_path / "t.pkl", tmp_path / f"grid.{extension}"
    assert run("embed", folder, "-o", table, *BUILT_IN) == 0
    assert run("grid", table, "-o", grid, "--columns", 3) == 0
    assert "4 images in 2 × 3 cells" in capsys.readouterr().out
    begin = {"png": b"\x89PNG", "svg": b"<svg", "pdf": b"%PDF"}[extension]
    assert grid.read_bytes().startswith(begin)
    if extension == "png":
        pixels = np.asarray(Image.open(grid).convert("L"))
        cells = pixels.reshape(2, 96, 3, 96).min(axis=(1, 3))
        assert (cells < 200).ravel().tolist() == [True] * 4 + [False] * 2
        assert run("grid", folder, "-o", tmp_path / "square.png", *BUILT_IN) == 0
        assert Image.open(tmp_path / "square.png").size == (192, 192)


def test_an_image_that_is_gone_is_listed_and_its_cell_stays_empty(folder, tmp_path, capsys):
    assert run("embed", folder, "-o", tmp_path / "t.pkl", *BUILT_IN) == 0
    (folder / "cat" / "1.png").unlink()
    assert run("grid", tmp_path / "t.pkl", "-o", tmp_path / "grid.png") == 1
    assert "not in the picture" in capsys.readouterr().err
    pixels = np.asarray(Image.open(tmp_path / "grid.png").convert("L"))
    assert (pixels.reshape(2, 96, 2, 96).min(axis=(1, 3)) < 200).sum() == 3


def test_what_is_left_out_is_listed_and_the_exit_code_is_1(folder, tmp_path, capsys):
    (folder / "notes.txt").write_text("hello")
    (folder / "cat" / "cut.jpg").write_bytes(encoded(picture(9, 200, 200), "JPEG")[:-300])
    assert run("embed", folder, "-o", tmp_path / "t.npz", *BUILT_IN) == 1
    printed = capsys.readouterr()
    assert "4 images" in printed.out
    assert "notes.txt: not an image: text" in printed.err
    assert "cut.jpg: damaged image" in printed.err
    with np.load(tmp_path / "t.npz") as arrays:
        assert arrays["vectors"].shape == (4, 1280)


def test_a_table_with_paths_is_embedded(folder, tmp_path):
    assert run("embed", folder, "-o", tmp_path / "t.tab", *BUILT_IN) == 0
    table = Table.from_file(str(tmp_path / "t.tab"))
    from Orange.data import Domain

    table.transform(Domain([], table.domain.class_vars, table.domain.metas)).save(
        str(tmp_path / "raw.tab")
    )
    arguments = ["cluster", tmp_path / "raw.tab", "--clusters", 2, "-o", tmp_path / "c.tab"]
    assert run(*arguments, *BUILT_IN) == 0


def test_the_column_and_the_folder_of_the_images_can_be_told(folder, tmp_path, capsys):
    notes = tmp_path / "notes.csv"
    notes.write_text("title,photo,other\nA,1.png,cat/2.png\nB,2.png,cat/1.png\n")
    out = tmp_path / "t.tab"
    assert run("embed", notes, "-o", out, *BUILT_IN) == 2
    assert "1.png: file not found; it was looked for in " + str(tmp_path) in capsys.readouterr().err
    assert run("embed", notes, "-o", out, "--images-folder", folder / "cat", *BUILT_IN) == 0
    by_photo = default_image_locations(load_table(str(out)))
    assert by_photo == [str(folder / "cat" / name) for name in ("1.png", "2.png")]
    chosen = ["--image-column", "other", "--images-folder", folder, "--force"]
    assert run("embed", notes, "-o", out, *chosen, *BUILT_IN) == 0
    assert default_image_locations(load_table(str(out))) == by_photo[::-1]
    assert run("embed", notes, "-o", out, "--force", "--images-folder", "nowhere", *BUILT_IN) == 2
    assert "nowhere does not exist" in capsys.readouterr().err


def test_the_limit_of_size_and_the_channels_can_be_told(folder, tmp_path, capsys):
    (folder / "cat" / "large.png").write_bytes(encoded(picture(5, 1500, 1000)))
    plane = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    tifffile.imwrite(folder / "cells.tif", np.stack([plane, plane.T, 255 - plane]), imagej=True,
                     metadata={"axes": "CYX", "mode": "composite"})  # fmt: skip
    out = tmp_path / "t.tab"
    told = ["--max-megapixels", "1", "--channels", "3,0,1", "-o", out, "--force", *BUILT_IN]
    vectors = []
    for source, n_skipped in ((folder, 1), (out, 0)):
        # The second time from a table without numbers, whose images are read as is told.
        assert run("embed", source, *told) == n_skipped
        assert ("large.png: too large: 1500 × 1000" in capsys.readouterr().err) == bool(n_skipped)
        table = load_table(str(out))
        assert table.domain["image"].attributes["channels"] == "3 0 1"
        assert float(table.domain["image"].attributes["max_megapixels"]) == 1
        vectors.append(table.X)
        table.transform(Domain([], table.domain.class_vars, table.domain.metas)).save(str(out))
    np.testing.assert_array_equal(*vectors)
    assert run("embed", out, "--channels", "1,2,3", "-o", out, "--force", *BUILT_IN) == 0
    row = [str(name) for name in table.get_column("image name")].index("cells")
    assert np.abs(load_table(str(out)).X[row] - vectors[0][row]).max() > 0.01


@pytest.mark.parametrize(("option", "value"), [
    ("--channels", "1,2"), ("--channels", "red"), ("--channels", "0,0,0"),
    ("--max-megapixels", "0"), ("--max-megapixels", "much"),
])  # fmt: skip
def test_a_wrong_way_of_reading_is_refused_and_named(folder, option, value, capsys):
    with pytest.raises(SystemExit) as ended:
        run("embed", folder, "-o", "t.tab", option, value)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert option in error
    assert value in error


def test_a_moved_table_draws_its_images_from_the_folder_that_is_told(folder, tmp_path, capsys):
    assert run("embed", folder, "-o", tmp_path / "t.tab", *BUILT_IN) == 0
    moved = folder.rename(tmp_path / "elsewhere")
    (tmp_path / "sub" / "sub").mkdir(parents=True)
    table = (tmp_path / "t.tab").rename(tmp_path / "sub" / "sub" / "t.tab")
    call = ["cluster", table, "-o", tmp_path / "c.tab", "--clusters", "2", "--picture"]
    assert run(*call, tmp_path / "lost.png") == 1
    assert run(*call, tmp_path / "found.png", "--force", "--images-folder", moved) == 0


def test_a_table_of_numbers_without_images_is_clustered(tmp_path, capsys):
    Table("iris").save(str(tmp_path / "iris.tab"))
    arguments = ["cluster", tmp_path / "iris.tab", "--clusters", 3, "-o", tmp_path / "c.tab"]
    assert run(*arguments, "--picture", tmp_path / "tree.svg") == 0
    assert "C1 (50): Iris-setosa 50" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["embed", "{tmp}/nowhere", "-o", "{tmp}/t.tab"], "nowhere does not exist"),
        (["embed", "{folder}", "-o", "{tmp}/t.doc"], "must end in one of"),
        (["embed", "{folder}", "-o", "{tmp}/no/t.tab"], "no does not exist"),
        (["embed", "{folder}", "-o", "{tmp}/t.tab", "--embedder", "alexnet"], "no embedder"),
        (["embed", "{folder}", "-o", "{tmp}/t.tab"], "is built in and works at once"),
        (["embed", "{folder}", "-o", "{tmp}/old.tab"], "already exists"),
        (["embed", "{tmp}/old.tab", "-o", "{tmp}/t.tab"], "no image column"),
        (["cluster", "{folder}", "--clusters", "9", "-o", "{tmp}/t.tab"], "must be 1 to 4"),
        (["cluster", "{folder}", "--clusters", "0", "-o", "{tmp}/t.tab"], "must be 1 to 4"),
        (
            ["cluster", "{folder}", "--clusters", "2", "-o", "{tmp}/t.tab", "--picture", "x.gif"],
            "picture must end in",
        ),
        (
            ["cluster", "{folder}", "--clusters", "2", "-o", "{tmp}/t.tab", "--linkage", "ward"]
            + ["--metric", "manhattan"],
            "Ward linkage",
        ),
        (["grid", "{folder}", "-o", "{tmp}/t.tab"], "picture must end in"),
        (["grid", "{folder}", "-o", "{tmp}/g.png", "--columns", "0"], "--columns must be 1"),
        (["grid", "{tmp}/old.tab", "-o", "{tmp}/g.png"], "no column with paths"),
    ],
)
def test_bad_input_is_a_message_and_the_exit_code_2(folder, tmp_path, capsys, arguments, message):
    Table("iris")[:, :4].save(str(tmp_path / "old.tab"))
    filled = [word.format(tmp=tmp_path, folder=folder) for word in arguments]
    unneeded = ("works at once", "no column with paths")
    built_in = [] if message.endswith(unneeded) or "--embedder" in filled else BUILT_IN
    assert run(*filled, *built_in) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.out == ""
    assert not (tmp_path / "t.tab").exists()


def test_an_existing_file_is_replaced_only_by_force(folder, tmp_path):
    (tmp_path / "t.npz").write_text("precious")
    assert run("embed", folder, "-o", tmp_path / "t.npz", *BUILT_IN) == 2
    assert (tmp_path / "t.npz").read_text() == "precious"
    assert run("embed", folder, "-o", tmp_path / "t.npz", "--force", *BUILT_IN) == 0


def test_the_help_offers_every_metric_and_linkage(capsys):
    """They are written out in the command line, whose help must not load NumPy."""
    with pytest.raises(SystemExit):
        main(["cluster", "--help"])
    out = "".join(capsys.readouterr().out.split())
    assert f"--metric{{{','.join(METRICS)}}}" in out
    assert f"--linkage{{{','.join(LINKAGES)}}}" in out


@pytest.mark.parametrize("arguments", [[], ["embed"], ["cluster", "x", "-o", "t.tab"], ["fly"]])
def test_wrong_usage_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: image-embedding" in capsys.readouterr().err


def test_the_list_of_embedders_tells_ids_and_sizes(capsys):
    assert run("embedders") == 0
    out = capsys.readouterr().out
    assert "resnet50: ResNet-50, 2048 numbers an image, downloads 103 MB" in out
    assert "efficientnet-lite0: EfficientNet-Lite0, 1280 numbers an image, built in" in out

    assert "painters: Painters, 2048 numbers an image, on servers only" in out
    assert "timm:NAME" in out


def test_the_cache_is_shown_limited_and_cleared(folder, tmp_path, capsys):
    assert run("embed", folder, "-o", tmp_path / "t.npz", *BUILT_IN) == 0
    capsys.readouterr()
    assert run("cache", "info") == 0
    out = capsys.readouterr().out
    assert "of at most 2,147 MB" in out
    assert "efficientnet-lite0, exact: 4 vectors" in out
    assert run("cache", "limit", "1.5 GB") == 0
    assert "of at most 1,500 MB" in capsys.readouterr().out
    assert run("cache", "clear") == 0
    assert "vectors" not in capsys.readouterr().out.partition("\n")[2]


@pytest.mark.parametrize("size", ["", "much", "-5", "-5GB", "--force", "99999999999TB", "5 5GB"])
def test_a_limit_that_is_not_a_size_is_refused_and_named(size, capsys):
    assert run("cache", "limit", *size.split()) == 2
    assert (size or "Name the limit") in capsys.readouterr().err


@pytest.mark.parametrize(
    ("size", "shown"),
    [("999", "999 bytes"), ("200KB", "200 KB"), ("1.5 MB", "1.5 MB"), ("5 GB", "5,000 MB")],
)
def test_a_limit_is_shown_in_the_unit_that_suits_it(size, shown, capsys):
    assert run("cache", "limit", *size.split()) == 0
    assert f"of at most {shown}\n" in capsys.readouterr().out


def test_a_damaged_cache_is_said_once_and_works_again(folder, tmp_path, capsys):
    cache_path().parent.mkdir(parents=True, exist_ok=True)
    cache_path().write_bytes(b"Dear diary" * 500)
    command = [sys.executable, "-m", "orangecontrib.imageembedding"]
    arguments = ["embed", str(folder), "-o", str(tmp_path / "t.npz"), *BUILT_IN]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.count("was damaged; a new one was started") == 1
    assert run("cache", "info") == 0
    assert "4 vectors" in capsys.readouterr().out


def test_precision_device_and_own_weights(folder, tmp_path, capsys):
    import torch
    import torchvision

    weights = tmp_path / "tuned.pth"
    torch.save(torchvision.models.resnet50(num_classes=2).state_dict(), weights)
    for i, options in enumerate(
        [["--weights", weights], [*BUILT_IN, "--precision", "fast", "--device", "cpu"]]
    ):
        assert run("embed", folder, "-o", tmp_path / f"{i}.npz", *options) == 0
        assert ("2048", "1280")[i] in capsys.readouterr().out
    assert run("cache", "info") == 0
    out = capsys.readouterr().out
    assert "efficientnet-lite0, fast: 4 vectors" in out
    assert "resnet50 with tuned.pth, exact: 4 vectors" in out


def test_python_m_is_the_same_command(folder):
    command = [sys.executable, "-m", "orangecontrib.imageembedding"]
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "usage: image-embedding" in done.stdout
    done = subprocess.run([*command, "embed", "nowhere", "-o", "t.tab"], capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_interruption_is_no_traceback(folder, tmp_path, monkeypatch, capsys):
    from orangecontrib.imageembedding import pipeline

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "embed_images", interrupt)
    assert run("embed", folder, "-o", tmp_path / "t.tab", *BUILT_IN) == 130
    assert "interrupted" in capsys.readouterr().err


def test_an_interrupted_process_waits_for_no_thread():
    """One that computes in native code would abort the process at its end."""
    code = (
        "import threading, orangecontrib.imageembedding.__main__ as m\n"
        "threading.Thread(target=threading.Event().wait).start()\n"
        "m.sys.argv[1:] = ['embedders']\n"
        "def interrupt(options): raise KeyboardInterrupt\n"
        "m.list_embedders = interrupt\n"
        "m.run()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          timeout=60, check=False)  # fmt: skip
    assert (done.returncode, done.stderr) == (130, "image-embedding: interrupted\n")


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"image-embedding {version('Orange3-ImageEmbedding')}\n"


def cluster_with_picture(folder, tmp_path, picture_path):
    return run("cluster", folder, "--clusters", 2, "-o", tmp_path / "c.tab", "--force",
               "--picture", picture_path, *BUILT_IN)  # fmt: skip


@pytest.mark.parametrize("extension", ["png", "svg", "pdf"])
def test_a_picture_that_fails_is_named_and_the_table_stays(
    folder, tmp_path, small_disk, capsys, extension
):
    path = small_disk / f"tree.{extension}"
    path.write_text("precious")
    (small_disk / "full").write_bytes(bytes(60_000))
    assert cluster_with_picture(folder, tmp_path, path) == 1
    printed = capsys.readouterr()
    assert f"The picture {path} cannot be written: No space" in printed.err
    assert "Traceback" not in printed.err
    assert "4 rows in 2 clusters" in printed.out
    assert len(Table.from_file(str(tmp_path / "c.tab"))) == 4
    assert sorted(file.name for file in small_disk.iterdir()) == ["full", path.name]
    assert path.read_text() == "precious"


def test_images_that_are_gone_are_named_where_a_picture_is_drawn(folder, tmp_path, capsys):
    assert run("embed", folder, "-o", tmp_path / "t.tab", *BUILT_IN) == 0
    (folder / "cat" / "2.png").unlink()
    (folder / "dog" / "1.png").write_bytes(b"\x89PNG cut")
    capsys.readouterr()
    arguments = ["--clusters", 2, "-o", tmp_path / "c.tab", "--picture", tmp_path / "tree.png"]
    assert run("cluster", tmp_path / "t.tab", *arguments) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    for name in ("cat/2.png", "dog/1.png"):
        assert any(line.startswith(f"not in the picture: {folder / name}: ") for line in lines)
    assert (tmp_path / "tree.png").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_what_is_written_counts_although_it_cannot_be_told(folder, tmp_path):
    command = [sys.executable, "-m", "orangecontrib.imageembedding"]
    embed = ["embed", folder, "-o", tmp_path / "t.npz", *BUILT_IN]
    for arguments, expected in ((embed, 1), (["embedders"], 2)):
        with open("/dev/full", "w") as full:
            done = subprocess.run([*command, *arguments], stdout=full, stderr=subprocess.PIPE,
                                  text=True, check=False)  # fmt: skip
        assert (done.returncode, done.stderr.count("\n")) == (expected, 1)
        assert "No space left" in done.stderr
    assert (tmp_path / "t.npz").stat().st_size > 0


def test_a_closed_output_is_no_failure():
    code = "import sys; sys.stdout = sys.stderr = None\n" \
           "from orangecontrib.imageembedding.__main__ import main\n" \
           "assert main(['embedders']) == 0 and main(['cache', 'limit', 'much']) == 2"  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_demo_replaces_nothing(tmp_path, capsys):
    (tmp_path / "clusters.tab").write_text("precious")
    assert run("demo", tmp_path) == 2
    assert f"{tmp_path / 'clusters.tab'} exists" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["clusters.tab"]
    assert (tmp_path / "clusters.tab").read_text() == "precious"


def test_the_demo_takes_a_folder_that_is_free(tmp_path, monkeypatch):
    from orangecontrib.imageembedding.commands.demo import _free_folder

    monkeypatch.chdir(tmp_path)
    assert str(_free_folder()) == "demo"
    (tmp_path / "demo").mkdir()
    assert str(_free_folder()) == "demo"
    (tmp_path / "demo" / "mine").touch()
    (tmp_path / "demo-2").touch()
    assert str(_free_folder()) == "demo-3"


def test_a_server_can_compute(tmp_path, capsys):
    from served_efficientnet import served_efficientnet

    write_images(tmp_path / "in", ["a/1.png", "a/2.jpg", "b/3.png"])
    with served_efficientnet() as url:
        code = main(["embed", str(tmp_path / "in"), "-o", str(tmp_path / "out.tab"), "--server",
                     url, "--embedder", "efficientnet-lite0"])  # fmt: skip
        assert code == 0
        assert "3 images with 1280 numbers" in capsys.readouterr().out
        code = main(["embed", str(tmp_path / "in"), "-o", str(tmp_path / "no.tab"), "--server",
                     url, "--embedder", "resnet50"])  # fmt: skip
        assert code == 2
        assert "no embedder 'resnet50'" in capsys.readouterr().err
