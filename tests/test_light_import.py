"""What an import costs, seen in a new process."""

import subprocess
import sys
from pathlib import Path

import pytest

from orangecontrib.imageembedding import widgets

HEAVY = ("torch", "Orange", "PyQt5", "PyQt6", "AnyQt", "numpy", "PIL", "scipy", "httpx2")


def loaded_after(statement, names):
    code = f"import sys\n{statement}\nprint([n for n in {names!r} if n in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_after("import orangecontrib.imageembedding", HEAVY) == "[]"


def test_the_help_of_the_command_line_loads_nothing_heavy():
    statement = (
        "import contextlib, io, orangecontrib.imageembedding.__main__ as m\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    m.main(['cluster', '--help'])\n"
    )
    assert loaded_after(statement, HEAVY) == "[]"


def test_the_catalogue_needs_neither_orange_nor_torch():
    statement = "from orangecontrib.imageembedding import list_embedders; list_embedders()"
    assert loaded_after(statement, ("torch", "Orange", "PyQt6", "AnyQt")) == "[]"


def test_embedding_files_needs_no_orange():
    statement = (
        "from orangecontrib.imageembedding import embed_files\n"
        "done = embed_files(['/missing.png'], 'efficientnet-lite0', cache=False)\n"
        "assert done.failures\n"
    )
    assert loaded_after(statement, ("Orange", "PyQt6", "AnyQt")) == "[]"


def test_discovering_the_widgets_loads_no_torch():
    n_widgets = len(list(Path(widgets.__file__).parent.glob("ow*.py")))
    statement = (
        "from Orange.canvas.config import Config\n"
        "from orangecanvas.registry import WidgetRegistry\n"
        "registry = WidgetRegistry()\n"
        "ours = [e for e in Config.widgets_entry_points() if 'imageembedding' in e.value]\n"
        "Config.widget_discovery(registry).run(ours)\n"
        f"assert len(registry.widgets()) == {n_widgets}, registry.widgets()\n"
    )
    assert loaded_after(statement, ("torch", "torchvision", "timm")) == "[]"


@pytest.mark.parametrize("name", ["import_images", "embed_images", "Tree", "get_embedder"])
def test_public_names_are_listed_and_load_on_first_use(name):
    import orangecontrib.imageembedding as oie

    assert name in dir(oie)
    assert getattr(oie, name).__name__ == name


def test_every_public_name_exists():
    import orangecontrib.imageembedding as oie

    for name in oie.__all__:
        assert getattr(oie, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    import orangecontrib.imageembedding as oie

    with pytest.raises(AttributeError, match="no attribute 'embed_folder'"):
        _ = oie.embed_folder
