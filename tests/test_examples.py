"""The example workflow and what users bring from elsewhere, in Orange's real engine."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from Orange.data import Table
from pictures import picture, write_images
from PIL import Image
from sklearn.metrics import adjusted_rand_score

import orangecontrib.imageembedding as oie
import orangecontrib.imageembedding.examples as examples
from orangecontrib.imageembedding.__main__ import main

EXAMPLES = Path(examples.__file__).parent
ANIMALS = ["cat", "cow", "dog", "hen", "horse", "pig", "rabbit", "sheep"]

OLD = "orangecontrib.imageanalytics.widgets"

# Runs a workflow file; prints for each output that was asked for its type, rows and columns.
RUN_WORKFLOW = """
import os, sys
from orangecontrib.imageembedding.examples.workflows import application, open_workflow
path, settings, *wanted = sys.argv[1:]
application(settings)
with open_workflow(path) as workflow:
    workflow.settle(120)
    for name in wanted:
        node, channel, *column = name.split("/")
        table = workflow.output(node, channel)
        if table is None:
            print(name, None)
        elif column:  # how often it says the class
            is_right = table.get_column(column[0]) == table.Y
            print(name, len(table), is_right.mean())
        else:
            print(name, len(table), len(table.domain.attributes))
sys.stdout.flush()
os._exit(0)
"""


def run_workflow(tmp_path, nodes, links, *wanted):
    """Write and run a workflow; nodes are (title, qualified name, settings), links of titles."""
    ids = {title: i for i, (title, _, _) in enumerate(nodes)}
    xml = ["<?xml version='1.0'?><scheme version='2.0' title='' description=''><nodes>"]
    xml += [
        f"<node id='{i}' name='{title}' qualified_name='{name}' project_name='' version='' "
        f"title='{title}' position='({100 * i}, 0)' />"
        for i, (title, name, _) in enumerate(nodes)
    ]
    xml.append("</nodes><links>")
    xml += [
        f"<link id='{i}' source_node_id='{ids[source]}' sink_node_id='{ids[sink]}' "
        f"source_channel='{out}' sink_channel='{into}' enabled='true' />"
        for i, (source, out, sink, into) in enumerate(links)
    ]
    xml.append("</links><node_properties>")
    xml += [
        f'<properties node_id="{i}" format="literal">{settings!r}</properties>'
        for i, (_, _, settings) in enumerate(nodes)
    ]
    xml.append("</node_properties></scheme>")
    path = tmp_path / "workflow.ows"
    path.write_text("".join(xml), encoding="utf-8")
    command = [sys.executable, "-c", RUN_WORKFLOW, str(path), str(tmp_path / "settings"), *wanted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_sketches_are_small_square_pictures_of_eight_animals():
    assert sorted(path.name for path in (EXAMPLES / "sketches").iterdir()) == ANIMALS
    for animal in ANIMALS:
        files = list((EXAMPLES / "sketches" / animal).iterdir())
        assert len(files) >= 5
        for file in files:
            assert file.stat().st_size < 20_000
            with Image.open(file) as image:
                assert image.size == (256, 256)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "orangecontrib.imageembedding", "demo", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # neither tracebacks nor Qt's lines
    return folder, done.stdout


def test_the_demo_writes_pictures_and_clusters_and_says_so_in_ten_lines(demo):
    folder, said = demo
    assert sorted(path.name for path in folder.iterdir()) == [
        "Data Table.png", "Hierarchical Clustering.png", "Image Embedding.png",
        "Image Viewer.png", "Import Images.png", "clusters.tab", "dendrogram.png",
    ]  # fmt: skip
    assert 5 <= len(said.splitlines()) <= 10
    assert "48 images in 8 categories" in said
    for path in folder.glob("*.png"):
        pixels = np.asarray(Image.open(path).convert("L"))
        assert min(pixels.shape) > 100
        assert pixels.std() > 5, f"{path.name} shows nothing"


def test_the_demo_finds_the_animals_again(demo):
    folder, _ = demo
    clusters = Table.from_file(str(folder / "clusters.tab"))
    found, truth = clusters.get_column("Cluster"), clusters.Y
    assert len(set(found)) == 8
    purity = sum(np.bincount(truth[found == i].astype(int)).max() for i in range(8)) / len(truth)
    assert purity >= 0.75
    assert adjusted_rand_score(truth, found) >= 0.5


def test_script_command_line_and_workflow_give_the_same_clusters(demo, tmp_path):
    by_workflow = Table.from_file(str(demo[0] / "clusters.tab")).get_column("Cluster")

    folder = EXAMPLES / "sketches"
    done = oie.embed_images(oie.import_images(folder).table, "efficientnet-lite0")
    by_script = oie.cluster_images(done.embeddings).cut(n_clusters=8)

    out = tmp_path / "clusters.tab"
    arguments = ["--embedder", "efficientnet-lite0", "--clusters", "8"]
    assert main(["cluster", str(folder), "-o", str(out), *arguments]) == 0
    by_command = Table.from_file(str(out)).get_column("Cluster")

    np.testing.assert_array_equal(by_script - 1, by_workflow)
    np.testing.assert_array_equal(by_command, by_workflow)


def test_a_workflow_of_the_predecessor_runs_with_its_settings(tmp_path):
    """Its widgets, its setting names and positions, and its channels."""
    write_images(tmp_path / "animals", ["cat/1.png", "dog/2.png", "dog/3.png"])
    nodes = [
        ("Import", "orangecontrib.imageembedding.widgets.owimportimages.OWImportImages",
         {"folder": str(tmp_path / "animals"), "__version__": 2}),
        ("Viewer", f"{OLD}.owimageviewer.OWImageViewer", {"imageSize": 200, "__version__": 2}),
        ("Embedding", f"{OLD}.owimageembedding.OWImageEmbedding",
         {"embedder_id": "efficientnet-lite0", "_auto_apply": True, "__version__": 2}),
        ("Distances", "Orange.widgets.unsupervised.owdistances.OWDistances", {}),
        ("Clustering",
         "orangecontrib.imageembedding.widgets.owhierarchicalclustering.OWHierarchicalClustering",
         {"select_by": "number", "n_clusters": 2}),
    ]  # fmt: skip
    links = [
        ("Import", "Data", "Viewer", "Data"),
        ("Viewer", "Data", "Embedding", "Images"),
        ("Embedding", "Embeddings", "Distances", "Data"),
        ("Distances", "Distances", "Clustering", "Distances"),
    ]
    lines = run_workflow(
        tmp_path, nodes, links, "Embedding/Embeddings", "Clustering/Selected Data", "Viewer/Data"
    )
    assert lines == [
        "Embedding/Embeddings 3 1280", "Clustering/Selected Data 3 1280", "Viewer/Data 3 0",
    ]  # fmt: skip


def test_a_workflow_with_the_predecessors_grid_runs(tmp_path):
    write_images(tmp_path / "animals", ["cat/1.png", "dog/2.png", "dog/3.png"])
    settings = {
        "cell_fit": 1, "columns": 2, "rows": 2, "imageSize": 100, "label_selected": True,
        "auto_update": True, "auto_commit": True, "__version__": 1,
    }  # fmt: skip
    nodes = [
        ("Import", IMPORT, {"folder": str(tmp_path / "animals"), "__version__": 2}),
        ("Embedding", f"{OLD}.owimageembedding.OWImageEmbedding",
         {"embedder_id": "efficientnet-lite0", "_auto_apply": True, "__version__": 2}),
        ("Grid", f"{OLD}.owimagegrid.OWImageGrid", settings),
        ("Viewer", f"{OLD}.owimageviewer.OWImageViewer", {"__version__": 2}),
    ]  # fmt: skip
    links = [
        ("Import", "Data", "Embedding", "Images"),
        ("Embedding", "Embeddings", "Grid", "Embeddings"),
        ("Embedding", "Embeddings", "Grid", "Data Subset"),
        ("Grid", "Images", "Viewer", "Data"),
    ]
    lines = run_workflow(tmp_path, nodes, links, "Grid/Images", "Viewer/Data")
    assert lines == ["Grid/Images 3 1280", "Viewer/Data 3 1280"]


def test_a_workflow_with_the_predecessors_saver_runs_and_saves_nothing(tmp_path):
    write_images(tmp_path / "animals", ["cat/1.png", "dog/2.png", "dog/3.png"])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    settings = {
        "auto_save": True, "dirname": str(tmp_path / "mine"), "file_format_index": 1,
        "image_attr_current_index": 0, "last_dir": "", "scale_index": 0, "use_scale": False,
        "__version__": 1,
    }  # fmt: skip
    nodes = [
        ("Import", IMPORT, {"folder": str(tmp_path / "animals"), "__version__": 2}),
        ("Viewer", f"{OLD}.owimageviewer.OWImageViewer", {"__version__": 2}),
        ("Save", f"{OLD}.owsaveimages.OWSaveImages", settings),
    ]
    links = [("Import", "Data", "Viewer", "Data"), ("Viewer", "Data", "Save", "Data")]
    lines = run_workflow(tmp_path, nodes, links, "Viewer/Data", "Save/Saved Images")
    assert lines == ["Viewer/Data 3 0", "Save/Saved Images None"]
    assert os.listdir(tmp_path / "mine") == ["notes.txt"]


def test_the_example_of_saving_saves_nothing_by_itself(tmp_path):
    before = sorted(EXAMPLES.rglob("*"))
    command = [sys.executable, "-c", RUN_WORKFLOW, str(EXAMPLES / "Save clusters.ows")]
    wanted = ["Hierarchical Clustering/Selected Data", "Save Images/Saved Images"]
    command += [str(tmp_path / "settings"), *wanted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.splitlines() == [f"{wanted[0]} 48 1280", f"{wanted[1]} None"], done.stderr
    assert sorted(EXAMPLES.rglob("*")) == before


def write_dark_and_bright(folder, first):
    for kind, low in (("bright", 170), ("dark", 0)):
        (folder / kind).mkdir(parents=True)
        for i in range(first, first + 6):
            Image.fromarray(picture(i) // 3 + low).save(folder / kind / f"{i}.png")
    return str(folder)


IMPORT = "orangecontrib.imageembedding.widgets.owimportimages.OWImportImages"
EMBEDDING = "orangecontrib.imageembedding.widgets.owimageembedding.OWImageEmbedding"
LOGISTIC = "Orange.widgets.model.owlogisticregression.OWLogisticRegression"
BUILT_IN = {"embedder_id": "efficientnet-lite0"}


def test_a_model_of_embedded_images_predicts_raw_ones(tmp_path):
    known = write_dark_and_bright(tmp_path / "known", first=0)
    new = write_dark_and_bright(tmp_path / "new", first=50)
    nodes = [
        ("Known", IMPORT, {"folder": known, "__version__": 2}),
        ("New", IMPORT, {"folder": new, "__version__": 2}),
        ("Embedding", EMBEDDING, BUILT_IN),
        ("Logistic Regression", LOGISTIC, {}),
        ("Predictions", "Orange.widgets.evaluate.owpredictions.OWPredictions", {}),
        ("Apply", "Orange.widgets.data.owtransform.OWTransform", {}),
    ]
    links = [
        ("Known", "Data", "Embedding", "Images"),
        ("Embedding", "Embeddings", "Logistic Regression", "Data"),
        ("Logistic Regression", "Model", "Predictions", "Predictors"),
        ("New", "Data", "Predictions", "Data"),
        ("New", "Data", "Apply", "Data"),
        ("Embedding", "Embeddings", "Apply", "Template Data"),
    ]
    lines = run_workflow(
        tmp_path, nodes, links, "Predictions/Predictions/Logistic Regression",
        "Apply/Transformed Data",
    )  # fmt: skip
    assert float(lines[0].removeprefix("Predictions/Predictions/Logistic Regression 12 ")) > 0.8
    assert lines[1] == "Apply/Transformed Data 12 1280"


@pytest.mark.parametrize(
    ("name", "output"), [("Image grid", "Image Grid/Images"), ("Image map", "Image Map/Data")]
)
def test_the_example_of_a_grid_and_of_a_map_run(name, output):
    command = [sys.executable, "-c", RUN_WORKFLOW, str(EXAMPLES / f"{name}.ows")]
    with tempfile.TemporaryDirectory() as settings:
        command += [settings, output]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.splitlines() == [f"{output} 48 1280"], done.stderr


def test_the_example_of_wrong_labels_runs_and_finds_most_of_them(tmp_path):
    command = [sys.executable, "-c", RUN_WORKFLOW, str(EXAMPLES / "Find wrong labels.ows")]
    command += [str(tmp_path), "Check Images/Data", "Check Images/Flagged Images/Suggested Class"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    everything, flagged = done.stdout.splitlines()
    assert everything == "Check Images/Data 48 1280", done.stderr
    n, right = flagged.split()[-2:]  # how often the suggested class is that in the data
    assert int(n) * (1 - float(right)) >= 3


def test_the_example_of_cleaning_a_collection_finds_its_copies(tmp_path):
    before = {path: path.read_bytes() for path in EXAMPLES.rglob("collection/*/*")}
    command = [sys.executable, "-c", RUN_WORKFLOW, str(EXAMPLES / "Clean a collection.ows")]
    command += [str(tmp_path), "Find Duplicates/Unique Images", "Find Duplicates/Duplicates"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    unique, duplicates = done.stdout.splitlines() or ("", done.stderr)
    assert unique.startswith("Find Duplicates/Unique Images 16 ")
    assert duplicates.startswith("Find Duplicates/Duplicates 8 ")
    assert {path: path.read_bytes() for path in EXAMPLES.rglob("collection/*/*")} == before


def test_embedded_images_are_tested_and_scored(tmp_path):
    known = write_dark_and_bright(tmp_path / "known", first=0)
    nodes = [
        ("Known", IMPORT, {"folder": known, "__version__": 2}),
        ("Embedding", EMBEDDING, BUILT_IN),
        ("Logistic Regression", LOGISTIC, {}),
        ("Score", "Orange.widgets.evaluate.owtestandscore.OWTestAndScore", {}),
    ]
    links = [
        ("Known", "Data", "Embedding", "Images"),
        ("Logistic Regression", "Learner", "Score", "Learner"),
        ("Embedding", "Embeddings", "Score", "Data"),
    ]
    lines = run_workflow(tmp_path, nodes, links, "Score/Predictions/Logistic Regression")
    assert float(lines[0].removeprefix("Score/Predictions/Logistic Regression 12 ")) > 0.8


@pytest.mark.parametrize(
    "name",
    [
        "orangecontrib.imageanalytics.widgets.owimageimport.OWImportImages",
        "orangecontrib.imageanalytics.widgets.owimageviewer.OWImageViewer",
        "orangecontrib.imageanalytics.widgets.owimagegrid.OWImageGrid",
        "orangecontrib.imageanalytics.widgets.owimageembedding.OWImageEmbedding",
        "orangecontrib.imageanalytics.widgets.owimagenetembedding.OWImageNetEmbedding",
        "orangecontrib.imageanalytics.widgets.owsaveimages.OWSaveImages",
        "Orange.widgets.data.owimageviewer.OWImageViewer",
    ],
)
def test_every_old_name_has_one_successor(name):
    from orangecontrib.imageembedding.widgets import (
        owimageembedding,
        owimagegrid,
        owimageviewer,
        owimportimages,
        owsaveimages,
    )

    widgets = [
        owimageembedding.OWImageEmbedding,
        owimagegrid.OWImageGrid,
        owsaveimages.OWSaveImages,
        owimageviewer.OWImageViewer,
        owimportimages.OWImportImages,
    ]
    assert sum(name in widget.replaces for widget in widgets) == 1
