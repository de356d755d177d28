"""The code blocks of the pages run as they stand, and the pages' links lead somewhere."""

import re
import shutil
from pathlib import Path

import pytest
import torch
from pictures import write_images

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings.backends.local.networks import build_network

ROOT = Path(__file__).parents[1]
SKETCHES = ROOT / "orangecontrib" / "imageembedding" / "examples" / "sketches"
PAGES = sorted(path.relative_to(ROOT) for path in [*ROOT.glob("*.md"), *ROOT.glob("doc/*.md")])
BUILT_IN = "efficientnet-lite0"


def python_of(page):
    """Get the Python of a page; the built-in embedder stands in for those that are downloaded."""
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.M | re.S)
    code = "\n".join(blocks).replace('"resnet50"', f'"{BUILT_IN}"')
    return re.sub(
        r"(embed_images\(\w+(?:\.\w+)?)(?=\)|, (?!embedder|\"))", rf'\1, "{BUILT_IN}"', code
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What the pages speak of, in the current folder."""
    for name in ("animals", "new"):
        for kind in ("cat", "cow"):
            for file in sorted((SKETCHES / kind).iterdir())[:4]:
                target = tmp_path / name / kind / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)
    write_images(tmp_path, ["a.jpg", "b.png"])
    spec = oie.get_embedder(BUILT_IN)
    weights = oie.Local()._weights_path(spec, lambda part: None)
    network = build_network(spec, weights)
    torch.save(network.state_dict(), tmp_path / "tuned.pth")
    torch.onnx.export(network, torch.zeros(1, 3, 224, 224), tmp_path / "network.onnx", dynamo=False)
    (tmp_path / "stick").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.filterwarnings("ignore")  # of torch's export
@pytest.mark.parametrize("page", [page for page in PAGES if python_of(page)], ids=str)
def test_the_python_of_a_page_runs(page, folder):
    exec(compile(python_of(page), str(page), "exec"), {"__name__": "page"})


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_of_a_page_leads_somewhere(page):
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert ((ROOT / page).parent / target).exists(), target


@pytest.mark.parametrize("page", [Path("CONTRIBUTING.md"), Path("doc/architecture.md")], ids=str)
def test_every_path_that_contributors_are_sent_to_is_there(page):
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text("utf-8"), flags=re.M | re.S)
    paths = re.findall(r"`([a-z_]+(?:/[a-z_.]*)+|[a-z_]+\.py)`", text)
    assert paths
    package = ROOT / "orangecontrib" / "imageembedding"
    tops = (ROOT, package, package / "widgets")
    assert [path for path in paths if not any((top / path).exists() for top in tops)] == []
