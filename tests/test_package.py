"""What an installed package must offer to Orange."""

import logging
import xml.etree.ElementTree as ElementTree
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from orangecontrib.imageembedding import widgets

ROOT = Path(__file__).parents[1]


def entry_points(group):
    points = distribution("Orange3-ImageEmbedding").entry_points
    return [point for point in points if point.group == group]


@pytest.mark.parametrize(
    "group",
    ["orange3.addon", "orange.widgets", "orange.widgets.tutorials", "orange.canvas.help",
     "orange.canvas.drophandler", "console_scripts"],
)  # fmt: skip
def test_every_entry_point_loads(group):
    (point,) = entry_points(group)
    assert point.load() is not None


def discovered():
    from Orange.canvas.config import Config
    from orangecanvas.registry import WidgetRegistry

    registry = WidgetRegistry()
    Config.widget_discovery(registry).run(entry_points("orange.widgets"))
    return registry.widgets()


def test_every_widget_is_discovered_and_nothing_is_said_about_it(caplog):
    """A module that Orange takes for a widget, and is not, ends the search."""
    with caplog.at_level(logging.INFO):
        found = discovered()
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == []
    files = Path(widgets.__file__).parent.glob("*.py")
    assert sorted(description.qualified_name.split(".")[-2] for description in found) == sorted(
        file.stem for file in files if file.name != "__init__.py"
    )


def test_each_widget_has_an_icon_and_a_page_of_help():
    found = discovered()
    assert {description.name for description in found} == {
        "Import Images", "Image Embedding", "Hierarchical Clustering", "Image Grid", "Image Map",
        "Image Viewer", "Save Images", "Check Images",
        "Compare Embedders", "Find Duplicates",
    }  # fmt: skip
    index = ElementTree.parse(ROOT / "doc" / "widgets" / "index.html")
    links = {link.text: link.get("href") for link in index.iter() if link.tag.endswith("a")}
    for description in found:
        assert description.category == "Image Embedding"
        assert (Path(widgets.__file__).parent / description.icon).is_file()
        page = ROOT / "doc" / "widgets" / links[description.name]
        assert description.name in page.read_text(encoding="utf-8")


def test_the_help_is_found_by_the_canvas():
    from orangecanvas.help.manager import get_help_provider_for_distribution
    from orangecanvas.utils.pkgmeta import get_distribution

    provider = get_help_provider_for_distribution(get_distribution("Orange3-ImageEmbedding"))
    assert provider is not None
    for description in discovered():  # what F1 and ? ask for
        page = provider.search(description)
        assert page.isLocalFile()
        assert f"<h1>{description.name}</h1>" in Path(page.toLocalFile()).read_text("utf-8")


def test_every_link_and_picture_in_the_help_leads_somewhere():
    pages = list((ROOT / "doc" / "widgets").glob("*.html"))
    assert len(pages) >= 5
    for page in pages:
        for element in ElementTree.parse(page).iter():
            target = element.get("href") or element.get("src")
            if target and not target.startswith(("http", "#")):
                assert (page.parent / target.partition("#")[0]).is_file(), f"{page}: {target}"


def test_installing_leaves_the_orange_that_is_there():
    """Pip settles what is pinned first; fastcluster, if it came before, would move Orange."""
    required = [Requirement(text) for text in distribution("Orange3-ImageEmbedding").requires]
    (orange,) = [requirement for requirement in required if requirement.name == "Orange3"]
    bounds = orange.specifier
    assert "==" in {bound.operator for bound in bounds}
    assert {"3.38.0", "3.38.1", "3.39.0", "3.40.0", "3.99"} == set(
        bounds.filter(["3.37.0", "3.38.0", "3.38.1", "3.39.0", "3.40.0", "3.99", "4.0"])
    )
