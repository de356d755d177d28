"""The way imports may point, read from the source."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "orangecontrib" / "imageembedding"
NAME = "orangecontrib.imageembedding"

QT = {"AnyQt", "PyQt5", "PyQt6", "PySide6", "pyqtgraph", "orangewidget", "orangecanvas"}
ORANGE = {"Orange", *QT}
TORCH = {"torch", "torchvision", "timm", "triton", "openvino", "onnxruntime"}
HTTP = {"httpx", "httpx2", "requests", "urllib3", "http.client", "http.cookiejar", "urllib.request"}

BASICS = {"errors", "progress"}
VIEWS = {"widgets.shared", "images.thumbnail", "clusters.outline", "clusters.slots"}
# folder or module -> (what it may import of ours beside itself and BASICS, what it never imports)
RULES = {
    "errors": (set(), ORANGE | TORCH | HTTP | {"numpy"}),
    "progress": (set(), ORANGE | TORCH | HTTP | {"numpy"}),
    "http": (set(), ORANGE | TORCH | {"numpy"}),
    "caches": (set(), ORANGE | TORCH | HTTP | {"numpy"}),
    "files": (set(), ORANGE | TORCH | HTTP),
    "images": ({"http", "caches"}, ORANGE | TORCH),
    "components": (set(), ORANGE | TORCH | HTTP),
    "clusters": ({"components"}, ORANGE | TORCH | HTTP),
    "checks": ({"components"}, ORANGE | TORCH | HTTP),
    "duplicates": ({"caches"}, ORANGE | TORCH | HTTP),
    "workers": (set(), ORANGE | TORCH | HTTP | {"numpy"}),
    "pictures": (set(), ORANGE | TORCH | HTTP),
    "grids": ({"components", "pictures"}, ORANGE | TORCH | HTTP),
    "maps": ({"components", "pictures"}, ORANGE | TORCH | HTTP),
    "comparisons": ({"clusters", "images", "maps.neighbors", "maps.reduce"}, ORANGE | TORCH | HTTP),
    "embeddings": ({"images", "workers", "http", "caches"}, ORANGE),
    "server": ({"images", "embeddings", "workers", "caches"}, ORANGE | TORCH | HTTP),
    "tables": (
        {"files", "embeddings", "images.fetch", "images.options", "caches", "maps.placing"},
        QT | TORCH | HTTP | {"Orange.widgets"},
    ),
    "pipeline": (
        {
            "files",
            "images",
            "embeddings",
            "tables",
            "checks",
            "clusters",
            "comparisons",
            "duplicates",
            "grids",
            "maps",
            "caches",
            "workers",
        },
        QT | TORCH | HTTP | {"Orange.widgets"},
    ),
    "ray": ({"server", "images", "embeddings", "pipeline"}, ORANGE | TORCH | HTTP),
    "commands": (
        {
            "commands",
            "pipeline",
            "tables",
            "files",
            "images",
            "pictures",
            "checks",
            "clusters",
            "grids",
            "maps",
            "comparisons",
            "duplicates",
            "embeddings",
            "caches",
            "server",
            "ray",
            "workers",
            "examples",
        },
        QT | TORCH | HTTP | {"Orange.widgets"},
    ),
    "examples": ({"pipeline", "tables", "files", "embeddings", "widgets"}, TORCH | HTTP),
    "widgets/shared": (VIEWS, TORCH | HTTP),
    "widgets/thumbnails": (VIEWS, TORCH | HTTP),
    "widgets/grid": (VIEWS, TORCH | HTTP),
    "widgets/map": (VIEWS | {"maps"}, TORCH | HTTP),
    "widgets/tree": (VIEWS, TORCH | HTTP),
    "widgets": (
        {
            "pipeline",
            "files",
            "images",
            "embeddings",
            "tables",
            "checks",
            "clusters",
            "comparisons",
            "duplicates",
            "grids",
            "maps",
            "caches",
            "widgets",
        },
        TORCH | HTTP,
    ),
}
ONLY_IN = [
    (TORCH, {"embeddings/backends/local/", "embeddings/timm_models.py"}),
    (HTTP, {"http/"}),
]


# What only one place may import at all: the command line's arguments go no further.
IN_ONE_PLACE = [("argparse", ("commands/", "__main__.py"))]


def modules():
    return sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def imports(module):
    """Every imported name, also those inside functions, but not those for type checkers."""
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_part_of(name, prefixes):
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def rule_of(module):
    for folder in sorted(RULES, key=len, reverse=True):
        if module == f"{folder}.py" or module.startswith(f"{folder}/"):
            return folder
    return None


@pytest.mark.parametrize("module", [m for m in modules() if rule_of(m)])
def test_imports_point_the_right_way(module):
    folder = rule_of(module)
    allowed, never = RULES[folder]
    allowed = {f"{NAME}.{name}" for name in allowed | BASICS | {folder.replace("/", ".")}}
    for name in imports(module):
        assert not is_part_of(name, never), f"{module} must not import {name}"
        if is_part_of(name, {NAME}):
            assert is_part_of(name, allowed), f"{module} must not import {name}"


@pytest.mark.parametrize("module", modules())
def test_torch_and_http_are_each_used_in_their_own_place_only(module):
    for libraries, places in ONLY_IN:
        if not any(module == place or module.startswith(place) for place in places):
            used = [name for name in imports(module) if is_part_of(name, libraries)]
            assert not used, f"{module} must not import {used}"


LOCAL = f"{NAME}.embeddings.backends.local"
LIGHT = {f"{LOCAL}.{name}" for name in ("backend", "embedder", "devices.PRECISIONS")}


@pytest.mark.parametrize("module", [m for m in modules() if "backends/local/" not in m])
def test_what_loads_torch_is_reached_through_run_apart(module):
    """Which runs it in another process where this one has a window."""
    loading = [name for name in imports(module) if is_part_of(name, {LOCAL})]
    assert [name for name in loading if not is_part_of(name, LIGHT)] == []


@pytest.mark.parametrize("module", [m for m in modules() if Path(m).name.startswith("ow")])
def test_no_widget_imports_another(module):
    assert not [name for name in imports(module) if ".widgets.ow" in name and NAME in name]


def test_the_namespace_package_has_no_init():
    assert not (PACKAGE.parent / "__init__.py").exists()


@pytest.mark.parametrize(("library", "places"), IN_ONE_PLACE)
def test_some_libraries_stay_in_their_place(library, places):
    users = [m for m in modules() if any(is_part_of(n, {library}) for n in imports(m))]
    assert [m for m in users if not m.startswith(places)] == []
