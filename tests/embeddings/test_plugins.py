"""Other packages add embedders and backends; one of them is installed for real."""

import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from pictures import write_images

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings import plugins
from orangecontrib.imageembedding.embeddings.catalogue import (
    all_embedders,
    get_embedder,
    list_embedders,
)
from orangecontrib.imageembedding.errors import InputError

EXAMPLE = Path(__file__).parents[1] / "example_plugin"

USE_IT = """
import sys
import numpy as np
import orangecontrib.imageembedding as oie

files = sys.argv[1:]
assert [spec.id for spec in oie.list_embedders()][-1] == "mean-colour"
done = oie.embed_files(files, "mean-colour")
assert done.vectors.shape == (len(files), 3) and not done.failures
assert (done.vectors > 0).all() and (done.vectors < 1).all()
assert oie.embed_files(files, "mean-colour").n_cached == len(files)

counted = oie.embed_files([*files, __file__], backend=oie.get_backend("histogram"))
assert counted.vectors.shape == (len(files) + 1, 2048)
np.testing.assert_allclose(counted.vectors[:-1].sum(axis=1), 1, rtol=1e-5)
assert list(counted.failures) == [len(files)]
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The example plug-in, installed into a folder of its own."""
    target = tmp_path_factory.mktemp("installed")
    copy = tmp_path_factory.mktemp("source")
    for file in ("pyproject.toml", "imageembedding_colours.py"):
        (copy / file).write_bytes((EXAMPLE / file).read_bytes())
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", target, copy]
    subprocess.run(command, check=True)
    return target


def test_the_example_plug_in_is_installed_and_used(installed, tmp_path):
    write_images(tmp_path, ["1.png", "2.png", "3.png"])
    script = tmp_path / "use_it.py"
    script.write_text(USE_IT)
    environment = os.environ | {"PYTHONPATH": str(installed)}
    files = [str(path) for path in sorted(tmp_path.glob("*.png"))]
    subprocess.run([sys.executable, script, *files], env=environment, check=True)


@pytest.fixture
def entries(monkeypatch):
    """Entry points that this test makes up."""
    found = []
    monkeypatch.setattr(
        plugins, "entry_points", lambda group: [entry for entry in found if entry.group == group]
    )
    monkeypatch.syspath_prepend(EXAMPLE)
    plugins._log_once.cache_clear()
    return found


def entry(value, name="x", group=plugins.EMBEDDERS):
    return EntryPoint(name, value, group)


def test_one_spec_several_or_a_function_that_gives_them(entries, monkeypatch):
    import imageembedding_colours as module

    monkeypatch.setattr(module, "ONE", module.EMBEDDERS[0], raising=False)
    monkeypatch.setattr(module, "function", lambda: module.EMBEDDERS, raising=False)
    for value in ("EMBEDDERS", "ONE", "function"):
        entries[:] = [entry(f"imageembedding_colours:{value}")]
        assert get_embedder("mean-colour") is module.EMBEDDERS[0]


@pytest.mark.parametrize(
    "value", ["no_such_module:X", "imageembedding_colours:no_such_name", "os:sep", "os:getcwd"]
)
def test_a_broken_plug_in_is_named_and_skipped(entries, caplog, value):
    entries += [entry(value, "broken"), entry("imageembedding_colours:EMBEDDERS", "good")]
    assert list_embedders()[-1].id == "mean-colour"
    assert list_embedders()[0].id == "resnet50"
    (failure,) = all_embedders()[1]
    assert value in failure.message
    assert [record.getMessage() for record in caplog.records] == [failure.message]


def test_a_duplicate_id_is_an_error_that_names_both(entries):
    entries += [
        entry("imageembedding_colours:EMBEDDERS", "one"),
        entry("imageembedding_colours:EMBEDDERS ", "two"),
    ]
    with pytest.raises(InputError, match="Two packages bring the embedder 'mean-colour'"):
        list_embedders()
    assert get_embedder("resnet50").id == "resnet50"  # the others can be used


def test_an_id_of_our_own_cannot_be_taken(entries, monkeypatch):
    import dataclasses

    import imageembedding_colours as module

    spec = dataclasses.replace(module.EMBEDDERS[0], id="resnet50")
    monkeypatch.setattr(module, "TAKEN", spec, raising=False)
    entries.append(entry("imageembedding_colours:TAKEN"))
    with pytest.raises(InputError, match="'resnet50': this package and imageembedding_colours"):
        list_embedders()
    assert get_embedder("resnet50").n_features == 2048


def test_a_backend_by_name(entries):
    entries.append(entry("imageembedding_colours:Histograms", "histogram", plugins.BACKENDS))
    assert oie.get_backend("histogram").load(get_embedder("resnet50"), None).n_features == 2048
    assert oie.get_backend("local") == oie.Local()
    with pytest.raises(InputError, match="'quantum'.*local, histogram"):
        oie.get_backend("quantum")


def test_a_network_that_fails_to_build_names_it(entries, tmp_path):
    import dataclasses

    write_images(tmp_path, ["1.png"])
    spec = dataclasses.replace(
        get_embedder("resnet50"), network="python:no_such_module:f", weights=None
    )
    with pytest.raises(oie.BackendError, match="no_such_module:f.*ModuleNotFoundError"):
        oie.embed_files([tmp_path / "1.png"], spec)
