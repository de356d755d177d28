"""Every option of every command either acts or is refused by name."""

import argparse
import importlib.util
import os
import shutil

import numpy as np
import pytest
import tifffile
from Orange.data import Table
from pictures import write_images
from PIL import Image

from orangecontrib.imageembedding.__main__ import _parser, main
from orangecontrib.imageembedding.commands.serve import _address, _server_options
from orangecontrib.imageembedding.embeddings.backends.local.devices import (
    DEVICES,
    available_devices,
)

NAMES = ["cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"]
BUILT_IN = ["--embedder", "efficientnet-lite0"]
NOWHERE = "http://127.0.0.1:9"
COMPUTING = ("--weights", "--weights-folder", "--device", "--precision")

# What is given with each option that takes a value; {tmp} is the folder of the test.
VALUES = {
    "--embedder": "alexnet",
    "--weights": "{tmp}/none.pth",
    "--weights-folder": "{tmp}",
    "--server": NOWHERE,
    "--device": next(name for name in DEVICES if name not in ("auto", *available_devices())),
    "--precision": "fast",
    "--ray": "127.0.0.1:9",
    "--clusters": "3",
    "--picture": "{tmp}/tree.svg",
    "--metric": "jaccard",
    "--linkage": "single",
    "--output": "{tmp}/other.npz",
    "--quality": "50",
    "--fit": "crop",
    "--label": "category",
    "--max-megapixels": "0.000001",
    "--channels": "5,4,1",
    "--columns": "1",
    "--method": "pca",
    "--html": "{tmp}/map.html",
    "--seed": "1",
    "--image-column": "image",
    "--images-folder": "{tmp}",
    "--host": "0.0.0.0",
    "--port": "8001",
    "--embedders": "efficientnet-lite0",
    "--api-key-file": "{tmp}/key",
    "--certfile": "{tmp}/cert",
    "--keyfile": "{tmp}/key",
    "--max-queue": "7",
    "--max-image-mb": "7",
    "--reference": "{folder}/cat",
    "--similar": "0.01",
    "--keep": "oldest",
    "--keep-folder": "{folder}/dog",
}


ON_IMAGES = ("embed", "cluster", "grid", "map")


def commands():
    (found,) = (
        action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction)
    )
    return found.choices


def options_of(command):
    names = [action.option_strings[-1] for action in commands()[command]._actions
             if action.option_strings]  # fmt: skip
    return [name for name in names if name != "--help"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = write_images(tmp_path_factory.mktemp("images") / "animals", NAMES)
    exif = Image.Exif()
    exif[0x0110] = "EOS 5D"
    with Image.open(folder / "cat" / "1.png") as image:
        image.save(folder / "cat" / "1.png", exif=exif)
    channels = np.random.default_rng(0).integers(0, 255, (5, 20, 20), dtype=np.uint8)
    tifffile.imwrite(
        folder / "cat" / "5.tif", channels, photometric="minisblack", planarconfig="separate"
    )
    return folder


@pytest.fixture
def outcome(tmp_path, capsys):
    """Run a command in a folder; get all that it shows and leaves."""

    def run(name, arguments):
        place = tmp_path / name
        place.mkdir()
        (place / "key").write_text("secret-of-nobody")
        (place / "there.npz").touch()
        (place / "there.png").touch()
        filled = [str(word).replace("{tmp}", str(place)) for word in arguments]
        code = main(filled)
        printed = capsys.readouterr()
        left = sorted(path.name for path in place.iterdir())
        written = b"".join(path.read_bytes() for path in sorted(place.glob("*.png")))
        for file in place.glob("*.npz"):
            if file.stat().st_size:
                with np.load(file) as arrays:
                    written += b"".join(arrays[key].tobytes() for key in sorted(arrays.files))
        main(["cache", "info"])
        cached = capsys.readouterr().out
        seen = (str(code), printed.out, printed.err, str(left), written.hex(), cached)
        return [text.replace(str(place), "") for text in seen]

    return run


def plain(command, option, folder):
    """Get a call without the option in which it should matter."""
    output = "{tmp}/there.npz" if option == "--force" else "{tmp}/out.npz"
    call = {
        "embed": ["embed", folder, "--output", output],
        "cluster": ["cluster", folder, "--output", output, "--clusters", "2"],
        "grid": ["grid", folder, "--output", output.replace(".npz", ".png")],
        "map": ["map", folder, "--output", output.replace(".npz", ".png")],
    }[command]
    if option == "--linkage":
        call += ["--metric", "jaccard"]  # which does not go with the default
    return call if option in ("--embedder", "--weights-folder") else [*call, *BUILT_IN]


_outcomes_without = {}


SHARED = {"--embedder", "--server", *COMPUTING}  # which all commands read by the same function


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (command, option)
        for command in ON_IMAGES
        for option in options_of(command)
        if command == "embed" or option not in SHARED
    ],
)
def test_every_option_on_images_acts(folder, outcome, command, option):
    without = plain(command, option, folder)
    value = [VALUES[option]] if option in VALUES else []
    if option in without:
        at = without.index(option)
        with_it = [*without[:at], option, *value, *without[at + 2 :]]
    else:
        with_it = [*without, option, *value]
    after = outcome("after", with_it)
    key = tuple(map(str, without))
    if key not in _outcomes_without:
        _outcomes_without[key] = outcome("before", without)
    assert _outcomes_without[key] != after


@pytest.mark.parametrize("option", options_of("serve"))
def test_every_option_of_serve_acts(tmp_path, option):
    if option == "--ray":
        pytest.skip("what it does needs a cluster: tests/benchmarks/check_ray.py")
    (tmp_path / "key").write_text("secret-of-nobody")
    value = [VALUES[option].replace("{tmp}", str(tmp_path))] if option in VALUES else []

    (tmp_path / "key").chmod(0o600)

    def described(*arguments):
        options = _parser().parse_args(["serve", *arguments])
        wanted = _server_options(options)
        return repr((wanted, wanted.api_key, wanted.backend.weights_folder, _address(options)))

    assert described() != described(option, *value)


@pytest.mark.parametrize("option", options_of("duplicates"))
def test_every_option_of_duplicates_acts(tmp_path, capsys, option):
    folder = write_images(tmp_path / "in", NAMES)
    shutil.copy(folder / "cat" / "1.png", folder / "dog" / "3.png")
    os.utime(folder / "dog" / "3.png", (1, 1))
    out = tmp_path / "out.tab"

    def outcome(*arguments):
        out.unlink(missing_ok=True)
        if option == "--force":
            out.touch()
        texts = [str(word).replace("{folder}", str(folder)) for word in arguments]
        code = main(["duplicates", str(folder), *texts])
        return code, capsys.readouterr().out, out.exists()

    value = [out] if option == "--output" else [VALUES[option]] if option in VALUES else []
    before = ["--output", out] if option == "--force" else []
    assert outcome(*before) != outcome(*before, option, *value)


def test_no_other_command_has_options():
    others = set(commands()) - {
        *ON_IMAGES,
        "serve",
        "save",
        "duplicates",
        "check",
        "compare",
    }  # save: see test_command_line
    assert {command: options_of(command) for command in others} == {
        "embedders": [], "cache": [], "demo": [], "distinct": [],
    }  # fmt: skip


WITH_RAY = ["embed", "{folder}", "-o", "{tmp}/out.parquet", "--ray", "auto"]
WITH_SERVER = ["{folder}", "-o", "{tmp}/out.npz", "--server", NOWHERE]
OWN_NETWORK = ["embed", "{folder}", "-o", "{tmp}/out.npz", "--weights", "{tmp}/net.onnx"]
READY = ["cluster", "{tmp}/iris.tab", "-o", "{tmp}/out.npz", "--clusters", "2"]
REFUSED = [
    *((WITH_RAY, option) for option in ("--weights", "--server", "--force")),
    *((["embed", *WITH_SERVER], option) for option in COMPUTING),
    *((["cluster", "--clusters", "2", *WITH_SERVER], option) for option in COMPUTING),
    *((OWN_NETWORK, option) for option in ("--weights-folder", "--device", "--precision")),
    *((["grid", "{tmp}/iris.tab", "-o", "{tmp}/out.png"], option)
      for option in (*COMPUTING, "--embedder", "--server")),
    *((READY, option)
      for option in (*COMPUTING, "--embedder", "--server", "--image-column", "--images-folder")),
    *((["embed", "{folder}", "-o", "{tmp}/out.npz"], option)
      for option in ("--image-column", "--images-folder")),
    *((WITH_RAY, option) for option in ("--image-column", "--images-folder")),
    (["embed", "{folder}", "-o", "{tmp}/out.npz", *BUILT_IN], "--weights-folder"),
    (["serve", "--embedders", "efficientnet-lite0"], "--weights-folder"),
    *((["save", "{folder}", "{tmp}/out.d"], option)
      for option in ("--quality", "--fit", "--label", "--images-folder")),
    (["save", "{folder}", "{tmp}/out.d", "--format", "png"], "--quality"),
    *((["serve", "--ray"], option) for option in ("--certfile", "--keyfile")),
    (["duplicates", "{folder}"], "--force"),
    *((["duplicates", "{folder}", "--reference", "{folder}"], option)
      for option in ("--keep", "--keep-folder")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "option"), REFUSED, ids=[f"{call[0]} {option}" for call, option in REFUSED]
)
def test_an_option_without_effect_is_refused_by_name(folder, tmp_path, capsys, call, option):
    """Before a cluster or a server is looked for; also where its value is the default."""
    Table("iris").save(str(tmp_path / "iris.tab"))
    default = {"--device": "auto", "--precision": "exact", "--embedder": "resnet50"}
    value = [default.get(option, VALUES[option])] if option in VALUES else []
    filled = [str(word).replace("{folder}", str(folder)).replace("{tmp}", str(tmp_path))
              for word in (*call, option, *value)]  # fmt: skip
    assert main(filled) == 2
    printed = capsys.readouterr()
    assert f"{option} would have no effect" in printed.err
    assert printed.out == ""
    assert not list(tmp_path.glob("out.*"))


@pytest.mark.parametrize(
    "arguments", [["info", "5GB"], ["clear", "5GB"], ["info", "--force"], ["clear", "-5"]]
)
def test_the_cache_takes_a_size_only_for_its_limit(arguments, capsys):
    assert main(["cache", *arguments]) == 2
    assert f"{arguments[1]!r} would have no effect" in capsys.readouterr().err


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the extra [cluster]")
def test_a_cluster_computes_the_same_vectors_of_a_folder_and_of_a_table(folder, tmp_path):
    import pandas as pd

    assert main(["embed", str(folder), "-o", str(tmp_path / "here.parquet"), *BUILT_IN]) == 0
    here = pd.read_parquet(tmp_path / "here.parquet")
    expected = dict(zip(here["image"], here.filter(regex=r"^n\d").to_numpy(), strict=True))
    for source in (folder, tmp_path / "here.parquet"):
        output = tmp_path / f"{source.name}.of.parquet"
        assert main(["embed", str(source), "-o", str(output), "--ray", "auto", *BUILT_IN]) == 0
        rows = pd.concat(map(pd.read_parquet, output.iterdir()))
        assert len(rows) == len(expected)
        for image, vector in zip(rows["image"], rows["embedding"], strict=True):
            np.testing.assert_array_equal(vector, expected[image])
