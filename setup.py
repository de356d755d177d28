"""What pyproject.toml cannot say: which packages there are, and the help beside Orange's own."""

from pathlib import Path

from setuptools import find_namespace_packages, setup

HERE = Path(__file__).parent
HELP = "share/help/en/orange3-imageembedding"


def help_files() -> list[tuple[str, list[str]]]:
    """Get the pages of the help, to be installed where Orange's canvas finds them."""
    pages = HERE / "doc" / "widgets"
    folders = sorted({path.parent for path in pages.rglob("*") if path.is_file()})
    return [
        (
            f"{HELP}/{folder.relative_to(pages)}".removesuffix("/."),
            [str(path.relative_to(HERE)) for path in sorted(folder.iterdir()) if path.is_file()],
        )
        for folder in folders
    ]


setup(
    # Native namespace packages: an orangecontrib/__init__.py would hide other add-ons.
    packages=find_namespace_packages(include=["orangecontrib.*"]),
    package_data={
        "orangecontrib.imageembedding": ["py.typed"],
        "orangecontrib.imageembedding.maps": ["page.html", "page.css", "page.js"],
        "orangecontrib.imageembedding.server": ["page.html", "page.css", "page.js"],
        "orangecontrib.imageembedding.widgets": ["icons/*.svg"],
        "orangecontrib.imageembedding.examples": ["*.ows", "sketches/*/*.png", "collection/*/*"],
    },
    data_files=help_files(),
)
