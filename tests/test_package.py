"""What an installed package must offer to Orange."""

import xml.etree.ElementTree as ElementTree
from importlib.metadata import distribution
from pathlib import Path

import pytest

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


def test_each_widget_has_an_icon_and_a_page_of_help():
    from Orange.canvas.config import Config
    from orangecanvas.registry import WidgetRegistry

    registry = WidgetRegistry()
    Config.widget_discovery(registry).run(entry_points("orange.widgets"))
    found = registry.widgets()
    assert {description.name for description in found} == {
        "Import Images", "Image Embedding", "Hierarchical Clustering", "Image Viewer",
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


def test_every_link_and_picture_in_the_help_leads_somewhere():
    pages = list((ROOT / "doc" / "widgets").glob("*.html"))
    assert len(pages) >= 5
    for page in pages:
        for element in ElementTree.parse(page).iter():
            target = element.get("href") or element.get("src")
            if target and not target.startswith(("http", "#")):
                assert (page.parent / target.partition("#")[0]).is_file(), f"{page}: {target}"
